"""The record hash: sha256 over what a record says, and nothing of where it came from.

A record is written table by table: its main row, then the child tables of which it has rows, in
alphabetical order. Of a table come the number of its rows; for each row, a digest of the table's
name and of the names of the fields that have a value in it; and then, field by field in
alphabetical order, the values of the rows that have one. Texts are written as all their lengths in
bytes and then all their characters, everything else as whole numbers: money in ten-thousandths,
quantities in millionths, dates as days and times as microseconds since 1970-01-01, booleans as 0
and 1. Lengths take four bytes, all other numbers and digests eight, little-endian.

Fields without a value leave no trace, so that a field added to a type later does not change old
hashes, and nothing depends on library versions or on what else is in the tables. Digests, lengths
and the number of rows say what follows, so that no value can be mistaken for another.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from etl.canonical.record_types import RecordType, record_type
from etl.canonical.records import RecordSet, column

Mask = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.integer]


def record_hashes(records: RecordSet) -> pa.Array:
    """One lower case hexadecimal sha256 for each record, in the order of the main table."""
    count = records.num_records
    parts = _parts(records.type, records.main, np.arange(count), count)
    for name in sorted(records.children):
        table = records.tables[name]
        if table.num_rows:
            child = record_type(records.type.children[name])
            parts += _parts(child, table, records.parent_rows(name), count)
    by_record = np.add.outer(np.arange(count), np.arange(len(parts)) * count).ravel()
    contents = pc.take(pa.concat_arrays(parts), pa.array(by_record), boundscheck=False)
    _, offsets, data = contents.buffers()
    content = memoryview(data or b"")
    ends = np.frombuffer(offsets, np.int64, len(contents) + 1)[:: len(parts)].tolist()
    digests = b"".join(
        [hashlib.sha256(content[begin:end]).digest() for begin, end in pairwise(ends)]
    )
    hexadecimal = pa.py_buffer(digests.hex().encode())
    bounds = pa.py_buffer(np.arange(0, 64 * count + 1, 64, dtype=np.int32))
    return pa.StringArray.from_buffers(count, bounds, hexadecimal)


def _parts(
    kind: RecordType, table: pa.Table, owners: npt.NDArray[np.int64], count: int
) -> list[pa.Array]:
    """What is written of a table, one after the other, each with the bytes of every record."""
    if np.any(owners[1:] < owners[:-1]):
        order = np.argsort(owners, kind="stable")
        table, owners = table.take(pa.array(order)), owners[order]
    names = sorted(field.name for field in kind.fields.values() if field.hashed)
    columns = {
        name: column(table, name) for name in names if table[name].null_count < table.num_rows
    }
    first = np.searchsorted(owners, np.arange(count + 1))
    held = np.diff(first)
    digests = _digests(kind.name, columns, table.num_rows)
    parts = [_numbers(held, held > 0, np.arange(count + 1)), _numbers(digests, None, first)]
    for values in columns.values():
        valid = _valid(values) if values.null_count else None
        if pa.types.is_string(values.type):
            parts += _texts(values, valid, first)
        else:
            parts.append(_numbers(_whole(values), valid, first))
    return parts


def _numbers(numbers: Numbers, valid: Mask | None, first: npt.NDArray[np.int64]) -> pa.Array:
    """The bytes of those numbers that are valid; `first` is where each record's rows begin."""
    if valid is not None:
        numbers = numbers[valid]
        first = np.concatenate([[0], np.cumsum(valid)])[first]
    written = np.ascontiguousarray(numbers, numbers.dtype.newbyteorder("<"))
    return _cut(written, first * numbers.itemsize)


def _texts(values: pa.Array, valid: Mask | None, first: npt.NDArray[np.int64]) -> list[pa.Array]:
    """The lengths of texts, and their characters."""
    if valid is not None:
        values = values.fill_null("")
    _, offsets, data = values.buffers()
    ends = np.frombuffer(offsets, np.int32, len(values) + 1, 4 * values.offset)
    lengths = _numbers(ends[1:] - ends[:-1], valid, first)
    return [lengths, _cut(data or b"", ends[first].astype(np.int64))]


def _cut(content: Any, bounds: npt.NDArray[np.int64]) -> pa.Array:
    buffers = [None, pa.py_buffer(bounds), pa.py_buffer(content)]
    return pa.Array.from_buffers(pa.large_binary(), len(bounds) - 1, buffers)


def _digests(table: str, columns: Mapping[str, pa.Array], rows: int) -> npt.NDArray[np.int64]:
    """For each row, the digest of the table's name and of the fields that have a value in it."""
    pattern = np.zeros(rows, np.int64)
    sometimes = [name for name, values in columns.items() if values.null_count]
    for bit, name in enumerate(sometimes):
        pattern |= _valid(columns[name]).astype(np.int64) << bit
    patterns = pa.array(pattern).dictionary_encode()
    digests = []
    for bits in patterns.dictionary.to_pylist():
        absent = {name for bit, name in enumerate(sometimes) if not bits >> bit & 1}
        present = ",".join(name for name in columns if name not in absent)
        digests.append(hashlib.sha256(f"{table}:{present}".encode()).digest()[:8])
    found: npt.NDArray[np.int64] = np.frombuffer(b"".join(digests), "<i8").take(patterns.indices)
    return found


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
    column = column.cast(pa.int64())
    if column.null_count:
        column = column.fill_null(0)
    whole: npt.NDArray[np.int64] = column.to_numpy()
    return whole


def _valid(column: pa.Array) -> npt.NDArray[np.bool_]:
    valid: npt.NDArray[np.bool_] = column.is_valid().to_numpy(zero_copy_only=False)
    return valid
