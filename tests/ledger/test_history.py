from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from etl.ledger import Ledger
from etl.ledger.history import REFERENCES, SCHEMA
from tests.ledger.conftest import new_file, open_batch

TYPE = "freight_invoice"


def invoice(record_id: int, **columns: Any) -> dict[str, Any]:
    return {"record_id": record_id, "partner": "acme", "carrier_scac": "ACLT", **columns}


@pytest.fixture
def history(ledger: Ledger) -> Ledger:
    """Three invoices of one carrier in two batches and files, and one of another carrier."""
    for name, sha256 in (("b1", "11" * 32), ("b2", "22" * 32)):
        open_batch(ledger, name)
        with ledger.begin() as tx:
            tx.files.record(new_file(f"file-{name}", name, sha256=sha256))
    first = invoice(
        0,
        file_id="file-b1",
        business_key="acme/freight_invoice/INV1/0",
        record_hash="aa",
        invoice_no_norm="INV1",
        pro_norm="P1",
        bol_norm="B1",
        amount=Decimal("10.50"),
        currency="USD",
        document_date=date(2026, 11, 1),
        disposition="pushed",
    )
    with ledger.begin() as tx:
        tx.documents.record("b1", TYPE, [first, invoice(1, invoice_no_norm="INV2")])
        tx.documents.record(
            "b2",
            TYPE,
            [
                invoice(0, file_id="file-b2", invoice_no_norm="INV3", pro_norm="P3"),
                invoice(1, invoice_no_norm="INV1") | {"carrier_scac": "PXPR"},
            ],
        )
        tx.documents.add_references(
            "b2",
            TYPE,
            [
                {"record_id": 0, "type": "PRO", "value_norm": "P3"},
                {"record_id": 0, "type": "PRO", "value_norm": "P4"},
                {"record_id": 0, "type": "BOL", "value_norm": "B4"},
                {"record_id": 0, "type": "PO", "value_norm": "B9"},
            ],
        )
    return ledger


def find(ledger: Ledger, **numbers: Any) -> pa.Table:
    with ledger.read() as tx:
        return tx.history.find("ACLT", **numbers)


def test_a_document_is_given_with_all_that_the_audit_needs(history: Ledger) -> None:
    found = find(history, invoice_no_norms=["INV1"])
    assert found.schema == SCHEMA
    assert found.to_pylist() == [
        {
            "document_id": "b1/freight_invoice/0",
            "batch_id": "b1",
            "file_id": "file-b1",
            "arrived": 5,
            "partner": "acme",
            "record_type": TYPE,
            "business_key": "acme/freight_invoice/INV1/0",
            "record_hash": "aa",
            "carrier_scac": "ACLT",
            "invoice_no_norm": "INV1",
            "pro_norm": "P1",
            "bol_norm": "B1",
            "shipment_ref": None,
            "document_date": date(2026, 11, 1),
            "amount": Decimal("10.5000"),
            "currency": "USD",
            "outcome": None,
            "disposition": "pushed",
            "reasons": [],
        }
    ]


@pytest.mark.parametrize(
    ("numbers", "invoices"),
    [
        ({"pros": ["P1", "P2"]}, ["INV1"]),
        ({"bols": ["B1"]}, ["INV1"]),
        ({"invoice_no_norms": ["INV2"], "pros": ["P1"], "bols": ["B1"]}, ["INV1", "INV2"]),
        ({"invoice_no_norms": ["INV9"]}, []),
        ({"invoice_no_norms": ["", None]}, []),
        ({}, []),
    ],
)
def test_documents_are_found_by_any_of_their_numbers(
    history: Ledger, numbers: dict[str, list[str]], invoices: list[str]
) -> None:
    assert find(history, **numbers)["invoice_no_norm"].to_pylist() == invoices


def test_a_number_that_is_only_named_as_a_reference_is_found(history: Ledger) -> None:
    found = find(history, pros=["P4"], bols=["B4", "B9"])
    assert found["invoice_no_norm"].to_pylist() == ["INV3"]
    assert find(history, bols=["B9"]).num_rows == 0
    with history.read() as tx:
        named = tx.history.references_of(found["document_id"].to_pylist())
    assert named.schema == REFERENCES
    assert sorted((row["type"], row["value_norm"]) for row in named.to_pylist()) == [
        ("BOL", "B4"),
        ("PO", "B9"),
        ("PRO", "P3"),
        ("PRO", "P4"),
    ]


def test_a_business_key_is_found_whoever_the_carrier_is(history: Ledger) -> None:
    with history.read() as tx:
        keys = ["acme/freight_invoice/INV1/0"]
        assert tx.history.find("PXPR", business_keys=keys)["amount"].to_pylist() == [
            Decimal("10.50")
        ]
        assert tx.history.find("ACLT", business_keys=keys).num_rows == 0


def test_documents_come_in_the_order_in_which_they_were_processed(history: Ledger) -> None:
    numbers = ["INV1", "INV2", "INV3"]
    found = find(history, invoice_no_norms=numbers, pros=["P3", "P1"])
    assert found["document_id"].to_pylist() == [f"b1/{TYPE}/0", f"b1/{TYPE}/1", f"b2/{TYPE}/0"]
    arrived = found["arrived"].to_pylist()
    assert arrived[1] is None
    assert arrived[0] < arrived[2]


def test_another_carrier_is_not_asked(history: Ledger) -> None:
    with history.read() as tx:
        assert tx.history.find("PXPR", invoice_no_norms=["INV1"]).num_rows == 1
        assert tx.history.find("FWDE", invoice_no_norms=["INV1"]).num_rows == 0


def test_five_thousand_numbers_at_once(ledger: Ledger) -> None:
    open_batch(ledger)
    rows = [invoice(n, invoice_no_norm=f"INV{n}", pro_norm=f"P{n}") for n in range(5000)]
    with ledger.begin() as tx:
        tx.documents.record("b1", TYPE, rows)
    found = find(
        ledger,
        invoice_no_norms=[f"INV{n}" for n in range(0, 10_000, 2)],
        pros=[f"P{n}" for n in range(1, 10_000, 2)],
    )
    assert sorted(found["document_id"].to_pylist()) == sorted(
        f"b1/freight_invoice/{n}" for n in range(5000)
    )
