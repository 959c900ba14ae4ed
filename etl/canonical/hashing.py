"""The record hash: sha256 over what a record says, and nothing of where it came from.

A record is written row by row: the main row first, then the rows of the child tables, the tables in
alphabetical order. A row begins with a record separator and seven bytes of a digest: of its table's
name and of the names of the fields that have a value, in alphabetical order. The values that are no
text follow, each as a whole number of eight bytes, little-endian: money in ten-thousandths,
quantities in millionths, dates as days and times as microseconds since 1970-01-01, booleans as 0
and 1. Then come the texts, each after a unit separator.

Fields without a value leave no trace, so that a field added to a type later does not change old
hashes, and nothing depends on library versions or on what else is in the tables. The digests say
how many numbers there are, so that no text can be mistaken for one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from etl.canonical.record_types import RecordType, record_type
from etl.canonical.records import RecordSet, column

_ROW, _VALUE = "\x1e", "\x1f"

Spans = Iterator[memoryview]
"""For each record, its part of some content."""


def record_hashes(records: RecordSet) -> pa.Array:
    """One lower case hexadecimal sha256 for each record, in the order of the main table."""
    count = records.num_records
    spans = [_spans(records.type, records.main, np.arange(count), count)]
    for name in sorted(records.children):
        table = records.tables[name]
        if table.num_rows:
            child = record_type(records.type.children[name])
            spans.append(_spans(child, table, records.parent_rows(name), count))
    digests = b"".join([_sha256(*parts) for parts in zip(*spans, strict=True)])
    ends = np.arange(0, 64 * count + 1, 64, dtype=np.int32)
    return pa.StringArray.from_buffers(
        count, pa.py_buffer(ends), pa.py_buffer(digests.hex().encode())
    )


def _sha256(first: memoryview, *others: memoryview) -> bytes:
    digest = hashlib.sha256(first)
    for part in others:
        digest.update(part)
    return digest.digest()


def _spans(kind: RecordType, table: pa.Table, owners: npt.NDArray[np.int64], count: int) -> Spans:
    """What is written of a table's rows, one span of bytes an owner."""
    if np.any(owners[1:] < owners[:-1]):
        order = np.argsort(owners, kind="stable")
        table, owners = table.take(pa.array(order)), owners[order]
    names = sorted(field.name for field in kind.fields.values() if field.hashed)
    columns = {
        name: column(table, name) for name in names if table[name].null_count < table.num_rows
    }
    texts = [_escaped(values) for values in columns.values() if pa.types.is_string(values.type)]
    rows = pc.binary_join_element_wise(
        _heads(kind.name, columns, table.num_rows),
        *(text.cast(pa.large_binary()) for text in texts),
        pa.scalar(_VALUE.encode(), pa.large_binary()),
        null_handling="skip",
    )
    _, offsets, data = rows.buffers()
    starts = np.searchsorted(owners, np.arange(count + 1))
    ends = np.frombuffer(offsets, np.int64, len(rows) + 1)[starts].tolist()
    return map(memoryview(data or b"").__getitem__, map(slice, ends, ends[1:]))


def _heads(table: str, columns: Mapping[str, pa.Array], rows: int) -> pa.Array:
    """What is written of each row before its texts: the digest and the numbers."""
    numbers = [values for values in columns.values() if not pa.types.is_string(values.type)]
    words = np.array([_digests(table, columns, rows), *map(_whole, numbers)], "<i8")
    if any(values.null_count for values in numbers):
        present = np.ones(words.shape, np.bool_)
        for place, values in enumerate(numbers, start=1):
            if values.null_count:
                present[place] = _valid(values)
        content, sizes = words.T[present.T], np.count_nonzero(present, axis=0)
    else:
        content, sizes = np.ascontiguousarray(words.T), np.full(rows, len(words))
    ends = np.zeros(rows + 1, np.int64)
    np.cumsum(sizes * words.itemsize, out=ends[1:])
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(content)]
    return pa.Array.from_buffers(pa.large_binary(), rows, buffers)


def _digests(table: str, columns: Mapping[str, pa.Array], rows: int) -> npt.NDArray[np.int64]:
    """For each row, a separator and the digest of the table's name and of the fields that have a
    value in it."""
    pattern = np.zeros(rows, np.int64)
    sometimes = [name for name, values in columns.items() if values.null_count]
    for bit, name in enumerate(sometimes):
        pattern |= _valid(columns[name]).astype(np.int64) << bit
    patterns = pa.array(pattern).dictionary_encode()
    heads = []
    for bits in patterns.dictionary.to_pylist():
        absent = {name for bit, name in enumerate(sometimes) if not bits >> bit & 1}
        present = ",".join(name for name in columns if name not in absent)
        heads.append(_ROW.encode() + hashlib.sha256(f"{table}:{present}".encode()).digest()[:7])
    return np.frombuffer(b"".join(heads), "<i8").take(patterns.indices)


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
