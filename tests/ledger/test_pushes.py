from dataclasses import replace
from datetime import timedelta

from etl.ledger import Ledger, NewPush, document_id
from tests.ledger.conftest import START, ManualClock, open_batch

BILL = NewPush(
    external_id="etl.bill_1",
    business_key="acme/freight_invoice/1/0",
    document_id=None,
    model="account.move",
    remote_id=42,
    remote_ref="BILL/2026/11/0001",
    record_hash="aa",
    state="created",
)


def test_a_push_is_known_by_its_business_key(ledger: Ledger) -> None:
    open_batch(ledger)
    with ledger.begin() as tx:
        tx.documents.record("b1", "freight_invoice", [{"record_id": 0, "partner": "acme"}])
        bill = replace(BILL, document_id=document_id("b1", "freight_invoice", 0))
        assert tx.pushes.record("odoo", "b1", [bill]) == 1
    with ledger.read() as tx:
        known = tx.pushes.known("odoo", ["unknown", BILL.business_key])
        assert tx.pushes.known("outbox", [BILL.business_key]) == {}
    assert list(known) == [BILL.business_key]
    assert (known[BILL.business_key].remote_id, known[BILL.business_key].record_hash) == (42, "aa")


def test_a_later_push_of_the_same_record_replaces_it(ledger: Ledger, clock: ManualClock) -> None:
    open_batch(ledger)
    open_batch(ledger, "b2")
    with ledger.begin() as tx:
        tx.pushes.record("odoo", "b1", [BILL])
        tx.pushes.known("odoo", [BILL.business_key])
        clock.forward(days=1)
        tx.pushes.record("odoo", "b2", [replace(BILL, record_hash="bb", state="updated")])
        known = tx.pushes.known("odoo", [BILL.business_key])[BILL.business_key]
    assert (known.record_hash, known.state, known.batch_id) == ("bb", "updated", "b2")
    assert known.pushed_at == START + timedelta(days=1)
    with ledger.read() as tx:
        assert tx.pushes.of_batch("b1") == []
        assert len(tx.pushes.of_batch("b2")) == 1


def test_two_targets_do_not_know_of_each_other(ledger: Ledger) -> None:
    open_batch(ledger)
    with ledger.begin() as tx:
        tx.pushes.record("odoo", "b1", [BILL])
        tx.pushes.record("outbox", "b1", [replace(BILL, remote_id=None, remote_ref=None)])
    with ledger.read() as tx:
        assert tx.pushes.known("odoo", [BILL.business_key])[BILL.business_key].remote_id == 42
        assert tx.pushes.known("outbox", [BILL.business_key])[BILL.business_key].remote_id is None


def test_many_are_looked_up_at_once(ledger: Ledger) -> None:
    open_batch(ledger)
    bills = [
        replace(BILL, external_id=f"etl.bill_{n}", business_key=f"key-{n}", remote_id=n)
        for n in range(2500)
    ]
    with ledger.begin() as tx:
        tx.pushes.record("odoo", "b1", bills)
    with ledger.read() as tx:
        known = tx.pushes.known("odoo", [f"key-{n}" for n in range(5000)])
    assert {key: push.remote_id for key, push in known.items()} == {
        f"key-{n}": n for n in range(2500)
    }
