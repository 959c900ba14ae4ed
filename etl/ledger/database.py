"""The ledger's database: connecting, SQLite's settings, and its schema by Alembic."""

from __future__ import annotations

import json
from functools import cache, partial
from importlib import resources
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError

from etl.errors import ConfigurationError, EtlError, TerminalError, TransientError

_BUSY_MILLISECONDS = 30_000
_CACHE_KIB = 64 * 1024
_MIGRATION_LOCK = 0x65746C  # any number, the same in every process
READ_ONLY = "etl_read_only"


def connect(url: str | URL) -> Engine:
    """An engine for SQLite or PostgreSQL; opens no connection yet.

    Raises:
        ConfigurationError: not a URL, another database, or its driver is not installed.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ConfigurationError(
            "the ledger's address is not a URL, expected sqlite:///ledger.db or "
            "postgresql://user:password@host/database"
        ) from None
    backend = parsed.get_backend_name()
    if backend not in ("sqlite", "postgresql", "postgres"):
        raise ConfigurationError(
            f"the ledger cannot live in {backend!r}, expected sqlite or postgresql"
        )
    if backend != "sqlite":
        parsed = parsed.set(drivername="postgresql+psycopg")
    try:
        engine = create_engine(
            parsed,
            hide_parameters=True,
            pool_pre_ping=backend != "sqlite",
            json_serializer=partial(json.dumps, default=str),
        )
    except (ModuleNotFoundError, NoSuchModuleError):
        raise ConfigurationError(
            "the driver for PostgreSQL is not installed; run: pip install 'etl[postgresql]'"
        ) from None
    if backend == "sqlite":
        _prepare_sqlite(engine)
    return engine


def shown(engine: Engine) -> str:
    """The address for people, its password hidden."""
    return engine.url.render_as_string(hide_password=True)


def upgrade(engine: Engine) -> None:
    """Bring the schema to the newest version; nothing happens when it is there.

    Several processes may call it at once: one works, the others wait.
    """
    with _translated(engine), engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": _MIGRATION_LOCK})
        if _current(connection) == newest():
            return
        _refuse_unknown(connection, engine)
        command.upgrade(_alembic(connection), "head")


def check(engine: Engine) -> None:
    """Raise ConfigurationError unless the schema is the newest one."""
    with _translated(engine), engine.connect() as connection:
        current = _current(connection)
        if current == newest():
            return
        _refuse_unknown(connection, engine)
    state = "has no tables yet" if current is None else f"is at version {current}"
    raise ConfigurationError(
        f"the ledger {shown(engine)} {state}, expected version {newest()}; run: etl ledger upgrade"
    )


@cache
def newest() -> str:
    """The version of the schema that this code works with."""
    head = ScriptDirectory.from_config(_alembic(None)).get_current_head()
    assert head is not None
    return head


def translate(error: DBAPIError, engine: Engine) -> EtlError:
    """The database's error in our words, without parameters and password."""
    said = str(error.orig).strip().splitlines()[0] if str(error.orig).strip() else "no message"
    message = f"the ledger {shown(engine)}: {said}"
    if isinstance(error, OperationalError) or error.connection_invalidated:
        if any(word in said for word in ("disk is full", "readonly", "unable to open")):
            return TerminalError(f"{message}; check the disk and the rights of its folder")
        return TransientError(message)
    return TerminalError(message)


class _translated:  # noqa: N801 - reads as a word in `with`
    """Turns the database's errors into ours."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, DBAPIError):
            raise translate(error, self._engine) from error


def _prepare_sqlite(engine: Engine) -> None:
    """WAL, waiting for locks, foreign keys; a writing transaction takes its lock at once.

    SQLite never waits when a transaction that has read wants to write after another one wrote, so
    writers begin with BEGIN IMMEDIATE.

    What undoes a single failed statement is kept in memory: on disk it would be a temporary file
    that takes each page anew for each row, some fifty times what the ledger grows by. And the
    cache holds what a night's transaction changes, or pages would reach the journal many times
    before their transaction is committed. Neither is needed after a crash.
    """

    @event.listens_for(engine, "connect")
    def _settings(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA temp_store = MEMORY")
        cursor.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        reading = connection.get_execution_options().get(READ_ONLY)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def _alembic(connection: Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(resources.files("etl.ledger") / "migrations"))
    config.attributes["connection"] = connection
    return config


def _current(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _refuse_unknown(connection: Connection, engine: Engine) -> None:
    """Raise ConfigurationError when the schema is newer than this code."""
    current = _current(connection)
    if current is None:
        return
    try:
        ScriptDirectory.from_config(_alembic(None)).get_revision(current)
    except CommandError:
        raise ConfigurationError(
            f"the ledger {shown(engine)} is at version {current}, which this etl does not know; "
            "it was written by a newer one: install that"
        ) from None
