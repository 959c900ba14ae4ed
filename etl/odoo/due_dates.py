"""When a bill is due: on the document's day or by the vendor's payment term, by a declared policy.

Odoo computes the payable lines of a bill that has a payment term from that term, whatever due date
the bill was given, and a bill gets its vendor's term by itself. So a document's own due date needs
an empty term beside it; and a bill without both would be due today.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from etl.odoo.bills import Bill
from etl.odoo.client import Client, Domain, many2one
from etl.odoo.settings import DuePolicy
from etl.odoo.target import Rejected

TERM = "invoice_payment_term_id"
DAY = "invoice_date_due"
_VENDORS_TERM = "property_supplier_payment_term_id"


@dataclass(frozen=True, slots=True)
class Due:
    """When a bill is due in Odoo: on a day, or (day None) by a payment term.

    Attributes:
        term: id of the vendor's payment term, None for none.
        from_document: the day is the document's own, so nobody may have changed it.
    """

    day: dt.date | None
    term: int | None = None
    from_document: bool = False


def documents_day(bill: Bill, policy: DuePolicy) -> dt.date | None:
    """Return the day that the document gives, where it is the document's to say."""
    return bill.invoice_date_due if policy is DuePolicy.DOCUMENT else None


def due_by(bill: Bill, policy: DuePolicy, vendors_term: int | None) -> Due:
    """Return when the bill is due; without a due date and a term on its invoice date."""
    day = documents_day(bill, policy)
    if day is not None:
        return Due(day, from_document=True)
    if vendors_term is not None:
        return Due(None, vendors_term)
    return Due(
        bill.invoice_date_due or bill.invoice_date, from_document=bool(bill.invoice_date_due)
    )


def find_terms(client: Client, partners: Iterable[int]) -> dict[int, int | None]:
    """Return the payment term of each vendor, None for none."""
    rows = client.search_in("res.partner", "id", partners, (_VENDORS_TERM,), archived=True)
    return {row["id"]: many2one(row[_VENDORS_TERM]) for row in rows}


def read_due_days(client: Client, bills: Iterable[int]) -> dict[int, set[str]]:
    """Return the days on which the payable lines of the bills fall due, by the bill's id."""
    days: defaultdict[int, set[str]] = defaultdict(set)
    lines = client.search_in(
        "account.move.line",
        "move_id",
        bills,
        ("move_id", "date_maturity"),
        where=_payable_lines(client),
    )
    for line in lines:
        days[many2one(line["move_id"]) or 0].add(str(line["date_maturity"]))
    return days


def due_differs(
    bill: Bill, wanted: dt.date | None, remote_id: int, days: Mapping[int, Iterable[str]]
) -> Rejected | None:
    """Return the reason if the bill's payable lines do not fall due on the wanted day.

    Args:
        wanted: None: a payment term says, so nothing is to be compared.
        days: of the payable lines, by the bill's id; a bill of nothing has none.
    """
    found = sorted(days.get(remote_id, ()))
    if wanted is None or set(found) <= {wanted.isoformat()}:
        return None
    return bill.rejected(
        "DUE_DATE_DIFFERS",
        f"the bill (id {remote_id}) is due on {', '.join(found)} in Odoo instead of {wanted}. "
        "Empty its payment term there and enter the due date, or set due_date to vendor_term in "
        "the Odoo settings where the vendor's terms are right.",
        ", ".join(found),
        wanted,
        remote_id=remote_id,
    )


def _payable_lines(client: Client) -> Domain:
    if client.version >= (16, 0):
        return [["display_type", "=", "payment_term"]]
    return [["account_internal_type", "=", "payable"]]
