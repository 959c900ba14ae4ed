"""From the keys of bills to Odoo's ids, for a whole push at once; what has none is parked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from etl.odoo.bill_faults import find_faults
from etl.odoo.bills import Bill, BillLine
from etl.odoo.client import Client
from etl.odoo.company import Company
from etl.odoo.currencies import Currency, find_currencies
from etl.odoo.due_dates import Due, due_by, find_terms
from etl.odoo.partners import find_partners
from etl.odoo.products import find_analytic_accounts, find_products
from etl.odoo.target import Rejected
from etl.odoo.taxes import Tax, find_taxes
from etl.odoo.unresolved import Unresolved


@dataclass(frozen=True, slots=True)
class ResolvedLine:
    """A line with its ids; `tax` None means: no tax."""

    line: BillLine
    product: int
    tax: int | None
    analytic: int | None


@dataclass(frozen=True, slots=True)
class ResolvedBill:
    """A bill with its ids; `rounding` is the smallest amount in its currency."""

    bill: Bill
    partner: int
    due: Due
    currency: int
    rounding: Decimal
    lines: tuple[ResolvedLine, ...]


def resolve(
    client: Client, company: Company, bills: Sequence[Bill]
) -> tuple[list[ResolvedBill], list[Rejected]]:
    """Look up every key of the bills with a handful of questions.

    Returns:
        The bills whose keys all have a record, and every reason why the others have not.
    """
    if not bills:
        return [], []
    every_line = [line for bill in bills for line in bill.lines]
    partners = find_partners(client, ((bill.partner_ref, bill.partner_vat) for bill in bills))
    currencies = find_currencies(
        client, ((bill.currency, _rate_day(bill)) for bill in bills), company.currency
    )
    products = find_products(client, (line.product_code for line in every_line))
    analytics = find_analytic_accounts(
        client, (line.analytic_code for line in every_line if line.analytic_code)
    )
    taxes = find_taxes(
        client,
        ((line.tax_category, line.tax_rate) for line in every_line),
        client.settings.taxes,
    )
    terms = find_terms(client, (found for found in partners.values() if isinstance(found, int)))
    resolved: list[ResolvedBill] = []
    rejected: list[Rejected] = []
    for bill in bills:
        partner = partners[bill.partner_ref, bill.partner_vat]
        currency = currencies[bill.currency, _rate_day(bill)]
        lines = [
            (
                products[line.product_code],
                taxes[line.tax_category, line.tax_rate],
                analytics[line.analytic_code] if line.analytic_code else None,
            )
            for line in bill.lines
        ]
        missing = _missing([partner, currency, *(found for line in lines for found in line)])
        reasons = [
            bill.rejected(what.code, what.message, what.value, what.expected) for what in missing
        ]
        if isinstance(currency, Currency):
            known = [tax for _, tax, _ in lines if not isinstance(tax, Unresolved)]
            reasons += find_faults(bill, currency.rounding, company, known)
        if reasons:
            rejected += reasons
            continue
        assert isinstance(partner, int)
        assert isinstance(currency, Currency)
        resolved.append(
            ResolvedBill(
                bill,
                partner,
                due_by(bill, client.settings.due_date, terms.get(partner)),
                currency.id,
                currency.rounding,
                tuple(
                    ResolvedLine(line, _id(product), _tax_id(tax), _id(analytic) or None)
                    for line, (product, tax, analytic) in zip(bill.lines, lines, strict=True)
                ),
            )
        )
    return resolved, rejected


def _rate_day(bill: Bill) -> dt.date:
    """The earlier of both days: Odoo 14 takes the accounting date's rate, 19 the invoice's."""
    return min(bill.invoice_date, bill.date)


def _missing(found: Iterable[object]) -> list[Unresolved]:
    """Return what was not found, each once."""
    return list(dict.fromkeys(item for item in found if isinstance(item, Unresolved)))


def _id(found: int | Unresolved | None) -> int:
    assert not isinstance(found, Unresolved)
    return found or 0


def _tax_id(found: Tax | Unresolved | None) -> int | None:
    assert not isinstance(found, Unresolved)
    return found.id if found else None
