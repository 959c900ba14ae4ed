"""Bills that somebody else entered in Odoo: Odoo 19 lets the same bill be entered twice.

People write a supplier's number as they like: in small letters, with blanks, without its leading
zeros, with a slip of a key, or not at all. So numbers are compared in their normalised form, and a
bill of the same supplier, date and total is looked at too.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pyarrow as pa

from etl import reference_numbers
from etl.odoo.client import Client, Domain, Row, many2one
from etl.odoo.external_ids import MODULE
from etl.odoo.json_numbers import json_number, money
from etl.odoo.resolution import ResolvedBill
from etl.odoo.rows import MODEL
from etl.odoo.target import Rejected

# A supplier's bills by other users are looked through for numbers that are spelled otherwise as
# far back as this before the oldest new bill; the same spelling is found whenever it was.
_LOOK_BACK = dt.timedelta(days=400)
_FIELDS = (
    *("name", "ref", "move_type", "partner_id", "commercial_partner_id"),
    *("invoice_date", "amount_total", "currency_id"),
)
_LIVING: Domain = [["state", "!=", "cancel"], ["move_type", "in", ["in_invoice", "in_refund"]]]

_Supplier = tuple[str, int]
"""Type of the document and partner."""


@dataclass(frozen=True, slots=True)
class _ForeignBill:
    """A bill of somebody else, with its number as numbers compare; empty for none."""

    row: Row
    number: str

    def has_total_of(self, resolved: ResolvedBill) -> bool:
        """Whether date, currency and total are those of the bill."""
        bill, row = resolved.bill, self.row
        return (
            row["invoice_date"] == bill.invoice_date.isoformat()
            and many2one(row["currency_id"]) == resolved.currency
            and money(row["amount_total"]) == bill.amount_total
        )


def find_foreign_bills(client: Client, bills: Sequence[ResolvedBill]) -> list[Rejected]:
    """Return a rejection for each new bill that is in Odoo already without our external id.

    The same bill means: same supplier (or another contact of the same company), same type, not
    cancelled, and the same number however it is spelled; or no number, and the same date and
    total. The same date and total under another number may be the same bill: it is held too,
    unless that other number is one of the bills that are pushed.
    """
    foreign: defaultdict[_Supplier, list[_ForeignBill]] = defaultdict(list)
    for found in _read(client, bills):
        for partner in {
            many2one(found.row[name]) for name in ("partner_id", "commercial_partner_id")
        }:
            foreign[found.row["move_type"], partner or 0].append(found)
    numbers = _numbers(resolved.bill.ref for resolved in bills)
    pushed = {
        (resolved.bill.move_type, resolved.partner, number)
        for resolved, number in zip(bills, numbers, strict=True)
    }
    rejected: list[Rejected] = []
    for resolved, number in zip(bills, numbers, strict=True):
        supplier = (resolved.bill.move_type, resolved.partner)
        of_supplier = foreign[supplier]
        same = [
            other
            for other in of_supplier
            if (other.number == number and number)
            or other.row["ref"] == resolved.bill.ref
            or (not other.number and other.has_total_of(resolved))
        ]
        alike = [
            other
            for other in of_supplier
            if other.has_total_of(resolved) and (*supplier, other.number) not in pushed
        ]
        if same:
            rejected.append(_duplicate(resolved, same[0]))
        elif alike:
            rejected.append(_perhaps_duplicate(resolved, alike[0]))
    return rejected


def _read(client: Client, bills: Sequence[ResolvedBill]) -> list[_ForeignBill]:
    """Read what may be one of the bills and is not ours.

    Of what the service user made itself, which are our own bills with few exceptions, only those
    of a wanted date and total are read, so that the work does not grow with what was pushed.
    """
    days = {resolved.bill.invoice_date for resolved in bills}
    totals = {json_number(resolved.bill.amount_total) for resolved in bills}
    partners = sorted({resolved.partner for resolved in bills})
    since = (min(days) - _LOOK_BACK).isoformat()
    of_suppliers = client.search_read(
        MODEL,
        [
            *_LIVING,
            *("|", ["partner_id", "in", partners], ["commercial_partner_id", "in", partners]),
            "|",
            *("&", ["create_uid", "!=", client.login()]),
            *("|", ["invoice_date", "=", False], ["invoice_date", ">=", since]),
            *("&", ["invoice_date", "in", sorted(day.isoformat() for day in days)]),
            ["amount_total", "in", sorted(totals)],
        ],
        _FIELDS,
    )
    refs = (resolved.bill.ref for resolved in bills)
    spelled_alike = client.search_in(MODEL, "ref", refs, _FIELDS, where=_LIVING)
    rows = {row["id"]: row for row in (*of_suppliers, *spelled_alike)}
    ours = {
        row["res_id"]
        for row in client.search_in(
            "ir.model.data",
            "res_id",
            rows,
            ("res_id",),
            where=[["module", "=", MODULE], ["model", "=", MODEL]],
        )
    }
    theirs = [row for number, row in sorted(rows.items()) if number not in ours]
    numbers = _numbers(row["ref"] or "" for row in theirs)
    return [_ForeignBill(row, number) for row, number in zip(theirs, numbers, strict=True)]


def _numbers(refs: Iterable[str]) -> list[str]:
    """Return the numbers as they compare, without leading zeros; empty where nothing remains."""
    normalised = reference_numbers.normalise(pa.array(refs, pa.string()))
    return [(number or "").lstrip("0") for number in normalised.to_pylist()]


def _duplicate(resolved: ResolvedBill, other: _ForeignBill) -> Rejected:
    bill, row = resolved.bill, other.row
    under = f"as {row['ref']!r}" if row["ref"] else "with the same date and total, without a number"
    return bill.rejected(
        "DUPLICATE_IN_ODOO",
        f"Odoo has the bill {bill.ref!r} of this supplier already, {under}, and it was not made by "
        f"etl ({_named(row)}). Cancel that one and push again, or close this exception.",
        bill.ref,
        "no such bill",
        remote_id=row["id"],
    )


def _perhaps_duplicate(resolved: ResolvedBill, other: _ForeignBill) -> Rejected:
    bill, row = resolved.bill, other.row
    return bill.rejected(
        "POSSIBLE_DUPLICATE_IN_ODOO",
        f"Odoo has a bill of this supplier with the same date and total, {bill.invoice_date} and "
        f"{bill.amount_total:.2f} {bill.currency}, under the number {row['ref']!r}, which was not "
        f"made by etl ({_named(row)}). If it is the same bill, correct its number and close this "
        "exception; if not, enter this bill by hand.",
        row["ref"],
        bill.ref,
        remote_id=row["id"],
    )


def _named(row: Row) -> str:
    return f"{row['name'] or 'a draft'}, id {row['id']}"
