"""SFTP servers that are odd, frozen, cut or full, by both ways of reading."""

from __future__ import annotations

import os
import secrets
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from etl.errors import TerminalError, TransientError
from etl.transfer import (
    Delete,
    Endpoint,
    Inbox,
    Move,
    PickedUp,
    Pickup,
    SettleByDoneFile,
    SettleByRename,
    Timeouts,
    names,
    open_endpoint,
)
from tests.services.small_disk import small_disk
from tests.services.sshd import SshServer
from tests.services.tcp_proxy import TcpProxy
from tests.transfer.odd_server import Oddities, OddServer
from tests.transfer.places import PARTNER, QUICK, Place, odd_settings, sftp_place, sftp_settings

pytestmark = pytest.mark.services

BIG = 20_000_000


@pytest.fixture(params=[True, False], ids=["pipelined", "plain"])
def pipelined(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


def odd_endpoint(server: OddServer, pipelined: bool, **pickup: Any) -> Endpoint:
    changed = Pickup(settle=SettleByRename(), **pickup)
    return open_endpoint(odd_settings(server, pipelined=pipelined, pickup=changed))


class TestOddServers:
    @pytest.mark.parametrize(
        "odd",
        [
            pytest.param(Oddities(longest_read=1000), id="answers with 1000 bytes at most"),
            pytest.param(Oddities(longest_read=32768), id="answers with 32 KiB at most"),
            pytest.param(
                Oddities(longest_read=32768, refuses_long_reads=True), id="refuses more than 32 KiB"
            ),
        ],
    )
    def test_short_reads_are_completed(self, odd: Oddities, pipelined: bool, inbox: Inbox) -> None:
        odd.files = {"a.edi": os.urandom(600_001), "b.edi": os.urandom(40_000), "c.edi": b""}
        with OddServer(odd) as server, odd_endpoint(server, pipelined) as endpoint:
            outcomes = list(endpoint.fetch(endpoint.list().files, inbox))
        assert len(outcomes) == 3
        for outcome in outcomes:
            assert outcome.received is not None, outcome.error
            assert outcome.received.path.read_bytes() == odd.files[outcome.remote.name]

    def test_a_server_that_removes_on_read_is_read_once(
        self, pipelined: bool, inbox: Inbox
    ) -> None:
        content = {"a.edi": b"only once", "b.edi": os.urandom(100_000)}
        odd = Oddities(dict(content), removes_on_read=True)
        with OddServer(odd) as server, odd_endpoint(server, pipelined) as endpoint:
            files = endpoint.list().files
            outcomes = list(endpoint.fetch(files, inbox))
            endpoint.pick_up_all(files)
        assert odd.files == {}
        for outcome in outcomes:
            assert outcome.received is not None, outcome.error
            assert outcome.received.path.read_bytes() == content[outcome.remote.name]

    def test_a_server_that_gives_all_open_files_one_handle_is_read_one_at_a_time(
        self, pipelined: bool, inbox: Inbox
    ) -> None:
        # of one size and time, so that nothing but the bytes tells them apart
        content = {f"{number}.edi": f"invoice {number:03}".encode() for number in range(200)}
        odd = Oddities(dict(content), one_handle=True)
        with OddServer(odd) as server, odd_endpoint(server, pipelined) as endpoint:
            outcomes = list(endpoint.fetch(endpoint.list().files, inbox))
            again = endpoint.list().files
        for outcome in outcomes:
            assert outcome.received is not None, outcome.error
            assert outcome.received.path.read_bytes() == content[outcome.remote.name]
        assert len(outcomes) == len(again) == len(content)
        assert list(inbox.folder.rglob("*.part")) == []
        assert len(inbox.pending(PARTNER)) == len(content)

    def test_files_that_are_opened_one_after_the_other_may_have_one_handle(
        self, inbox: Inbox
    ) -> None:
        odd = Oddities({"a.edi": b"a"}, one_handle=True)
        with OddServer(odd) as server, odd_endpoint(server, pipelined=True) as endpoint:
            for _ in range(3):
                assert [each.error for each in endpoint.fetch(endpoint.list().files, inbox)] == [
                    None
                ]
        assert odd.reads == ["a.edi"] * 3

    @pytest.mark.parametrize("oddity", ["answers_twice", "types_mixed_up"])
    def test_nothing_is_taken_from_a_server_whose_answers_belong_to_no_question(
        self, oddity: str, inbox: Inbox
    ) -> None:
        odd = Oddities({"a.edi": b"a" * 500, "b.edi": b"b" * 500}, **{oddity: True})
        with OddServer(odd) as server, odd_endpoint(server, pipelined=True) as endpoint:
            files = endpoint.list().files
            with pytest.raises(TransientError, match="makes no sense"):
                list(endpoint.fetch(files, inbox))
        assert inbox.pending(PARTNER) == []

    def test_bytes_that_were_not_asked_for_are_not_taken(self, inbox: Inbox) -> None:
        odd = Oddities({"a.edi": os.urandom(600_000)}, surplus=10)
        with OddServer(odd) as server, odd_endpoint(server, pipelined=True) as endpoint:
            files = endpoint.list().files
            with pytest.raises(TransientError, match="more bytes came than were asked for"):
                list(endpoint.fetch(files, inbox))
        assert inbox.pending(PARTNER) == []

    def test_blocks_may_come_after_the_answers_to_later_questions(self, inbox: Inbox) -> None:
        content = {"a.edi": os.urandom(900_000), "b.edi": os.urandom(70_000), "c.edi": b"c"}
        odd = Oddities(dict(content), late_blocks=True, longest_read=32768)
        with OddServer(odd) as server, odd_endpoint(server, pipelined=True) as endpoint:
            outcomes = list(endpoint.fetch(endpoint.list().files, inbox))
        for outcome in outcomes:
            assert outcome.received is not None, outcome.error
            assert outcome.received.path.read_bytes() == content[outcome.remote.name]

    def test_listed_paths_and_nul_do_not_leave_the_inbox(
        self, pipelined: bool, inbox: Inbox
    ) -> None:
        listed = ["../../etc/cron.d/x", "/etc/passwd", "nul\0.edi", "n" * 300 + ".edi"]
        odd = Oddities({name: name.encode() for name in listed})
        with OddServer(odd) as server, odd_endpoint(server, pipelined) as endpoint:
            outcomes = list(endpoint.fetch(endpoint.list().files, inbox))
        originals = {names.to_bytes(outcome.remote.name).decode() for outcome in outcomes}
        assert originals == set(listed)
        files = [path for path in inbox.folder.parent.rglob("*") if path.is_file()]
        assert {path.parent for path in files} == {inbox.folder / PARTNER}

    @pytest.mark.parametrize("missing", ["st_size", "st_mtime"])
    def test_a_file_without_size_or_time_is_left_and_said(
        self, pipelined: bool, missing: str
    ) -> None:
        odd = Oddities({"a.edi": b"x"}, silent_about=(missing,))
        with OddServer(odd) as server, odd_endpoint(server, pipelined) as endpoint:
            listing = endpoint.list()
        assert listing.files == []
        assert "does not tell" in listing.left[0].reason

    def test_without_a_mode_a_file_is_taken_for_one(self, pipelined: bool) -> None:
        odd = Oddities({"a.edi": b"x"}, silent_about=("st_mode",))
        with OddServer(odd) as server, odd_endpoint(server, pipelined) as endpoint:
            assert [file.name for file in endpoint.list().files] == ["a.edi"]

    def test_a_refused_file_is_told_and_terminal(self, pipelined: bool, inbox: Inbox) -> None:
        odd = Oddities({"a.edi": b"x", "b.edi": b"y"}, forbidden=True)
        with OddServer(odd) as server, odd_endpoint(server, pipelined) as endpoint:
            outcomes = list(endpoint.fetch(endpoint.list().files, inbox))
        assert [type(outcome.error) for outcome in outcomes] == [TerminalError, TerminalError]
        assert "a.edi" in str(outcomes[0].error)
        assert "permission denied" in str(outcomes[0].error)

    def test_a_refused_move_says_what_to_do(self, pipelined: bool) -> None:
        odd = Oddities({"a.edi": b"x", "processed": b""})
        with OddServer(odd) as server, odd_endpoint(server, pipelined) as endpoint:
            files = endpoint.list().files
            with pytest.raises(TerminalError, match=r"set endpoint\.after_pickup to keep"):
                endpoint.pick_up(files[0])

    def test_a_refused_delete_is_terminal(self, pipelined: bool) -> None:
        odd = Oddities({"a.edi": b"x"}, forbidden=True)
        with OddServer(odd) as server, odd_endpoint(server, pipelined, after=Delete()) as endpoint:
            files = endpoint.list().files
            with pytest.raises(TerminalError, match="permission denied"):
                endpoint.pick_up(files[0])

    @pytest.mark.parametrize("after", [Move(), Delete()])
    @pytest.mark.parametrize("how", ["stuck", "blind"])
    def test_a_file_that_cannot_go_costs_only_itself(
        self, pipelined: bool, after: Move | Delete, how: str
    ) -> None:
        refused = {"stuck": {"stuck": ("b.edi",)}, "blind": {"stuck": (), "blind": ("b.edi",)}}
        odd = Oddities(dict.fromkeys(("a.edi", "b.edi", "c.edi"), b"x"), **refused[how])
        with OddServer(odd) as server, odd_endpoint(server, pipelined, after=after) as endpoint:
            a, b, c = endpoint.pick_up_all(endpoint.list().files)
        assert a is c is (PickedUp.MOVED if isinstance(after, Move) else PickedUp.DELETED)
        assert isinstance(b, TerminalError)
        assert "outbound/b.edi stays at the partner" in str(b)
        assert list(odd.files) == ["b.edi"]

    def test_a_done_file_goes_only_with_its_file(self, pipelined: bool) -> None:
        odd = Oddities(
            {"a.edi": b"x", "a.edi.done": b"", "b.edi": b"y", "b.edi.done": b""},
            stuck=("a.edi", "b.edi.done"),
        )
        pickup = Pickup(settle=SettleByDoneFile(".done"), after=Delete())
        with (
            OddServer(odd) as server,
            open_endpoint(odd_settings(server, pipelined=pipelined, pickup=pickup)) as endpoint,
        ):
            outcomes = endpoint.pick_up_all(endpoint.list().files)
        assert sorted(odd.files) == ["a.edi", "a.edi.done", "b.edi.done"]
        assert [isinstance(outcome, TerminalError) for outcome in outcomes] == [True, True]
        assert "b.edi.done stays" in str(outcomes[1])


class TestBrokenNetwork:
    def test_a_session_that_freezes_in_a_file_is_given_up_in_time(
        self, server: SshServer, pipelined: bool, inbox: Inbox
    ) -> None:
        place = sftp_place(server, secrets.token_hex(4), pipelined=pipelined)
        place.settings = replace(place.settings, timeouts=replace(QUICK, channel=1.0))
        place.put("whole.edi", b"ISA", age=100)
        place.put("big.edi", bytes(BIG), age=50)
        fetched: list[str] = []
        frozen = False

        def freeze(_count: int) -> None:
            nonlocal frozen
            if not frozen and sum(p.stat().st_size for p in inbox.folder.rglob("*.part")) > 1e6:
                server.pause()
                frozen = True

        def fetch_all() -> None:
            with place.endpoint() as endpoint:
                for outcome in endpoint.fetch(endpoint.list().files, inbox, progress=freeze):
                    fetched.append(outcome.remote.name)

        # Not the overall limit, which has another message, but that of one answer.
        with pytest.raises(TransientError, match="no answer in time"):
            fetch_all()
        assert frozen
        assert fetched == ["whole.edi"]
        assert [file.original_name for file in inbox.pending(PARTNER)] == ["whole.edi"]
        assert list(inbox.folder.rglob("*.part")) == []

    @pytest.mark.parametrize("doing", ["list", "pick_up", "deliver"])
    def test_a_frozen_session_is_given_up_whatever_it_does(
        self, server: SshServer, pipelined: bool, doing: str, tmp_path: Path
    ) -> None:
        place = sftp_place(server, secrets.token_hex(4), pipelined=pipelined)
        place.settings = replace(place.settings, timeouts=replace(QUICK, channel=0.5))
        place.put("a.edi")
        (tmp_path / "ack").write_bytes(b"ack")
        with place.endpoint() as endpoint:
            files = endpoint.list().files
            server.pause()
            with pytest.raises(TransientError, match="no answer in time"):
                {
                    "list": endpoint.list,
                    "pick_up": lambda: endpoint.pick_up(files[0]),
                    "deliver": lambda: endpoint.deliver(tmp_path / "ack", "ack.edi"),
                }[doing]()

    def test_a_connection_cut_in_a_file_leaves_nothing_of_it(
        self, server: SshServer, pipelined: bool, inbox: Inbox
    ) -> None:
        with TcpProxy(server.port) as proxy:
            place = sftp_place(server, secrets.token_hex(4), pipelined=pipelined)
            place.settings = replace(place.settings, port=proxy.port)
            place.put("big.edi", bytes(BIG))
            with place.endpoint() as endpoint:
                files = endpoint.list().files
                proxy.cut_after(3_000_000)
                with pytest.raises(TransientError, match=PARTNER):
                    list(endpoint.fetch(files, inbox))
            assert proxy.cuts == 1
            assert list((inbox.folder / PARTNER).iterdir()) == []
            with place.endpoint() as endpoint:
                [outcome] = endpoint.fetch(endpoint.list().files, inbox)
        assert outcome.received is not None

    def test_a_killed_session_is_transient_for_all_that_follows(
        self, server: SshServer, pipelined: bool
    ) -> None:
        place = sftp_place(server, secrets.token_hex(4), pipelined=pipelined)
        place.put("a.edi")
        with place.endpoint() as endpoint:
            [file] = endpoint.list().files
            server.drop_sessions()
            for attempt in (endpoint.list, lambda: endpoint.pick_up(file)):
                with pytest.raises(TransientError):
                    attempt()

    def test_the_overall_limit_ends_a_session_that_only_trickles(
        self, server: SshServer, pipelined: bool, inbox: Inbox
    ) -> None:
        place = sftp_place(server, secrets.token_hex(4), pipelined=pipelined)
        place.settings = replace(place.settings, timeouts=replace(QUICK, overall=1.0))
        place.put("big.edi", bytes(BIG))

        def trickle(_count: int) -> None:
            time.sleep(0.1)

        with (
            place.endpoint() as endpoint,
            pytest.raises(TransientError, match=r"timeouts\.overall"),
        ):
            list(endpoint.fetch(endpoint.list().files, inbox, progress=trickle))
        assert list((inbox.folder / PARTNER).iterdir()) == []


def test_a_full_disk_is_told_and_changes_nothing_at_the_partner(
    sftp: Place, tmp_path: Path
) -> None:
    folder = tmp_path / "small"
    inbox = Inbox(folder)
    sftp.put("fits.edi", b"ISA", age=100)
    # So big that many blocks are under way when one cannot be written.
    path = sftp.put("big.edi", bytes(BIG), age=50)
    with small_disk(folder), sftp.endpoint() as endpoint:
        files = endpoint.list().files
        with pytest.raises(TerminalError, match=r"the inbox .*cannot be written to") as told:
            list(endpoint.fetch(files, inbox))
        assert str(folder) in str(told.value)
        assert "Nothing was changed at the partner" in str(told.value)
        # The session is sound: nothing of the broken-off file is in its way.
        assert len(endpoint.list().files) == 2
        assert list(folder.rglob("*.part")) == []
        assert [file.original_name for file in inbox.pending(PARTNER)] in ([], ["fits.edi"])
    assert os.path.getsize(path) == BIG


def test_a_refused_connection_is_transient(tmp_path: Path) -> None:
    server = SshServer(tmp_path)
    with (
        pytest.raises(TransientError, match="connection refused"),
        open_endpoint(sftp_settings(server, timeouts=Timeouts(2, 2, 2, 10))),
    ):
        pass
