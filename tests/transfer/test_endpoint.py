"""The contract that every endpoint keeps: SFTP pipelined, SFTP plain, local folder."""

from __future__ import annotations

import hashlib
import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from etl.errors import TerminalError, TransientError
from etl.transfer import (
    Delete,
    Fetched,
    Inbox,
    Keep,
    Limits,
    Move,
    PickedUp,
    RemoteFile,
    SettleByAge,
    SettleByDoneFile,
    SettleByRename,
    names,
)
from tests.transfer.places import PARTNER, Place

pytestmark = pytest.mark.services

# What a name may be on a POSIX server: everything but NUL and "/".
HOSTILE = [
    b"..evil.edi",
    b"..\\..\\windows.edi",
    b"two\nlines.edi",
    b"\x1b[2Jescape.edi",
    b"caf\xe9 latin-1.edi",
    b"\xff\xfe\x80.edi",
    "ünïcode-名前.edi".encode(),
    "right\u202eto-left.edi".encode(),
    b" leading and trailing ",
    b"-rf",
    b"$(reboot);`x`.edi",
    b"x" * 251 + b".edi",
    b"%s%n.edi",
]


def fetched_names(outcomes: list[Fetched]) -> list[str]:
    return [outcome.remote.name for outcome in outcomes]


class TestList:
    def test_gives_regular_files_oldest_first_with_size_and_utc_time(self, place: Place) -> None:
        place.put("new.edi", b"12345", age=60)
        old = place.put("old.edi", b"", age=7200)
        with place.endpoint() as endpoint:
            files = endpoint.list().files
        assert [(file.name, file.size) for file in files] == [("old.edi", 0), ("new.edi", 5)]
        assert files[0].modified_at == datetime.fromtimestamp(os.stat(old).st_mtime, UTC)

    def test_leaves_folders_and_symbolic_links(self, place: Place) -> None:
        place.put("file.edi")
        (place.outbound / "folder.edi").mkdir()
        (place.outbound / "link.edi").symlink_to("file.edi")
        (place.outbound / "dangling.edi").symlink_to("/nowhere")
        os.mkfifo(place.outbound / "pipe.edi")
        with place.endpoint() as endpoint:
            listing = endpoint.list()
        assert [file.name for file in listing.files] == ["file.edi"]
        assert {left.name for left in listing.left} == {"link.edi", "dangling.edi", "pipe.edi"}
        assert all("only regular files are taken" in left.reason for left in listing.left)

    def test_takes_only_what_matches_a_pattern(self, place: Place) -> None:
        for name in ("a.edi", "b.EDI", "c.csv", "d.txt"):
            place.put(name)
        with place.endpoint(patterns=("*.edi", "*.csv")) as endpoint:
            listing = endpoint.list()
        assert sorted(file.name for file in listing.files) == ["a.edi", "c.csv"]
        assert sorted(left.name for left in listing.left) == ["b.EDI", "d.txt"]

    def test_lists_more_files_than_fit_into_one_answer(self, place: Place) -> None:
        for number in range(250):
            place.put(f"{number:03}.edi", age=1000 - number)
        with place.endpoint() as endpoint:
            files = endpoint.list().files
        assert [file.name for file in files] == [f"{number:03}.edi" for number in range(250)]

    def test_leaves_what_exceeds_the_limits_and_says_so(self, place: Place) -> None:
        place.put("big.edi", bytes(20_001), age=300)
        for age in (200, 100, 50):
            place.put(f"{age}.edi", age=age)
        with place.endpoint(limits=Limits(max_file_mb=0.02, max_files=2)) as endpoint:
            listing = endpoint.list()
        assert [file.name for file in listing.files] == ["200.edi", "100.edi"]
        reasons = {left.name: left.reason for left in listing.left}
        assert "max_file_mb" in reasons["big.edi"]
        assert "max_files" in reasons["50.edi"]

    def test_an_empty_folder_has_nothing(self, place: Place) -> None:
        with place.endpoint() as endpoint:
            assert endpoint.list().files == []

    def test_a_missing_folder_is_named(self, place: Place) -> None:
        place.outbound.rmdir()
        with (
            place.endpoint() as endpoint,
            pytest.raises(TerminalError, match=r"outbound.*(?s:.)*endpoint\.folders"),
        ):
            endpoint.list()


class TestSettle:
    """An upload that goes on, or whose writer only pauses, is not taken."""

    def test_by_age_a_paused_upload_is_left_until_it_is_old_enough(self, place: Place) -> None:
        place.put("paused.edi", b"ISA", age=5)
        place.put("whole.edi", b"ISA*00~", age=600)
        with place.endpoint(settle=SettleByAge(60)) as endpoint:
            listing = endpoint.list()
            assert [file.name for file in listing.files] == ["whole.edi"]
            assert "60 s are needed" in listing.left[0].reason
            place.put("paused.edi", b"ISA*00~", age=61)
            assert len(endpoint.list().files) == 2

    def test_by_age_a_time_in_the_future_points_at_the_clocks(self, place: Place) -> None:
        place.put("future.edi", age=-3600)
        with place.endpoint(settle=SettleByAge(60)) as endpoint:
            listing = endpoint.list()
        assert listing.files == []
        assert "clock" in listing.left[0].reason

    def test_by_done_file_nothing_is_taken_before_it_is_there(self, place: Place) -> None:
        place.put("paused.edi", b"ISA", age=9999)
        with place.endpoint(settle=SettleByDoneFile(".done")) as endpoint:
            listing = endpoint.list()
            assert listing.files == []
            assert "paused.edi.done" in listing.left[0].reason
            place.put("paused.edi.done", b"")
            assert [file.name for file in endpoint.list().files] == ["paused.edi"]

    def test_by_rename_temporary_names_are_left(self, place: Place) -> None:
        path = place.put("paused.edi.part", b"ISA", age=9999)
        with place.endpoint(settle=SettleByRename()) as endpoint:
            listing = endpoint.list()
            assert listing.files == []
            assert "unfinished upload" in listing.left[0].reason
            os.rename(path, path.removesuffix(b".part"))
            assert [file.name for file in endpoint.list().files] == ["paused.edi"]


class TestFetch:
    def test_brings_the_exact_bytes_of_small_large_and_empty_files(
        self, place: Place, inbox: Inbox
    ) -> None:
        # Around the block lengths that the SFTP readers ask for: 32 KiB and 255 KiB.
        sizes = [0, 1, 32767, 32768, 32769, 261119, 261120, 261121, 522240, 3_000_001]
        content = {f"{size}.bin": os.urandom(size) for size in sizes}
        for age, (name, data) in enumerate(content.items()):
            place.put(name, data, age=1000 - age)
        with place.endpoint() as endpoint:
            outcomes = list(endpoint.fetch(endpoint.list().files, inbox))
        assert [outcome.error for outcome in outcomes] == [None] * len(sizes)
        for outcome in outcomes:
            assert outcome.received is not None
            data = content[outcome.remote.name]
            assert outcome.received.path.read_bytes() == data
            assert outcome.received.sha256 == hashlib.sha256(data).hexdigest()
            assert outcome.received.size == len(data)
        assert sorted(file.original_name for file in inbox.pending(PARTNER)) == sorted(content)

    def test_brings_many_small_files(self, place: Place, inbox: Inbox) -> None:
        for number in range(160):
            place.put(f"{number}.edi", b"%d" % number * 100)
        with place.endpoint() as endpoint:
            outcomes = list(endpoint.fetch(endpoint.list().files, inbox))
        assert len(outcomes) == 160
        for outcome in outcomes:
            assert outcome.received is not None
            number = outcome.remote.name.removesuffix(".edi").encode()
            assert outcome.received.path.read_bytes() == number * 100

    def test_hostile_names_stay_outside_and_lead_back(self, place: Place, inbox: Inbox) -> None:
        for number, name in enumerate(HOSTILE):
            place.put(name, b"%d" % number)
        with place.endpoint() as endpoint:
            outcomes = list(endpoint.fetch(endpoint.list().files, inbox))
            assert len(outcomes) == len(HOSTILE)
            for outcome in outcomes:
                received = outcome.received
                assert received is not None
                assert received.path.parent == inbox.folder / PARTNER
                assert received.path.name == received.id
                assert received.path.read_bytes() == b"%d" % HOSTILE.index(
                    names.to_bytes(received.original_name)
                )
                assert received.original_name.isprintable()
                assert json.loads(json.dumps(received.original_name).encode("ascii"))
                assert endpoint.pick_up(RemoteFile.of(received)) is PickedUp.MOVED
        assert sorted(os.listdir(os.fsencode(place.processed))) == sorted(HOSTILE)
        written = {path.parent for path in inbox.folder.rglob("*") if path.is_file()}
        assert written == {inbox.folder / PARTNER}

    def test_a_file_that_vanished_costs_only_itself(self, place: Place, inbox: Inbox) -> None:
        place.put("a.edi", age=3)
        gone = place.put("b.edi", age=2)
        place.put("c.edi", age=1)
        with place.endpoint() as endpoint:
            files = endpoint.list().files
            os.unlink(gone)
            outcomes = {o.remote.name: o for o in endpoint.fetch(files, inbox)}
        assert isinstance(outcomes["b.edi"].error, TransientError)
        assert "listed but is gone" in str(outcomes["b.edi"].error)
        assert outcomes["a.edi"].received is not None
        assert outcomes["c.edi"].received is not None

    @pytest.mark.parametrize("change", ["grow", "shrink", "touch", "replace"])
    @pytest.mark.parametrize("size", [10, 300_000])
    def test_a_file_that_changed_since_the_listing_is_not_taken(
        self, place: Place, inbox: Inbox, change: str, size: int
    ) -> None:
        path = place.put("a.edi", bytes(size))
        with place.endpoint() as endpoint:
            files = endpoint.list().files
            if change == "grow":
                with open(path, "ab") as handle:
                    handle.write(b"more")
            elif change == "shrink":
                os.truncate(path, size - 1)
            elif change == "touch":
                os.utime(path, (1_000_000_000, 1_000_000_000))
            else:
                place.put("a.edi", os.urandom(size), age=1)
            [outcome] = endpoint.fetch(files, inbox)
        assert outcome.received is None
        assert isinstance(outcome.error, TransientError)
        assert "a.edi" in str(outcome.error)
        assert inbox.pending(PARTNER) == []
        assert list((inbox.folder / PARTNER).iterdir()) == []

    def test_a_file_that_grows_while_it_is_read_is_not_taken(
        self, place: Place, inbox: Inbox
    ) -> None:
        path = place.put("growing.edi", os.urandom(30_000_000))

        def append(_count: int) -> None:
            with open(path, "ab") as handle:
                handle.write(b"x")

        with place.endpoint() as endpoint:
            [outcome] = endpoint.fetch(endpoint.list().files, inbox, progress=append)
        assert isinstance(outcome.error, TransientError)
        assert inbox.pending(PARTNER) == []

    def test_progress_counts_every_byte(self, place: Place, inbox: Inbox) -> None:
        place.put("a.edi", bytes(700_000))
        counts: list[int] = []
        with place.endpoint() as endpoint:
            list(endpoint.fetch(endpoint.list().files, inbox, progress=counts.append))
        assert sum(counts) == 700_000

    def test_other_work_may_be_done_between_files(self, place: Place, inbox: Inbox) -> None:
        for number in range(200):
            place.put(f"{number}.edi", age=1000 - number)
        with place.endpoint() as endpoint:
            for outcome in endpoint.fetch(endpoint.list().files, inbox):
                assert endpoint.pick_up(outcome.remote) is PickedUp.MOVED
            assert endpoint.list().files == []
        assert len(list(place.processed.iterdir())) == 200

    def test_nothing_is_left_when_the_caller_stops_early(self, place: Place, inbox: Inbox) -> None:
        for number in range(200):
            place.put(f"{number}.edi", age=1000 - number)
        with place.endpoint() as endpoint:
            outcomes = endpoint.fetch(endpoint.list().files, inbox)
            next(outcomes)
            outcomes.close()
            assert len(endpoint.list().files) == 200
        assert list((inbox.folder / PARTNER).glob("*.part")) == []


class TestPickUp:
    def fetch_one(self, place: Place, inbox: Inbox) -> RemoteFile:
        with place.endpoint() as endpoint:
            [outcome] = endpoint.fetch(endpoint.list().files, inbox)
        return outcome.remote

    def test_moves_and_makes_the_folder(self, place: Place, inbox: Inbox) -> None:
        place.put("a.edi", b"1")
        remote = self.fetch_one(place, inbox)
        with place.endpoint(after=Move("done/here")) as endpoint:
            (place.outbound / "done").mkdir()
            assert endpoint.pick_up(remote) is PickedUp.MOVED
        assert (place.outbound / "done/here/a.edi").read_bytes() == b"1"
        assert not (place.outbound / "a.edi").exists()

    def test_a_name_that_is_taken_gets_a_time_and_loses_nothing(
        self, place: Place, inbox: Inbox
    ) -> None:
        for number in (b"1", b"2", b"3"):
            place.put("a.edi", number)
            remote = self.fetch_one(place, inbox)
            with place.endpoint() as endpoint:
                assert endpoint.pick_up(remote) is PickedUp.MOVED
        moved = list(place.processed.iterdir())
        assert sorted(path.read_bytes() for path in moved) == [b"1", b"2", b"3"]
        assert all(path.name.startswith("a.") and path.suffix == ".edi" for path in moved)

    def test_the_longest_name_that_is_taken_is_shortened(self, place: Place, inbox: Inbox) -> None:
        longest = "n" * 251 + ".edi"
        for number in (b"1", b"2"):
            place.put(longest, number)
            remote = self.fetch_one(place, inbox)
            with place.endpoint() as endpoint:
                assert endpoint.pick_up(remote) is PickedUp.MOVED
        assert sorted(path.read_bytes() for path in place.processed.iterdir()) == [b"1", b"2"]

    def test_deletes(self, place: Place, inbox: Inbox) -> None:
        place.put("a.edi")
        remote = self.fetch_one(place, inbox)
        with place.endpoint(after=Delete()) as endpoint:
            assert endpoint.pick_up(remote) is PickedUp.DELETED
        assert list(place.outbound.iterdir()) == []

    def test_keeps(self, place: Place, inbox: Inbox) -> None:
        place.put("a.edi")
        remote = self.fetch_one(place, inbox)
        with place.endpoint(after=Keep()) as endpoint:
            assert endpoint.pick_up(remote) is PickedUp.KEPT
            assert [file.name for file in endpoint.list().files] == ["a.edi"]

    @pytest.mark.parametrize("after", [Move(), Delete()])
    def test_may_be_repeated(self, place: Place, inbox: Inbox, after: Move | Delete) -> None:
        place.put("a.edi")
        remote = self.fetch_one(place, inbox)
        with place.endpoint(after=after) as endpoint:
            endpoint.pick_up(remote)
            assert endpoint.pick_up(remote) is PickedUp.GONE

    @pytest.mark.parametrize("after", [Move(), Delete()])
    def test_a_new_version_that_came_meanwhile_stays(
        self, place: Place, inbox: Inbox, after: Move | Delete
    ) -> None:
        place.put("a.edi", b"old")
        remote = self.fetch_one(place, inbox)
        place.put("a.edi", b"newer", age=1)
        with place.endpoint(after=after) as endpoint:
            assert endpoint.pick_up(remote) is PickedUp.CHANGED
            [file] = endpoint.list().files
        assert (place.outbound / "a.edi").read_bytes() == b"newer"
        assert file.size == 5

    @pytest.mark.parametrize("after", [Move(), Delete()])
    def test_takes_the_done_file_along(
        self, place: Place, inbox: Inbox, after: Move | Delete
    ) -> None:
        settle = SettleByDoneFile(".done")
        place.put("a.edi")
        place.put("a.edi.done", b"")
        with place.endpoint(settle=settle, after=after) as endpoint:
            [outcome] = endpoint.fetch(endpoint.list().files, inbox)
            endpoint.pick_up(outcome.remote)
        left = [path.name for path in place.outbound.iterdir() if path.is_file()]
        assert left == []

    def test_many_at_once_are_told_in_their_order(self, place: Place, inbox: Inbox) -> None:
        for number in range(150):
            place.put(f"{number}.edi", age=1000 - number)
        with place.endpoint() as endpoint:
            files = endpoint.list().files
            os.unlink(place.outbound / "7.edi")
            place.put("9.edi", b"another version", age=1)
            place.processed.mkdir()
            (place.processed / "11.edi").write_bytes(b"taken")
            outcomes = endpoint.pick_up_all(files)
        assert outcomes[7] is PickedUp.GONE
        assert outcomes[9] is PickedUp.CHANGED
        assert outcomes.count(PickedUp.MOVED) == 148
        assert (place.processed / "11.edi").read_bytes() == b"taken"
        assert len(list(place.processed.iterdir())) == 149

    def test_nothing_to_pick_up_is_fine(self, place: Place) -> None:
        with place.endpoint() as endpoint:
            assert endpoint.pick_up_all([]) == []


class TestDeliver:
    def test_gives_the_file_its_name_when_it_is_whole(self, place: Place, tmp_path: Path) -> None:
        local = tmp_path / "997.edi"
        local.write_bytes(os.urandom(100_000))
        with place.endpoint() as endpoint:
            endpoint.deliver(local, "997-0001.edi")
        assert [path.name for path in place.inbound.iterdir()] == ["997-0001.edi"]
        assert (place.inbound / "997-0001.edi").read_bytes() == local.read_bytes()

    def test_again_replaces_what_is_there(self, place: Place, tmp_path: Path) -> None:
        local = tmp_path / "997.edi"
        with place.endpoint() as endpoint:
            for content in (b"first", b"second"):
                local.write_bytes(content)
                endpoint.deliver(local, "997.edi")
        assert [path.read_bytes() for path in place.inbound.iterdir()] == [b"second"]

    @pytest.mark.parametrize("name", ["../x.edi", "a/b.edi", "", "..", "x\\x00.edi"])
    def test_refuses_a_name_that_leaves_the_folder(
        self, place: Place, tmp_path: Path, name: str
    ) -> None:
        local = tmp_path / "997.edi"
        local.write_bytes(b"x")
        with place.endpoint() as endpoint, pytest.raises(ValueError, match="plain file name"):
            endpoint.deliver(local, name)

    def test_a_missing_folder_is_an_error(self, place: Place, tmp_path: Path) -> None:
        local = tmp_path / "997.edi"
        local.write_bytes(b"x")
        place.inbound.rmdir()
        with place.endpoint() as endpoint, pytest.raises(TerminalError, match="inbound"):
            endpoint.deliver(local, "997.edi")


class TestCheck:
    def test_finds_all_well_and_leaves_no_trace(self, place: Place) -> None:
        place.put("a.edi")
        place.processed.mkdir()
        with place.endpoint() as endpoint:
            findings = endpoint.check()
        assert [finding.ok for finding in findings] == [True, True, True]
        assert all(PARTNER in finding.subject for finding in findings)
        assert sorted(p.name for p in place.outbound.iterdir()) == ["a.edi", "processed"]
        assert list(place.processed.iterdir()) == []
        assert list(place.inbound.iterdir()) == []

    def test_names_what_is_missing(self, place: Place) -> None:
        place.inbound.rmdir()
        with place.endpoint(after=Keep()) as endpoint:
            listing, outgoing = endpoint.check()
        assert listing.ok
        assert not outgoing.ok
        assert "inbound" in outgoing.message


def test_an_endpoint_may_be_visited_again(place: Place) -> None:
    endpoint = place.endpoint()
    for number in range(2):
        place.put(f"{number}.edi")
        with endpoint:
            assert len(endpoint.list().files) == number + 1


def test_a_day_of_pulls_takes_each_file_once(place: Place, inbox: Inbox) -> None:
    seen = []
    for hour in range(3):
        place.put("daily.edi", b"%d" % hour, age=100)
        with place.endpoint() as endpoint:
            for outcome in endpoint.fetch(endpoint.list().files, inbox):
                assert outcome.received is not None
                seen.append(outcome.received.path.read_bytes())
                endpoint.pick_up(outcome.remote)
                inbox.discard(outcome.received)
    assert seen == [b"0", b"1", b"2"]
    assert inbox.pending(PARTNER) == []
