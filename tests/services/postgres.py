"""A private PostgreSQL cluster on a free port of 127.0.0.1, gone when the tests end."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import LiteralString

import psycopg
from psycopg import sql

from tests.services import apt
from tests.services.processes import (
    HOST,
    ServiceError,
    free_port,
    log_tail,
    run,
    spawn,
    stop,
    wait_for_port,
)
from tests.services.scratch import scratch_folder

_SUPERUSER = "postgres"

# Throw-away data: speed and small files before safety.
_SETTINGS = f"""
listen_addresses = '{HOST}'
unix_socket_directories = ''
max_connections = 200
shared_buffers = 64MB
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
max_wal_size = 128MB
min_wal_size = 32MB
timezone = 'UTC'
"""


class PostgresServer:
    """A running cluster with the role odoo/odoo, which may create databases.

    Connections from this machine need no password, so any works.
    """

    host = HOST
    username = "odoo"
    password = "odoo"

    def __init__(self, folder: Path, copy_of: Path | None = None) -> None:
        """Prepare a cluster in `folder`: a new one, or a copy of a stopped one's data folder."""
        self.data = folder / "data"
        self.log = folder / "postgres.log"
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._programs = apt.POSTGRES.require().parent
        self._has_role = copy_of is not None
        if copy_of is None:
            self._create()
        else:
            _copy_tree(copy_of, self.data)
            _give_to_server_user(self.data)

    @staticmethod
    def major_version() -> str:
        """Return the version that a cluster's files belong to, for example "15"."""
        return apt.POSTGRES.require().parent.parent.name

    def url(self, database: str = "postgres") -> str:
        """Return SQLAlchemy's URL of a database."""
        return (
            f"postgresql+psycopg://{self.username}:{self.password}"
            f"@{self.host}:{self.port}/{database}"
        )

    def start(self) -> None:
        """Start serving, again on the same port after a `stop`."""
        self._process = spawn(
            [self._programs / "postgres", "-D", self.data, "-p", str(self.port)],
            log=self.log,
            user=_server_user(),
            cwd=Path("/"),
            death_signal="INT",
        )
        wait_for_port(self.port, self._process, what="PostgreSQL", log=self.log)
        self._wait_till_ready()
        if not self._has_role:
            self.execute("CREATE ROLE odoo LOGIN CREATEDB PASSWORD 'odoo'")
            self._has_role = True

    def stop(self) -> None:
        """End the server at once, throwing out whoever is connected."""
        if self._process is not None:
            stop(self._process, by=signal.SIGINT)
            self._process = None

    def shrink_log(self) -> None:
        """Throw away a stopped cluster's transaction log, most of its size after much work."""
        run(
            [self._programs / "pg_resetwal", "-D", self.data],
            what="pg_resetwal",
            user=_server_user(),
            cwd=Path("/"),
        )

    def create_database(self, name: str, template: str | None = None) -> None:
        """Create a database owned by odoo, by default an empty one in UTF-8."""
        copied = sql.Identifier(template or "template0")
        options = sql.SQL("" if template else " ENCODING 'UTF8' LC_COLLATE 'C'")
        self.execute(
            sql.SQL("CREATE DATABASE {} OWNER odoo TEMPLATE {}{} STRATEGY file_copy").format(
                sql.Identifier(name), copied, options
            )
        )

    def drop_database(self, name: str) -> None:
        """Drop a database even while somebody is connected; a missing one is fine."""
        self.execute(
            sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        )

    def execute(self, statement: LiteralString | sql.Composed, database: str = "postgres") -> None:
        """Run one statement as the superuser, outside of a transaction."""
        with psycopg.connect(
            host=self.host, port=self.port, user=_SUPERUSER, dbname=database, autocommit=True
        ) as connection:
            connection.execute(statement)

    def _create(self) -> None:
        """Make a new cluster."""
        self.data.mkdir(mode=0o700)
        _give_to_server_user(self.data)
        run(
            [
                *(self._programs / "initdb", "-D", self.data, "-U", _SUPERUSER),
                *("--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"),
                *("--no-instructions", "--wal-segsize=4"),
            ],
            what="PostgreSQL's initdb",
            user=_server_user(),
            cwd=Path("/"),
        )
        with (self.data / "postgresql.conf").open("a") as settings:
            settings.write(_SETTINGS)

    def _wait_till_ready(self) -> None:
        """PostgreSQL listens a moment before it lets anybody in."""
        deadline = time.monotonic() + 30
        while True:
            try:
                self.execute("SELECT 1")
            except psycopg.OperationalError as error:
                if time.monotonic() > deadline:
                    raise ServiceError(f"PostgreSQL: {error}; {log_tail(self.log)}") from error
                time.sleep(0.02)
            else:
                return


@contextmanager
def postgres_server(copy_of: Path | None = None) -> Iterator[PostgresServer]:
    """Run a `PostgresServer` in a temporary folder."""
    with scratch_folder("postgres") as folder:
        server = PostgresServer(folder, copy_of)
        try:
            server.start()
            yield server
        finally:
            server.stop()


def _server_user() -> str | None:
    """PostgreSQL refuses to run as root; Debian's package brings the user postgres."""
    return "postgres" if os.getuid() == 0 else None


def _give_to_server_user(data: Path) -> None:
    if (user := _server_user()) is None:
        return
    for path in (data, *data.rglob("*")):
        shutil.chown(path, user, user)


def _copy_tree(source: Path, target: Path) -> None:
    """Copy by `cp`, which is several times as quick as shutil here."""
    run(["cp", "-a", "--reflink=auto", source, target], what=f"copying {source}")
