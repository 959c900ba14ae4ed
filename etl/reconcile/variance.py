"""Variances in percent, and whether they are tolerated; exact decimals throughout."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from etl.reconcile.frames import ZERO, Column
from etl.reconcile.tolerances import Limits

_HUNDRED: Any = Decimal(100)
_MONEY = pd.ArrowDtype(pa.decimal128(18, 4))
_SUM = pd.ArrowDtype(pa.decimal128(19, 4))
"""Money and the sums of it as they are multiplied: 19 + 18 + 1 digits just fit decimal128."""


def with_limits(scopes: pd.DataFrame, limits: Sequence[Limits]) -> pd.DataFrame:
    """`scopes` with the columns amount, percent, under_amount, under_percent of `limits`."""
    columns = {
        name: pd.Series([getattr(limit, name) for limit in limits], scopes.index, dtype=_MONEY)
        for name in ("amount", "percent", "under_amount", "under_percent")
    }
    return scopes.assign(**columns)


def within(rows: pd.DataFrame, require_both: bool) -> Column:
    """Whether each variance is tolerated; nothing is tolerated where nothing was expected.

    Args:
        rows: variance, expected, and the columns of :func:`with_limits`.
        require_both: both limits must hold, else one of them.
    """
    over = rows["variance"] > 0
    amount = rows["amount"].where(over, rows["under_amount"])
    percent = rows["percent"].where(over, rows["under_percent"])
    distance = rows["variance"].abs().astype(_SUM)
    base = rows["expected"].fillna(ZERO).abs().astype(_SUM)
    by_amount = distance <= amount
    by_percent = distance * _HUNDRED <= base * percent
    tolerated = by_amount & by_percent if require_both else by_amount | by_percent
    result: Column = (tolerated & rows["expected"].notna()).fillna(False)
    return result


def percent_of(variance: Column, expected: Column) -> Column:
    """`variance` in percent of the absolute `expected`, 4 decimals, half away from zero.

    Null where nothing, or zero, was expected. decimal256 has room for the quotient's digits.
    """
    base = pc.cast(pc.abs(pa.array(expected)), pa.decimal256(22, 4))
    base = pc.if_else(pc.equal(base, Decimal(0)), pa.scalar(None, base.type), base)
    hundredfold = pc.multiply(pc.cast(pa.array(variance), pa.decimal256(22, 4)), Decimal(100))
    percent = pc.divide(hundredfold, base)
    percent = pc.round(percent, ndigits=4, round_mode="half_towards_infinity")
    percent = pc.cast(percent, pa.decimal128(38, 4), safe=False)
    return pd.Series(percent, index=variance.index, dtype=pd.ArrowDtype(percent.type))
