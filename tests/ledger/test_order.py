"""What happened is ordered by the ledger's own numbers, and by no clock."""

from __future__ import annotations

import threading

import pytest
from alembic import command
from sqlalchemy import text

from etl.ledger import FileState, Ledger, NewException, database, open_ledger, upgrade_ledger
from etl.ledger.models import ExceptionKind
from tests.ledger import story
from tests.ledger.conftest import ManualClock, new_file, open_batch


def test_numbers_follow_each_other_and_are_given_back_with_their_transaction(
    ledger: Ledger,
) -> None:
    with ledger.begin() as tx:
        first = tx.order.take()
        assert [tx.order.take(3), tx.order.take()] == [first + 1, first + 4]
    with ledger.begin() as tx:
        tx.order.take(7)
        tx.session.rollback()
    with ledger.begin() as tx:
        assert tx.order.upcoming() == tx.order.take() == first + 5
        assert tx.order.moment() == tx.order.moment() == first + 6


def test_two_writers_get_numbers_in_the_order_in_which_they_commit(ledger: Ledger) -> None:
    numbers: list[int] = []

    def write() -> None:
        for _ in range(10):
            with ledger.begin() as tx:
                numbers.append(tx.order.take())

    threads = [threading.Thread(target=write) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(numbers) == list(range(min(numbers), min(numbers) + 20))


def test_files_runs_and_exceptions_are_told_in_the_order_in_which_they_came(
    ledger: Ledger, clock: ManualClock
) -> None:
    """The clock is put back an hour before each."""
    for number in range(3):
        clock.forward(hours=-1)
        open_batch(ledger, f"b{number}")
        with ledger.begin() as tx:
            tx.files.record(
                new_file(f"f{9 - number}", f"b{number}", name="same", received_at=clock())
            )
            tx.exceptions.add(
                [
                    NewException(
                        ExceptionKind.DATA,
                        "integration",
                        "X",
                        "x",
                        file_id=f"f{9 - number}",
                        subject=str(number),
                    )
                ]
            )
    with ledger.read() as tx:
        assert [run.id for run in tx.runs.recent()] == ["run-b2", "run-b1", "run-b0"]
        assert [batch.id for batch in tx.batches.unsealed()] == ["b0", "b1", "b2"]
        assert [file.id for file in tx.files.of_batches(["b2", "b0", "b1"])] == ["f9", "f8", "f7"]
        assert [item.file_id for item in tx.exceptions.find()] == ["f9", "f8", "f7"]
        first = tx.files.first_with("acme", "aa" * 32)
        assert first is not None
        assert first.id == "f9"
        assert [tx.files.named(f"f{n}").duplicate_of for n in (9, 8, 7)] == [None, "f9", "f9"]


@pytest.mark.parametrize("clocks_hours", [24, -24])
def test_an_existing_ledger_is_numbered_in_the_order_in_which_it_was_sealed(
    url: str, clocks_hours: int
) -> None:
    upgrade_ledger(url)
    clock = ManualClock()
    ledger = open_ledger(url, clock)
    story.first_batch(ledger)
    with ledger.begin() as tx:
        tx.batches.seal("b1", "11" * 32, clock(), None)
    clock.forward(hours=24)
    story.second_batch(ledger)
    with ledger.begin() as tx:
        tx.files.mark("f2", FileState.MAPPED, 1)
        tx.exceptions.close(ids=[story.BROKEN.fingerprint[:12]], note={"by": "k", "reason": "r"})
    clock.forward(hours=clocks_hours)
    open_batch(ledger, "b3")
    ledger.close()
    engine = database.connect(url)
    with engine.begin() as connection:
        command.downgrade(database._alembic(connection), "0002")
    upgrade_ledger(url)
    with engine.connect() as connection:
        rows = connection.execute(
            text("SELECT id, sequence, sealed_sequence FROM batch ORDER BY sequence")
        ).all()
        [first, second, _] = rows
        f1, f2 = connection.scalars(text("SELECT sequence FROM file ORDER BY id")).all()
        closed = connection.scalar(
            text("SELECT changed FROM exception WHERE id = :id"),
            {"id": story.BROKEN.fingerprint[:12]},
        )
        newest = connection.scalar(text("SELECT next FROM sequence"))
    assert [row[0] for row in rows] == ["b1", "b2", "b3"]
    assert first[1] < f1 < first[2] < second[1] < f2
    assert first[2] < closed < newest
    reopened = open_ledger(url)
    with reopened.begin() as tx:
        assert tx.batches.sealed_until() == first[2]
        assert tx.order.take() == newest
    reopened.close()
    engine.dispose()
