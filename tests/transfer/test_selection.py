from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from etl.transfer import (
    Limits,
    Listing,
    Pickup,
    Settle,
    SettleByAge,
    SettleByDoneFile,
    SettleByRename,
)
from etl.transfer.files import Entry, Kind, Why
from etl.transfer.selection import done_file, select

NOW = datetime(2026, 11, 23, 2, 30, tzinfo=UTC)


def entry(name: bytes, age: float = 3600, size: int = 10, kind: Kind = Kind.FILE) -> Entry:
    return Entry(name, kind, size, NOW - timedelta(seconds=age))


def look(*entries: Entry, settle: Settle | None = None, **pickup: object) -> Listing:
    settings = Pickup(settle=settle or SettleByRename(()), **pickup)  # type: ignore[arg-type]
    return select(entries, b"outbound", settings, NOW)


def test_files_of_the_same_time_come_in_the_order_of_their_names() -> None:
    listing = look(entry(b"b"), entry(b"a"), entry(b"c", age=7200))
    assert [file.name for file in listing.files] == ["c", "a", "b"]


def test_paths_lead_to_the_folder_and_keep_the_exact_bytes() -> None:
    [file] = look(entry(b"caf\xe9\n.edi")).files
    assert file.path == r"outbound/caf\xe9\x0a.edi"
    assert file.raw_path == b"outbound/caf\xe9\n.edi"


@pytest.mark.parametrize(("age", "taken"), [(59, False), (60, True), (61, True), (-5, False)])
def test_age_counts_from_the_moment_of_the_look(age: float, taken: bool) -> None:
    assert bool(look(entry(b"a", age=age), settle=SettleByAge(60)).files) is taken


def test_an_empty_done_file_suffix_of_another_file_does_not_count() -> None:
    listing = look(entry(b"a.edi"), entry(b"b.edi.done"), settle=SettleByDoneFile(".done"))
    assert listing.files == []
    assert [left.name for left in listing.left] == ["a.edi"]


def test_a_folder_is_no_done_file() -> None:
    folder = entry(b"a.edi.done", kind=Kind.FOLDER)
    assert look(entry(b"a.edi"), folder, settle=SettleByDoneFile(".done")).files == []


def test_a_done_file_belongs_to_a_name_of_any_bytes() -> None:
    listing = look(entry(b"\xff\n"), entry(b"\xff\n.ok"), settle=SettleByDoneFile(".ok"))
    assert [file.raw_path for file in listing.files] == [b"outbound/\xff\n"]
    assert done_file(b"outbound/\xff\n", SettleByDoneFile(".ok")) == b"outbound/\xff\n.ok"


def test_every_file_is_either_taken_or_left_with_a_reason() -> None:
    entries = [
        entry(b"taken.edi"),
        entry(b"late.edi", age=100),
        entry(b"other.txt"),
        entry(b"half.edi.part"),
        entry(b"big.edi", size=2_000_001),
        entry(b"link.edi", kind=Kind.LINK),
        entry(b"device.edi", kind=Kind.OTHER),
        Entry(b"unknown.edi", Kind.FILE, None, NOW),
    ]
    listing = look(
        *entries,
        settle=SettleByRename(("*.part",)),
        patterns=("*.edi", "*.part"),
        limits=Limits(max_file_mb=2, max_files=1),
    )
    assert [file.name for file in listing.files] == ["taken.edi"]
    assert len(listing.left) == len(entries) - 1
    assert all(left.reason for left in listing.left)


def test_nothing_is_lost_by_a_limit_of_zero() -> None:
    listing = look(entry(b"a"), entry(b"b"), limits=Limits(max_files=0))
    assert (len(listing.files), len(listing.left)) == (0, 2)


DAY = 86400.0


@pytest.mark.parametrize(
    ("left", "settle", "why"),
    [
        (entry(b"A.EDI"), SettleByRename(), Why.NO_PATTERN),
        (entry(b"a.edi.part"), SettleByRename(), Why.SETTLING),
        (entry(b"a.edi.part", age=2 * DAY), SettleByRename(), Why.UNSETTLED),
        (entry(b"a.edi.filepart"), SettleByAge(60), Why.SETTLING),
        (entry(b"A.EDI", age=5), SettleByAge(60), Why.SETTLING),
        (entry(b"a.edi", age=5), SettleByAge(60), Why.SETTLING),
        (entry(b"a.edi", age=3 * DAY), SettleByAge(4 * DAY), Why.SETTLING),
        (entry(b"a.edi", age=-3600), SettleByAge(60), Why.SETTLING),
        (entry(b"a.edi", age=-2 * DAY), SettleByAge(60), Why.UNSETTLED),
        (entry(b"a.edi"), SettleByDoneFile(), Why.SETTLING),
        (entry(b"a.edi", age=2 * DAY), SettleByDoneFile(), Why.UNSETTLED),
        (entry(b"a.edi.done", age=2 * DAY), SettleByDoneFile(), Why.LONE_DONE_FILE),
        (entry(b".nfs01"), SettleByRename(()), Why.IGNORED),
        (entry(b".lock", kind=Kind.LINK), SettleByRename(()), Why.IGNORED),
        (entry(b"a.edi", kind=Kind.LINK), SettleByRename(), Why.NOT_REGULAR),
        (entry(b"a.edi", size=2_000_001), SettleByRename(), Why.TOO_LARGE),
        (Entry(b"a.edi", Kind.FILE, None, NOW), SettleByRename(), Why.NO_SIZE),
    ],
)
def test_what_is_left_is_left_for_one_kind_of_reason(left: Entry, settle: Settle, why: Why) -> None:
    listing = look(left, settle=settle, patterns=("*.edi",), limits=Limits(max_file_mb=2))
    assert listing.files == []
    assert [each.why for each in listing.left] == [why]


def test_a_hidden_file_that_a_pattern_fits_is_taken() -> None:
    assert [file.name for file in look(entry(b".a.edi"), patterns=("*.edi",)).files] == [".a.edi"]
