"""Due slots against a clock of the test's own; the ledger and the runs are real."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest

from etl.config.load import load_project
from etl.jobs.scheduler import Fired, fire_due, planned
from etl.jobs.workspace import Workspace, open_workspace
from tests.freight_bills import FreightBill, bills_file, expected_file
from tests.night import Night

BILL = FreightBill("T-1", "LD-T1")


@dataclass
class Scheduled:
    """A project with a trigger, and a clock."""

    night: Night
    now: datetime = datetime(2026, 11, 20, 12, 5, tzinfo=UTC)
    _open: ExitStack = field(default_factory=ExitStack)

    def trigger(self, **trigger: Any) -> None:
        """Give the job `nightly` this trigger, and let its first scheduler begin."""
        self.night.write_schedules(trigger=trigger)
        assert fire_due(self.workspace()) == []

    def workspace(self) -> Workspace:
        """The project opened once more, as another process would."""
        project = load_project(self.night.root, None, os.environ)
        return self._open.enter_context(open_workspace(project, lambda: self.now))

    def at(self, *moment: int) -> list[Fired]:
        """What a scheduler that looks at this moment (UTC) fires."""
        self.now = datetime(*moment, tzinfo=UTC)
        return fire_due(self.workspace())

    def close(self) -> None:
        self._open.close()


@pytest.fixture
def scheduled(night: Night) -> Iterator[Scheduled]:
    opened = Scheduled(night)
    yield opened
    opened.close()


def test_a_slot_fires_once_and_its_run_is_for_its_local_day(scheduled: Scheduled) -> None:
    scheduled.trigger(daily="02:30", zone="Europe/Berlin")
    assert scheduled.at(2026, 11, 21, 1, 29) == []
    [fired] = scheduled.at(2026, 11, 21, 1, 30)
    assert (fired.slot, fired.missed, fired.error) == (datetime(2026, 11, 21, 2, 30), (), None)
    assert fired.result is not None
    assert fired.result.nominal_date == date(2026, 11, 21)
    assert scheduled.at(2026, 11, 21, 1, 31) == []
    with scheduled.workspace().ledger.read() as ledger:
        last = ledger.fires.latest("nightly")
    assert last is not None
    assert last.run_id == fired.result.run_id
    [listed] = planned(scheduled.workspace())
    assert (listed.last, listed.next) == ("2026-11-21 02:30", datetime(2026, 11, 22, 2, 30))


def test_a_job_that_is_new_begins_with_its_next_slot(scheduled: Scheduled) -> None:
    scheduled.trigger(every="15m")
    assert scheduled.at(2026, 11, 20, 12, 14) == []
    assert [fired.slot for fired in scheduled.at(2026, 11, 20, 12, 15)] == [
        datetime(2026, 11, 20, 12, 15)
    ]


def test_a_job_that_is_new_fires_a_slot_that_is_due_just_now(scheduled: Scheduled) -> None:
    scheduled.night.write_schedules(trigger={"daily": "02:30", "zone": "UTC"})
    [fired] = scheduled.at(2026, 11, 20, 2, 30, 15)
    assert fired.slot == datetime(2026, 11, 20, 2, 30)
    assert scheduled.at(2026, 11, 20, 2, 31) == []


def test_missed_slots_are_caught_up_by_one_run(scheduled: Scheduled) -> None:
    scheduled.trigger(daily="02:30", zone="UTC", catch_up="run")
    [fired] = scheduled.at(2026, 11, 24, 8)
    assert fired.slot == datetime(2026, 11, 24, 2, 30)
    assert fired.missed == tuple(datetime(2026, 11, day, 2, 30) for day in (21, 22, 23))
    assert fired.result is not None
    assert scheduled.at(2026, 11, 24, 8, 1) == []
    with scheduled.workspace().ledger.read() as ledger:
        assert len(ledger.runs.recent()) == 1


def test_missed_slots_are_passed_over_and_said_where_that_is_declared(
    scheduled: Scheduled,
) -> None:
    scheduled.trigger(daily="02:30", zone="UTC", catch_up="skip")
    [passed] = scheduled.at(2026, 11, 22, 8)
    assert (passed.slot, passed.result, passed.error) == (None, None, None)
    assert passed.missed == tuple(datetime(2026, 11, day, 2, 30) for day in (21, 22))
    assert scheduled.at(2026, 11, 22, 8, 1) == []
    with scheduled.workspace().ledger.read() as ledger:
        assert ledger.runs.recent() == []
    [fired] = scheduled.at(2026, 11, 23, 2, 30)
    assert (fired.slot, fired.missed) == (datetime(2026, 11, 23, 2, 30), ())


def test_the_hour_that_comes_twice_fires_once_and_the_one_left_out_fires_too(
    scheduled: Scheduled,
) -> None:
    scheduled.now = datetime(2026, 10, 24, 12, tzinfo=UTC)
    scheduled.trigger(daily="02:30", zone="Europe/Berlin")
    assert len(scheduled.at(2026, 10, 25, 0, 30)) == 1
    assert scheduled.at(2026, 10, 25, 1, 30) == []  # 02:30 for the second time
    scheduled.now = datetime(2027, 3, 27, 12, tzinfo=UTC)
    fire_due(scheduled.workspace())
    assert scheduled.at(2027, 3, 28, 0, 59) == []
    [fired] = scheduled.at(2027, 3, 28, 1, 30)  # 02:30 does not exist: it is 03:30
    assert fired.slot == datetime(2027, 3, 28, 2, 30)


def test_schedulers_side_by_side_fire_a_slot_once(scheduled: Scheduled) -> None:
    scheduled.trigger(daily="02:30", zone="UTC")
    scheduled.night.drop("tms", "expected_charges_1.csv", expected_file(BILL))
    scheduled.night.drop("acme-freight", "bill.edi", bills_file(BILL))
    scheduled.now += timedelta(days=1)
    workspaces = [scheduled.workspace() for _ in range(4)]
    together = Barrier(len(workspaces))
    fired: list[Fired] = []

    def look(workspace: Workspace) -> None:
        together.wait()
        fired.extend(fire_due(workspace))

    threads = [Thread(target=look, args=(workspace,)) for workspace in workspaces]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    [one] = fired
    assert one.result is not None
    assert (one.result.exit_code, one.result.counts.pushed) == (0, 1)
    with scheduled.workspace().ledger.read() as ledger:
        assert len(ledger.runs.recent()) == 1
        assert len(ledger.fires.since("nightly", date(2026, 11, 21))) == 1


def test_a_run_that_cannot_begin_is_told_and_its_slot_stays_claimed(scheduled: Scheduled) -> None:
    scheduled.trigger(daily="02:30", zone="UTC")
    mapping = scheduled.night.root / "mappings" / "acme-freight" / "x12-210.yaml"
    mapping.write_text(mapping.read_text("utf-8").replace("B3.02", "B3.9x"), "utf-8")
    [fired] = scheduled.at(2026, 11, 21, 2, 30)
    assert fired.result is None
    assert fired.error is not None
    assert "mappings/acme-freight/x12-210.yaml:17" in str(fired.error)
    with scheduled.workspace().ledger.read() as ledger:
        [run] = ledger.runs.recent()
    assert (run.state, run.error) == ("failed", str(fired.error))
    assert scheduled.at(2026, 11, 21, 2, 31) == []
