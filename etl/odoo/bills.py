"""A vendor bill as this room handles it, made from the Arrow tables of a push."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from etl.odoo.external_ids import bill_name, qualified
from etl.odoo.target import Rejected, RejectionKind


@dataclass(frozen=True, slots=True)
class _Text:
    """A column of text, for which PostgreSQL takes no NUL, and what prints or exports a bill in
    Odoo no other control character.

    Attributes:
        unwanted: what it may not hold.
        or_none: it may be absent, and is where nothing is left of it.
    """

    unwanted: re.Pattern[str]
    or_none: bool = False

    @property
    def to_find(self) -> str:
        """The same pattern for RE2, which is asked for a whole column whether there is any."""
        return re.sub(r"\\[ux]([0-9a-f]+)", r"\\x{\1}", self.unwanted.pattern)


_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ufffe\uffff]+")
_CONTROL_IN_TEXT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff]+")
_WORD, _WORD_OR_NONE = _Text(_CONTROL), _Text(_CONTROL, or_none=True)
_LINES_OR_NONE = _Text(_CONTROL_IN_TEXT, or_none=True)
_HEAD: dict[str, _Text | None] = {
    "source_key": None,
    "record_hash": None,
    "move_type": None,
    "ref": _WORD,
    "partner_ref": _WORD,
    "partner_vat": _WORD_OR_NONE,
    "invoice_date": None,
    "date": None,
    "invoice_date_due": None,
    "currency": _WORD,
    "payment_reference": _WORD_OR_NONE,
    "invoice_origin": _WORD_OR_NONE,
    "narration": _LINES_OR_NONE,
    "amount_total": None,
    "amount_tax": None,
}
"""Columns of a bill, in the order of :class:`Bill`."""
_LINE: dict[str, _Text | None] = {
    "line_no": None,
    "product_code": _WORD,
    "name": _LINES_OR_NONE,
    "quantity": None,
    "price_unit": None,
    "tax_rate": None,
    "tax_category": _WORD_OR_NONE,
    "analytic_code": _WORD_OR_NONE,
}
"""Columns of a line, in the order of :class:`BillLine`."""


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

    See :func:`bill_groups`.
    """
    bills: list[Bill] = []
    rejected: list[Rejected] = []
    for some, refused in bill_groups(tables):
        bills += some
        rejected += refused
    return bills, rejected


def bill_groups(
    tables: Mapping[str, pa.Table], size: int = 5000
) -> Iterator[tuple[list[Bill], list[Rejected]]]:
    """Give the bills in the order of their table, `size` rows of it at a time, and of these rows
    those that cannot be any.

    A source key that comes twice would be one record in Odoo, and so would a line number that
    comes twice in a bill: the second bill, and the whole bill, are rejected. So is a bill below
    zero, which no target takes. A credit note is money back whatever sign its sender writes, as in
    the audit: one below zero is turned round.
    """
    heads = tables["vendor_bill"]
    lines, ends = _lines_by_bill(heads, tables["vendor_bill_line"])
    seen: set[str] = set()
    for start in range(0, heads.num_rows, size):
        first = int(ends[start - 1]) if start else 0
        own_ends = (ends[start : start + size] - first).tolist()
        own_lines = _read_lines(lines.slice(first, own_ends[-1]))
        of_bills = [
            tuple(own_lines[begin:end])
            for begin, end in zip([0, *own_ends], own_ends, strict=False)
        ]
        bills: list[Bill] = []
        rejected: list[Rejected] = []
        as_written = map(Bill, *_columns(heads.slice(start, size), _HEAD), of_bills)
        for bill in map(_turned_round, as_written):
            reason = _ambiguity(bill, seen) or _below_zero(bill)
            seen.add(bill.source_key)
            if reason is None:
                bills.append(bill)
            else:
                rejected.append(reason)
        yield bills, rejected


def _lines_by_bill(heads: pa.Table, lines: pa.Table) -> tuple[pa.Table, npt.NDArray[np.int64]]:
    """The lines in the order of their bills and of their numbers, and where each bill's end."""
    of_bill = pc.index_in(lines["record_id"], value_set=heads["record_id"].combine_chunks())
    lines = lines.append_column("bill", of_bill).filter(of_bill.is_valid())
    lines = lines.sort_by([("bill", "ascending"), ("line_no", "ascending")])
    counts = np.bincount(lines["bill"].to_numpy(), minlength=heads.num_rows)
    return lines, np.cumsum(counts)


def _read_lines(lines: pa.Table) -> list[BillLine]:
    numbers, codes, names, *others = _columns(lines, _LINE)
    named = [name or code for name, code in zip(names, codes, strict=True)]
    return list(map(BillLine, numbers, codes, named, *others))


def _columns(table: pa.Table, kinds: Mapping[str, _Text | None]) -> list[list[Any]]:
    """Some columns; one that is not there is empty."""
    return [
        [None] * table.num_rows
        if name not in table.column_names
        else table[name].to_pylist()
        if kind is None
        else _cleaned(table[name], kind)
        for name, kind in kinds.items()
    ]


def _cleaned(column: pa.ChunkedArray, kind: _Text) -> list[Any]:
    """Texts without control characters."""
    texts = column.to_pylist()
    if not pc.any(pc.match_substring_regex(column, kind.to_find)).as_py():
        return [text or None for text in texts] if kind.or_none else texts
    cleaned = [None if text is None else _printable(text, kind.unwanted) for text in texts]
    return [text or None for text in cleaned] if kind.or_none else cleaned


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


def _turned_round(bill: Bill) -> Bill:
    """The bill with positive amounts, where it is a credit note below zero."""
    if bill.move_type != "in_refund" or bill.amount_total >= 0:
        return bill
    return replace(
        bill,
        amount_total=-bill.amount_total,
        amount_tax=None if bill.amount_tax is None else -bill.amount_tax,
        lines=tuple(replace(line, price_unit=-line.price_unit) for line in bill.lines),
    )


def _printable(text: str, unwanted: re.Pattern[str] = _CONTROL) -> str:
    """Return the text with a blank for its control characters, none at its ends."""
    if unwanted.search(text) is None:
        return text
    return unwanted.sub(" ", text.replace("\r\n", "\n")).strip()
