from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from etl.errors import ConfigurationError
from etl.ledger import (
    ExceptionKind,
    ExceptionState,
    Ledger,
    NewException,
    Raised,
    document_id,
)
from tests.ledger.conftest import START, ManualClock, new_file, open_batch

KEY = "acme/freight_invoice/INV1/0"
NO_RATE = NewException(
    kind=ExceptionKind.BUSINESS,
    queue="freight-audit",
    code="NO_RATE",
    message="no expected charge for shipment S1",
    details={"billed": Decimal("10.50")},
    partner="acme",
    batch_id="b1",
    business_key=KEY,
)
SE_COUNT = NewException(
    kind=ExceptionKind.DATA,
    queue="integration",
    code="SE_COUNT",
    message="SE says 9 segments, there are 8",
    partner="acme",
    batch_id="b1",
    subject="aa/ST 0001",
)


def test_an_item_is_opened_with_all_that_is_known(ledger: Ledger) -> None:
    open_batch(ledger)
    with ledger.begin() as tx:
        tx.files.record(new_file("f1"))
        tx.documents.record("b1", "freight_invoice", [{"record_id": 0, "partner": "acme"}])
        document = document_id("b1", "freight_invoice", 0)
        raised = tx.exceptions.add([replace(NO_RATE, file_id="f1", document_id=document)])
    assert raised == Raised(new=1, repeated=0)
    with ledger.read() as tx:
        (item,) = tx.exceptions.find()
    assert item.id == NO_RATE.fingerprint[:12]
    assert (item.state, item.attempts, item.first_at) == (ExceptionState.OPEN, 1, START)
    assert (item.details, item.document_id) == ({"billed": "10.50"}, document)


def test_the_same_trouble_in_a_later_batch_is_the_same_item(
    ledger: Ledger, clock: ManualClock
) -> None:
    for name in ("b1", "b2"):
        open_batch(ledger, name)
    with ledger.begin() as tx:
        tx.exceptions.add([NO_RATE])
    clock.forward(days=1)
    with ledger.begin() as tx:
        again = replace(NO_RATE, batch_id="b2", message="still no expected charge")
        assert tx.exceptions.add([again]) == Raised(new=0, repeated=1)
    with ledger.read() as tx:
        (item,) = tx.exceptions.find()
    assert (item.attempts, item.batch_id, item.message) == (2, "b2", "still no expected charge")
    assert (item.first_at, item.last_at) == (START, START + timedelta(days=1))


def test_a_batch_that_is_resumed_meets_its_trouble_once(ledger: Ledger) -> None:
    open_batch(ledger)
    for _ in range(3):
        with ledger.begin() as tx:
            tx.exceptions.add([NO_RATE, SE_COUNT])
    with ledger.read() as tx:
        assert [item.attempts for item in tx.exceptions.find()] == [1, 1]


def test_equal_troubles_within_one_call_count_once(ledger: Ledger) -> None:
    open_batch(ledger)
    with ledger.begin() as tx:
        assert tx.exceptions.add([NO_RATE, NO_RATE, SE_COUNT]) == Raised(new=2, repeated=0)


@pytest.mark.parametrize(
    "other",
    [
        replace(NO_RATE, code="FUEL"),
        replace(NO_RATE, kind=ExceptionKind.DATA),
        replace(NO_RATE, partner="pxpr"),
        replace(NO_RATE, business_key="acme/freight_invoice/INV2/0"),
        replace(NO_RATE, subject="L1 4"),
    ],
)
def test_what_tells_troubles_apart(other: NewException) -> None:
    assert other.fingerprint != NO_RATE.fingerprint


def test_what_a_rerun_makes_anew_does_not_tell_troubles_apart() -> None:
    anew = replace(
        NO_RATE, batch_id="b2", document_id="d2", file_id="f2", message="m", details={}, queue="q"
    )
    assert anew.fingerprint == NO_RATE.fingerprint


def test_a_trouble_must_be_about_something() -> None:
    with pytest.raises(ValueError, match="SE_COUNT names neither a business key nor a subject"):
        replace(SE_COUNT, subject="")


def test_a_closed_trouble_that_comes_back_is_a_new_item(ledger: Ledger, clock: ManualClock) -> None:
    open_batch(ledger)
    for _ in range(3):
        with ledger.begin() as tx:
            assert tx.exceptions.add([NO_RATE]).new == 1
            assert tx.exceptions.close(business_keys=[KEY], closed_by="b1") == 1
        clock.forward(days=1)
    with ledger.read() as tx:
        items = tx.exceptions.find(states=tuple(ExceptionState))
        assert tx.exceptions.find() == []
    short = NO_RATE.fingerprint[:12]
    assert [item.id for item in items] == [short, f"{short}-2", f"{short}-3"]
    assert {(item.state, item.closed_by) for item in items} == {("closed", "b1")}
    assert items[0].closed_at == START


def test_a_batch_does_not_close_what_it_met_itself(ledger: Ledger) -> None:
    open_batch(ledger)
    fuel = replace(NO_RATE, code="FUEL")
    with ledger.begin() as tx:
        tx.exceptions.add([NO_RATE, fuel])
        assert tx.exceptions.close(business_keys=[KEY], closed_by="b1", but=[fuel]) == 1
    with ledger.read() as tx:
        assert [item.code for item in tx.exceptions.find()] == ["FUEL"]


def test_items_are_closed_by_file_fingerprint_and_id(ledger: Ledger) -> None:
    open_batch(ledger)
    with ledger.begin() as tx:
        tx.files.record(new_file("f1"))
        tx.exceptions.add([replace(SE_COUNT, file_id="f1"), NO_RATE, replace(NO_RATE, code="A")])
        assert tx.exceptions.close(file_ids=["f1", "f9"], closed_by="b1") == 1
        assert tx.exceptions.close(fingerprints=[NO_RATE.fingerprint]) == 1
        (left,) = tx.exceptions.find()
        assert tx.exceptions.close(ids=[left.id, "unknown"]) == 1
        assert tx.exceptions.close(ids=[left.id]) == 0
        assert tx.exceptions.named(left.id).closed_by is None


def test_a_retry_is_noted_until_the_next_run(ledger: Ledger) -> None:
    for name in ("b1", "b2"):
        open_batch(ledger, name)
    with ledger.begin() as tx:
        tx.exceptions.add([NO_RATE, SE_COUNT])
        ids = [NO_RATE.fingerprint[:12], SE_COUNT.fingerprint[:12], "unknown"]
        assert tx.exceptions.retry(ids) == 2
        assert tx.exceptions.retry(ids) == 0
    with ledger.read() as tx:
        assert tx.exceptions.find(states=(ExceptionState.OPEN,)) == []
        assert len(tx.exceptions.find()) == 2, "until it is settled it still waits"
    with ledger.begin() as tx:
        assert tx.exceptions.add([replace(NO_RATE, batch_id="b2")]) == Raised(0, 1)
        assert tx.exceptions.close(business_keys=[], ids=ids[1:]) == 1
    with ledger.read() as tx:
        (item,) = tx.exceptions.find()
    assert (item.code, item.attempts) == ("NO_RATE", 2)


def test_items_are_found_by_what_is_asked(ledger: Ledger) -> None:
    open_batch(ledger)
    with ledger.begin() as tx:
        tx.exceptions.add([NO_RATE, SE_COUNT, replace(SE_COUNT, partner="pxpr")])
        find = tx.exceptions.find
        assert len(find()) == 3
        assert len(find(limit=2)) == 2
        assert len(find(kind=ExceptionKind.DATA)) == 2
        assert len(find(queue="freight-audit")) == 1
        assert len(find(code="SE_COUNT", partner="pxpr")) == 1
        assert len(find(batch_id="b9")) == 0
        assert tx.exceptions.open_counts() == {
            ("business", "freight-audit"): 1,
            ("data", "integration"): 2,
        }


def test_thousands_at_once(ledger: Ledger) -> None:
    open_batch(ledger)
    many = [replace(NO_RATE, business_key=f"key-{n}") for n in range(2500)]
    with ledger.begin() as tx:
        assert tx.exceptions.add(many) == Raised(2500, 0)
    with ledger.begin() as tx:
        assert tx.exceptions.add([*many, SE_COUNT]) == Raised(1, 2500)
        assert tx.exceptions.close(business_keys=[item.business_key or "" for item in many]) == 2500
        assert tx.exceptions.open_counts() == {("data", "integration"): 1}


def test_an_unknown_item_is_told(ledger: Ledger) -> None:
    with ledger.read() as tx, pytest.raises(ConfigurationError, match="see `etl exceptions list`"):
        tx.exceptions.named("unknown")
