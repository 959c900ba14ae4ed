"""The CSV file that Odoo's own import takes: vendor bills with their lines.

Odoo's import cannot set the type of a document (the field is read-only there): it takes the type
of the list that it was started from. So bills and credit notes go to files of their own.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

from etl.odoo.bills import Bill, BillLine
from etl.odoo.due_dates import DAY, TERM, documents_day
from etl.odoo.external_ids import line_name, qualified
from etl.odoo.rows import LINES, as_html
from etl.odoo.settings import DuePolicy
from etl.odoo.taxes import TaxKey, configured_name, usual_name

FILES = {"in_invoice": "bills", "in_refund": "refunds"}
"""The part of a file's name that says from which list in Odoo it is to be imported."""

_ALWAYS = ("id", "partner_id", "ref", "invoice_date", "date", DAY, "currency_id")
_WHERE_FILLED = ("payment_reference", "invoice_origin", "narration")
_LINE = ("id", "sequence", "product_id", "name", "quantity", "price_unit", "tax_ids")


def by_columns(bills: Sequence[Bill], due_date: DuePolicy) -> list[tuple[Bill, ...]]:
    """Return the bills in groups that fit into one file each, those on their own due dates first.

    These need an empty payment term beside their due date, and the same cell would empty the
    vendor's term of the others.
    """
    own = tuple(bill for bill in bills if documents_day(bill, due_date) is not None)
    others = tuple(bill for bill in bills if documents_day(bill, due_date) is None)
    return [group for group in (own, others) if group]


def import_file(bills: Sequence[Bill], taxes: Mapping[str, str], due_date: DuePolicy) -> bytes:
    """Return the file's bytes: UTF-8 with its mark, comma, one row a line, the header at its first.

    Odoo finds the partner by its reference, the product by its internal reference, tax and
    currency by name. A bill that is imported again is updated, not doubled, as it and its
    lines carry external ids.

    Args:
        bills: of one type and one group of `by_columns`.
        taxes: our tax -> name in Odoo; see `OdooSettings.taxes`.
        due_date: whose word it is when a bill is due.
    """
    headers = [_header(bill) for bill in bills]
    keys = {(line.tax_category, line.tax_rate) for bill in bills for line in bill.lines}
    tax_names = {key: configured_name(taxes, key) or usual_name(key) for key in keys}
    optional = [name for name in _WHERE_FILLED if any(getattr(bill, name) for bill in bills)]
    own_day = documents_day(bills[0], due_date) is not None
    names = (*_ALWAYS, *((TERM,) if own_day else ()), *optional)
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*names, *(f"{LINES}/{name}" for name in _LINE)])
    for bill, header in zip(bills, headers, strict=True):
        cells = [header[name] for name in names]
        for line in bill.lines:
            writer.writerow([*cells, *_line(bill, line, tax_names)])
            cells = [""] * len(names)
    # Without the mark at its beginning, Odoo guesses the encoding, and sometimes wrong.
    return text.getvalue().encode("utf-8-sig")


def _header(bill: Bill) -> dict[str, str]:
    # Where the vendor has a payment term, Odoo takes that; where not, it would take today.
    due = bill.invoice_date_due or bill.invoice_date
    return {
        "id": bill.external_id,
        "partner_id": bill.partner_ref,
        "ref": bill.ref,
        "invoice_date": bill.invoice_date.isoformat(),
        "date": bill.date.isoformat(),
        DAY: due.isoformat(),
        TERM: "",
        "currency_id": bill.currency,
        "payment_reference": bill.payment_reference or "",
        "invoice_origin": bill.invoice_origin or "",
        "narration": as_html(bill.narration) if bill.narration else "",
    }


def _line(bill: Bill, line: BillLine, tax_names: Mapping[TaxKey, str]) -> list[str]:
    return [
        qualified(line_name(bill.name, line.line_no)),
        str(line.line_no),
        line.product_code,
        line.name,
        format(line.quantity, "f"),
        format(line.price_unit, "f"),
        tax_names[line.tax_category, line.tax_rate],
    ]
