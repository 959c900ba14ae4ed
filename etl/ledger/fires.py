"""Schedule fires: every due start of a job is claimed by exactly one process.

A claim that was made later than it is now comes from a clock that was wrong, or ours is. It does
not count: a start that is due is claimed whatever it says, and nothing before it is left out.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from etl.ledger.clock import Clock
from etl.ledger.models import ScheduleFire
from etl.ledger.upsert import insert_if_absent
from etl.ledger.views import table_of

_FIRE = table_of(ScheduleFire)

# By how much the clocks of machines that share a ledger may differ.
_CLOCKS_DIFFER = timedelta(minutes=10)


class Fires:
    """The claimed starts, within one transaction."""

    def __init__(self, session: Session, now: Clock) -> None:
        self._session = session
        self._now = now

    def claim(self, job: str, nominal_local: date, slot: str, claimed_by: str) -> bool:
        """Claim a start; False when it was claimed before, by whomever with a right clock."""
        key = {"job": job, "nominal_local": nominal_local, "slot": slot}
        claim = {"claimed_at": self._now(), "claimed_by": claimed_by, "run_id": None}
        if insert_if_absent(self._session, _FIRE, {**key, **claim}):
            return True
        taken_over = (
            update(ScheduleFire)
            .filter_by(**key)
            .where(ScheduleFire.claimed_at > self._reach())
            .values(claim)
            .returning(ScheduleFire.job)
        )
        return self._session.execute(taken_over).first() is not None

    def ran(self, job: str, nominal_local: date, slot: str, run_id: str) -> None:
        """Note which run a claimed start led to; raises KeyError when it was never claimed."""
        fire = self._session.get(ScheduleFire, (job, nominal_local, slot))
        if fire is None:
            raise KeyError((job, nominal_local, slot))
        fire.run_id = run_id
        self._session.flush()

    def latest(self, job: str) -> ScheduleFire | None:
        """The claimed start with the latest nominal day and slot, of those that count."""
        query = (
            select(ScheduleFire)
            .where(ScheduleFire.job == job, ScheduleFire.claimed_at <= self._reach())
            .order_by(ScheduleFire.nominal_local.desc(), ScheduleFire.slot.desc())
            .limit(1)
        )
        return self._session.scalars(query).first()

    def doubted(self, job: str) -> list[ScheduleFire]:
        """The starts whose claims do not count, in order."""
        query = (
            select(ScheduleFire)
            .where(ScheduleFire.job == job, ScheduleFire.claimed_at > self._reach())
            .order_by(ScheduleFire.nominal_local, ScheduleFire.slot)
        )
        return list(self._session.scalars(query))

    def since(self, job: str, nominal_local: date) -> list[ScheduleFire]:
        """The claimed starts of a job from a nominal day on, in order."""
        query = (
            select(ScheduleFire)
            .where(ScheduleFire.job == job, ScheduleFire.nominal_local >= nominal_local)
            .order_by(ScheduleFire.nominal_local, ScheduleFire.slot)
        )
        return list(self._session.scalars(query))

    def _reach(self) -> datetime:
        return self._now() + _CLOCKS_DIFFER
