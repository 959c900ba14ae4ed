"""The nested JSON view of a record: for people, for samples and for JSON Schema."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from etl.canonical.record_types import KEY_FIELDS, LINEAGE_FIELDS, RecordType, record_type
from etl.canonical.records import RecordSet


def nested(records: RecordSet, index: int, *, with_lineage: bool = False) -> dict[str, Any]:
    """The record in row `index` of the main table with its children as lists.

    Fields without a value are left out. Decimals are strings without trailing zeros, dates ISO
    8601, times ISO 8601 in UTC.

    Args:
        records: any record set.
        index: 0-based row of the main table.
        with_lineage: add `business_key`, `record_hash` and, under `lineage`, the lineage columns.
    """
    row = records.main.slice(index, 1)
    view = _content(row, records.type)[0]
    for name, table in records.children.items():
        rows = table.filter(pc.equal(table["record_id"], row["record_id"][0]))
        view[name] = _content(rows, record_type(records.type.children[name]))
    if with_lineage:
        view |= {name: json_value(row[name][0].as_py()) for name in _names(KEY_FIELDS)}
        view["lineage"] = {name: row[name][0].as_py() for name in _names(LINEAGE_FIELDS)}
    return view


def json_value(value: Any) -> Any:
    """A cell as it stands in the nested view."""
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    return value


def decimal_text(value: Decimal) -> str:
    """A decimal without exponent and trailing zeros: ``100.5``."""
    return f"{value.normalize():f}" if value else "0"


def _content(table: pa.Table, kind: RecordType) -> list[dict[str, Any]]:
    return [
        {name: json_value(value) for name, value in row.items() if value is not None}
        for row in table.select(list(kind.fields)).to_pylist()
    ]


def _names(fields: tuple[pa.Field, ...]) -> list[str]:
    return [field.name for field in fields]
