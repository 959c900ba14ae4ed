import threading
from datetime import date, timedelta

import pytest

from etl.ledger import Ledger, open_ledger
from tests.ledger.conftest import DAY, START, ManualClock, open_batch


def test_a_start_is_claimed_once(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        assert tx.fires.claim("nightly", DAY, "02:30", "host:1")
    with ledger.begin() as tx:
        assert not tx.fires.claim("nightly", DAY, "02:30", "host:2")
        assert tx.fires.claim("nightly", DAY, "14:30", "host:2")
        assert tx.fires.claim("hourly", DAY, "02:30", "host:2")
        assert tx.fires.claim("nightly", DAY + timedelta(days=1), "02:30", "host:2")


def test_of_many_schedulers_one_gets_the_start(
    ledger: Ledger, url: str, clock: ManualClock
) -> None:
    barrier = threading.Barrier(6)
    claimed: list[bool] = []

    def schedule(name: int) -> None:
        own = open_ledger(url, clock)
        barrier.wait()
        for day in range(5):
            with own.begin() as tx:
                claimed.append(
                    tx.fires.claim("nightly", date(2026, 10, 25 + day), "02:30", f"p{name}")
                )
        own.close()

    threads = [threading.Thread(target=schedule, args=(name,)) for name in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(claimed), sum(claimed)) == (30, 5)


def test_a_start_knows_its_run(ledger: Ledger) -> None:
    open_batch(ledger)
    with ledger.begin() as tx:
        tx.fires.claim("nightly", DAY, "02:30", "host:1")
        tx.fires.ran("nightly", DAY, "02:30", "run-b1")
    with ledger.read() as tx:
        fire = tx.fires.latest("nightly")
    assert fire is not None
    assert (fire.run_id, fire.claimed_by, fire.claimed_at) == ("run-b1", "host:1", START)


def test_a_start_that_nobody_claimed_has_no_run(ledger: Ledger) -> None:
    with ledger.begin() as tx, pytest.raises(KeyError):
        tx.fires.ran("nightly", DAY, "02:30", "r1")


def test_starts_are_listed_in_order(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        assert tx.fires.latest("nightly") is None
        for days, slot in ((1, "02:30"), (0, "14:30"), (0, "02:30"), (-1, "02:30")):
            tx.fires.claim("nightly", DAY + timedelta(days=days), slot, "me")
    with ledger.read() as tx:
        latest = tx.fires.latest("nightly")
        since = [(fire.nominal_local, fire.slot) for fire in tx.fires.since("nightly", DAY)]
    assert latest is not None
    assert latest.nominal_local == DAY + timedelta(days=1)
    assert since == [(DAY, "02:30"), (DAY, "14:30"), (DAY + timedelta(days=1), "02:30")]
