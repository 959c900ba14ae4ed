"""The company that the bills belong to: its currency, purchase journal and locked periods."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from etl.errors import TerminalError
from etl.odoo.client import Client, many2one

# The user's own view honours exceptions given to him; the plain fields are what 14 has.
_LOCKS = {
    "all": ("user_fiscalyear_lock_date", "user_purchase_lock_date", "user_hard_lock_date"),
    "all, before 18": ("fiscalyear_lock_date", "period_lock_date"),
    "taxed": ("user_tax_lock_date",),
    "taxed, before 18": ("tax_lock_date",),
}
_ROUNDING = "tax_calculation_rounding_method"
# Versions before took the setting for taxes alone, and rounded each line whatever it was.
_ROUNDS_SUMS = (18, 0)


@dataclass(frozen=True, slots=True)
class Company:
    """What pushing has to know of the company.

    Attributes:
        name: as people know it.
        currency: id of its currency.
        journal: id of the purchase journal.
        locked: last day of the locked period, None where nothing is locked.
        tax_locked: the same for documents with taxes.
        price_digits: decimals that Odoo keeps of a unit price.
        quantity_digits: decimals that Odoo keeps of a quantity.
        rounds_lines: the amount of each line is rounded, and not the sum of those with one tax.
    """

    name: str
    currency: int
    journal: int
    locked: dt.date | None
    tax_locked: dt.date | None
    price_digits: int
    quantity_digits: int
    rounds_lines: bool


def read_company(client: Client) -> Company:
    """Return the company of the settings.

    Raises:
        TerminalError: no such company for this user, or no such purchase journal.
    """
    wanted = client.settings.company
    _require_allowed(client, wanted)
    known = client.ask("res.company", "fields_get", attributes=["type"])
    recent = "user_fiscalyear_lock_date" in known
    general = _LOCKS["all" if recent else "all, before 18"]
    taxed = _LOCKS["taxed" if recent else "taxed, before 18"]
    present = [name for name in (*general, *taxed) if name in known]
    rows = client.search_read(
        "res.company", [["id", "=", wanted]], ["name", "currency_id", _ROUNDING, *present]
    )
    row = rows[0]
    digits = client.ask(
        "account.move.line",
        "fields_get",
        allfields=["price_unit", "quantity"],
        attributes=["digits"],
    )
    return Company(
        name=row["name"],
        currency=many2one(row["currency_id"]) or 0,
        journal=_purchase_journal(client),
        locked=_latest(row[name] for name in general if name in row),
        tax_locked=_latest(row[name] for name in taxed if name in row),
        price_digits=int((digits["price_unit"].get("digits") or (16, 2))[1]),
        quantity_digits=int((digits["quantity"].get("digits") or (16, 2))[1]),
        rounds_lines=row[_ROUNDING] == "round_per_line" or client.version < _ROUNDS_SUMS,
    )


def _require_allowed(client: Client, company: int) -> None:
    """Raise unless the user may work in the company; Odoo's own words would not name it."""
    user = client.login()
    (row,) = client.ask(
        "res.users", "read", [user], context={"allowed_company_ids": []}, fields=["company_ids"]
    )
    if company not in row["company_ids"]:
        raise TerminalError(
            f"the Odoo user {client.settings.login!r} has no company with the id {company}. "
            "Correct company in the Odoo settings, or allow the company to the user."
        )


def _purchase_journal(client: Client) -> int:
    code = client.settings.journal
    where = [["type", "=", "purchase"], ["company_id", "=", client.settings.company]]
    if code is not None:
        where.append(["code", "=", code])
    rows = client.search_read("account.journal", where, ["code"], order="sequence, id")
    if not rows:
        named = "" if code is None else f" with the code {code!r}"
        raise TerminalError(
            f"company {client.settings.company} in Odoo has no purchase journal{named}. "
            "Correct journal in the Odoo settings, or create the journal."
        )
    return int(rows[0]["id"])


def _latest(days: Iterable[str | Literal[False]]) -> dt.date | None:
    """Return the latest day; for none Odoo says False, or the year 1 written ``1-01-01``."""
    found = [dt.date.fromisoformat(day) for day in days if day and len(day) == len("2026-01-01")]
    return max((day for day in found if day.year > 1), default=None)
