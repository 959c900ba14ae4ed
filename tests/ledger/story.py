"""A small history: an invoice that was pushed, one in a queue, a file sent twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from etl.ledger import (
    Disposition,
    ExceptionKind,
    FileState,
    Ledger,
    NewException,
    NewPush,
    document_id,
)
from tests.ledger import exchanges
from tests.ledger.conftest import START, ManualClock, new_file, open_batch

TYPE = "freight_invoice"
SHA = "c0ffee" + "0" * 58
KEY = "acme/freight_invoice/INV00123/0"
HELD_KEY = "acme/freight_invoice/INV00124/0"
BILL = NewPush(
    external_id="etl.acme_inv00123_ab12",
    business_key=KEY,
    document_id=document_id("b1", TYPE, 0),
    model="account.move",
    remote_id=4711,
    remote_ref="BILL/2026/11/0007",
    record_hash="aa",
    state="created",
)
NO_RATE = NewException(
    kind=ExceptionKind.BUSINESS,
    queue="freight-audit",
    code="NO_RATE",
    message="no expected charge",
    details={"billed": "7.0000", "position": {"segment": 4}},
    partner="acme",
    batch_id="b1",
    file_id="f1",
    document_id=document_id("b1", TYPE, 1),
    business_key=HELD_KEY,
)
BROKEN = NewException(
    kind=ExceptionKind.DATA,
    queue="integration",
    code="SE_COUNT",
    message="SE says 9 segments, there are 8",
    partner="acme",
    batch_id="b1",
    file_id="f1",
    subject=f"{SHA} ST 0003",
)


def first_batch(ledger: Ledger) -> None:
    """Batch b1: file f1 with two invoices and a broken transaction; a load tender of ours."""
    open_batch(ledger)
    columns = {"partner": "acme", "file_id": "f1", "carrier_scac": "ACLT", "currency": "USD"}
    with ledger.begin() as tx:
        tx.files.record(new_file("f1", name="acme_1123.edi", sha256=SHA))
        tx.files.picked_up(["f1"])
        tx.files.mark("f1", FileState.MAPPED, 3)
        pushed = {
            **columns,
            "record_id": 0,
            "document_no": "inv-00123",
            "invoice_no_norm": "INV00123",
            "business_key": KEY,
            "record_hash": "aa",
            "pro_norm": "PRO1",
            "bol_norm": "BOL1",
            "shipment_ref": "S-1",
            "document_date": date(2026, 11, 20),
            "amount": Decimal("10.5"),
            "outcome": "AUTO_APPROVE",
            "disposition": Disposition.PUSHED,
            "reasons": [],
            "mapping": "acme-freight/x12-210@3",
        }
        held = {
            **columns,
            "record_id": 1,
            "document_no": "inv-00124",
            "invoice_no_norm": "INV00124",
            "business_key": HELD_KEY,
            "outcome": "REVIEW",
            "disposition": Disposition.HELD,
            "reasons": ["NO_RATE"],
        }
        tx.documents.record("b1", TYPE, [pushed, held])
        tx.documents.add_references(
            "b1", TYPE, [{"record_id": 0, "type": "PO", "value_norm": "PO77"}]
        )
        tx.exceptions.add([NO_RATE, BROKEN])
        tx.pushes.record("odoo", "b1", [BILL])
        tx.interchanges.receive([exchanges.received("000000101", SHA, file_id="f1")])
        tx.control_numbers.take("acme", "x12", "interchange", 7)
        tx.control_numbers.take("acme", "x12", "group", 7)
        tx.interchanges.plan(exchanges.sent(7))
        tx.interchanges.written(exchanges.sent(7).id)
        tx.runs.progress("run-b1", {"read": 3, "pushed": 1})


def second_batch(ledger: Ledger) -> None:
    """Batch b2: the same file again; the held invoice was settled, the other one corrected, and
    what we sent with b1 was acknowledged."""
    later_today = START.replace(hour=23)
    open_batch(ledger, "b2")
    with ledger.begin() as tx:
        tx.files.record(
            new_file("f2", "b2", name="resent.edi", sha256=SHA, received_at=later_today)
        )
        corrected = {
            "record_id": 0,
            "partner": "acme",
            "file_id": "f2",
            "business_key": KEY,
            "invoice_no_norm": "INV00123",
            "disposition": Disposition.PUSHED,
        }
        tx.documents.record("b2", TYPE, [corrected])
        tx.exceptions.close(business_keys=[HELD_KEY], closed_by="b2")
        later = replace(
            BILL, document_id=document_id("b2", TYPE, 0), record_hash="bb", state="updated"
        )
        tx.pushes.record("odoo", "b2", [later])
        sent = tx.interchanges.get(exchanges.sent(7).id)
        assert sent is not None
        tx.answers.answer(sent, result="A", level="syntax", at=later_today, batch_id="b2")


def whole_story(ledger: Ledger, clock: ManualClock) -> None:
    """Both batches, a day apart."""
    first_batch(ledger)
    clock.forward(days=1)
    second_batch(ledger)
