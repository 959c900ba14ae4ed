import multiprocessing
from multiprocessing.connection import Connection

import pytest

from etl.errors import TerminalError
from etl.ledger import Ledger, open_ledger


def test_numbers_follow_each_other_by_partner_syntax_and_kind(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        take = tx.control_numbers.take
        assert take("acme", "x12", "interchange") == 1
        assert take("acme", "x12", "group", 3) == 1
        assert take("acme", "x12", "group") == 4
        assert take("acme", "edifact", "interchange") == 1
        assert take("rhein", "x12", "interchange") == 1
    with ledger.begin() as tx:
        assert tx.control_numbers.take("acme", "x12", "interchange") == 2


def test_a_number_that_was_not_committed_is_given_again(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        tx.control_numbers.take("acme", "x12", "interchange")
        tx.session.rollback()
    with ledger.begin() as tx:
        assert tx.control_numbers.take("acme", "x12", "interchange") == 1


def _take(url: str, answers: Connection) -> None:
    own = open_ledger(url)
    taken = []
    for _ in range(20):
        with own.begin() as tx:
            taken.append(tx.control_numbers.take("acme", "x12", "interchange"))
    own.close()
    answers.send(taken)


def test_processes_never_get_the_same_number(ledger: Ledger, url: str) -> None:
    fork = multiprocessing.get_context("fork")
    pipes = [fork.Pipe(duplex=False) for _ in range(3)]
    children = [fork.Process(target=_take, args=(url, answers)) for _, answers in pipes]
    for child in children:
        child.start()
    taken = [number for answers, _ in pipes for number in answers.recv()]
    for child in children:
        child.join()
    assert sorted(taken) == list(range(1, 61))


def test_numbers_that_were_used_are_not_given_again(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        tx.control_numbers.used("acme", "x12", "interchange", 41)
        tx.control_numbers.used("acme", "x12", "interchange", 7)
        assert tx.control_numbers.take("acme", "x12", "interchange") == 42


def test_the_tenth_digit_is_refused(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        tx.control_numbers.used("acme", "x12", "interchange", 999_999_998)
        assert tx.control_numbers.take("acme", "x12", "interchange") == 999_999_999
        with pytest.raises(TerminalError, match="nine digits"):
            tx.control_numbers.take("acme", "x12", "interchange")
