"""The rows that `load()` takes: a bill's header beside its first line, the other lines below.

A blank cell means "empty" to Odoo and overrides its defaults, so a column is only there when
all bills of the call fill it. Taxes and the payment term are always there, empty where there is
none, as Odoo else adds the product's taxes and the vendor's term.
"""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from dataclasses import dataclass

from etl.odoo.due_dates import DAY, TERM
from etl.odoo.external_ids import line_name, qualified
from etl.odoo.resolution import ResolvedBill, ResolvedLine

MODEL = "account.move"
LINES = "invoice_line_ids"


@dataclass(frozen=True, slots=True)
class LoadRows:
    """A record's cells; records with the same `model` and `fields` can go in one call."""

    model: str
    external_id: str
    fields: tuple[str, ...]
    cells: list[list[str]]


def new_bill_rows(resolved: ResolvedBill, journal: int, largest_lines: int) -> LoadRows:
    """Return the rows that create a bill as a draft, with that many of its lines at most."""
    bill = resolved.bill
    header = {
        "id": bill.external_id,
        "move_type": bill.move_type,
        "journal_id/.id": str(journal),
        "partner_id/.id": str(resolved.partner),
        "currency_id/.id": str(resolved.currency),
        "ref": bill.ref,
        "invoice_date": bill.invoice_date.isoformat(),
        "date": bill.date.isoformat(),
    }
    if resolved.due.day is not None:
        header[DAY] = resolved.due.day.isoformat()
    header[f"{TERM}/.id"] = str(resolved.due.term or "")
    if bill.payment_reference:
        header["payment_reference"] = bill.payment_reference
    if bill.invoice_origin:
        header["invoice_origin"] = bill.invoice_origin
    if bill.narration:
        header["narration"] = as_html(bill.narration)
    return _rows(header, resolved, resolved.lines[:largest_lines])


def new_line_rows(resolved: ResolvedBill, lines: Sequence[ResolvedLine]) -> LoadRows:
    """Return the rows that add lines to a bill that is there, leaving its header alone."""
    return _rows({"id": resolved.bill.external_id}, resolved, lines)


def line_external_id(resolved: ResolvedBill, line: ResolvedLine) -> str:
    """Return the external id of a bill's line."""
    return qualified(line_name(resolved.bill.name, line.line.line_no))


def as_html(text: str) -> str:
    """Return plain text as the HTML that Odoo keeps for notes."""
    return "<p>" + html.escape(text, quote=False).replace("\n", "<br>") + "</p>"


def analytic_distribution(account: int) -> dict[str, int]:
    """Return Odoo's value for "all of it to this analytic account"."""
    return {str(account): 100}


def _rows(
    header: dict[str, str], resolved: ResolvedBill, lines: Sequence[ResolvedLine]
) -> LoadRows:
    with_analytic = any(line.analytic for line in lines)
    rows = [_line_cells(resolved, line, with_analytic) for line in lines]
    fields = (*header, *(f"{LINES}/{field}" for field in rows[0]))
    blank = [""] * len(header)
    cells = [
        [*(header.values() if number == 0 else blank), *row.values()]
        for number, row in enumerate(rows)
    ]
    return LoadRows(MODEL, resolved.bill.external_id, fields, cells)


def _line_cells(
    resolved: ResolvedBill, resolved_line: ResolvedLine, with_analytic: bool
) -> dict[str, str]:
    line = resolved_line.line
    cells = {
        "id": line_external_id(resolved, resolved_line),
        "sequence": str(line.line_no),
        "product_id/.id": str(resolved_line.product),
        "name": line.name,
        "quantity": format(line.quantity, "f"),
        "price_unit": format(line.price_unit, "f"),
        "tax_ids/.id": str(resolved_line.tax or ""),
    }
    if with_analytic:
        account = resolved_line.analytic
        cells["analytic_distribution"] = (
            json.dumps(analytic_distribution(account)) if account else ""
        )
    return cells
