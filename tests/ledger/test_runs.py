from datetime import timedelta

import pytest

from etl.errors import ConfigurationError
from etl.ledger import Ledger, RunKind, RunState
from tests.ledger.conftest import DAY, START, ManualClock


def test_a_run_starts_progresses_and_ends(ledger: Ledger, clock: ManualClock) -> None:
    with ledger.begin() as tx:
        tx.runs.start("r1", "nightly", DAY, RunKind.RERUN, dry_run=True)
    clock.forward(minutes=5)
    with ledger.begin() as tx:
        tx.runs.progress("r1", {"files": 3})
    with ledger.begin() as tx:
        tx.runs.finish("r1", RunState.FAILED, error="the disk is full")
    with ledger.read() as tx:
        run = tx.runs.named("r1")
    assert (run.kind, run.dry_run, run.state) == ("rerun", True, "failed")
    assert (run.started_at, run.finished_at) == (START, START + timedelta(minutes=5))
    assert (run.counts, run.error) == ({"files": 3}, "the disk is full")


def test_counts_may_come_with_the_end(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        tx.runs.start("r1", "nightly", DAY)
        tx.runs.finish("r1", RunState.OK, {"read": 4, "by": {"acme": 4}})
    with ledger.read() as tx:
        assert tx.runs.named("r1").counts == {"read": 4, "by": {"acme": 4}}


def test_runs_that_were_killed_are_marked_by_the_next_one(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        tx.runs.start("dead", "nightly", DAY)
        tx.runs.start("other-job", "hourly", DAY)
        tx.runs.start("done", "nightly", DAY)
        tx.runs.finish("done", RunState.OK)
        tx.runs.start("me", "nightly", DAY)
        assert [run.id for run in tx.runs.mark_killed("nightly", but="me")] == ["dead"]
    with ledger.read() as tx:
        states = {run.id: run.state for run in tx.runs.recent()}
    assert states == {"dead": "killed", "other-job": "running", "done": "ok", "me": "running"}


def test_the_latest_runs_come_first(ledger: Ledger, clock: ManualClock) -> None:
    for number in range(5):
        with ledger.begin() as tx:
            tx.runs.start(f"r{number}", "nightly" if number % 2 else "hourly", DAY)
        clock.forward(hours=1)
    with ledger.read() as tx:
        assert [run.id for run in tx.runs.recent(limit=3)] == ["r4", "r3", "r2"]
        assert [run.id for run in tx.runs.recent(job="nightly")] == ["r3", "r1"]
        since = START + timedelta(hours=3)
        assert [run.id for run in tx.runs.recent(since=since)] == ["r4", "r3"]


def test_an_unknown_run_is_told_with_what_to_do(ledger: Ledger) -> None:
    with (
        ledger.read() as tx,
        pytest.raises(ConfigurationError, match="no run 'r9'; see `etl runs`"),
    ):
        tx.runs.named("r9")
