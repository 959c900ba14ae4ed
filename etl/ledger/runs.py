"""Runs: every execution of a job, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from etl.errors import ConfigurationError
from etl.ledger.clock import Clock
from etl.ledger.models import Run, RunKind, RunState
from etl.ledger.order import Order


@dataclass(frozen=True, slots=True)
class RunEnd:
    """How a run ends, as far as it has come when it seals a batch."""

    state: RunState
    counts: Mapping[str, Any]
    error: str | None
    at: datetime


class Runs:
    """The runs, within one transaction."""

    def __init__(self, session: Session, now: Clock, order: Order) -> None:
        self._session = session
        self._now = now
        self._order = order

    def start(
        self,
        run_id: str,
        job: str,
        nominal_date: date,
        kind: RunKind = RunKind.RUN,
        dry_run: bool = False,
    ) -> Run:
        """Add a running run; `nominal_date` is the day it is for, not the day it happens on."""
        run = Run(
            id=run_id,
            job=job,
            nominal_date=nominal_date,
            kind=kind,
            dry_run=dry_run,
            started_at=self._now(),
            finished_at=None,
            state=RunState.RUNNING,
            counts={},
            error=None,
            sequence=self._order.take(),
            changed=self._order.moment(),
        )
        self._session.add(run)
        self._session.flush()
        return run

    def progress(self, run_id: str, counts: Mapping[str, Any]) -> Run:
        """Note the counts so far; raises ConfigurationError for an unknown run."""
        run = self.named(run_id)
        run.counts = dict(counts)
        run.changed = self._order.moment()
        self._session.flush()
        return run

    def finish(
        self,
        run_id: str,
        state: RunState,
        counts: Mapping[str, Any] | None = None,
        error: str | None = None,
        sealed: RunEnd | None = None,
    ) -> Run:
        """Note how the run ended.

        Args:
            error: a text for people, without secrets.
            sealed: what the archive says of its end, with the batch that it sealed last; where
                nothing came after that, the run ended then.
        """
        run = self.named(run_id)
        run.state = state
        run.error = error
        if counts is not None:
            run.counts = dict(counts)
        if sealed is not None and (state, run.counts, error) == (
            sealed.state,
            dict(sealed.counts),
            sealed.error,
        ):
            run.finished_at = sealed.at
        else:
            run.finished_at = self._now()
            run.changed = self._order.moment()
        self._session.flush()
        return run

    def mark_killed(self, job: str, but: str) -> list[Run]:
        """Mark all running runs of the job as killed, `but` the one that says so.

        For a run that holds the job's lock: no other one can still be alive.
        """
        query = select(Run).where(Run.job == job, Run.state == RunState.RUNNING, Run.id != but)
        killed = list(self._session.scalars(query))
        for run in killed:
            run.state = RunState.KILLED
            run.finished_at = self._now()
            run.changed = self._order.moment()
        self._session.flush()
        return killed

    def get(self, run_id: str) -> Run | None:
        """The run of this id, if there is one."""
        return self._session.get(Run, run_id)

    def named(self, run_id: str) -> Run:
        """The run of this id; raises ConfigurationError when there is none."""
        run = self.get(run_id)
        if run is None:
            raise ConfigurationError(f"there is no run {run_id!r}; see `etl runs` for those known")
        return run

    def recent(
        self, limit: int = 20, job: str | None = None, since: datetime | None = None
    ) -> list[Run]:
        """The latest runs, newest first."""
        query = select(Run).order_by(Run.sequence.desc()).limit(limit)
        if job is not None:
            query = query.where(Run.job == job)
        if since is not None:
            query = query.where(Run.started_at >= since)
        return list(self._session.scalars(query))
