"""The scheduler: every due slot of a job is fired once, by whichever process claims it first."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from etl.config.project import Job, Trigger
from etl.errors import EtlError, TerminalError
from etl.fence import told
from etl.jobs.clock_doubts import note_doubted
from etl.jobs.progress import Progress, Silent
from etl.jobs.result import RunResult
from etl.jobs.run import run_job
from etl.jobs.slots import due_slots, instant_of, latest_slot, next_slot
from etl.jobs.workspace import Workspace

_TICK_SECONDS = 20
_CATCH_UP = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Planned:
    """A job with a trigger: its slot fired last, and the next one, as local times in its zone."""

    job: str
    zone: str
    last: str | None
    next: datetime | None


@dataclass(frozen=True, slots=True)
class Fired:
    """Slots that this process claimed, and the run that it fired for them.

    Attributes:
        slot: the nominal local time that was run; None where all were passed over.
        missed: slots that nobody had fired in time; no run is for them alone.
        result: None where there was no run; `error` says why it could not even begin.
        doubted: what is wrong with claims of a wrong clock, where that is new; nothing else is told
            then.
    """

    job: str
    slot: datetime | None
    missed: tuple[datetime, ...]
    result: RunResult | None
    error: EtlError | None = None
    doubted: str | None = None


def planned(workspace: Workspace) -> list[Planned]:
    """The schedule as it stands now."""
    now = workspace.clock()
    listed = []
    with workspace.ledger.read() as ledger:
        for job, trigger in _triggered(workspace):
            last = ledger.fires.latest(job.name)
            listed.append(
                Planned(
                    job=job.name,
                    zone=trigger.zone,
                    last=f"{last.nominal_local} {last.slot}" if last else None,
                    next=next_slot(trigger, now),
                )
            )
    return listed


def fire_due(workspace: Workspace, progress: Progress | None = None) -> list[Fired]:
    """Fire every slot that is due and not claimed yet, and return what was fired or passed over.

    Slots that were missed (the scheduler was down) are caught up by one run of the latest one, or
    passed over and only claimed, as the job's trigger says.
    """
    fired = []
    for job, trigger in _triggered(workspace):
        doubted = note_doubted(workspace, job)
        if doubted is not None:
            fired.append(Fired(job.name, None, (), None, doubted=doubted))
        due = _claim_due(workspace, job, trigger)
        if due and trigger.catch_up == "skip" and _is_late(workspace, trigger, due[-1]):
            fired.append(Fired(job.name, None, tuple(due), None))
        elif due:
            fired.append(_fire(workspace, job, due, progress or Silent()))
    return fired


def serve(
    workspace: Workspace,
    on_fired: Callable[[Fired], None],
    on_error: Callable[[EtlError], None],
) -> None:
    """Fire what is due until the process is stopped (SIGINT, SIGTERM); a run under way is finished.

    What is due, and whether it was fired before, the ledger knows; the clock only asks. So a late,
    lost or doubled look changes nothing, and looks are a number of seconds apart, not at times of
    the day: a clock that is put back does not delay the next one.

    Args:
        on_error: told why a look failed, e.g. as the ledger is away; the next one tries again.
    """

    def look() -> None:
        try:
            for fired in fire_due(workspace):
                on_fired(fired)
        except EtlError as error:
            on_error(error)

    # beside the main thread, which the signals interrupt
    with ThreadPoolExecutor(1) as worker:
        while True:
            worker.submit(look).result()
            time.sleep(_TICK_SECONDS)


def _triggered(workspace: Workspace) -> list[tuple[Job, Trigger]]:
    jobs = workspace.project.jobs.values()
    return [(job, job.trigger) for job in jobs if job.trigger is not None]


def _claim_due(workspace: Workspace, job: Job, trigger: Trigger) -> list[datetime]:
    """The slots claimed now, oldest first; empty where none is due.

    A job that was never fired does not begin with the past: its latest slot is claimed, and run
    only if it is due just now.
    """
    now = workspace.clock()
    with workspace.ledger.begin() as ledger:
        last = ledger.fires.latest(job.name)
        if last is None:
            slot = latest_slot(trigger, now)
            if slot is None:
                return []
            claimed = ledger.fires.claim(job.name, slot.date(), _name(slot), _process())
            return [slot] if claimed and not _is_late(workspace, trigger, slot) else []
        since = now - _CATCH_UP
        return [
            slot
            for slot in due_slots(trigger, since, now)
            if (slot.date(), _name(slot)) > (last.nominal_local, last.slot)
            and ledger.fires.claim(job.name, slot.date(), _name(slot), _process())
        ]


def _is_late(workspace: Workspace, trigger: Trigger, slot: datetime) -> bool:
    """Whether a scheduler that was running would have fired the slot before now."""
    late = workspace.clock() - instant_of(slot, ZoneInfo(trigger.zone))
    return late > timedelta(seconds=5 * _TICK_SECONDS)


def _fire(workspace: Workspace, job: Job, due: list[datetime], progress: Progress) -> Fired:
    slot, missed = due[-1], tuple(due[:-1])
    try:
        result = run_job(workspace, job.name, slot.date(), progress)
    except EtlError as error:
        return Fired(job.name, slot, missed, None, error)
    except Exception as error:
        # the scheduler lives on: the other jobs are due all the same
        return Fired(job.name, slot, missed, None, TerminalError(told("running it", error)))
    with workspace.ledger.begin() as ledger:
        ledger.fires.ran(job.name, slot.date(), _name(slot), result.run_id)
    return Fired(job.name, slot, missed, result)


def _name(slot: datetime) -> str:
    return f"{slot:%H:%M}"


def _process() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"
