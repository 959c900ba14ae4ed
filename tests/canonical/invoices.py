"""Small freight invoices as record sets, written the way a person would write them."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from etl.canonical import RecordSet, record_type


def record_set(name: str, **tables: list[dict[str, Any]]) -> RecordSet:
    """A record set with the rows given by table; main rows are numbered as `record_id`."""
    records = RecordSet.empty(name)
    filled = {}
    for table, rows in tables.items():
        kind = record_type(name if table == name else record_type(name).children[table])
        numbered = [{"record_id": index, **row} for index, row in enumerate(rows)]
        filled[table] = pa.Table.from_pylist(
            numbered if table == name else rows, schema=kind.arrow_schema
        )
    return records.with_tables(filled)


def text_of(kind: str, column: str, text: str) -> Any:
    """The value of a cell given as text."""
    field = record_type(kind).fields[column]
    return pa.scalar(text, pa.string()).cast(field.arrow_type).as_py()
