"""Vendor bills for the tests, as the Arrow tables that a push gets."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pyarrow as pa

_MONEY = pa.decimal128(18, 4)
_QUANTITY = pa.decimal128(18, 6)

_BILL = pa.schema(
    [
        ("record_id", pa.int64()),
        ("record_hash", pa.string()),
        ("source_key", pa.string()),
        ("ref", pa.string()),
        ("partner_ref", pa.string()),
        ("partner_vat", pa.string()),
        ("move_type", pa.string()),
        ("invoice_date", pa.date32()),
        ("date", pa.date32()),
        ("invoice_date_due", pa.date32()),
        ("currency", pa.string()),
        ("payment_reference", pa.string()),
        ("invoice_origin", pa.string()),
        ("narration", pa.string()),
        ("amount_total", _MONEY),
        ("amount_tax", _MONEY),
    ]
)
_LINE = pa.schema(
    [
        ("record_id", pa.int64()),
        ("line_no", pa.int64()),
        ("product_code", pa.string()),
        ("name", pa.string()),
        ("quantity", _QUANTITY),
        ("price_unit", _MONEY),
        ("tax_rate", _QUANTITY),
        ("tax_category", pa.string()),
        ("analytic_code", pa.string()),
    ]
)


@dataclass
class SampleLine:
    """A charge."""

    product_code: str
    price_unit: str
    quantity: str = "1"
    tax_rate: str | None = None
    tax_category: str | None = None
    analytic_code: str | None = None
    name: str | None = None
    line_no: int | None = None


@dataclass
class SampleBill:
    """A bill of two untaxed charges in the company's currency, unless told otherwise."""

    ref: str
    lines: Sequence[SampleLine] = (SampleLine("BASE", "100.00"), SampleLine("FUEL", "12.34"))
    amount_total: str | None = None
    amount_tax: str | None = None
    partner_ref: str = "ACLT"
    partner_vat: str | None = None
    move_type: str = "in_invoice"
    invoice_date: dt.date = dt.date(2026, 3, 2)
    date: dt.date = dt.date(2026, 3, 5)
    invoice_date_due: dt.date | None = None
    currency: str = "USD"
    payment_reference: str | None = None
    invoice_origin: str | None = None
    narration: str | None = None
    source_key: str = ""
    extra: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.source_key = self.source_key or f"test/freight_invoice/{self.ref}/0"
        if self.amount_total is None:
            self.amount_total = str(sum(map(_gross, self.lines), Decimal(0)))

    @property
    def record_hash(self) -> str:
        """A hash of the content."""
        return hashlib.sha256(repr(self).encode()).hexdigest()


def tables_of(*bills: SampleBill) -> dict[str, pa.Table]:
    """Return the two tables of the bills."""
    headers: list[dict[str, Any]] = []
    lines: list[dict[str, Any]] = []
    for record_id, bill in enumerate(bills):
        header = {name: getattr(bill, name, None) for name in _BILL.names}
        header["record_id"] = record_id
        headers.append(_typed(header, _BILL))
        for number, line in enumerate(bill.lines, start=1):
            row = {name: getattr(line, name, None) for name in _LINE.names}
            row["record_id"] = record_id
            row["line_no"] = line.line_no if line.line_no is not None else number
            row["name"] = line.name or f"{line.product_code} charge"
            lines.append(_typed(row, _LINE))
    return {
        "vendor_bill": pa.Table.from_pylist(headers, _BILL),
        "vendor_bill_line": pa.Table.from_pylist(lines, _LINE),
    }


def _gross(line: SampleLine) -> Decimal:
    net = Decimal(line.quantity) * Decimal(line.price_unit)
    return round(net * (1 + Decimal(line.tax_rate or 0) / 100), 2)


def _typed(row: dict[str, Any], schema: pa.Schema) -> dict[str, Any]:
    """Turn the decimals, written as text in tests, into decimals."""
    return {
        name: Decimal(value)
        if value is not None and pa.types.is_decimal(schema.field(name).type)
        else value
        for name, value in row.items()
    }
