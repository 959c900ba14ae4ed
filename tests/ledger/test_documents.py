from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from etl.ledger import Disposition, Ledger, document_id
from tests.ledger.conftest import new_file, open_batch

TYPE = "freight_invoice"


def invoice(record_id: int, **columns: Any) -> dict[str, Any]:
    return {"record_id": record_id, "partner": "acme", **columns}


def test_documents_come_from_an_arrow_table(ledger: Ledger) -> None:
    open_batch(ledger)
    with ledger.begin() as tx:
        tx.files.record(new_file("f1"))
        table = pa.table(
            {
                "record_id": [1, 0],
                "partner": ["acme", "acme"],
                "file_id": ["f1", None],
                "business_key": ["acme/freight_invoice/1/0", None],
                "document_date": [date(2026, 11, 20), None],
                "amount": pa.array([Decimal("12.3400"), None], pa.decimal128(18, 4)),
                "reasons": [["RATE", "FUEL"], None],
            }
        )
        assert tx.documents.record("b1", TYPE, table) == 2
    with ledger.read() as tx:
        first, second = tx.documents.of_batch("b1")
    assert (first.id, first.record_id, first.reasons) == (document_id("b1", TYPE, 0), 0, [])
    assert (second.file_id, second.amount) == ("f1", Decimal("12.34"))
    assert (second.document_date, second.reasons) == (date(2026, 11, 20), ["RATE", "FUEL"])
    assert second.currency is None


def test_recording_again_brings_only_the_given_columns_up_to_date(ledger: Ledger) -> None:
    open_batch(ledger)
    with ledger.begin() as tx:
        tx.documents.record("b1", TYPE, [invoice(0, outcome="REVIEW", currency="USD")])
        tx.documents.record("b1", TYPE, [invoice(0, outcome="DISPUTE"), invoice(1)])
    with ledger.read() as tx:
        first, second = tx.documents.of_batch("b1")
    assert (first.outcome, first.currency) == ("DISPUTE", "USD")
    assert second.outcome is None


def test_an_update_sets_what_it_gives_and_is_seen_at_once(ledger: Ledger) -> None:
    open_batch(ledger)
    with ledger.begin() as tx:
        tx.documents.record("b1", TYPE, [invoice(n, currency="USD") for n in range(3)])
        before = tx.documents.get(document_id("b1", TYPE, 1))
        changed = tx.documents.update(
            "b1",
            TYPE,
            [{"record_id": 1, "disposition": Disposition.HELD, "reasons": ["NO_RATE"]}],
        )
        after = tx.documents.get(document_id("b1", TYPE, 1))
    assert changed == 1
    assert before is after
    assert after is not None
    assert (after.disposition, after.reasons, after.currency) == ("held", ["NO_RATE"], "USD")


def test_nothing_to_record_is_fine(ledger: Ledger) -> None:
    open_batch(ledger)
    with ledger.begin() as tx:
        assert tx.documents.record("b1", TYPE, []) == 0
        assert tx.documents.update("b1", TYPE, []) == 0
        assert tx.documents.update("b1", TYPE, [{"record_id": 1}]) == 0
        tx.documents.add_references("b1", TYPE, [])
        assert tx.documents.of_batch("b1") == []


def test_unknown_columns_are_refused(ledger: Ledger) -> None:
    open_batch(ledger)
    with ledger.begin() as tx:
        with pytest.raises(ValueError, match=r"no document columns \['colour'\]"):
            tx.documents.record("b1", TYPE, [invoice(0, colour="red")])
        with pytest.raises(ValueError, match="need a record_id"):
            tx.documents.record("b1", TYPE, [{"partner": "acme"}])


def test_documents_are_found_by_type_and_disposition(ledger: Ledger) -> None:
    open_batch(ledger)
    rows = [invoice(n, disposition="held" if n % 2 else "pushed") for n in range(6)]
    with ledger.begin() as tx:
        tx.documents.record("b1", TYPE, rows)
        tx.documents.record("b1", "shipment", rows[:2])
    with ledger.read() as tx:
        held = tx.documents.of_batch("b1", TYPE, Disposition.HELD, limit=2)
        assert [document.record_id for document in held] == [1, 3]
        assert len(tx.documents.of_batch("b1")) == 8


def test_references_may_repeat(ledger: Ledger) -> None:
    open_batch(ledger)
    rows = [
        {"record_id": 0, "type": "PRO", "value_norm": "123"},
        {"record_id": 0, "type": "PRO", "value_norm": "123"},
        {"record_id": 0, "type": "BOL", "value_norm": None},
    ]
    with ledger.begin() as tx:
        tx.documents.record("b1", TYPE, [invoice(0)])
        tx.documents.add_references("b1", TYPE, rows)
        tx.documents.add_references("b1", TYPE, pa.Table.from_pylist(rows))
    with ledger.read() as tx:
        assert len(tx.trace("123").documents) == 1


def test_what_an_earlier_try_found_and_this_one_did_not_is_forgotten(ledger: Ledger) -> None:
    open_batch(ledger)
    with ledger.begin() as tx:
        tx.documents.record("b1", TYPE, [invoice(n) for n in range(2500)])
        tx.documents.add_references(
            "b1", TYPE, [{"record_id": 2499, "type": "PRO", "value_norm": "123"}]
        )
        tx.documents.retain("b1", [document_id("b1", TYPE, n) for n in range(3)])
    with ledger.read() as tx:
        assert [row.record_id for row in tx.documents.of_batch("b1")] == [0, 1, 2]
        assert not tx.trace("123").found


def test_many_documents_go_in_at_once(ledger: Ledger) -> None:
    open_batch(ledger)
    size = 10_000
    table = pa.table(
        {
            "record_id": range(size),
            "partner": ["acme"] * size,
            "business_key": [f"acme/freight_invoice/{n}/0" for n in range(size)],
            "invoice_no_norm": [f"INV{n}" for n in range(size)],
            "amount": pa.array([Decimal("10.0000")] * size, pa.decimal128(18, 4)),
            "disposition": ["pushed"] * size,
        }
    )
    with ledger.begin() as tx:
        tx.documents.record("b1", TYPE, table)
    with ledger.read() as tx:
        assert len(tx.documents.of_batch("b1", disposition=Disposition.PUSHED)) == size
