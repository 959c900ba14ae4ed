"""Values as 64-bit words say the same of dates, times and numbers as plain Python does."""

from __future__ import annotations

from datetime import date

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.formats.edi.checks.values import is_clock_time, is_day
from etl.formats.edi.reading.words import (
    WIDTH,
    WordReader,
    Words,
    digits_only,
    is_date,
    is_leap_day,
    is_time,
    packed,
    without_mark,
    without_sign,
)

VALUES = st.lists(
    st.one_of(
        st.text(alphabet="0123456789", max_size=9),
        st.text(alphabet="0123456789.-,+ E", max_size=9),
        st.text(st.characters(max_codepoint=255), max_size=9),
        st.dates().map(lambda day: day.strftime("%Y%m%d")),
        st.dates().map(lambda day: day.strftime("%y%m%d")),
        st.times().map(lambda time: time.strftime("%H%M%S")),
        st.times().map(lambda time: time.strftime("%H%M")),
    ),
    min_size=1,
    max_size=20,
)


def loaded(values: list[str]) -> tuple[Words, npt.NDArray[np.int32]]:
    """The words of values that stand one after the other in a buffer, and their lengths."""
    parts = [value.encode("latin-1") for value in values]
    lengths = np.array([len(part) for part in parts], np.int32)
    starts = np.cumsum(lengths, dtype=np.int32) - lengths
    return WordReader(b"".join(parts)).words(starts, lengths), lengths


@given(VALUES)
def test_a_word_holds_the_first_eight_characters_filled_with_zeros(values: list[str]) -> None:
    words, _ = loaded(values)
    for word, value in zip(words.tolist(), values, strict=True):
        expected = value.encode("latin-1")[:WIDTH].ljust(WIDTH, b"0")
        assert word.to_bytes(WIDTH, "little") == expected


def test_a_code_is_packed_as_it_is_loaded() -> None:
    words, _ = loaded(["BM", "LINEHAUL", "", "9"])
    assert words.tolist() == [packed(code) for code in ("BM", "LINEHAUL", "", "9")]


@given(VALUES)
def test_digits(values: list[str]) -> None:
    words, _ = loaded(values)
    expected = [all("0" <= character <= "9" for character in value[:WIDTH]) for value in values]
    assert digits_only(words).tolist() == expected


@given(VALUES)
def test_a_sign_in_front_and_decimal_marks_become_zeros(values: list[str]) -> None:
    words, _ = loaded(values)
    found, marks = without_mark(without_sign(words), ".")
    for word, count, value in zip(found.tolist(), marks.tolist(), values, strict=True):
        head = value[:WIDTH].encode("latin-1")
        unsigned = b"0" + head[1:] if head[:1] == b"-" else head
        assert word.to_bytes(WIDTH, "little") == unsigned.replace(b".", b"0").ljust(WIDTH, b"0")
        assert count == min(unsigned.count(b"."), 2)


@given(VALUES)
def test_days_are_those_of_the_calendar_and_29th_of_february_in_every_year(
    values: list[str],
) -> None:
    words, lengths = loaded(values)
    found, leap = is_date(words, lengths), is_leap_day(words, lengths)
    for value, day, of_leap_year in zip(values, found.tolist(), leap.tolist(), strict=True):
        fits = len(value) in (6, 8) and value.isascii() and value.isdigit()
        assert day == (is_day(value) or (fits and value.endswith("0229")))
        if fits:
            assert of_leap_year == value.endswith("0229")


@pytest.mark.parametrize("year", [1900, 1996, 2000, 2023, 2024, 2100])
def test_all_days_of_a_year(year: int) -> None:
    numbers = [f"{year}{month:02}{day:02}" for month in range(14) for day in range(33)]
    words, lengths = loaded(numbers)
    found = {value for value, right in zip(numbers, is_date(words, lengths), strict=True) if right}
    first = date(year, 1, 1).toordinal()
    days = [date.fromordinal(first + day) for day in range(366)]
    wanted = {day.strftime("%Y%m%d") for day in days if day.year == year} | {f"{year}0229"}
    assert found == wanted


@given(VALUES)
def test_what_is_taken_for_a_time_is_one(values: list[str]) -> None:
    words, lengths = loaded(values)
    for value, right in zip(values, is_time(words, lengths).tolist(), strict=True):
        if right and len(value) <= WIDTH:
            assert is_clock_time(value)


def test_all_times_of_a_day() -> None:
    values = [f"{hour:02}{minute:02}" for hour in range(27) for minute in range(63)]
    values += [f"{hour:02}00{second:02}" for hour in (0, 23, 24) for second in range(63)]
    values += ["24000000", "23595999", "235960", "2359595", "23596", "240001", "12:30", "9"]
    words, lengths = loaded(values)
    found = is_time(words, lengths).tolist()
    # midnight as 2400 is left to the exact rules
    assert [value for value, right in zip(values, found, strict=True) if right] == [
        value for value in values if is_clock_time(value) and not value.startswith("24")
    ]
