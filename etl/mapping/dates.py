"""Dates and points in time as partners write them.

Columns of dates have few distinct values, so each distinct text is read once, with Python's
`strptime` and a strictness that it lacks: without separators every directive has its full width.
Twice a year a local time says too little: in :class:`Doubtful` hours it is declared what is meant.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

ISO_DATE = "%Y-%m-%d"
ISO_TIMES = (
    "%Y-%m-%dT%H:%M:%S.%f%z",
    "%Y-%m-%dT%H:%M:%S%z",
    "%Y-%m-%dT%H:%M:%S.%f",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%d",
)
_EARLIEST = 1900
_ADJOINING = re.compile(r"%[A-Za-z]%(?!z)[A-Za-z]")
_SEPARATOR = "\x1f"
_SECOND = timedelta(seconds=1)

REJECT, WARN, EARLIER, LATER, SHIFT = "reject", "warn", "earlier", "later", "shift"


@dataclass(frozen=True, slots=True)
class Doubtful:
    """What is meant by a local time that the zone's clock shows twice, or never.

    Attributes:
        ambiguous: shown twice, as 02:30 on 2026-10-25 in Berlin: ``reject``; ``warn``, which takes
            the earlier one and tells; ``earlier``, ``later``.
        nonexistent: never shown, as 02:30 on 2026-03-29 in Berlin: ``reject``; ``warn``, which
            takes the later one and tells; ``earlier`` (01:30), ``later`` (03:30, by a clock that
            was not put forward), ``shift`` (03:00, the moment when it was).
    """

    ambiguous: str = WARN
    nonexistent: str = WARN


@dataclass(frozen=True, slots=True)
class Times:
    """Points in time that were read.

    Attributes:
        values: timestamps in UTC.
        bad: cells that can't be read, which includes those with an unknown zone or none at all.
        ambiguous, nonexistent: cells with a local time that its zone has twice, or never.
    """

    values: pa.Array
    bad: npt.NDArray[np.bool_]
    ambiguous: npt.NDArray[np.bool_]
    nonexistent: npt.NDArray[np.bool_]


def read_dates(
    text: pa.Array, formats: Sequence[str] = (ISO_DATE,)
) -> tuple[pa.Array, npt.NDArray[np.bool_]]:
    """Read a string column as date32 with the first format that fits.

    Returns:
        The dates, and a mask of the cells with text that is no date of these formats; a date
        before 1900 counts as none.
    """

    tried = tuple(formats)

    def read(value: str) -> date | None:
        moment = _moment(value, tried)
        return moment.date() if moment else None

    return by_distinct_text(text, read, pa.date32())


def read_times(
    text: pa.Array,
    formats: Sequence[str] = ISO_TIMES,
    time: tuple[pa.Array, str] | None = None,
    zone: pa.Array | str | None = None,
    doubtful: Doubtful | None = None,
) -> Times:
    """Read a string column as timestamps in UTC.

    Args:
        text: dates, or dates with times.
        formats: the first that fits is taken; one with ``%z`` carries its own zone.
        time: a column of times and its format, where they stand apart; midnight where there is
            none.
        zone: zone of times that carry none: a name, or a column of names.
        doubtful: what is meant by local times that the zone has twice or never.
    """
    times, time_format = time if time else (pa.nulls(len(text), pa.string()), "")
    zones = zone if isinstance(zone, pa.Array) else pa.scalar(zone or "", pa.string())
    joined = pc.binary_join_element_wise(
        text, times, zones, _SEPARATOR, null_handling="replace", null_replacement=""
    )
    joined = pc.if_else(text.is_valid(), joined, pa.scalar(None, pa.string()))

    without_time = tuple(formats)
    with_time = tuple(f"{written} {time_format}" for written in formats)
    meant = doubtful or Doubtful()
    twice: list[str] = []
    never: list[str] = []

    def read(value: str) -> datetime | None:
        day, clock, zone_name = value.split(_SEPARATOR)
        if clock.strip():
            moment = _moment(f"{day.strip()} {clock.strip()}", with_time)
        else:
            moment = _moment(day, without_time)
        if moment is None:
            return None
        try:
            if moment.tzinfo is not None:
                return moment.astimezone(UTC)
            known = _zone(zone_name.strip())
            if known is None:
                return None
            first, second = (moment.replace(tzinfo=known, fold=fold) for fold in (0, 1))
            if first.utcoffset() == second.utcoffset():
                return first.astimezone(UTC)
            earlier, later = sorted((first.astimezone(UTC), second.astimezone(UTC)))
        except OverflowError:  # the last hours of the year 9999
            return None
        if first.astimezone(UTC) == earlier:
            twice.append(value)
            return {WARN: earlier, EARLIER: earlier, LATER: later}.get(meant.ambiguous)
        never.append(value)
        change = _change(known, earlier, later)
        return {WARN: later, EARLIER: earlier, LATER: later, SHIFT: change}.get(meant.nonexistent)

    values, bad = by_distinct_text(joined, read, pa.timestamp("us", "UTC"))
    ambiguous, nonexistent = _among(joined, twice), _among(joined, never)
    return Times(values, bad & ~ambiguous & ~nonexistent, ambiguous, nonexistent)


def _change(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The moment between two, to the second, when the zone's clock was changed."""
    offset = before.astimezone(zone).utcoffset()
    while after - before > _SECOND:
        middle = before + (after - before) // 2
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0)


def _among(text: pa.Array, some: Sequence[str]) -> npt.NDArray[np.bool_]:
    if not some:
        return np.zeros(len(text), np.bool_)
    found: npt.NDArray[np.bool_] = pc.is_in(text, value_set=pa.array(some, pa.string())).to_numpy(
        zero_copy_only=False
    )
    return found


def is_zone(name: str) -> bool:
    """Whether there is a time zone of that name."""
    return _zone(name) is not None


def by_distinct_text(
    text: pa.Array, read: Callable[[str], Any], kind: pa.DataType
) -> tuple[pa.Array, npt.NDArray[np.bool_]]:
    """`read` applied to each distinct text once; None from it marks its cells as bad."""
    encoded = text.dictionary_encode()
    values = [read(value) for value in encoded.dictionary.to_pylist()]
    result = pa.array(values, kind).take(encoded.indices)
    bad = np.zeros(len(text), np.bool_)
    if any(value is None for value in values):
        bad = pc.and_not(text.is_valid(), result.is_valid()).to_numpy(zero_copy_only=False)
    return result, bad


@lru_cache(maxsize=65536)
def _moment(text: str, formats: tuple[str, ...]) -> datetime | None:
    text = text.strip()
    for written in formats:
        try:
            moment = datetime.strptime(text, written)  # noqa: DTZ007  (the zone comes later)
        except ValueError:
            continue
        if moment.year < _EARLIEST:
            continue
        # names of months and days may stand in capital letters
        if _ADJOINING.search(written) and moment.strftime(written).lower() != text.lower():
            continue
        return moment
    return None


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo | None:
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
