"""Delivering over what is there already, by what each server allows: nothing of theirs is lost."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest

from etl.errors import TechnicalError, TerminalError
from tests.services.sshd import SshServer
from tests.transfer.places import Place, sftp_place


@pytest.fixture
def ours(tmp_path: Path) -> Path:
    path = tmp_path / "ours.edi"
    path.write_bytes(b"ours")
    return path


def place_on(server: SshServer, refuse: str, there: bytes | None = b"unread") -> Place:
    """A folder with a file of that name on a server that refuses some requests."""
    server.refuse = refuse
    server.restart()
    place = sftp_place(server, secrets.token_hex(4), pipelined=True)
    if there is not None:
        (place.inbound / "ack.edi").write_bytes(there)
    return place


def content(place: Place) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in place.inbound.iterdir()}


@pytest.mark.parametrize("there", [None, b"unread"])
@pytest.mark.parametrize("refuse", ["", "rename", "posix-rename"])
def test_a_server_that_knows_one_way_to_rename_is_enough(
    own_server: SshServer, ours: Path, refuse: str, there: bytes | None
) -> None:
    place = place_on(own_server, refuse, there)
    with place.endpoint() as endpoint:
        assert endpoint.deliver(ours, "ack.edi") is None
    assert content(place) == {"ack.edi": b"ours"}


@pytest.mark.parametrize("there", [None, b"unread"])
def test_what_is_there_stays_where_nothing_can_be_renamed(
    own_server: SshServer, ours: Path, there: bytes | None
) -> None:
    place = place_on(own_server, "rename,posix-rename", there)
    with place.endpoint() as endpoint, pytest.raises(TerminalError, match="permission denied"):
        endpoint.deliver(ours, "ack.edi")
    assert content(place) == ({} if there is None else {"ack.edi": there})


def test_what_cannot_be_tidied_up_is_said(own_server: SshServer, ours: Path) -> None:
    place = place_on(own_server, "posix-rename,remove")
    with place.endpoint() as endpoint:
        said = endpoint.deliver(ours, "ack.edi")
    assert said is not None
    assert "the former one stays there" in said
    found = content(place)
    assert found.pop("ack.edi") == b"ours"
    assert list(found.values()) == [b"unread"]
    assert next(iter(found)) in said

    place = place_on(own_server, "rename,posix-rename,remove")
    with place.endpoint() as endpoint, pytest.raises(TerminalError, match="is left there"):
        endpoint.deliver(ours, "ack.edi")
    assert content(place) == {"ack.edi": b"unread", "ack.edi.part": b"ours"}


@pytest.mark.parametrize("name", ["ack.edi", "ack.edi.part"])
def test_a_folder_in_the_way_stays(place: Place, ours: Path, name: str) -> None:
    (place.inbound / name).mkdir()
    with place.endpoint() as endpoint, pytest.raises(TechnicalError):
        endpoint.deliver(ours, "ack.edi")
    assert [path.name for path in place.inbound.iterdir()] == [name]


def test_the_check_says_what_it_leaves_behind_and_tries_the_rename(
    own_server: SshServer,
) -> None:
    place = place_on(own_server, "remove", None)
    with place.endpoint() as endpoint:
        finding = endpoint.check()[-1]
    assert (finding.ok, "may not be removed" in finding.message) == (True, True)
    [left] = content(place)
    assert left in finding.message

    place = place_on(own_server, "rename,posix-rename", None)
    with place.endpoint() as endpoint:
        finding = endpoint.check()[-1]
    assert (finding.ok, content(place)) == (False, {})
