"""INSERT … ON CONFLICT in bulk, which SQLite and PostgreSQL share but SQLAlchemy splits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session


def insert_or_update(
    session: Session, table: Table, rows: list[dict[str, Any]], update: Sequence[str]
) -> None:
    """Insert rows; where the primary key is there already, set the columns of `update`.

    All rows must have the same keys.
    """
    if not rows:
        return
    connection = session.connection()
    insert = _insert(connection.dialect.name)(table)
    keys = [column.name for column in table.primary_key]
    if update:
        statement = insert.on_conflict_do_update(
            index_elements=keys, set_={name: insert.excluded[name] for name in update}
        )
    else:
        statement = insert.on_conflict_do_nothing(index_elements=keys)
    connection.execute(statement, rows)


def insert_if_absent(session: Session, table: Table, row: Mapping[str, Any]) -> bool:
    """Insert one row unless its primary key is there; True when it was inserted."""
    connection = session.connection()
    statement = (
        _insert(connection.dialect.name)(table)
        .values(dict(row))
        .on_conflict_do_nothing()
        .returning(*table.primary_key.columns)
    )
    return connection.execute(statement).first() is not None


def _insert(dialect: str) -> Any:
    return sqlite.insert if dialect == "sqlite" else postgresql.insert
