"""Cron expressions as everybody writes them: five fields, Sunday being 0 and 7."""

from __future__ import annotations

import re
from datetime import UTC

from apscheduler.triggers.cron import CronTrigger

_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")
_RANGE = re.compile(r"([0-7])(?:-([0-7]))?(?:/([1-9]))?")


def cron_trigger(expression: str) -> CronTrigger:
    """The trigger of ``minute hour day month weekday``, on a calendar without a zone's jumps.

    APScheduler counts weekdays from Monday, so numbers are given to it as names.

    Raises:
        ValueError: not a cron expression.
    """
    *fields, weekdays = expression.split()
    named = ",".join(_named(part) for part in weekdays.split(","))
    return CronTrigger.from_crontab(" ".join([*fields, named]), timezone=UTC)


def _named(part: str) -> str:
    """``1-5`` as ``mon,tue,wed,thu,fri``; what is no number stays."""
    match = _RANGE.fullmatch(part)
    if match is None:
        return part
    first, last, step = match.groups()
    start, end = int(first), int(last or first)
    if end < start:
        raise ValueError(f"the range {part!r} ends before it begins")
    return ",".join(_DAYS[start : end + 1 : int(step or 1)])
