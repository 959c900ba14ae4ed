"""Variances in percent, and whether they are tolerated; exact decimals throughout."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from etl.reconcile.frames import Column
from etl.reconcile.tolerances import Limits

_HUNDRED: Any = Decimal(100)
_MONEY = pd.ArrowDtype(pa.decimal128(18, 4))
_EXACT = pa.decimal256(29, 4)
"""The difference of two sums; decimal256 has room for what it is multiplied with or divided by."""


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
    distance, base = _exact(rows["variance"].abs()), _exact(rows["expected"].abs())
    by_amount = pc.less_equal(distance, pa.array(amount))
    by_percent = pc.less_equal(
        pc.multiply(distance, _HUNDRED), pc.multiply(base, pa.array(percent))
    )
    both = pc.and_ if require_both else pc.or_kleene
    tolerated = pc.and_(both(by_amount, by_percent), pc.is_valid(base))
    result = pc.fill_null(tolerated, False)
    return pd.Series(result, index=rows.index, dtype=pd.ArrowDtype(pa.bool_()))


def percent_of(variance: Column, expected: Column) -> Column:
    """`variance` in percent of the absolute `expected`, 4 decimals, half away from zero.

    Null where nothing, or zero, was expected.
    """
    base = _exact(expected.abs())
    base = pc.if_else(pc.equal(base, Decimal(0)), pa.scalar(None, base.type), base)
    hundredfold = pc.multiply(_exact(variance), _HUNDRED)
    percent = pc.divide(hundredfold, base)
    percent = pc.round(percent, ndigits=4, round_mode="half_towards_infinity")
    percent = pc.cast(percent, pa.decimal128(38, 4), safe=False)
    return pd.Series(percent, index=variance.index, dtype=pd.ArrowDtype(percent.type))


def _exact(amount: Column) -> pa.Array:
    return pc.cast(pa.array(amount), _EXACT)
