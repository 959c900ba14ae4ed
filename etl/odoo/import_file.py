"""The CSV file that Odoo's own import takes: vendor bills with their lines.

Odoo's import cannot set the type of a document (the field is read-only there): it takes the type
of the list that it was started from. So bills and credit notes go to files of their own.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO

import pyarrow as pa
import pyarrow.compute as pc

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


@dataclass(frozen=True, slots=True)
class FileKind:
    """Which file a bill goes to, as all bills of a file have the same columns.

    A bill with a due date of its own needs an empty payment term beside it, and the same cell
    would empty the vendor's term of the others.

    Attributes:
        others_day: the bills' due dates are not the documents' own; these come first.
        optional: columns that are filled in any bill of the kind.
    """

    move_type: str
    others_day: bool
    optional: tuple[str, ...] = field(compare=False)


def file_kinds(bills: pa.Table, due_date: DuePolicy) -> list[FileKind]:
    """The kinds of files for the bills of a table, in the order in which they are named.

    Args:
        due_date: whose word it is when a bill is due.
    """
    if due_date is DuePolicy.DOCUMENT and "invoice_date_due" in bills.column_names:
        others_day = bills["invoice_date_due"].is_null()
    else:
        others_day = pa.chunked_array([pa.repeat(True, bills.num_rows)])
    optional = [name for name in _WHERE_FILLED if name in bills.column_names]
    groups = pa.table(
        [bills["move_type"], others_day, *(_filled(bills[name]) for name in optional)],
        names=["move_type", "others_day", *optional],
    ).group_by(["move_type", "others_day"])
    kinds = [
        FileKind(
            row["move_type"],
            row["others_day"],
            tuple(name for name in optional if row[f"{name}_any"]),
        )
        for row in groups.aggregate([(name, "any") for name in optional]).to_pylist()
    ]
    order = list(FILES)
    return sorted(kinds, key=lambda kind: (order.index(kind.move_type), kind.others_day))


def _filled(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.fill_null(pc.greater(pc.binary_length(texts), 0), False)


class ImportFile:
    """Writes bills of one kind: UTF-8 with its mark, comma, a row a line, the header at its first.

    Odoo finds the partner by its reference, the product by its internal reference, tax and
    currency by name. A bill that is imported again is updated, not doubled, as it and its
    lines carry external ids.
    """

    def __init__(self, stream: IO[bytes], kind: FileKind, taxes: Mapping[str, str]) -> None:
        """Write the names of the columns.

        Args:
            stream: stays open when this is closed.
            taxes: our tax -> name in Odoo; see `OdooSettings.taxes`.
        """
        self._taxes = taxes
        self._tax_names: dict[TaxKey, str] = {}
        term = () if kind.others_day else (TERM,)
        self._names = (*_ALWAYS, *term, *kind.optional)
        # Without the mark at its beginning, Odoo guesses the encoding, and sometimes wrong.
        stream.write(codecs.BOM_UTF8)
        self._text = io.TextIOWrapper(stream, "utf-8", newline="")
        self._writer = csv.writer(self._text, lineterminator="\n")
        self._writer.writerow([*self._names, *(f"{LINES}/{name}" for name in _LINE)])

    def add(self, bills: Iterable[Bill]) -> None:
        """Write bills, which are of the file's kind."""
        nothing = [""] * len(self._names)
        rows: list[Sequence[str]] = []
        for bill in bills:
            header = _header(bill)
            cells = [header[name] for name in self._names]
            for line in bill.lines:
                rows.append([*cells, *_line(bill, line, self._tax_name(line))])
                cells = nothing
        self._writer.writerows(rows)

    def end(self) -> None:
        """Give all of it to the stream."""
        self._text.detach()

    def _tax_name(self, line: BillLine) -> str:
        key = (line.tax_category, line.tax_rate)
        if key not in self._tax_names:
            self._tax_names[key] = configured_name(self._taxes, key) or usual_name(key)
        return self._tax_names[key]


def kind_of(bill: Bill, due_date: DuePolicy) -> FileKind:
    """The kind of file that a bill goes to."""
    return FileKind(bill.move_type, documents_day(bill, due_date) is None, ())


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


def _line(bill: Bill, line: BillLine, tax_name: str) -> list[str]:
    return [
        qualified(line_name(bill.name, line.line_no)),
        str(line.line_no),
        line.product_code,
        line.name,
        format(line.quantity, "f"),
        format(line.price_unit, "f"),
        tax_name,
    ]
