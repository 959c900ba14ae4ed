"""Fixtures of the real servers, for `pytest_plugins`.

Each pytest-xdist worker has servers of its own, started when its first test asks for them: that
takes seconds, and a test may stop or freeze one without harm to another worker's tests.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.services.cut_proxy import CutProxy
from tests.services.odoo import OdooServer, odoo_server
from tests.services.postgres import PostgresServer, postgres_server
from tests.services.sshd import SshServer
from tests.services.tcp_proxy import TcpProxy


@pytest.fixture
def ssh_server(tmp_path: Path) -> Iterator[SshServer]:
    """Run an sshd of the test's own, with an empty root folder."""
    folder = tmp_path / "sshd"
    folder.mkdir()
    with SshServer(folder) as server:
        yield server


@pytest.fixture
def ssh_proxy(ssh_server: SshServer) -> Iterator[TcpProxy]:
    """Run a proxy in front of `ssh_server` that can freeze or cut transfers."""
    with TcpProxy(ssh_server.port) as proxy:
        yield proxy


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """Run a PostgreSQL for the session; make databases of your own in it."""
    with postgres_server() as server:
        yield server


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> Iterator[str]:
    """Give SQLAlchemy's URL of an empty PostgreSQL database of the test's own."""
    name = f"etl_{secrets.token_hex(4)}"
    postgres.create_database(name)
    yield postgres.url(name)
    postgres.drop_database(name)


@pytest.fixture(scope="session")
def _odoo_of_session() -> Iterator[OdooServer]:
    with odoo_server() as server:
        yield server


@pytest.fixture
def odoo(_odoo_of_session: OdooServer) -> OdooServer:
    """Give the session's Odoo, running again even if the test before stopped it."""
    _odoo_of_session.start()
    return _odoo_of_session


@pytest.fixture
def odoo_db(odoo: OdooServer) -> Iterator[str]:
    """Give the name of a fresh Odoo database of the test's own."""
    name = odoo.fresh_database()
    yield name
    odoo.drop_database(name)


@pytest.fixture
def odoo_proxy(odoo: OdooServer) -> Iterator[CutProxy]:
    """Run a proxy in front of Odoo that notes calls and can lose them."""
    with CutProxy(odoo.port) as proxy:
        yield proxy
