"""The rules of one value: numbers, days, times, lengths, codes."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.formats.edi.checks.values import is_clock_time, is_day, value_fault
from etl.formats.edi.delimiters import Delimiters
from etl.formats.edi.structures.dictionary import Codes, Element

USUAL = Delimiters(ord("*"), ord(":"), None, ord("~"))
COMPLETE = Codes({"CC": "collect", "PP": "prepaid"}, complete=True)


def element(type_: str, least: int = 1, most: int = 10, codes: Codes = Codes()) -> Element:  # noqa: B008
    return Element("1", "some element", type_, least, most, codes)


def code(value: str, of: Element) -> str | None:
    fault = value_fault(value, of, USUAL)
    return fault.code if fault else None


@pytest.mark.parametrize(
    ("type_", "right", "wrong"),
    [
        ("N2", ["0", "123", "-5", "0012"], ["1.5", "+1", "--1", "1-", "", " 1", "1 ", "A", "1,5"]),
        ("R", ["0", "1.5", "-.5", "5.", "1E5", "-1.2E-3"], ["1,5", "+1", "1.2.3", ".", "E5", "1E"]),
        ("n", ["0", "1.5", "1,5", "-,5", "5,"], ["1E5", "+1", "1,2,3", "1.2,3", ",", "$1.179"]),
    ],
)
def test_numbers(type_: str, right: list[str], wrong: list[str]) -> None:
    assert {value: code(value, element(type_)) for value in right} == dict.fromkeys(right)
    assert {code(value, element(type_)) for value in wrong} == {"BAD_NUMBER"}


@pytest.mark.parametrize("type_", ["N0", "R", "n"])
def test_digits_of_other_scripts_are_no_numbers(type_: str) -> None:
    assert code("١٢٣", element(type_)) == "BAD_NUMBER"
    assert code("1²", element(type_)) == "BAD_NUMBER"


@given(st.text(alphabet="0123456789.-E+, ", max_size=8), st.sampled_from(["N0", "R", "n"]))
def test_what_is_taken_for_a_number_is_one_to_python_too(value: str, type_: str) -> None:
    if code(value, element(type_, 0, 20)) is None:
        Decimal(value.replace(",", "."))


@given(st.decimals(allow_nan=False, allow_infinity=False, places=2))
def test_every_plain_decimal_is_a_number(value: Decimal) -> None:
    for type_ in ("R", "n"):
        assert code(f"{value:f}", element(type_, 1, 99)) is None


def test_sign_and_decimal_mark_of_a_number_do_not_count_as_length() -> None:
    assert code("-123.45", element("R", 1, 5)) is None
    assert code("-123.456", element("R", 1, 5)) == "ELEMENT_TOO_LONG"
    assert code("1.5", element("R", 3, 5)) == "ELEMENT_TOO_SHORT"


@given(st.text(alphabet="0123456789", min_size=8, max_size=8))
def test_days_of_eight_digits(value: str) -> None:
    try:
        datetime.strptime(value, "%Y%m%d")  # noqa: DTZ007
        right = True
    except ValueError:
        right = False
    assert is_day(value) == right
    assert (code(value, element("DT", 8, 8)) is None) == right


@given(st.dates(date(2000, 1, 1), date(2099, 12, 31)))
def test_days_of_six_digits(day: date) -> None:
    value = day.strftime("%y%m%d")
    assert is_day(value)
    assert code(value, element("DT", 6, 8)) is None
    assert code(value, element("DT", 8, 8)) == "ELEMENT_TOO_SHORT"


@pytest.mark.parametrize(
    "value",
    ["20230229", "230230", "20231301", "20230100", "2023011", "", "20 30101", "２０２３０１０１"],
)
def test_what_is_no_day(value: str) -> None:
    assert not is_day(value)


@given(st.times())
def test_times(moment: time) -> None:
    for form in ("%H%M", "%H%M%S"):
        assert is_clock_time(moment.strftime(form))
    assert is_clock_time(moment.strftime("%H%M%S") + "99")


@pytest.mark.parametrize(
    ("value", "right"),
    [("2400", True), ("240000", True), ("2401", False), ("2360", False), ("120060", False),
     ("12", False), ("12000", False), ("1200000", True), ("12:00", False), ("", False)],
)  # fmt: skip
def test_odd_times(value: str, right: bool) -> None:
    assert is_clock_time(value) == right
    assert (code(value, element("TM", 4, 8)) is None) == right


def test_lengths_and_codes_of_text() -> None:
    assert code("AB", element("AN", 2, 3)) is None
    assert code("A", element("AN", 2, 3)) == "ELEMENT_TOO_SHORT"
    assert code("ABCD", element("an", 1, 3)) == "ELEMENT_TOO_LONG"
    assert code("ÄÖÜ", element("an", 1, 3)) is None
    assert code("PP", element("ID", 2, 2, COMPLETE)) is None
    assert code("XX", element("ID", 2, 2, COMPLETE)) == "BAD_CODE"
    assert code("XX", element("ID", 2, 2, Codes({"PP": "prepaid"}))) is None


def test_a_fault_says_what_would_be_right() -> None:
    fault = value_fault("XX", element("ID", 2, 2, COMPLETE), USUAL)
    assert fault is not None
    assert (fault.level, fault.expected) == ("codes", "one of CC, PP")
    fault = value_fault("1X", element("N2", 1, 9), USUAL)
    assert fault is not None
    assert (fault.level, fault.expected) == ("types", "a number, N2 1-9")
    with pytest.raises(InvalidOperation):
        Decimal("1X")
