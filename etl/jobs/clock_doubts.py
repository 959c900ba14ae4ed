"""Starts that a wrong clock claimed: they do not count, and somebody should know."""

from __future__ import annotations

from etl.config.project import Job
from etl.jobs.queues import INTEGRATION
from etl.jobs.workspace import Workspace
from etl.ledger import ExceptionKind, ExceptionState, NewException
from etl.ledger.exceptions import WAITING
from etl.ledger.models import ScheduleFire

CLOCK_DOUBTED = "CLOCK_DOUBTED"


def note_doubted(workspace: Workspace, job: Job) -> str | None:
    """Make an exception of a job's claims that lie ahead of the clock; closed when none does.

    Returns:
        What to tell; None where there is nothing, or it was told before.
    """
    with workspace.ledger.read() as ledger:
        doubted = ledger.fires.doubted(job.name)
        states = list(ExceptionState) if doubted else WAITING
        known = ledger.exceptions.find(states=states, code=CLOCK_DOUBTED, limit=None)
    of_job = [item for item in known if item.details["job"] == job.name]
    found = _exception(workspace, job, doubted) if doubted else None
    if found is not None and any(item.fingerprint == found.fingerprint for item in of_job):
        return None
    over = [item.id for item in of_job if item.state != ExceptionState.CLOSED]
    if found is None and not over:
        return None
    with workspace.ledger.begin() as ledger:
        ledger.exceptions.close(ids=over)
        ledger.exceptions.add([] if found is None else [found])
    return None if found is None else found.message


def _exception(workspace: Workspace, job: Job, doubted: list[ScheduleFire]) -> NewException:
    latest = max(doubted, key=lambda fire: fire.claimed_at)
    now = workspace.clock()
    count = "1 start is" if len(doubted) == 1 else f"{len(doubted)} starts are"
    return NewException(
        kind=ExceptionKind.TECHNICAL,
        queue=INTEGRATION,
        code=CLOCK_DOUBTED,
        message=f"{job.name}: {count} claimed ahead of the clock: that of {latest.nominal_local} "
        f"{latest.slot} at {latest.claimed_at:%Y-%m-%d %H:%M} UTC by {latest.claimed_by}, and it "
        f"is {now:%Y-%m-%d %H:%M} UTC. They do not count, what is due is fired; check the clocks "
        f"of the machines that run the schedule",
        details={"job": job.name},
        subject=f"{job.name} {latest.claimed_at.isoformat()}",
    )
