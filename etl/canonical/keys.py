"""The business key: what makes two records the same document, whenever and wherever they come.

It is ``partner/record_type/number/revision``; a number of several fields has ``:`` between them.
Each field stands there by its canonical text, that of the nested view: decimals without trailing
zeros, dates and times ISO 8601 (times in UTC), booleans ``true`` and ``false``. Ledgers hold these
keys for years: what a value is written as must never change.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from etl.canonical.record_types import RecordType
from etl.canonical.records import column
from etl.canonical.views import json_value

ABSENT = "-"
"""Stands for an optional field without a value."""


def business_keys(kind: RecordType, main: pa.Table, partner: str) -> pa.Array:
    """The key of each record; null where a required part of the number is missing, which keeps
    the record out anyway."""
    columns = [_part(kind, main, name) for name in kind.business_key]
    number = columns[0] if len(columns) == 1 else pc.binary_join_element_wise(*columns, ":")
    revision = (
        _canonical_text(column(main, kind.revision))
        if kind.revision
        else pa.scalar("0", pa.string())
    )
    return pc.binary_join_element_wise(f"{partner}/{kind.name}", number, revision, "/")


def _part(kind: RecordType, main: pa.Table, name: str) -> pa.Array:
    text = _canonical_text(column(main, name))
    return text if kind.fields[name].required else text.fill_null(ABSENT)


def _canonical_text(values: pa.Array) -> pa.Array:
    """The values as the nested view writes them, each distinct one once."""
    if pa.types.is_string(values.type):
        return values
    if pa.types.is_integer(values.type) or pa.types.is_boolean(values.type):
        return values.cast(pa.string())
    encoded = values.dictionary_encode()
    texts = [json_value(value) for value in encoded.dictionary.to_pylist()]
    return pa.array(texts, pa.string()).take(encoded.indices)
