from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.mapping.evaluation import evaluate, holds, sides
from etl.mapping.expressions import parse

MONEY = pa.decimal128(18, 4)


@dataclass
class Row:
    """One row of names."""

    values: dict[str, Any]

    def __len__(self) -> int:
        return 1

    def source(self, path: str) -> pa.Array:
        return pa.array([self.values[path]], pa.string())

    def field(self, name: str) -> pa.Array:
        value = self.values[name]
        kinds = {str: pa.string(), Decimal: MONEY, date: pa.date32(), int: pa.int64()}
        return pa.array([value], kinds.get(type(value), MONEY))

    def sum(self, child: str, field: str) -> pa.Array:
        return pa.array([self.values[f"{child}.{field}"]], pa.decimal128(38, 4))

    def count(self, child: str) -> pa.Array:
        return pa.array([self.values[child]])


ROW = Row(
    {
        "KIND": "CO",
        "NONE": None,
        "SUM": "12.50",
        "total": Decimal("10.00"),
        "tax": None,
        "name": "ACME",
        "day": date(2026, 1, 31),
        "revision": 2,
        "charge_line.amount": Decimal("9.99"),
        "charge_line": 3,
    }
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{KIND} == 'CO'", True),
        ("{KIND} != 'CO'", False),
        ("{NONE} == 'CO'", False),
        ("{NONE} != 'CO'", True),
        ("{NONE} == tax", True),
        ("tax < 1", False),
        ("tax >= 1", False),
        ("not tax < 1", True),
        ("{KIND}", True),
        ("{NONE}", False),
        ("not {NONE}", True),
        ("{KIND} in ('AB', 'CO')", True),
        ("{NONE} not in ('AB', 'CO')", True),
        ("revision in (1, 2)", True),
        ("{SUM} > 12", True),
        ("{SUM} == 12.5", True),
        ("{KIND} > 12", False),
        ("{KIND} == 12", False),
        ("total == sum(charge_line.amount)", False),
        ("abs(total - sum(charge_line.amount)) <= 0.01", True),
        ("count(charge_line) == 3", True),
        ("total == sum(charge_line.amount) + tax", False),
        ("total == sum(charge_line.amount) + coalesce(tax, 0.01)", True),
        ("0 < total <= 10", True),
        ("-total == 0 - total", True),
        ("day == '2026-01-31'", True),
        ("day > '2026-02-01' or name == 'ACME'", True),
        ("day < 'soon'", False),
        ("coalesce({NONE}, name) == 'ACME'", True),
        ("1 == 1", True),
    ],
)
def test_conditions(text: str, expected: bool) -> None:
    assert holds(parse(text), ROW).to_pylist() == [expected]


def computed(text: str, row: Row) -> Any:
    values, unreadable = evaluate(parse(text), row)
    assert not unreadable
    return values[0].as_py()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("total * 0.19", "1.9"),
        ("round(total * 0.12345, 2)", "1.23"),
        ("round(0.125, 2)", "0.13"),
        ("round(-0.125, 2)", "-0.13"),
        ("total - tax", None),
        ("{SUM} + revision", "14.5"),
    ],
)
def test_computed_numbers(text: str, expected: str | None) -> None:
    value = computed(text, ROW)
    assert value == (None if expected is None else Decimal(expected))


def test_tolerance_is_for_equality_of_numbers() -> None:
    rule = parse("total == sum(charge_line.amount)")
    assert holds(rule, ROW, Decimal("0.01")).to_pylist() == [True]
    assert holds(rule, ROW, Decimal("0.009")).to_pylist() == [False]
    assert holds(parse("{KIND} == 'CX'"), ROW, Decimal(9)).to_pylist() == [False]


def test_the_sides_of_a_comparison_are_there_for_the_report() -> None:
    left, right = sides(parse("total == sum(charge_line.amount)"), ROW) or (None, None)
    assert left is not None
    assert right is not None
    assert (left[0].as_py(), right[0].as_py()) == (Decimal(10), Decimal("9.99"))
    assert sides(parse("total == 1 and tax"), ROW) is None
    assert sides(parse("{KIND} in ('A', 'B')"), ROW) is None


@given(*[st.decimals(-(10**12), 10**12, places=4)] * 3)
def test_arithmetic_is_exact(a: Decimal, b: Decimal, c: Decimal) -> None:
    row = Row({"a": a, "b": b, "c": c})
    with localcontext(prec=60):
        assert computed("a + b - c", row) == a + b - c
        assert computed("a * b", row) == a * b
    assert holds(parse("a + b == b + a and a - b <= a - b"), row)[0].as_py()


def test_a_result_out_of_all_proportion_has_no_value() -> None:
    row = Row({"a": Decimal(10) ** 13})
    assert computed("a * a * a", row) is None
    assert holds(parse("a * a * a > 0"), row).to_pylist() == [False]


@pytest.mark.parametrize("text", ["-{KIND}", "total + {KIND}", "coalesce({KIND}, total)"])
def test_text_that_is_no_number_is_told_where_one_is_needed(text: str) -> None:
    values, unreadable = evaluate(parse(text), ROW)
    assert {path: bad.tolist() for path, bad in unreadable.items()} == {"KIND": [True]}
    assert len(values) == 1
