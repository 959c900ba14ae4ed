"""Conversion between units of measure, by UN/ECE Recommendation 20 codes and exact factors."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal

import pyarrow as pa
import pyarrow.compute as pc

_FACTORS: Mapping[str, Mapping[str, Decimal]] = {
    # international pound = 0.45359237 kg, foot = 0.3048 m, US gallon = 231 cubic inches: exact
    "mass": {
        "KGM": Decimal(1),
        "GRM": Decimal("0.001"),
        "TNE": Decimal(1000),
        "LBR": Decimal("0.45359237"),
        "ONZ": Decimal("0.028349523125"),
        "CWA": Decimal("45.359237"),
        "STN": Decimal("907.18474"),
        "LTN": Decimal("1016.0469088"),
    },
    "volume": {
        "MTQ": Decimal(1),
        "DMQ": Decimal("0.001"),
        "CMQ": Decimal("0.000001"),
        "LTR": Decimal("0.001"),
        "FTQ": Decimal("0.028316846592"),
        "INQ": Decimal("0.000016387064"),
        "GLL": Decimal("0.003785411784"),
    },
    "length": {
        "MTR": Decimal(1),
        "CMT": Decimal("0.01"),
        "MMT": Decimal("0.001"),
        "KMT": Decimal(1000),
        "INH": Decimal("0.0254"),
        "FOT": Decimal("0.3048"),
        "SMI": Decimal("1609.344"),
    },
}

UNITS: frozenset[str] = frozenset(unit for units in _FACTORS.values() for unit in units)
"""The codes that can be converted."""


def factor(unit: str, to: str) -> Decimal | None:
    """How many `to` one `unit` is; None where they do not measure the same, or are unknown."""
    for units in _FACTORS.values():
        if unit in units and to in units:
            return units[unit] / units[to]
    return None


def convert(quantities: pa.Array, unit: str, to: str) -> pa.Array:
    """Quantities, decimal128(18, 6), in another unit, rounded to six decimals, halves to even.

    Raises:
        ValueError: the units do not measure the same.
    """
    ratio = factor(unit, to)
    if ratio is None:
        raise ValueError(f"{unit} can not be converted to {to}")
    if ratio == 1:
        return quantities
    exact = ratio.quantize(Decimal(10) ** -18, ROUND_HALF_EVEN)
    product = pc.multiply(
        quantities.cast(pa.decimal256(37, 6)), pa.scalar(exact, pa.decimal256(37, 18))
    )
    rounded = pc.round(product, ndigits=6, round_mode="half_to_even")
    return rounded.cast(pa.decimal256(40, 6)).cast(quantities.type)
