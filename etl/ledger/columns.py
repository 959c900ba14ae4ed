"""Columns of values as the database's driver takes and gives them, a whole column at a time.

SQLAlchemy turns value by value, a call or more for each cell of each row. A night has millions of
cells, nearly all of which are stored as they are, or are the same as many others of their column.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import JSON, Column, Dialect

from etl.ledger.types import Key, SafeText, all_storable


def bound(column: Column[Any], values: Sequence[Any], dialect: Dialect) -> Sequence[Any]:
    """The values of a column as the driver takes them: what SQLAlchemy would bind for each.

    Raises:
        TypeError, ValueError: a value that the column's type refuses.
    """
    if isinstance(column.type, Key | SafeText) and all_storable(values):
        return values
    bind = column.type.dialect_impl(dialect).bind_processor(dialect)
    if bind is None:
        return values
    # what JSON is made of cannot be looked up, and True is not 1 there
    return _each_once(bind, values, repr if isinstance(column.type, JSON) else None)


def read(
    column: Column[Any], values: Sequence[Any], dialect: Dialect, told: Any = None
) -> Sequence[Any]:
    """What the driver gave for a column, as SQLAlchemy would give it.

    Args:
        told: the type that the driver told of the column, as in its cursor's description.
    """
    turn = column.type.dialect_impl(dialect).result_processor(dialect, told)
    return values if turn is None else _each_once(turn, values, None)


def _each_once(
    turn: Callable[[Any], Any], values: Sequence[Any], key: Callable[[Any], Any] | None
) -> list[Any]:
    """`turn` of all values, of equal ones once."""
    keys = values if key is None else list(map(key, values))
    turned = {known: turn(value) for known, value in dict(zip(keys, values, strict=True)).items()}
    return [turned[known] for known in keys]
