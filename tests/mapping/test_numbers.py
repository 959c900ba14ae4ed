from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.mapping.numbers import (
    NumberFormat,
    fit,
    read_decimals,
    read_integers,
    scaled_integers,
    sums,
)

MONEY = st.decimals(min_value=-(10**14) + 1, max_value=10**14 - 1, places=4)


def read_one(text: str, written: NumberFormat, scale: int = 4) -> Decimal | None:
    values, bad = read_decimals(pa.array([text]), scale, written)
    value: Decimal | None = values[0].as_py()
    assert (value is None) == bad[0]
    return value


@given(st.lists(st.one_of(st.none(), MONEY)))
def test_every_amount_is_read_exactly(amounts: list[Decimal | None]) -> None:
    text = pa.array([None if amount is None else f"{amount:f}" for amount in amounts], pa.string())
    values, bad = read_decimals(text, 4)
    assert values.to_pylist() == amounts
    assert not bad.any()


@given(MONEY, st.sampled_from([(".", True), (" ", False), ("'", False), (None, True)]))
def test_an_amount_is_read_back_in_the_way_it_was_written(
    amount: Decimal, marks: tuple[str | None, bool]
) -> None:
    thousands, comma = marks
    written = f"{abs(amount):,.4f}".replace(",", "T").replace(".", "," if comma else ".")
    written = written.replace("T", thousands or "") + ("-" if amount < 0 else "")
    format_ = NumberFormat(comma=comma, thousands=thousands, trailing_sign=True)
    assert read_one(written, format_) == amount


@given(st.integers(-(10**16) + 1, 10**16 - 1))
def test_implied_decimals_are_exact(cents: int) -> None:
    assert read_one(str(cents), NumberFormat(implied_decimals=2)) == Decimal(cents) / 100


@given(st.lists(st.one_of(st.none(), st.integers(-(10**15), 10**15))))
def test_scaled_integers_keep_nulls_and_signs(whole: list[int | None]) -> None:
    expected = [None if value is None else Decimal(value) / 10 for value in whole]
    assert scaled_integers(pa.array(whole, pa.int64()), 1, 4).to_pylist() == expected


@given(st.text())
def test_no_text_crashes_the_reader_and_what_it_reads_is_a_decimal(text: str) -> None:
    for written in (NumberFormat(), NumberFormat(comma=True), NumberFormat(implied_decimals=2)):
        read_one(text, written)


@pytest.mark.parametrize(
    "text",
    ["", "-", "1e5", "1,5", "0x10", "1_0", "١", "NaN", "1.23456", "1" * 15, "1.2.3", "12-", "+-1"],
)
def test_what_is_no_plain_number_is_refused(text: str) -> None:
    assert read_one(text, NumberFormat()) is None


@pytest.mark.parametrize("text", ["1.50", "1.2345,00", "12.34.567", "1,234.50", ".234,50"])
def test_a_point_is_never_misread_where_it_groups_thousands(text: str) -> None:
    assert read_one(text, NumberFormat(comma=True, thousands=".")) is None


@pytest.mark.parametrize("text", ["12.50", "1e3", "0x1F", "1" * 17])
def test_implied_decimals_take_digits_only(text: str) -> None:
    assert read_one(text, NumberFormat(implied_decimals=2)) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [(" 5 ", "5"), (".5", "0.5"), ("5.", "5"), ("+5", "5"), ("007.10", "7.1"), ("1.500000", "1.5")],
)
def test_harmless_ways_to_write_a_number_are_read(text: str, expected: str) -> None:
    assert read_one(text, NumberFormat()) == Decimal(expected)


def test_one_bad_cell_costs_only_itself() -> None:
    values, bad = read_decimals(pa.array(["1", "x", None, "2.5"]), 4)
    assert values.to_pylist() == [Decimal(1), None, None, Decimal("2.5")]
    assert bad.tolist() == [False, True, False, False]


def test_whole_numbers() -> None:
    values, bad = read_integers(pa.array(["12", "-3", "1.5", None]))
    assert values.to_pylist() == [12, -3, None, None]
    assert bad.tolist() == [False, False, True, False]


def test_fit_tells_what_would_be_rounded_or_cut() -> None:
    numbers = pa.array([Decimal("1.23450"), Decimal("1.23456"), None], pa.decimal128(20, 5))
    values, bad = fit(numbers, 4)
    assert values.to_pylist() == [Decimal("1.2345"), None, None]
    assert bad.tolist() == [False, True, False]
    values, bad = fit(pa.array([5, 10**15]), 4)
    assert values.to_pylist() == [Decimal(5), None]
    assert bad.tolist() == [False, True]


@given(st.lists(st.lists(st.one_of(st.none(), MONEY), max_size=30)), st.integers(0, 3))
def test_sums_of_runs_are_exact_beyond_64_bits(
    runs: list[list[Decimal | None]], before: int
) -> None:
    amounts = [amount for run in runs for amount in run]
    column = pa.array([Decimal(1)] * before + amounts, pa.decimal128(18, 4)).slice(before)
    starts = np.cumsum([0, *map(len, runs)])
    expected = [sum((a for a in run if a is not None), Decimal(0)) for run in runs]
    assert sums(column, starts).to_pylist() == expected


def test_whole_numbers_are_added_up_too() -> None:
    column = pa.array([2**62, 2**62, 2**62, None, -5], pa.int64())
    found = sums(column, np.array([0, 3, 3, 5])).to_pylist()
    assert found == [3 * 2**62, 0, -5]
