"""INSERT … ON CONFLICT in bulk, which SQLite and PostgreSQL share but SQLAlchemy splits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table
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
    insert = insert_into(connection, table)
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
        insert_into(connection, table)
        .values(dict(row))
        .on_conflict_do_nothing()
        .returning(*table.primary_key.columns)
    )
    return connection.execute(statement).first() is not None


def insert_into(connection: Connection, table: Table) -> Any:
    """An INSERT that knows ON CONFLICT, in the dialect of the connection."""
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    return insert(table)
