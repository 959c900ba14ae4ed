import itertools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.config.project import Trigger
from etl.jobs.slots import due_slots, instant_of, latest_slot, next_slot

BERLIN = Trigger(daily="02:30", zone="Europe/Berlin")


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


def test_the_hour_that_comes_twice_in_autumn_is_one_slot() -> None:
    slots = due_slots(BERLIN, utc(2026, 10, 24, 12), utc(2026, 10, 25, 12))
    assert [slot.isoformat() for slot in slots] == ["2026-10-25T02:30:00"]


def test_the_hour_that_spring_leaves_out_is_due_once_just_after_the_gap() -> None:
    slots = due_slots(BERLIN, utc(2026, 3, 28, 12), utc(2026, 3, 29, 12))
    assert [slot.isoformat() for slot in slots] == ["2026-03-29T02:30:00"]
    assert instant_of(slots[0], ZoneInfo("Europe/Berlin")) == utc(2026, 3, 29, 1, 30)


def test_cron_fields_are_read_on_the_local_calendar() -> None:
    trigger = Trigger(cron="15 6 * * mon", zone="America/Chicago")
    assert [
        slot.isoformat() for slot in due_slots(trigger, utc(2026, 11, 1), utc(2026, 11, 24))
    ] == [f"2026-11-{day:02}T06:15:00" for day in (2, 9, 16, 23)]


@pytest.mark.parametrize(
    ("weekdays", "days"),
    [
        ("1-5", [2, 3, 4, 5, 6, 9]),
        ("mon-fri", [2, 3, 4, 5, 6, 9]),
        ("0", [1, 8]),
        ("7", [1, 8]),
        ("6,0", [1, 7, 8]),
        ("1-5/2", [2, 4, 6, 9]),
        ("*", [1, 2, 3, 4, 5, 6, 7, 8, 9]),
    ],
)
def test_cron_counts_weekdays_from_sunday(weekdays: str, days: list[int]) -> None:
    trigger = Trigger(cron=f"0 12 * * {weekdays}", zone="UTC")
    assert [slot.day for slot in due_slots(trigger, utc(2026, 11, 1), utc(2026, 11, 10))] == days


def test_intervals_keep_their_beat_over_midnight_and_over_restarts() -> None:
    trigger = Trigger(every_minutes=7 * 60, zone="UTC")
    one = due_slots(trigger, utc(2026, 11, 20), utc(2026, 11, 23))
    two = due_slots(trigger, utc(2026, 11, 21, 13), utc(2026, 11, 23))
    assert one[-len(two) :] == two
    assert {b - a for a, b in itertools.pairwise(one)} == {timedelta(hours=7)}


def test_latest_and_next_slot_surround_now() -> None:
    now = utc(2026, 11, 23, 6)
    assert latest_slot(BERLIN, now) == datetime(2026, 11, 23, 2, 30)
    assert next_slot(BERLIN, now) == datetime(2026, 11, 24, 2, 30)


@given(st.datetimes(datetime(2024, 1, 1), datetime(2028, 1, 1)), st.integers(1, 200))
def test_splitting_the_time_never_loses_or_doubles_a_slot(start: datetime, hours: int) -> None:
    begin = start.replace(tzinfo=UTC)
    middle, end = begin + timedelta(hours=hours / 3), begin + timedelta(hours=hours)
    whole = due_slots(BERLIN, begin, end)
    assert due_slots(BERLIN, begin, middle) + due_slots(BERLIN, middle, end) == whole
    assert len(set(whole)) == len(whole)
