"""Asking for rows by very many values in one statement.

A statement carries few parameters (SQLite: 32,766), and each costs SQLAlchemy more than the
database. So all values are given as one: as JSON to SQLite, as an array to PostgreSQL.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, TypeAlias

from sqlalchemy import ARRAY, ColumnElement, Text, bindparam, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from etl.ledger.types import all_storable, as_key

Condition: TypeAlias = ColumnElement[bool]


def among(session: Session, column: InstrumentedAttribute[Any], values: Iterable[str]) -> Condition:
    """The condition that a column of :class:`~etl.ledger.types.Key` has one of the values.

    The order of the values and their repetitions do not matter.
    """
    wanted = list(dict.fromkeys(values))
    if not all_storable(wanted):
        wanted = [as_key(value) for value in wanted]
    if session.connection().dialect.name == "sqlite":
        given = func.json_each(bindparam(None, json.dumps(wanted), Text, unique=True))
        return column.in_(select(given.table_valued("value").c.value))
    return column == func.any(bindparam(None, wanted, ARRAY(Text), unique=True))
