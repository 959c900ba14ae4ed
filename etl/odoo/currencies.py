"""Currencies: active, and with a rate, because Odoo books one to one where it has none."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from etl.odoo.client import Client, many2one
from etl.odoo.unresolved import Unresolved

CurrencyKey = tuple[str, dt.date]
"""ISO 4217 code and the first day on which a rate has to be there."""


@dataclass(frozen=True, slots=True)
class Currency:
    """A usable currency and the smallest amount in it."""

    id: int
    rounding: Decimal


def find_currencies(
    client: Client, keys: Iterable[CurrencyKey], company_currency: int
) -> dict[CurrencyKey, Currency | Unresolved]:
    """Return for each code and day the currency, or why it cannot be booked."""
    wanted = set(keys)
    rows = client.search_in(
        "res.currency",
        "name",
        (code for code, _ in wanted),
        ("name", "active", "rounding"),
        archived=True,
    )
    currencies = {row["name"]: row for row in rows}
    foreign = [row["id"] for row in rows if row["active"] and row["id"] != company_currency]
    days: defaultdict[int, list[dt.date]] = defaultdict(list)
    for rate in client.search_in(
        "res.currency.rate", "currency_id", foreign, ("currency_id", "name")
    ):
        days[many2one(rate["currency_id"]) or 0].append(dt.date.fromisoformat(rate["name"]))
    found: dict[CurrencyKey, Currency | Unresolved] = {}
    for code, day in wanted:
        row = currencies.get(code)
        if row is None:
            found[code, day] = _unknown(code)
        elif not row["active"]:
            found[code, day] = _inactive(code)
        elif row["id"] != company_currency and not any(d <= day for d in days[row["id"]]):
            found[code, day] = _no_rate(code, day, days[row["id"]])
        else:
            found[code, day] = Currency(row["id"], Decimal(repr(row["rounding"])))
    return found


def _unknown(code: str) -> Unresolved:
    return Unresolved(
        "UNKNOWN_CURRENCY", f"Odoo has no currency {code!r}.", code, "an ISO 4217 code"
    )


def _inactive(code: str) -> Unresolved:
    return Unresolved(
        "CURRENCY_INACTIVE",
        f"the currency {code} is not active in Odoo. Activate it there and enter its rates.",
        code,
        "an active currency",
    )


def _no_rate(code: str, day: dt.date, days: list[dt.date]) -> Unresolved:
    what = f"the first one is of {min(days)}" if days else "there is none at all"
    return Unresolved(
        "CURRENCY_NO_RATE",
        f"Odoo has no rate of {code} for {day} or before ({what}) and would take a wrong one "
        "without a word. Enter the rate there.",
        code,
        f"a rate for {day} or before",
    )
