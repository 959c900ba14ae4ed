"""A real Odoo 19 server for the tests, with as many fresh databases as they like.

`python -m tests.services.odoo` builds what is slow, once per machine; with `--serve` it also
runs a server to try things by hand.
"""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import odoorpc

from tests.services import apt
from tests.services import odoo_master_data as master_data
from tests.services.odoo_template import (
    TEMPLATE_DATABASE,
    OdooTemplate,
    odoo_template,
    write_config,
)
from tests.services.postgres import PostgresServer, postgres_server
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

_RPC_TIMEOUT = 300


class OdooServer:
    """A running Odoo of our own; every database is a copy of the template."""

    host = HOST

    def __init__(self, template: OdooTemplate, postgres: PostgresServer) -> None:
        """Prepare a server over a started copy of the template's cluster."""
        self.port = free_port()
        self.url = f"http://{self.host}:{self.port}"
        self.postgres = postgres
        self.login = master_data.SERVICE_USER.login
        self.password = template.api_key
        self.admin_login = master_data.ADMIN_LOGIN
        self.admin_password = master_data.ADMIN_PASSWORD
        self.norights_login = master_data.POWERLESS_USER.login
        self.norights_password = master_data.POWERLESS_USER.password
        self._template = template
        self._folder = postgres.data.parent
        self._config = write_config(self._folder, postgres, self.port)
        self.log = self._folder / "odoo.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._db: str | None = None

    @property
    def db(self) -> str:
        """A database that all tests of the session share; `fresh_database` gives your own."""
        if self._db is None:
            self._db = self.fresh_database()
        return self._db

    def start(self) -> None:
        """Start serving, again on the same port after `stop` or `kill`."""
        if self._process is not None and self._process.poll() is None:
            return
        code = self._template.code
        self._process = spawn(
            [code.python, "-P", "-m", "odoo", "-c", self._config],
            log=self.log,
            env=code.environment(),
            cwd=self._folder,
        )
        wait_for_port(self.port, self._process, what="Odoo", log=self.log, timeout=60)

    def stop(self) -> None:
        """End the server in good order (SIGTERM)."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End the server as a crash would (SIGKILL)."""
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        """Freeze the server (SIGSTOP): it takes connections and never answers."""
        self._running().send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a frozen server go on."""
        self._running().send_signal(signal.SIGCONT)

    def fresh_database(self) -> str:
        """Return the name of a new copy of the template."""
        name = f"etl_{secrets.token_hex(4)}"
        self.postgres.create_database(name, template=TEMPLATE_DATABASE)
        filestore = self._filestore(name)
        filestore.parent.mkdir(parents=True, exist_ok=True)
        run(["cp", "-a", self._template.filestore, filestore], what="copying Odoo's filestore")
        return name

    def drop_database(self, name: str) -> None:
        """Drop a database and its attachments, whether the server runs or not."""
        self.postgres.drop_database(name)
        shutil.rmtree(self._filestore(name), ignore_errors=True)
        if name == self._db:
            self._db = None

    def connect(
        self, database: str, *, login: str | None = None, password: str | None = None
    ) -> odoorpc.ODOO:
        """Return an odoorpc session: by default as the service user, with the API key."""
        return connect(self.url, database, login or self.login, password or self.password)

    def connect_as_admin(self, database: str) -> odoorpc.ODOO:
        """Return an odoorpc session of the administrator, to look and to prepare."""
        return connect(self.url, database, self.admin_login, self.admin_password)

    def _end(self, by: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            stop(self._process, by=by)
            self._process = None

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            raise ServiceError(f"Odoo is not running; {log_tail(self.log)}")
        return self._process

    def _filestore(self, database: str) -> Path:
        return self._folder / "odoo-data" / "filestore" / database


class GivenOdoo(OdooServer):
    """The Odoo that `ETL_TEST_ODOO_URL` names: not ours to stop, and with one database only."""

    def __init__(self) -> None:
        """Read the rest from ETL_TEST_ODOO_DB, ETL_TEST_ODOO_USER and ETL_TEST_ODOO_PASSWORD."""
        self.url = os.environ["ETL_TEST_ODOO_URL"].rstrip("/")
        address = urlsplit(self.url)
        self.host = address.hostname or HOST
        self.port = address.port or (443 if address.scheme == "https" else 80)
        self.login = _setting("USER")
        self.password = _setting("PASSWORD")
        self.admin_login = os.environ.get("ETL_TEST_ODOO_ADMIN", master_data.ADMIN_LOGIN)
        self.admin_password = os.environ.get(
            "ETL_TEST_ODOO_ADMIN_PASSWORD", master_data.ADMIN_PASSWORD
        )
        self.norights_login = master_data.POWERLESS_USER.login
        self.norights_password = master_data.POWERLESS_USER.password

    @property
    def db(self) -> str:
        """The one database."""
        return _setting("DB")

    def fresh_database(self) -> str:
        """Return the one database, as it is: this Odoo cannot copy."""
        return self.db

    def drop_database(self, name: str) -> None:
        """Keep the database."""

    def start(self) -> None:
        """Fail when nobody answers."""
        try:
            socket.create_connection((self.host, self.port), timeout=10).close()
        except OSError as error:
            raise ServiceError(f"ETL_TEST_ODOO_URL={self.url} does not answer: {error}") from error

    def _end(self, by: signal.Signals) -> None:
        raise ServiceError(f"the Odoo at {self.url} is not ours to stop")

    def _running(self) -> subprocess.Popen[bytes]:
        raise ServiceError(f"the Odoo at {self.url} is not ours to freeze")


def connect(url: str, database: str, login: str, password: str) -> odoorpc.ODOO:
    """Return an odoorpc session; `url` may be a proxy's."""
    address = urlsplit(url)
    session = odoorpc.ODOO(
        address.hostname,
        protocol="jsonrpc+ssl" if address.scheme == "https" else "jsonrpc",
        port=address.port or (443 if address.scheme == "https" else 80),
        timeout=_RPC_TIMEOUT,
        version="19.0",
    )
    session.login(database, login, password)
    return session


@contextmanager
def odoo_server() -> Iterator[OdooServer]:
    """Run Odoo over a copy of the template's cluster, or take the one that is given."""
    if os.environ.get("ETL_TEST_ODOO_URL"):
        given = GivenOdoo()
        given.start()
        yield given
        return
    template = odoo_template()
    with postgres_server(copy_of=template.cluster) as postgres:
        server = OdooServer(template, postgres)
        try:
            server.start()
            yield server
        finally:
            server.stop()


def main() -> None:
    """Prepare everything that is slow; with --serve run a server till Ctrl-C."""
    parser = argparse.ArgumentParser(description="Prepare the servers that the tests start.")
    parser.add_argument("--serve", action="store_true", help="run an Odoo and print its address")
    options = parser.parse_args()
    began = time.monotonic()
    for file in (apt.SSHD, apt.NSS_WRAPPER, apt.POSTGRES):
        file.require()
    template = odoo_template()
    print(f"tests: Odoo {template.code.version} is ready in {template.folder.parent}", end=" ")
    print(f"({time.monotonic() - began:.0f} s)", flush=True)
    if options.serve:
        _serve()


def _serve() -> None:
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, signal.default_int_handler)
    with odoo_server() as server:
        print(f"ETL_TEST_ODOO_URL={server.url}")
        print(f"ETL_TEST_ODOO_DB={server.db}")
        print(f"ETL_TEST_ODOO_USER={server.login}")
        print(f"ETL_TEST_ODOO_PASSWORD={server.password}")
        print(f"# administrator: {server.admin_login} / {server.admin_password}; Ctrl-C ends")
        print(f"# log: {server.log}", flush=True)
        try:
            signal.pause()
        except KeyboardInterrupt:
            print("ended")


def _setting(name: str) -> str:
    """Return a setting of the given Odoo."""
    value = os.environ.get(f"ETL_TEST_ODOO_{name}")
    if not value:
        raise ServiceError(f"ETL_TEST_ODOO_URL is set, so ETL_TEST_ODOO_{name} must be too")
    return value


if __name__ == "__main__":
    main()
