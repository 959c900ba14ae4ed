from datetime import timedelta

from etl.ledger import Channel, Ledger
from tests.ledger.conftest import START, new_file, open_batch
from tests.ledger.exchanges import CHANNEL, received

ACME = Channel(*CHANNEL)
A_DAY = timedelta(days=1)


def test_a_number_that_came_before_is_found_with_its_file(ledger: Ledger) -> None:
    open_batch(ledger)
    with ledger.begin() as tx:
        tx.interchanges.receive([received("000000101"), received("000000102", "bb" * 32)])
    with ledger.read() as tx:
        found = tx.control_history.with_numbers(ACME, ["000000101", "000000103"])
        groups = tx.control_history.with_groups(ACME, ["1"])
        elsewhere = tx.control_history.with_numbers(
            Channel("acme", "x12", "02:ACLT", "ZZ:OTHER"), ["000000101"]
        )
    assert {number: [row.sha256 for row in rows] for number, rows in found.items()} == {
        "000000101": ["aa" * 32]
    }
    assert len(groups["IM", "1"]) == 2
    assert elsewhere == {}


def test_the_highest_number_is_that_of_an_earlier_file_whatever_the_clock_said(
    ledger: Ledger,
) -> None:
    open_batch(ledger)
    with ledger.begin() as tx:
        first = tx.files.record(new_file("f1", sha256="aa" * 32, received_at=START + A_DAY))
        second = tx.files.record(new_file("f2", sha256="bb" * 32, received_at=START))
        tx.interchanges.receive(
            [
                received("000000109", "bb" * 32, file_id="f2", at=START),
                received("000000104", file_id="f1", at=START + A_DAY),
            ]
        )
    with ledger.read() as tx:
        assert tx.control_history.highest(ACME, first.sequence) is None
        assert tx.control_history.highest(ACME, second.sequence) == 104
        assert tx.control_history.highest(ACME, second.sequence + 1) == 109


def test_what_is_missing_is_told_in_ranges(ledger: Ledger) -> None:
    open_batch(ledger)
    with ledger.begin() as tx:
        tx.interchanges.receive(
            [received(f"{number:09}", f"{number:064}") for number in (3, 4, 7)]
            + [received("LETTERS", "dd" * 32)]
        )
    with ledger.read() as tx:
        assert tx.control_history.missing(ACME, 1, 9) == [(1, 2), (5, 6), (8, 9)]
        assert tx.control_history.missing(ACME, 3, 4) == []
