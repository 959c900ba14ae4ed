import pytest

from etl.errors import ConfigurationError, TerminalError
from etl.ledger import BatchState, Ledger
from tests.ledger.conftest import DAY, START, ManualClock, open_batch


def test_a_batch_is_opened_and_sealed(ledger: Ledger, clock: ManualClock) -> None:
    open_batch(ledger)
    clock.forward(minutes=1)
    with ledger.begin() as tx:
        tx.batches.seal("b1", "ab" * 32, START, 9)
    with ledger.read() as tx:
        batch = tx.batches.named("b1")
        hashes = tx.batches.manifest_hashes()
    assert (batch.state, batch.manifest_sha256) == (BatchState.SEALED, "ab" * 32)
    assert (batch.created_at, batch.sealed_at) == (START, START)
    assert (batch.partners, batch.folder) == (["acme", "pxpr"], "2026/11/23/b1")
    assert hashes == {"b1": "ab" * 32}
    with ledger.read() as tx:
        assert tx.batches.sealed_until() == 9


def test_a_batch_left_by_a_killed_run_is_taken_over(ledger: Ledger) -> None:
    open_batch(ledger)
    with ledger.begin() as tx:
        tx.runs.start("next", "nightly", DAY)
        taken = tx.batches.open(
            "b1", run_id="next", job="nightly", partners=[], nominal_date=DAY, folder="other"
        )
    assert (taken.run_id, taken.folder) == ("next", "2026/11/23/b1")
    with ledger.read() as tx:
        assert [batch.id for batch in tx.batches.of_run("next")] == ["b1"]


def test_a_sealed_batch_is_not_opened_again(ledger: Ledger) -> None:
    open_batch(ledger)
    with ledger.begin() as tx:
        tx.batches.seal("b1", "ab" * 32, START, 9)
    with (
        ledger.begin() as tx,
        pytest.raises(TerminalError, match="is sealed; `etl rerun b1` makes a new one"),
    ):
        tx.batches.open(
            "b1", run_id="run-b1", job="nightly", partners=[], nominal_date=DAY, folder=""
        )


def test_sealing_again_is_fine_but_not_with_another_manifest(
    ledger: Ledger, clock: ManualClock
) -> None:
    open_batch(ledger)
    for _ in range(2):
        with ledger.begin() as tx:
            assert tx.batches.seal("b1", "ab" * 32, START, 9).sealed_at == START
        clock.forward(hours=1)
    with ledger.begin() as tx, pytest.raises(TerminalError, match="run `etl archive verify`"):
        tx.batches.seal("b1", "cd" * 32, START, 9)


def test_open_batches_are_found_oldest_first(ledger: Ledger, clock: ManualClock) -> None:
    for name, job in (("b1", "nightly"), ("b2", "hourly"), ("b3", "nightly"), ("b4", "nightly")):
        open_batch(ledger, name, job)
        clock.forward(hours=1)
    with ledger.begin() as tx:
        tx.batches.seal("b3", "ab" * 32, START, 9)
    with ledger.read() as tx:
        assert [batch.id for batch in tx.batches.unsealed()] == ["b1", "b2", "b4"]
        assert [batch.id for batch in tx.batches.unsealed("nightly")] == ["b1", "b4"]
        assert [batch.id for batch in tx.batches.recent(limit=2)] == ["b4", "b3"]
        assert [batch.id for batch in tx.batches.recent(job="hourly")] == ["b2"]


def test_an_unknown_batch_is_told(ledger: Ledger) -> None:
    with ledger.read() as tx, pytest.raises(ConfigurationError, match="there is no batch 'b9'"):
        tx.batches.named("b9")
