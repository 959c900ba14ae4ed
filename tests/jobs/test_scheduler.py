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
from etl.errors import EtlError, TransientError
from etl.jobs import scheduler
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


@pytest.mark.parametrize("ahead", [timedelta(days=365), timedelta(days=3), timedelta(hours=30)])
def test_a_look_with_the_clock_ahead_is_doubted_told_once_and_silences_no_night(
    scheduled: Scheduled, ahead: timedelta
) -> None:
    scheduled.trigger(daily="02:30", zone="Europe/Berlin")
    right = scheduled.now
    scheduled.now += ahead
    assert len(fire_due(scheduled.workspace())) == 1
    scheduled.now = right

    [told] = fire_due(scheduled.workspace())
    assert told.doubted is not None
    assert "ahead of the clock" in told.doubted
    assert fire_due(scheduled.workspace()) == []
    with scheduled.workspace().ledger.read() as ledger:
        assert [item.code for item in ledger.exceptions.find()] == ["CLOCK_DOUBTED"]
    for day in range(21, 26):
        [fired] = [each for each in scheduled.at(2026, 11, day, 1, 30) if each.doubted is None]
        assert fired.slot == datetime(2026, 11, day, 2, 30)
        assert fired.missed == ()
        assert scheduled.at(2026, 11, day, 1, 31) == []
    with scheduled.workspace().ledger.read() as ledger:
        left = [item.code for item in ledger.exceptions.find()]
    assert left == (["CLOCK_DOUBTED"] if ahead > timedelta(days=5) else [])


def test_the_slot_of_the_day_to_which_the_clock_was_ahead_fires_when_it_is_due(
    scheduled: Scheduled,
) -> None:
    scheduled.trigger(daily="02:30", zone="UTC")
    assert len(scheduled.at(2027, 11, 20, 9)) == 1
    scheduled.at(2026, 11, 20, 12, 6)
    scheduled.at(2027, 11, 19, 2, 30)
    [fired] = [each for each in scheduled.at(2027, 11, 20, 2, 30) if each.doubted is None]
    assert fired.slot == datetime(2027, 11, 20, 2, 30)


def test_a_look_with_the_clock_put_back_forgets_nothing_that_was_fired(
    scheduled: Scheduled,
) -> None:
    scheduled.trigger(daily="02:30", zone="UTC")
    assert len(scheduled.at(2026, 11, 21, 2, 30)) == 1
    assert [each.doubted is not None for each in scheduled.at(2025, 11, 21, 12)] == [True]
    assert scheduled.at(2026, 11, 21, 2, 32) == []
    assert len(scheduled.at(2026, 11, 22, 2, 30)) == 1


def test_a_clock_that_is_some_minutes_behind_fires_nothing_twice(scheduled: Scheduled) -> None:
    scheduled.trigger(every="15m")
    assert len(scheduled.at(2026, 11, 20, 12, 15)) == 1
    assert scheduled.at(2026, 11, 20, 12, 8) == []
    assert scheduled.at(2026, 11, 20, 12, 15) == []
    assert len(scheduled.at(2026, 11, 20, 12, 30)) == 1
    # by NTP, fifty minutes: those that were fired meanwhile are not fired again
    assert len(scheduled.at(2026, 11, 20, 13, 15)) == 1
    assert [each.slot for each in scheduled.at(2026, 11, 20, 12, 25) if not each.doubted] == []
    assert [each.slot for each in scheduled.at(2026, 11, 20, 13, 5) if not each.doubted] == []
    assert [each.slot for each in scheduled.at(2026, 11, 20, 13, 30)] == [
        datetime(2026, 11, 20, 13, 30)
    ]


def test_a_served_schedule_looks_again_whatever_the_clock_says(
    scheduled: Scheduled, monkeypatch: pytest.MonkeyPatch
) -> None:
    scheduled.trigger(daily="02:30", zone="UTC")
    monkeypatch.setattr(scheduler, "_TICK_SECONDS", 0.01)
    moments = [scheduled.now + timedelta(days=1), scheduled.now - timedelta(days=400)]
    fired: list[Fired] = []
    looks: list[datetime] = []

    def look(workspace: Workspace) -> list[Fired]:
        if len(looks) == 5:
            raise SystemExit
        scheduled.now = moments[min(len(looks), 1)]
        looks.append(scheduled.now)
        if len(looks) == 3:
            raise TransientError("the ledger is away")
        return fire_due(workspace)

    errors: list[EtlError] = []
    monkeypatch.setattr(scheduler, "fire_due", look)
    with pytest.raises(SystemExit):
        scheduler.serve(scheduled.workspace(), fired.append, errors.append)
    assert [each.doubted is None for each in fired] == [True, False]
    assert [str(error) for error in errors] == ["the ledger is away"]
