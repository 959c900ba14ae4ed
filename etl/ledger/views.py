"""Rows as JSON and as Arrow tables, and back: for output, and to be sealed with a batch."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast

import pyarrow as pa
from sqlalchemy import JSON, BigInteger, Boolean, Column, Date, Dialect, Table

from etl.ledger.columns import read
from etl.ledger.models import Base
from etl.ledger.types import Money, UtcDateTime

Values = dict[str, Any]


def table_of(model: type[Base]) -> Table:
    """The table behind a model."""
    return cast(Table, model.__table__)


def as_dict(row: Base) -> Values:
    """A row as JSON types: amounts as text, dates and times in ISO 8601 with their zone."""
    return {
        column.name: _to_json(getattr(row, column.name)) for column in table_of(type(row)).columns
    }


def from_dict(model: type[Base], values: Mapping[str, Any]) -> Values:
    """What :func:`as_dict` gave, as values of the table's columns; one that is missing is None."""
    return {
        column.name: _from_json(column, values.get(column.name))
        for column in table_of(model).columns
    }


def schema_of(model: type[Base]) -> pa.Schema:
    """The Arrow schema of a table; JSON columns are text, those with a list of texts are lists."""
    return pa.schema(
        [(column.name, _arrow_type(model, column)) for column in table_of(model).columns]
    )


def to_arrow(
    model: type[Base], rows: Sequence[Sequence[Any]], dialect: Dialect, told: Sequence[Any]
) -> pa.Table:
    """Rows of all columns of a table, in its order and as the driver gave them, as Arrow.

    Args:
        told: the type that the driver told of each column.
    """
    schema = schema_of(model)
    columns: list[Sequence[Any]] = list(zip(*rows, strict=True)) or [()] * len(schema)
    arrays = []
    of_table = table_of(model).columns
    for field, column, raw, kind in zip(schema, of_table, columns, told, strict=True):
        values = read(column, raw, dialect, kind)
        is_json_text = isinstance(column.type, JSON) and pa.types.is_string(field.type)
        plain = [json.dumps(value, default=str) for value in values] if is_json_text else values
        arrays.append(pa.array(plain, field.type))
    return pa.Table.from_arrays(arrays, schema=schema)


def from_arrow(model: type[Base], table: pa.Table) -> list[Values]:
    """What :func:`to_arrow` gave, as values of the table's columns; missing columns are None."""
    columns = table_of(model).columns
    rows = table.select([name for name in table.column_names if name in columns]).to_pylist()
    texts = [
        column.name
        for column in columns
        if isinstance(column.type, JSON) and pa.types.is_string(_arrow_type(model, column))
    ]
    empty = dict.fromkeys(columns.keys())
    return [
        {**empty, **row, **{name: json.loads(row[name]) for name in texts if row.get(name)}}
        for row in rows
    ]


def _arrow_type(model: type[Base], column: Column[Any]) -> pa.DataType:
    if isinstance(column.type, JSON):
        is_list = "list[str]" in str(model.__annotations__.get(column.name, ""))
        return pa.list_(pa.string()) if is_list else pa.string()
    for kind, arrow_type in (
        (BigInteger, pa.int64()),
        (Boolean, pa.bool_()),
        (Date, pa.date32()),
        (Money, pa.decimal128(18, 4)),
        (UtcDateTime, pa.timestamp("us", "UTC")),
    ):
        if isinstance(column.type, kind):
            return arrow_type
    return pa.string()


def _to_json(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value


def _from_json(column: Column[Any], value: Any) -> Any:
    if value is None:
        return None
    if isinstance(column.type, UtcDateTime):
        return datetime.fromisoformat(value)
    if isinstance(column.type, Date):
        return date.fromisoformat(value)
    if isinstance(column.type, Money):
        return Decimal(value)
    return value
