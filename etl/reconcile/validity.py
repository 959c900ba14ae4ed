"""Which of the expected charges count for a bill: the last version of those valid on its day.

The day is that of the shipment, since rates are those of the pickup: as the bill says, else as we
know it; where neither does, the invoice's date. Both ends of the validity belong to it.
"""

from __future__ import annotations

from datetime import date

import pandas as pd
import pyarrow as pa

from etl.reconcile.bills import Bills, Kind
from etl.reconcile.expectations import Expectations
from etl.reconcile.frames import Column
from etl.reconcile.reasons import Weight, findings

_SOURCES = ["tender", "quote", "rate", "accrual"]
"""Which source counts where several speak of a shipment: what was agreed for this one load goes
before the contract's rate, and that before our own accrual of it."""

_SHIPMENT = ["carrier_scac", "shipment"]
_FROM, _TO = "effective_from", "effective_to"
_DAY = pd.ArrowDtype(pa.date32())


def with_days(matched: pd.DataFrame, bills: Bills, expectations: Expectations) -> pd.DataFrame:
    """`matched` with the column `day`, on which the expected charges of each row must be valid.

    Null, and then no day is asked for, where all are valid on all days that may be meant, and for a
    credit note that names no shipment's day: it is written long after.
    """
    headers = bills.headers[["record_id", "kind", "ship_date", "invoice_date"]]
    days = [headers["ship_date"], headers["invoice_date"], expectations.shipped["ship_date"]]
    if _valid_on_all(expectations.charges, pd.concat(days, ignore_index=True).dropna()):
        return matched.assign(day=pd.Series(None, index=matched.index, dtype=_DAY))
    known = expectations.shipped.rename(columns={"ship_date": "known"})
    rows = matched[["record_id", *_SHIPMENT]].merge(headers, on="record_id", how="left")
    rows = rows.merge(known, on=_SHIPMENT, how="left")
    written = rows["invoice_date"].mask((rows["kind"] == Kind.CREDIT).fillna(False).astype(bool))
    day = rows["ship_date"].fillna(rows["known"]).fillna(written)
    return matched.assign(day=day.to_numpy()).astype({"day": _DAY})


def counting_charges(matched: pd.DataFrame, expectations: Expectations) -> pd.DataFrame:
    """carrier_scac, shipment, day, charge_code, expected, expected_currency: what counts for bills
    of a shipment on a day; one row a charge."""
    charges = expectations.charges
    if matched["day"].isna().all():
        charges = charges.assign(day=pd.Series(None, index=charges.index, dtype=_DAY))
    else:
        charges = _on_days(matched, charges)
        charges = charges[_valid(charges)]
    scope = [*_SHIPMENT, "day"]
    charges = charges.drop_duplicates(["source", *scope, "charge_code"], keep="last")
    charges = charges[charges["state"].fillna("open").isin(["open", "partly_matched"])]
    rank = charges["source"].map({name: rank for rank, name in enumerate(_SOURCES)})
    rank = rank.fillna(len(_SOURCES)).astype("int64")
    best = rank.groupby([charges[name] for name in scope], dropna=False).transform("min")
    columns = [*scope, "charge_code", "expected", "expected_currency"]
    return charges.loc[rank == best, columns].reset_index(drop=True)


def invalid_charges(matched: pd.DataFrame, expectations: Expectations) -> pd.DataFrame:
    """A note for each charge of a bill's shipment that is expected on other days only."""
    dated = matched.dropna(subset=["day"])
    charges = _on_days(dated, expectations.charges)
    of_bill = dated[["record_id", *_SHIPMENT, "day"]].drop_duplicates()
    rows = of_bill.merge(charges.assign(valid=_valid(charges)), on=[*_SHIPMENT, "day"])
    one = ["record_id", "shipment", "charge_code"]
    valid = rows.groupby([rows[name] for name in one])["valid"].transform("any")
    rows = rows[~valid.astype(bool)].drop_duplicates(one, keep="last")
    details = [
        f"{code} is expected for shipment {shipment} {_told(start, end)}, not on {day}"
        for code, shipment, start, end, day in zip(
            rows["charge_code"], rows["shipment"], rows[_FROM], rows[_TO], rows["day"], strict=True
        )
    ]
    return findings(rows["record_id"], Weight.NOTE, None, details)


def _valid_on_all(charges: pd.DataFrame, days: Column) -> bool:
    if days.empty:
        return True
    first, last = days.min(), days.max()
    outside = (charges[_FROM] > first).fillna(False) | (charges[_TO] < last).fillna(False)
    return not bool(outside.any())


def _on_days(matched: pd.DataFrame, charges: pd.DataFrame) -> pd.DataFrame:
    days = matched.dropna(subset=["shipment"])[[*_SHIPMENT, "day"]].drop_duplicates()
    return charges.merge(days, on=_SHIPMENT)


def _valid(charges: pd.DataFrame) -> Column:
    started = (charges[_FROM] <= charges["day"]).fillna(True)
    valid: Column = started & (charges[_TO] >= charges["day"]).fillna(True)
    return valid.astype(bool)


def _told(start: date | None, end: date | None) -> str:
    parts = [("from", start), ("to", end)]
    return " ".join(f"{word} {day}" for word, day in parts if isinstance(day, date))
