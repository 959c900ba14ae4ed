"""Small freight: invoices, expected charges and history for the tests, written in few words."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa

from etl.reconcile import Reconciliation, reconcile, tolerances_from

MONEY = pa.decimal128(18, 4)
TOLERANCES: dict[str, Any] = {"version": 1, "defaults": {"amount": 1, "percent": Decimal("0.5")}}


def invoice(number: str, *charges: tuple[Any, ...], **header: Any) -> dict[str, Any]:
    """An invoice of ACLT for shipment S1; a charge is (code, amount[, shipment_ref])."""
    lines = [
        {
            "charge_code": code,
            "amount": Decimal(str(amount)),
            "shipment_ref": ref[0] if ref else header.get("shipment_ref", "S1"),
        }
        for code, amount, *ref in charges
    ]
    total = sum((line["amount"] for line in lines), Decimal(0))
    record = {
        "business_key": f"acme/freight_invoice/{number}/0",
        "record_hash": f"hash of {number}",
        "carrier_scac": "ACLT",
        "invoice_no": number,
        "invoice_no_norm": number,
        "invoice_type": "380",
        "billing_kind": "original",
        "currency": "USD",
        "total": total,
        "lines": lines,
        "references": [],
    }
    record.update({"shipment_ref": "S1"} | header)
    record["total"] = Decimal(str(record["total"]))
    return record


def expect(shipment: str, code: str, amount: Any, **more: Any) -> dict[str, Any]:
    """An expected charge of ACLT."""
    charge = {
        "source": "rate",
        "carrier_scac": "ACLT",
        "shipment_ref": shipment,
        "charge_code": code,
        "amount": Decimal(str(amount)),
        "currency": "USD",
    }
    return charge | more


def before(number: str, **more: Any) -> dict[str, Any]:
    """An earlier document in history."""
    document = {
        "business_key": f"acme/freight_invoice/{number}/0",
        "record_hash": f"hash of {number}",
        "carrier_scac": "ACLT",
        "invoice_no_norm": number,
        "amount": Decimal("500"),
        "batch_id": "B1",
        "disposition": "pushed",
    }
    return document | more


def tables(invoices: Sequence[dict[str, Any]]) -> dict[str, pa.Table]:
    """The record set of `invoices`; record_id is the place in the list."""
    headers, lines, references = [], [], []
    for record_id, record in enumerate(invoices):
        header = {key: value for key, value in record.items() if not isinstance(value, list)}
        headers.append({"record_id": record_id} | header)
        for line in record["lines"]:
            currency = {"currency": record.get("currency")}
            lines.append({"record_id": record_id} | currency | line)
        for reference in record["references"]:
            references.append({"record_id": record_id} | reference)
    return {
        "freight_invoice": table(headers),
        "charge_line": table(lines),
        "reference": table(references),
    }


def table(rows: Sequence[dict[str, Any]]) -> pa.Table:
    """Rows as a table: decimals as money, missing values as null."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    columns = {}
    for name in names:
        values = [row.get(name) for row in rows]
        is_money = any(isinstance(value, Decimal) for value in values)
        columns[name] = pa.array(values, MONEY) if is_money else pa.array(values)
    return pa.table(columns)


def audit(
    invoices: Sequence[dict[str, Any]],
    expected: Sequence[dict[str, Any]] = (),
    tolerances: dict[str, Any] | None = None,
    shipments: Sequence[dict[str, Any]] | None = None,
    history: Sequence[dict[str, Any]] = (),
    **more: Any,
) -> Reconciliation:
    """Reconcile what is written in few words."""
    return reconcile(
        tables(invoices),
        table(expected),
        tolerances_from(tolerances or TOLERANCES, "tolerances.yaml"),
        shipments=None if shipments is None else table(shipments),
        history=table(history),
        **more,
    )


def outcomes(result: Reconciliation) -> list[tuple[str, list[str]]]:
    """(outcome, reasons) by invoice."""
    rows = result.invoices.to_pylist()
    return [(row["outcome"], row["reasons"]) for row in rows]


def charges(result: Reconciliation) -> list[tuple[str, str, str | None]]:
    """(charge code, status, reason) by charge."""
    rows = result.lines.to_pylist()
    return [(row["charge_code"], row["status"], row["reason"]) for row in rows]
