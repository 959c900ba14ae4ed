from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.mapping.dates import Doubtful, read_dates, read_times


@given(st.dates(min_value=date(1900, 1, 1)), st.sampled_from(["%Y%m%d", "%d.%m.%Y", "%Y-%m-%d"]))
def test_a_date_is_read_back_in_the_way_it_was_written(day: date, written: str) -> None:
    values, bad = read_dates(pa.array([day.strftime(written)]), [written])
    assert values.to_pylist() == [day]
    assert not bad.any()


@pytest.mark.parametrize(
    "text", ["20260230", "2026131", "20261", "00260101", "2026-01-01", "20260101x", "", "00000000"]
)
def test_what_is_no_date_is_refused(text: str) -> None:
    values, bad = read_dates(pa.array([text, "20260101", None]), ["%Y%m%d"])
    assert values.to_pylist() == [None, date(2026, 1, 1), None]
    assert bad.tolist() == [True, False, False]


def test_the_first_format_that_fits_is_taken() -> None:
    values, _ = read_dates(pa.array(["01/02/2026", " 2026-03-04 "]), ["%m/%d/%Y", "%Y-%m-%d"])
    assert values.to_pylist() == [date(2026, 1, 2), date(2026, 3, 4)]


@given(st.text())
def test_no_text_crashes_the_reader(text: str) -> None:
    values, bad = read_dates(pa.array([text]), ["%Y%m%d", "%d %B %y"])
    assert values[0].is_valid != bad[0]


def test_times_of_a_zone_become_utc() -> None:
    days, clocks = pa.array(["20260115", "20260715", "20260715"]), pa.array(["1200", "1200", None])
    read = read_times(days, ["%Y%m%d"], (clocks, "%H%M"), "Europe/Berlin")
    assert read.values.to_pylist() == [
        datetime(2026, 1, 15, 11, tzinfo=UTC),
        datetime(2026, 7, 15, 10, tzinfo=UTC),
        datetime(2026, 7, 14, 22, tzinfo=UTC),
    ]
    assert not read.bad.any()


def test_a_time_with_its_own_offset_needs_no_zone() -> None:
    read = read_times(pa.array(["2026-01-15T12:00:00+02:00", "2026-01-15T12:00:00"]))
    assert read.values.to_pylist() == [datetime(2026, 1, 15, 10, tzinfo=UTC), None]
    assert read.bad.tolist() == [False, True]


def test_each_row_may_have_its_own_zone_and_an_unknown_one_is_refused() -> None:
    days = pa.array(["20260115"] * 3)
    zones = pa.array(["America/New_York", "Mars/Base", None])
    read = read_times(days, ["%Y%m%d"], None, zones)
    assert read.values.to_pylist() == [datetime(2026, 1, 15, 5, tzinfo=UTC), None, None]
    assert read.bad.tolist() == [False, True, True]


BERLIN_TWICE, BERLIN_NEVER = "202610250230", "202603290230"


@pytest.mark.parametrize(
    ("ambiguous", "hour"), [("warn", 0), ("earlier", 0), ("later", 1), ("reject", None)]
)
def test_of_an_hour_that_comes_twice_the_one_that_is_meant_is_taken(
    ambiguous: str, hour: int | None
) -> None:
    text = pa.array([BERLIN_TWICE, "202610250330", BERLIN_TWICE])
    read = read_times(text, ["%Y%m%d%H%M"], None, "Europe/Berlin", Doubtful(ambiguous=ambiguous))
    moment = None if hour is None else datetime(2026, 10, 25, hour, 30, tzinfo=UTC)
    plain = datetime(2026, 10, 25, 2, 30, tzinfo=UTC)
    assert read.values.to_pylist() == [moment, plain, moment]
    assert read.ambiguous.tolist() == [True, False, True]
    assert not read.bad.any()
    assert not read.nonexistent.any()


@pytest.mark.parametrize(
    ("nonexistent", "clock"),
    [
        ("warn", (1, 30)),
        ("later", (1, 30)),
        ("earlier", (0, 30)),
        ("shift", (1, 0)),
        ("reject", None),
    ],
)
def test_an_hour_that_never_comes_is_what_is_declared(
    nonexistent: str, clock: tuple[int, int] | None
) -> None:
    doubtful = Doubtful(nonexistent=nonexistent)
    read = read_times(pa.array([BERLIN_NEVER]), ["%Y%m%d%H%M"], None, "Europe/Berlin", doubtful)
    moment = None if clock is None else datetime(2026, 3, 29, *clock, tzinfo=UTC)
    assert read.values.to_pylist() == [moment]
    assert read.nonexistent.tolist() == [True]
    assert not read.bad.any()
    assert not read.ambiguous.any()


@pytest.mark.parametrize("zone", ["Europe/Dublin", "Australia/Lord_Howe", "America/New_York"])
def test_no_clock_change_of_a_year_passes_unseen(zone: str) -> None:
    days = [date(2026, 1, 1) + timedelta(days=number) for number in range(365)]
    text = pa.array([f"{day:%Y%m%d} 0145" for day in days])
    read = read_times(text, ["%Y%m%d %H%M"], None, zone)
    assert int(read.ambiguous.sum()) == 1
    after = read_times(pc.replace_substring(text, "0145", "0215"), ["%Y%m%d %H%M"], None, zone)
    assert int(read.nonexistent.sum() + after.nonexistent.sum()) == 1


def test_the_last_hours_that_there_are_crash_nothing() -> None:
    read = read_times(pa.array(["9999-12-31T23:59:59"]), zone="America/New_York")
    assert read.bad.tolist() == [True]


@pytest.mark.parametrize("text", ["16NOV2026", "16Nov2026", "16nov2026"])
def test_names_of_months_may_be_in_capital_letters(text: str) -> None:
    values, bad = read_dates(pa.array([text]), ["%d%b%Y"])
    assert values.to_pylist() == [date(2026, 11, 16)]
    assert not bad.any()
