"""A vendor bill as this room handles it, made from the Arrow tables of a push."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import pyarrow as pa

from etl.odoo.external_ids import bill_name, qualified
from etl.odoo.target import Rejected, RejectionKind

# PostgreSQL takes no NUL, and what prints or exports a bill in Odoo none of the others.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ufffe\uffff]+")
_CONTROL_IN_TEXT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff]+")


@dataclass(frozen=True, slots=True)
class BillLine:
    """One charge; `price_unit` is in the bill's currency and may be negative (a discount)."""

    line_no: int
    product_code: str
    name: str
    quantity: Decimal
    price_unit: Decimal
    tax_rate: Decimal | None
    tax_category: str | None
    analytic_code: str | None

    @property
    def amount(self) -> Decimal:
        """Price times quantity, not rounded."""
        return self.quantity * self.price_unit


@dataclass(frozen=True, slots=True)
class Bill:
    """One vendor bill or vendor credit note (``in_refund``, amounts positive).

    Attributes:
        name: the external id's name, without module.
    """

    source_key: str
    record_hash: str
    move_type: str
    ref: str
    partner_ref: str
    partner_vat: str | None
    invoice_date: dt.date
    date: dt.date
    invoice_date_due: dt.date | None
    currency: str
    payment_reference: str | None
    invoice_origin: str | None
    narration: str | None
    amount_total: Decimal
    amount_tax: Decimal | None
    lines: tuple[BillLine, ...]
    name: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", bill_name(self.source_key))

    @property
    def external_id(self) -> str:
        """``etl.<name>``."""
        return qualified(self.name)

    def rejected(
        self,
        code: str,
        message: str,
        value: object = None,
        expected: object = None,
        *,
        kind: RejectionKind = RejectionKind.BUSINESS,
        remote_id: int | None = None,
    ) -> Rejected:
        """Return the rejection of this bill for one reason."""
        return Rejected(
            self.source_key,
            kind,
            code,
            message,
            None if value is None else str(value)[:200],
            None if expected is None else str(expected)[:200],
            remote_id,
        )


def read_bills(tables: Mapping[str, pa.Table]) -> tuple[list[Bill], list[Rejected]]:
    """Return the bills in the order of their table, and those that cannot be any.

    A source key that comes twice would be one record in Odoo, and so would a line number that
    comes twice in a bill: the second bill, and the whole bill, are rejected. So is a bill below
    zero, which no target takes. A credit note is money back whatever sign its sender writes, as in
    the audit: one below zero is turned round.
    """
    lines_of: defaultdict[int, list[BillLine]] = defaultdict(list)
    for row in tables["vendor_bill_line"].to_pylist():
        lines_of[row["record_id"]].append(_line(row))
    bills: list[Bill] = []
    rejected: list[Rejected] = []
    seen: set[str] = set()
    for row in tables["vendor_bill"].to_pylist():
        lines = sorted(lines_of[row["record_id"]], key=lambda line: line.line_no)
        bill = _bill(row, tuple(lines))
        reason = _ambiguity(bill, seen) or _below_zero(bill)
        seen.add(bill.source_key)
        if reason is None:
            bills.append(bill)
        else:
            rejected.append(reason)
    return bills, rejected


def _ambiguity(bill: Bill, seen: set[str]) -> Rejected | None:
    """Say why this bill has no external ids of its own, if so."""
    numbers = [line.line_no for line in bill.lines]
    if bill.source_key in seen:
        return bill.rejected(
            "DUPLICATE_KEY",
            "another bill of this push has the same business key, so this one was not pushed. "
            "Find out which of the two documents is right.",
            bill.ref,
            kind=RejectionKind.DATA,
        )
    if not bill.ref:
        return bill.rejected(
            "NO_NUMBER",
            "the supplier's number of the bill has no character that can be printed. Find out the "
            "number from the supplier's document, and check the mapping of ref.",
            kind=RejectionKind.DATA,
        )
    if not numbers:
        return bill.rejected(
            "NO_LINES",
            "the bill has no lines. Check the mapping of its charges.",
            bill.ref,
            kind=RejectionKind.DATA,
        )
    if len(set(numbers)) < len(numbers) or not 0 <= numbers[0] <= numbers[-1] <= 99_999:
        return bill.rejected(
            "BAD_LINE_NUMBERS",
            "the line numbers of the bill are not unique numbers from 0 to 99999. "
            "Check the mapping of line_no.",
            ", ".join(map(str, numbers)),
            kind=RejectionKind.DATA,
        )
    return None


def _below_zero(bill: Bill) -> Rejected | None:
    if bill.amount_total >= 0:
        return None
    return bill.rejected(
        "NEGATIVE_TOTAL",
        "Odoo takes no bill with a negative total. Map it to a credit note (move_type "
        "in_refund) with positive amounts.",
        f"{bill.amount_total:.2f}",
        "a positive total",
    )


def _bill(row: Mapping[str, Any], lines: tuple[BillLine, ...]) -> Bill:
    bill = Bill(
        source_key=row["source_key"],
        record_hash=row["record_hash"],
        move_type=row["move_type"],
        ref=_printable(row["ref"]),
        partner_ref=_printable(row["partner_ref"]),
        partner_vat=_if_any(row.get("partner_vat")),
        invoice_date=row["invoice_date"],
        date=row["date"],
        invoice_date_due=row.get("invoice_date_due"),
        currency=_printable(row["currency"]),
        payment_reference=_if_any(row.get("payment_reference")),
        invoice_origin=_if_any(row.get("invoice_origin")),
        narration=_if_any(row.get("narration"), _CONTROL_IN_TEXT),
        amount_total=row["amount_total"],
        amount_tax=row.get("amount_tax"),
        lines=lines,
    )
    turned = bill.move_type == "in_refund" and bill.amount_total < 0
    return _turned_round(bill) if turned else bill


def _turned_round(bill: Bill) -> Bill:
    return replace(
        bill,
        amount_total=-bill.amount_total,
        amount_tax=None if bill.amount_tax is None else -bill.amount_tax,
        lines=tuple(replace(line, price_unit=-line.price_unit) for line in bill.lines),
    )


def _line(row: Mapping[str, Any]) -> BillLine:
    code = _printable(row["product_code"])
    return BillLine(
        line_no=row["line_no"],
        product_code=code,
        name=_printable(row["name"], _CONTROL_IN_TEXT) or code,
        quantity=row["quantity"],
        price_unit=row["price_unit"],
        tax_rate=row.get("tax_rate"),
        tax_category=_if_any(row.get("tax_category")),
        analytic_code=_if_any(row.get("analytic_code")),
    )


def _printable(text: str, unwanted: re.Pattern[str] = _CONTROL) -> str:
    """Return the text with a blank for its control characters, none at its ends."""
    if unwanted.search(text) is None:
        return text
    return unwanted.sub(" ", text.replace("\r\n", "\n")).strip()


def _if_any(text: str | None, unwanted: re.Pattern[str] = _CONTROL) -> str | None:
    """The same for a text that may be absent; nothing is left: absent."""
    return None if text is None else _printable(text, unwanted) or None
