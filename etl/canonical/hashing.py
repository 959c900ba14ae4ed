"""The record hash: sha256 over what a record says, and nothing of where it came from.

A record is written in two parts, first all of its texts and then all of its numbers; in each, the
main row comes first, then the rows of the child tables in alphabetical order. The texts of a row
are a digest of its table's name and of the names of the fields that have a value, in alphabetical
order, followed by the values that are text. Its numbers are the other values, each as a whole
number of eight bytes, little-endian: money in ten-thousandths, quantities in millionths, dates as
days and times as microseconds since 1970-01-01, booleans as 0 and 1.

Fields without a value leave no trace, so that a field added to a type later does not change old
hashes, and nothing depends on library versions or on what else is in the tables. The digests say
how many numbers there are, so that no text can be mistaken for one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from etl.canonical.record_types import RecordType, record_type
from etl.canonical.records import RecordSet, column

_ROW, _VALUE = "\x1e", "\x1f"

Spans = Iterator[bytes]
"""For each record, its part of some content."""


def record_hashes(records: RecordSet) -> pa.Array:
    """One lower case hexadecimal sha256 for each record, in the order of the main table."""
    count = records.num_records
    texts, numbers = _spans(records.type, records.main, np.arange(count), count)
    parts = [[texts], [numbers]]
    for name in sorted(records.children):
        table = records.tables[name]
        if table.num_rows:
            child = record_type(records.type.children[name])
            texts, numbers = _spans(child, table, records.parent_rows(name), count)
            parts[0].append(texts)
            parts[1].append(numbers)
    contents = map(b"".join, zip(*parts[0], *parts[1], strict=True))
    digests = b"".join([hashlib.sha256(content).digest() for content in contents])
    ends = np.arange(0, 64 * count + 1, 64, dtype=np.int32)
    return pa.StringArray.from_buffers(
        count, pa.py_buffer(ends), pa.py_buffer(digests.hex().encode())
    )


def _spans(
    kind: RecordType, table: pa.Table, owners: npt.NDArray[np.int64], count: int
) -> tuple[Spans, Spans]:
    """The texts and the numbers of a table's rows, each as one span of bytes an owner."""
    if np.any(owners[1:] < owners[:-1]):
        order = np.argsort(owners, kind="stable")
        table, owners = table.take(pa.array(order)), owners[order]
    names = sorted(field.name for field in kind.fields.values() if field.hashed)
    columns = {
        name: column(table, name) for name in names if table[name].null_count < table.num_rows
    }
    texts = [column for column in columns.values() if pa.types.is_string(column.type)]
    numbers = [column for column in columns.values() if not pa.types.is_string(column.type)]
    headers = _headers(kind.name, columns, table.num_rows)
    starts = np.searchsorted(owners, np.arange(count + 1))
    return _texts(headers, texts, starts), _numbers(numbers, starts, table.num_rows)


def _texts(headers: pa.Array, columns: list[pa.Array], starts: npt.NDArray[np.intp]) -> Spans:
    escaped = [_escaped(column.cast(pa.large_string())) for column in columns]
    joined = pc.binary_join_element_wise(
        headers, *escaped, pa.scalar(_VALUE, pa.large_string()), null_handling="skip"
    )
    _, offsets, data = joined.buffers()
    bounds = np.frombuffer(offsets, np.int64, len(joined) + 1)[starts]
    return _cut(b"" if data is None else data.to_pybytes(), bounds)


def _numbers(columns: list[pa.Array], starts: npt.NDArray[np.intp], rows: int) -> Spans:
    values = np.zeros((rows, len(columns)), "<i8")
    present = np.ones((rows, len(columns)), np.bool_)
    before = np.zeros(rows + 1, np.int64)
    for index, numbers in enumerate(columns):
        values[:, index] = _whole(numbers)
        if numbers.null_count:
            present[:, index] = _valid(numbers)
        before[1:] += present[:, index]
    bounds = np.cumsum(before)[starts] * values.itemsize
    return _cut(values[present].tobytes(), bounds)


def _cut(content: bytes, bounds: npt.NDArray[np.int64]) -> Spans:
    ends = bounds.tolist()
    return map(content.__getitem__, map(slice, ends, ends[1:]))


def _whole(column: pa.Array) -> npt.NDArray[np.int64]:
    """Anything but text as whole numbers; any number where there is no value."""
    kind = column.type
    if pa.types.is_decimal(kind):
        # decimals of up to 18 digits are stored in the lower half of their sixteen bytes
        words = np.frombuffer(column.buffers()[1], "<i8", 2 * len(column), column.offset * 16)
        return words[::2]
    if pa.types.is_date32(kind):
        column = column.view(pa.int32())
    elif pa.types.is_timestamp(kind):
        column = column.view(pa.int64())
    whole: npt.NDArray[np.int64] = (
        column.cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
    )
    return whole


def _valid(column: pa.Array) -> npt.NDArray[np.bool_]:
    valid: npt.NDArray[np.bool_] = column.is_valid().to_numpy(zero_copy_only=False)
    return valid


def _headers(table: str, columns: dict[str, pa.Array], count: int) -> pa.Array:
    """For each row, the digest of the table's name and of the fields that have a value in it."""
    pattern = np.zeros(count, np.int64)
    sometimes = [name for name, column in columns.items() if column.null_count]
    for bit, name in enumerate(sometimes):
        pattern |= _valid(columns[name]).astype(np.int64) << bit
    patterns = pa.array(pattern).dictionary_encode()
    headers = []
    for bits in patterns.dictionary.to_pylist():
        absent = {name for bit, name in enumerate(sometimes) if not bits >> bit & 1}
        present = ",".join(name for name in columns if name not in absent)
        digest = hashlib.sha256(f"{table}:{present}".encode()).hexdigest()
        headers.append(_ROW + digest[:16])
    return pa.array(headers, pa.large_string()).take(patterns.indices)


def _escaped(text: pa.Array) -> pa.Array:
    """Text in which the separators, which no sane partner sends, can't be mistaken for ours."""
    data = text.buffers()[2]
    raw = data.to_pybytes() if data is not None else b""
    for separator in (_ROW, _VALUE):
        if separator.encode() in raw:
            text = pc.replace_substring(text, separator, f"\\x{ord(separator):02x}")
    return text
