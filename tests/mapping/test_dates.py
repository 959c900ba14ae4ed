from datetime import UTC, date, datetime

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.mapping.dates import read_dates, read_times


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
    values, bad = read_times(days, ["%Y%m%d"], (clocks, "%H%M"), "Europe/Berlin")
    assert values.to_pylist() == [
        datetime(2026, 1, 15, 11, tzinfo=UTC),
        datetime(2026, 7, 15, 10, tzinfo=UTC),
        datetime(2026, 7, 14, 22, tzinfo=UTC),
    ]
    assert not bad.any()


def test_a_time_with_its_own_offset_needs_no_zone() -> None:
    values, bad = read_times(pa.array(["2026-01-15T12:00:00+02:00", "2026-01-15T12:00:00"]))
    assert values.to_pylist() == [datetime(2026, 1, 15, 10, tzinfo=UTC), None]
    assert bad.tolist() == [False, True]


def test_each_row_may_have_its_own_zone_and_an_unknown_one_is_refused() -> None:
    days = pa.array(["20260115"] * 3)
    zones = pa.array(["America/New_York", "Mars/Base", None])
    values, bad = read_times(days, ["%Y%m%d"], None, zones)
    assert values.to_pylist() == [datetime(2026, 1, 15, 5, tzinfo=UTC), None, None]
    assert bad.tolist() == [False, True, True]


def test_of_an_hour_that_comes_twice_the_first_is_taken() -> None:
    values, _ = read_times(pa.array(["202610250230"]), ["%Y%m%d%H%M"], None, "Europe/Berlin")
    assert values.to_pylist() == [datetime(2026, 10, 25, 0, 30, tzinfo=UTC)]
