from __future__ import annotations

import fcntl
import hashlib
import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.errors import TerminalError, TransientError
from etl.transfer import Inbox, Received, RemoteFile
from etl.transfer.writer import Writer

PARTNER = "acme-freight"
MODIFIED = datetime(2026, 11, 22, 23, 59, 58, tzinfo=UTC)


def begin(inbox: Inbox, content: bytes = b"ISA*00~", name: str = "a.edi") -> Writer:
    writer = inbox.receive(PARTNER, name, f"outbound/{name}", len(content), MODIFIED)
    writer.write(content)
    return writer


def put(inbox: Inbox, content: bytes = b"ISA*00~", name: str = "a.edi") -> Received:
    [received] = inbox.commit([begin(inbox, content, name)])
    return received


def files_in(inbox: Inbox) -> list[str]:
    return sorted(path.name for path in (inbox.folder / PARTNER).iterdir())


def test_a_received_file_has_its_bytes_and_a_sidecar_and_nothing_else(inbox: Inbox) -> None:
    received = put(inbox, b"ISA")
    assert received.path.read_bytes() == b"ISA"
    assert received.sha256 == hashlib.sha256(b"ISA").hexdigest()
    assert files_in(inbox) == [received.id, f"{received.id}.json"]
    [sidecar] = json.loads((inbox.folder / PARTNER / f"{received.id}.json").read_bytes())
    assert sidecar["original_name"] == "a.edi"
    assert sidecar["remote_path"] == "outbound/a.edi"
    assert sidecar["modified_at"] == "2026-11-22T23:59:58+00:00"


def test_only_the_owner_may_read_what_arrived(inbox: Inbox) -> None:
    assert put(inbox).path.stat().st_mode & 0o077 == 0


def test_pending_gives_back_exactly_what_was_received(inbox: Inbox) -> None:
    received = [put(inbox, bytes([number])) for number in range(3)]
    assert Inbox(inbox.folder).pending(PARTNER) == received


def test_a_received_file_knows_where_it_came_from(inbox: Inbox) -> None:
    received = put(inbox, b"ISA", name=r"caf\xe9.edi")
    remote = RemoteFile.of(received)
    assert remote == RemoteFile(r"caf\xe9.edi", r"outbound/caf\xe9.edi", 3, MODIFIED)
    assert remote.raw_path == b"outbound/caf\xe9.edi"


def test_ids_are_in_the_order_of_time(tmp_path: Path) -> None:
    now = datetime(2026, 11, 23, 2, 30, tzinfo=UTC)

    def clock() -> datetime:
        nonlocal now
        now += timedelta(microseconds=1)
        return now

    inbox = Inbox(tmp_path, clock)
    ids = [put(inbox).id for _ in range(20)]
    assert ids == sorted(ids)
    assert ids[0].startswith("20261123T023000")


def test_discarding_leaves_nothing_and_may_be_repeated(inbox: Inbox) -> None:
    received = put(inbox)
    inbox.discard(received)
    inbox.discard(received)
    assert files_in(inbox) == []
    assert inbox.pending(PARTNER) == []


def test_a_partner_without_a_folder_has_nothing_pending(inbox: Inbox) -> None:
    assert inbox.pending(PARTNER) == []


@pytest.mark.parametrize("partner", ["", "..", "../x", "a/b", "a\0b", "/etc", ".hidden"])
def test_a_partner_that_is_no_folder_name_is_refused(inbox: Inbox, partner: str) -> None:
    with pytest.raises(ValueError, match="not a partner's name"):
        inbox.receive(partner, "a.edi", "a.edi", 0, MODIFIED)


@given(name=st.text())
def test_no_original_name_gets_into_a_path(
    tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    inbox = Inbox(tmp_path_factory.mktemp("inbox"))
    writer = begin(inbox, b"x", name.encode("utf-8", "replace").decode())
    [received] = inbox.commit([writer])
    assert received.path.parent == inbox.folder / PARTNER
    assert inbox.pending(PARTNER) == [received]


def test_an_aborted_file_leaves_nothing(inbox: Inbox) -> None:
    writer = begin(inbox)
    writer.abort()
    writer.abort()
    assert files_in(inbox) == []


def test_a_file_of_another_size_than_listed_does_not_count(inbox: Inbox) -> None:
    whole = begin(inbox, b"whole")
    short = inbox.receive(PARTNER, "short.edi", "short.edi", 100, MODIFIED)
    short.write(b"only this")
    with pytest.raises(TransientError, match=r"short\.edi: got 9 bytes where 100 were listed"):
        inbox.commit([whole, short])
    assert files_in(inbox) == []


def test_a_group_is_committed_in_its_order(inbox: Inbox) -> None:
    writers = [begin(inbox, b"%d" % number, f"{number}.edi") for number in range(40)]
    received = inbox.commit(writers)
    assert [file.original_name for file in received] == [f"{n}.edi" for n in range(40)]
    assert sorted(inbox.pending(PARTNER), key=lambda file: file.id) == sorted(
        received, key=lambda file: file.id
    )


def test_nothing_to_commit_is_fine(inbox: Inbox) -> None:
    assert inbox.commit([]) == []


def test_an_inbox_that_cannot_be_written_is_terminal_and_named(tmp_path: Path) -> None:
    (tmp_path / "inbox").write_text("a file where the folder should be")
    with pytest.raises(TerminalError, match=r"inbox .*cannot be written to"):
        begin(Inbox(tmp_path / "inbox"))


def test_a_data_file_that_somebody_changed_is_told(inbox: Inbox) -> None:
    received = put(inbox)
    received.path.write_bytes(b"other")
    with pytest.raises(TerminalError, match="somebody changed it"):
        inbox.pending(PARTNER)


class TestLeftovers:
    """What a killed run leaves behind."""

    def test_a_part_without_a_sidecar_is_removed(self, inbox: Inbox) -> None:
        received = put(inbox)
        folder = inbox.folder / PARTNER
        (folder / "20261123T023000000000Z-00000000.part").write_bytes(b"half")
        assert inbox.pending(PARTNER) == [received]
        assert files_in(inbox) == [received.id, f"{received.id}.json"]

    def test_a_sidecar_that_was_not_renamed_is_removed_with_its_part(self, inbox: Inbox) -> None:
        put(inbox)
        folder = inbox.folder / PARTNER
        lost = "20261123T023000000000Z-00000000"
        (folder / f"{lost}.part").write_bytes(b"whole")
        (folder / f"{lost}.json.part").write_bytes(b"{")
        assert len(inbox.pending(PARTNER)) == 1
        assert not [name for name in files_in(inbox) if name.startswith(lost)]

    def test_a_part_with_its_sidecar_is_whole_and_finished(self, inbox: Inbox) -> None:
        received = put(inbox)
        received.path.rename(received.path.with_name(f"{received.id}.part"))
        assert inbox.pending(PARTNER) == [received]
        assert files_in(inbox) == [received.id, f"{received.id}.json"]

    def test_all_parts_of_a_group_with_its_sidecar_are_finished(self, inbox: Inbox) -> None:
        files = inbox.commit([begin(inbox, b"%d" % number) for number in range(5)])
        for file in files[2:]:
            file.path.rename(file.path.with_name(f"{file.id}.part"))
        assert Inbox(inbox.folder).pending(PARTNER) == files

    def test_a_sidecar_goes_with_the_last_file_of_its_group(self, inbox: Inbox) -> None:
        files = inbox.commit([begin(inbox, b"%d" % number) for number in range(3)])
        inbox.discard(files[0])
        other = Inbox(inbox.folder)
        assert other.pending(PARTNER) == files[1:]
        other.discard(files[1])
        assert files_in(inbox) == [f"{files[0].id}.json", files[2].id]
        other.discard(files[2])
        assert files_in(inbox) == []

    def test_a_lone_sidecar_is_the_rest_of_a_discarded_file(self, inbox: Inbox) -> None:
        put(inbox).path.unlink()
        assert inbox.pending(PARTNER) == []
        assert files_in(inbox) == []

    def test_what_another_process_writes_now_is_left_alone(self, inbox: Inbox) -> None:
        writer = begin(inbox)
        program = "import sys; from pathlib import Path; from etl.transfer import Inbox; "
        program += "print(len(Inbox(Path(sys.argv[1])).pending(sys.argv[2])))"
        seen = subprocess.run(
            [sys.executable, "-c", program, str(inbox.folder), PARTNER],
            capture_output=True,
            text=True,
            check=True,
        )
        assert seen.stdout == "0\n"
        [received] = inbox.commit([writer])
        assert inbox.pending(PARTNER) == [received]

    def test_a_part_is_unlocked_when_its_writer_ends(self, inbox: Inbox) -> None:
        writer = begin(inbox)
        with writer.part.open("rb") as other:
            with pytest.raises(BlockingIOError):
                fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
            writer.close()
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def test_foreign_files_stay(self, inbox: Inbox) -> None:
        put(inbox)
        (inbox.folder / PARTNER / "notes.json").write_text("{}")
        assert len(inbox.pending(PARTNER)) == 1
        assert "notes.json" in files_in(inbox)


KILLED = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from etl import failpoints
from etl.transfer import Inbox

failpoints.arm(sys.argv[2])
inbox = Inbox(Path(sys.argv[1]))
writers = []
for number in range(3):
    writer = inbox.receive("acme-freight", f"{number}.edi", f"{number}.edi", 4, datetime.now(UTC))
    writer.write(b"ISA%d" % number)
    writers.append(writer)
inbox.commit(writers)
"""


@pytest.mark.parametrize(
    ("failpoint", "whole"),
    [
        ("pull.fetched:1", 0),
        ("pull.fetched:3", 0),
        # The sidecar counts: the others are whole, and only lack their names.
        ("pull.received:1", 3),
        ("pull.received:3", 3),
    ],
)
def test_a_killed_commit_leaves_whole_files_or_nothing(
    inbox: Inbox, failpoint: str, whole: int
) -> None:
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(inbox.folder), failpoint], check=False
    )
    assert killed.returncode == -signal.SIGKILL
    pending = inbox.pending(PARTNER)
    assert [file.original_name for file in pending] == [f"{n}.edi" for n in range(whole)]
    assert all(file.path.read_bytes().startswith(b"ISA") for file in pending)
    assert len(files_in(inbox)) == (whole + 1 if whole else 0)


def test_a_failing_disk_in_the_middle_of_a_commit_drops_the_group(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    writers = [begin(inbox, b"%d" % number) for number in range(3)]

    def full(_descriptor: int) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(TerminalError, match="No space left on device"):
        inbox.commit(writers)
    assert files_in(inbox) == []
