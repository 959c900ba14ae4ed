from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import JSON, Column, Date, Dialect, create_engine
from sqlalchemy.types import TypeEngine

from etl.ledger.columns import bound, read
from etl.ledger.types import Key, Money, SafeText, UtcDateTime

BERLIN = timezone(timedelta(hours=1))
COLUMNS: list[tuple[TypeEngine[Any], list[Any]]] = [
    (SafeText(), ["plain", None, "plain", "Müller"]),
    (SafeText(), ["nul\x00", "\udcff"]),
    (Key(), ["a" * 500, None, "b"]),
    (Key(), ["a" * 501, "a" * 502, "short"]),
    (Key(), ["ü" * 501]),
    (Key(), []),
    (Key(), [None, None]),
    (Money(), [Decimal("1"), Decimal("1.0"), None, Decimal("-0.0001"), Decimal("1.5")]),
    (Date(), [date(2026, 11, 30), None]),
    (UtcDateTime(), [datetime(2026, 11, 30, tzinfo=UTC), datetime(2026, 11, 30, 2, tzinfo=BERLIN)]),
    (JSON(), [["A", "B"], [], None, {"a": 1}, {"a": True}, [1], [True], ["A", "B"]]),
]  # fmt: skip


@pytest.fixture(params=["sqlite://", "postgresql+psycopg://"])
def dialect(request: pytest.FixtureRequest) -> Dialect:
    return create_engine(request.param).dialect


@pytest.mark.parametrize(("kind", "values"), COLUMNS)
def test_a_column_is_bound_as_each_of_its_values_would_be(
    kind: TypeEngine[Any], values: list[Any], dialect: Dialect
) -> None:
    one = kind.dialect_impl(dialect).bind_processor(dialect) or (lambda value: value)
    got = bound(Column("a", kind), values, dialect)
    assert [_shown(each) for each in got] == [_shown(one(each)) for each in values]


@pytest.mark.parametrize(("kind", "values"), COLUMNS)
def test_a_column_is_read_as_each_of_its_values_would_be(
    kind: TypeEngine[Any], values: list[Any]
) -> None:
    dialect = create_engine("sqlite://").dialect
    column = Column("a", kind)
    one = kind.dialect_impl(dialect).result_processor(dialect, None) or (lambda value: value)
    stored = list(bound(column, values, dialect))
    if isinstance(kind, Date | UtcDateTime):
        stored = [None if value is None else str(value) for value in stored]
    assert list(read(column, stored, dialect)) == [one(each) for each in stored]


def test_what_a_type_refuses_in_one_row_is_refused_in_a_column() -> None:
    dialect = create_engine("sqlite://").dialect
    with pytest.raises(TypeError, match="money must be a Decimal, not float"):
        bound(Column("a", Money()), [Decimal("1"), 1.5], dialect)
    with pytest.raises(ValueError, match="has no time zone"):
        bound(Column("a", UtcDateTime()), [datetime(2026, 11, 30)], dialect)


def _shown(value: Any) -> str:
    """A driver's wrapper of JSON compares by identity."""
    return repr(getattr(value, "obj", value))


def test_what_the_driver_told_of_a_column_decides_how_it_is_read() -> None:
    dialect = create_engine("postgresql+psycopg://").dialect
    numeric = 1700
    amounts = [Decimal("1.5000"), None]
    assert read(Column("a", Money()), amounts, dialect, numeric) == amounts
