"""Nominal slots: the local times at which a job is meant to fire, whatever the clocks do.

A slot is named by its local time without an offset (``2026-10-25T02:30``), so the hour that comes
twice in autumn is one slot, and the hour that spring leaves out is still due, once.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from etl.config.cron import cron_trigger
from etl.config.project import Trigger

_LOOK_BACK = timedelta(days=32)
_ANCHOR = datetime(1970, 1, 1)  # noqa: DTZ001 - slots are local times without an offset


def due_slots(trigger: Trigger, after: datetime, until: datetime) -> list[datetime]:
    """The slots with ``after < instant <= until``, oldest first, as naive local times.

    Args:
        after, until: instants with a zone.
    """
    zone = ZoneInfo(trigger.zone)
    # a day of margin on both sides covers every offset change
    first = after.astimezone(zone).replace(tzinfo=None) - timedelta(days=1)
    last = until.astimezone(zone).replace(tzinfo=None) + timedelta(days=1)
    return [
        slot for slot in _nominal(trigger, first, last) if after < instant_of(slot, zone) <= until
    ]


def latest_slot(trigger: Trigger, now: datetime) -> datetime | None:
    """The last slot at or before `now`; None where there was none in a month."""
    slots = due_slots(trigger, now - _LOOK_BACK, now)
    return slots[-1] if slots else None


def next_slot(trigger: Trigger, now: datetime) -> datetime | None:
    """The first slot after `now`; None where there is none in the month ahead."""
    slots = due_slots(trigger, now, now + _LOOK_BACK)
    return slots[0] if slots else None


def instant_of(slot: datetime, zone: ZoneInfo) -> datetime:
    """The instant, in UTC, at which a slot is due: the first of two, or just after a gap."""
    return slot.replace(tzinfo=zone, fold=0).astimezone(UTC)


def _nominal(trigger: Trigger, first: datetime, last: datetime) -> list[datetime]:
    if trigger.daily:
        at = time.fromisoformat(trigger.daily)
        days = (last.date() - first.date()).days
        return [datetime.combine(_day(first, number), at) for number in range(days + 1)]
    if trigger.every_minutes:
        step = timedelta(minutes=trigger.every_minutes)
        numbers = range((first - _ANCHOR) // step, (last - _ANCHOR) // step + 1)
        return [_ANCHOR + number * step for number in numbers]
    # cron fields are read on the local calendar, so they are evaluated without any zone's jumps
    cron = cron_trigger(trigger.cron or "")
    slots: list[datetime] = []
    moment = first.replace(tzinfo=UTC)
    while (found := cron.get_next_fire_time(None, moment)) and found.replace(tzinfo=None) <= last:
        slots.append(found.replace(tzinfo=None))
        moment = found + timedelta(minutes=1)
    return slots


def _day(first: datetime, number: int) -> date:
    return first.date() + timedelta(days=number)
