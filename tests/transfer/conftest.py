"""Servers and places for the tests of transfer."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from etl.transfer import Inbox
from tests.services.sshd import SshServer
from tests.transfer.places import Place, local_place, sftp_place


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshServer]:
    """A server for tests that leave it as it is."""
    with SshServer(tmp_path_factory.mktemp("sshd")) as server:
        yield server


@pytest.fixture
def server(shared_server: SshServer) -> Iterator[SshServer]:
    """The same server, for tests that freeze or cut its sessions."""
    yield shared_server
    shared_server.resume()


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[SshServer]:
    """A server of the test's own, whose keys it may change."""
    folder = tmp_path / "sshd"
    folder.mkdir()
    with SshServer(folder) as started:
        yield started


@pytest.fixture(params=["sftp-pipelined", "sftp-plain", "local"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Each kind of endpoint in turn."""
    if request.param == "local":
        return local_place(tmp_path / "partner")
    server: SshServer = request.getfixturevalue("shared_server")
    return sftp_place(server, secrets.token_hex(4), pipelined=request.param == "sftp-pipelined")


@pytest.fixture(params=["sftp-pipelined", "sftp-plain"])
def sftp(request: pytest.FixtureRequest, server: SshServer) -> Place:
    """Both ways to read over SFTP."""
    return sftp_place(server, secrets.token_hex(4), pipelined=request.param == "sftp-pipelined")


@pytest.fixture
def inbox(tmp_path: Path) -> Inbox:
    return Inbox(tmp_path / "inbox")
