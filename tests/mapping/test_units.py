from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.mapping.units import UNITS, convert, factor

QUANTITY = pa.decimal128(18, 6)


@pytest.mark.parametrize(
    ("quantity", "unit", "to", "expected"),
    [
        ("1", "LBR", "KGM", "0.453592"),
        ("100", "KGM", "LBR", "220.462262"),
        ("2.5", "TNE", "KGM", "2500"),
        ("1", "CWA", "LBR", "100"),
        ("1", "FOT", "INH", "12"),
        ("1", "MTQ", "DMQ", "1000"),
        ("7", "KGM", "KGM", "7"),
        ("-1", "STN", "LBR", "-2000"),
    ],
)
def test_known_conversions(quantity: str, unit: str, to: str, expected: str) -> None:
    values = pa.array([Decimal(quantity), None], QUANTITY)
    assert convert(values, unit, to).to_pylist() == [Decimal(expected), None]


def test_different_measures_are_not_converted() -> None:
    assert factor("KGM", "MTR") is None
    with pytest.raises(ValueError, match="KGM can not be converted to MTR"):
        convert(pa.array([Decimal(1)], QUANTITY), "KGM", "MTR")


@given(st.decimals(0, 10**6, places=6), st.sampled_from(sorted(UNITS)))
def test_a_conversion_to_the_same_unit_changes_nothing(quantity: Decimal, unit: str) -> None:
    assert convert(pa.array([quantity], QUANTITY), unit, unit).to_pylist() == [quantity]
