from datetime import timedelta

from etl.ledger import Channel, Ledger
from tests.ledger.conftest import START, open_batch
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


def test_the_highest_number_is_that_of_an_earlier_time(ledger: Ledger) -> None:
    open_batch(ledger)
    with ledger.begin() as tx:
        tx.interchanges.receive(
            [received("000000104"), received("000000109", "bb" * 32, at=START + A_DAY)]
        )
    with ledger.read() as tx:
        assert tx.control_history.highest(ACME, START) is None
        assert tx.control_history.highest(ACME, START + A_DAY) == 104
        assert tx.control_history.highest(ACME, START + 2 * A_DAY) == 109


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
