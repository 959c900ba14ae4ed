from datetime import timedelta

from etl.ledger import InterchangeState, Ledger, NewGroup, Purpose
from tests.ledger.conftest import START, ManualClock, new_file, open_batch
from tests.ledger.exchanges import received, sent


def test_a_file_read_again_is_the_same_interchange_and_keeps_its_answer(ledger: Ledger) -> None:
    open_batch(ledger)
    open_batch(ledger, "b2")
    with ledger.begin() as tx:
        tx.files.record(new_file("f1"))
        tx.interchanges.receive([received("000000101", file_id="f1")])
        tx.interchanges.answered_by_us(received("000000101").id, "A")
        tx.interchanges.receive([received("000000101", file_id="f1", batch_id="b2")])
    with ledger.read() as tx:
        (row,) = tx.interchanges.of_batches(["b2"])
        (group,) = tx.interchanges.groups([row.id])[row.id]
    assert (row.state, row.result, row.control_value) == (InterchangeState.RECEIVED, "A", 101)
    assert (row.documents, group.kind, group.number) == (2, "IM", "1")


def test_what_we_send_goes_from_planned_to_written_to_delivered(
    ledger: Ledger, clock: ManualClock
) -> None:
    open_batch(ledger)
    with ledger.begin() as tx:
        tx.interchanges.plan(sent(7))
        assert tx.interchanges.undelivered(["acme"]) == []
    with ledger.begin() as tx:
        tx.interchanges.written(sent(7).id)
        assert [row.id for row in tx.interchanges.undelivered(["acme"])] == [sent(7).id]
        assert tx.interchanges.undelivered(["rhein"]) == []
    clock.forward(hours=5)
    with ledger.begin() as tx:
        tx.interchanges.delivered(sent(7).id, timedelta(hours=24))
        assert tx.interchanges.undelivered(["acme"]) == []
    with ledger.read() as tx:
        row = tx.interchanges.get(sent(7).id)
    assert row is not None
    assert row.state == InterchangeState.DELIVERED
    assert row.delivered_at == START + timedelta(hours=5)
    assert row.ack_expected_by == START + timedelta(hours=29)


def test_planned_again_it_has_the_new_content_and_is_not_taken_back(ledger: Ledger) -> None:
    open_batch(ledger)
    with ledger.begin() as tx:
        tx.interchanges.plan(sent(7))
        tx.interchanges.plan(sent(7, sha256="cc" * 32))
        tx.interchanges.written(sent(7).id)
        tx.interchanges.plan(sent(7, sha256="cc" * 32))
    with ledger.read() as tx:
        (row,) = tx.interchanges.made_from("acme", "content 7", Purpose.DOCUMENT)
        assert tx.interchanges.made_from("acme", "content 7", Purpose.SYNTAX) == []
    assert (row.sha256, row.state) == ("cc" * 32, InterchangeState.WRITTEN)


def test_what_is_overdue_is_known_until_the_answer_comes(
    ledger: Ledger, clock: ManualClock
) -> None:
    open_batch(ledger)
    with ledger.begin() as tx:
        for number in (7, 8):
            tx.interchanges.plan(sent(number))
            tx.interchanges.written(sent(number).id)
        tx.interchanges.plan(sent(9, expected_level=None, ack_expected_by=None))
        tx.interchanges.written(sent(9).id)
    with ledger.read() as tx:
        assert [row.control_value for row in tx.interchanges.unanswered(["acme"])] == [7, 8]
        assert tx.interchanges.unanswered(["acme"], overdue=True) == []
    clock.forward(hours=25)
    with ledger.begin() as tx:
        row = tx.interchanges.get(sent(7).id)
        assert row is not None
        tx.answers.answer(row, result="A", level="syntax", at=clock.time, batch_id="b1")
    with ledger.read() as tx:
        assert [row.control_value for row in tx.interchanges.unanswered(overdue=True)] == [8]


def test_an_answer_is_found_by_interchange_or_by_group(ledger: Ledger) -> None:
    open_batch(ledger)
    with ledger.begin() as tx:
        tx.interchanges.plan(sent(7, NewGroup("SM", "12")))
        tx.interchanges.plan(sent(8, NewGroup("SM", "13")))
        tx.interchanges.written(sent(7).id)
        find = tx.answers
        for found in (
            find.of_interchange("acme", "000000007"),
            find.of_interchange("acme", "7"),
            find.of_group("acme", "12", "SM"),
            find.of_group("acme", "0012", None),
        ):
            assert found is not None
            assert found.control_value == 7
        assert find.of_interchange("rhein", "7") is None
        assert find.of_group("acme", "12", "IM") is None
        assert find.of_interchange("acme", "8") is None, "it has not left yet"
        assert find.of_interchange("acme", "REF-X") is None


def test_an_interchange_is_answered_when_each_of_its_groups_is(
    ledger: Ledger, clock: ManualClock
) -> None:
    open_batch(ledger)
    with ledger.begin() as tx:
        tx.interchanges.plan(sent(7, NewGroup("SM", "12"), NewGroup("IM", "13")))
        tx.interchanges.written(sent(7).id)
        row = tx.interchanges.get(sent(7).id)
        assert row is not None

        def answer(result: str, level: str, group: str | None) -> bool:
            return tx.answers.answer(
                row, result=result, level=level, at=clock.time, batch_id="b1", group_no=group
            )

        assert not answer("A", "transport", None), "we wait for more than a TA1"
        assert not answer("A", "syntax", "12")
        assert answer("P", "syntax", "000000013")
        assert (row.result, row.acknowledged_by) == ("P", "b1")
        assert answer("A", "syntax", "13")
        assert row.result == "A"


def test_a_rejected_envelope_ends_the_waiting(ledger: Ledger, clock: ManualClock) -> None:
    open_batch(ledger)
    with ledger.begin() as tx:
        tx.interchanges.plan(sent(7))
        tx.interchanges.written(sent(7).id)
        row = tx.interchanges.get(sent(7).id)
        assert row is not None
        assert tx.answers.answer(row, result="R", level="transport", at=clock.time, batch_id="b1")
        assert tx.interchanges.unanswered() == []


def test_an_answer_is_found_by_the_number_of_a_document(ledger: Ledger) -> None:
    open_batch(ledger)
    with ledger.begin() as tx:
        for number, reference in ((7, "INV-1"), (8, "INV-2")):
            tx.interchanges.plan(sent(number, NewGroup("", "", ["1"], [reference])))
            tx.interchanges.written(sent(number).id)
        found = tx.answers.of_reference("acme", "INV-2")
        assert found is not None
        assert found.control_value == 8
        assert tx.answers.of_reference("acme", "INV-3") is None
        assert tx.answers.of_reference("rhein", "INV-2") is None
