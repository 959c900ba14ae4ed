"""INSERT … ON CONFLICT in bulk, which SQLite and PostgreSQL share but SQLAlchemy splits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Column, Connection, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from etl.ledger.columns import bound


def insert_or_update(
    session: Session, table: Table, rows: Sequence[Mapping[str, Any]], update: Sequence[str]
) -> None:
    """Insert rows; where the primary key is there already, set the columns of `update`.

    All rows must have the same keys.
    """
    if rows:
        columns = {name: [row[name] for row in rows] for name in rows[0]}
        insert_columns(session, table, columns, update)


def insert_columns(
    session: Session,
    table: Table,
    columns: Mapping[str, Sequence[Any]],
    update: Sequence[str] | None,
) -> None:
    """Insert rows given by their columns, all of one length.

    Args:
        update: what is set where the primary key is there already; None: it is known to be
            nowhere there, which costs the database less.
    """
    connection = session.connection()
    insert = insert_into(connection, table).values(dict.fromkeys(columns))
    keys = [column.name for column in table.primary_key]
    if update:
        insert = insert.on_conflict_do_update(
            index_elements=keys, set_={name: insert.excluded[name] for name in update}
        )
    elif update is not None:
        insert = insert.on_conflict_do_nothing(index_elements=keys)
    execute_columns(connection, insert, {name: table.c[name] for name in columns}, columns)


def execute_columns(
    connection: Connection,
    statement: Any,
    kinds: Mapping[str, Column[Any]],
    columns: Mapping[str, Sequence[Any]],
) -> None:
    """Execute a statement for each row of columns, given by the names of its parameters.

    Args:
        kinds: the column of a table that each of them is stored in or compared with.
    """
    dialect = connection.dialect
    compiled = statement.compile(dialect=dialect, column_keys=list(columns))
    order = compiled.positiontup if compiled.positional else list(columns)
    rows = zip(*(bound(kinds[name], columns[name], dialect) for name in order), strict=True)
    if compiled.positional:
        given: list[Any] = list(rows)
    else:
        given = [dict(zip(order, row, strict=True)) for row in rows]
    if given:
        connection.exec_driver_sql(str(compiled), given)


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
