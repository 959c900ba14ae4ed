"""The record hash: sha256 over what a record says, and nothing of where it came from.

A row is written as a digest of its table's name and of the names of the fields that have a
value, in alphabetical order, followed by those values in the same order. A record is its main
row followed by its child rows, table by table in alphabetical order, in the order of the rows.
Fields without a value leave no trace, so that a field added to a type later does not change old
hashes.

Values are written as text that does not depend on library versions: money in whole
ten-thousandths, quantities in whole millionths, dates as days and times as microseconds since
1970-01-01, booleans as 0 and 1.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from etl.canonical.record_types import RecordType, record_type
from etl.canonical.records import RecordSet

_ROW, _VALUE = "\x1e", "\x1f"


def record_hashes(records: RecordSet) -> pa.Array:
    """One lower case hexadecimal sha256 for each record, in the order of the main table."""
    count = records.num_records
    texts = [_row_texts(records.type, records.main)]
    owners = [np.arange(count)]
    for name in sorted(records.children):
        texts.append(_row_texts(record_type(records.type.children[name]), records.tables[name]))
        owners.append(records.parent_rows(name))
    contents = _joined_by_owner(pa.concat_arrays(texts), np.concatenate(owners), count)
    return pa.array([hashlib.sha256(content).hexdigest() for content in contents], pa.string())


def _joined_by_owner(
    texts: pa.Array, owners: npt.NDArray[np.int64], count: int
) -> Iterator[memoryview]:
    """For each owner 0 ... `count`-1 its texts, one after the other in their order."""
    order = np.argsort(owners, kind="stable")
    _, offsets, data = texts.take(pa.array(order)).buffers()
    starts = np.searchsorted(owners[order], np.arange(count + 1))
    bounds = np.frombuffer(offsets, np.int64, len(texts) + 1)[starts].tolist()
    content = memoryview(data if data is not None else b"")
    return (content[start:end] for start, end in pairwise(bounds))


def _row_texts(kind: RecordType, table: pa.Table) -> pa.Array:
    names: list[str] = []
    columns: list[pa.Array] = []
    for name in sorted(field.name for field in kind.fields.values() if field.hashed):
        column = table[name]
        if column.null_count < len(column):
            names.append(name)
            columns.append(_text(column.combine_chunks()))
    headers = _headers(kind.name, names, columns, table.num_rows)
    return pc.binary_join_element_wise(
        headers, *columns, pa.scalar(_VALUE, pa.large_string()), null_handling="skip"
    )


def _headers(table: str, names: list[str], columns: list[pa.Array], count: int) -> pa.Array:
    """For each row, the digest of the table's name and of the fields that have a value in it."""
    pattern = np.zeros(count, np.int64)
    sometimes = [i for i, column in enumerate(columns) if column.null_count]
    for bit, i in enumerate(sometimes):
        pattern |= columns[i].is_valid().to_numpy(zero_copy_only=False).astype(np.int64) << bit
    patterns, which = np.unique(pattern, return_inverse=True)
    headers = []
    for bits in patterns.tolist():
        absent = {i for bit, i in enumerate(sometimes) if not bits >> bit & 1}
        present = ",".join(name for i, name in enumerate(names) if i not in absent)
        digest = hashlib.sha256(f"{table}:{present}".encode()).hexdigest()
        headers.append(_ROW + digest[:16])
    return pa.array(headers, pa.large_string()).take(pa.array(which))


def _text(column: pa.Array) -> pa.Array:
    kind = column.type
    if pa.types.is_decimal(kind):
        column = _unscaled(column)
    elif pa.types.is_date32(kind):
        column = column.view(pa.int32())
    elif pa.types.is_timestamp(kind):
        column = column.view(pa.int64())
    elif pa.types.is_boolean(kind):
        column = column.cast(pa.int8())
    text = column.cast(pa.large_string())
    return _escaped(text) if pa.types.is_string(kind) else text


def _unscaled(column: pa.Array) -> pa.Array:
    """Decimals of up to 18 digits as the whole numbers that they are stored as."""
    validity, data = column.buffers()
    words = np.frombuffer(data, np.int64, 2 * len(column), column.offset * 16)
    whole = pa.array(np.ascontiguousarray(words[::2]))
    if column.null_count == 0 or validity is None:
        return whole
    return pc.if_else(column.is_valid(), whole, pa.scalar(None, pa.int64()))


def _escaped(text: pa.Array) -> pa.Array:
    """Text in which the separators, which no sane partner sends, can't be mistaken for ours."""
    data = text.buffers()[2]
    raw = data.to_pybytes() if data is not None else b""
    for separator in (_ROW, _VALUE):
        if separator.encode() in raw:
            text = pc.replace_substring(text, separator, f"\\x{ord(separator):02x}")
    return text
