"""Dates and points in time as partners write them.

Columns of dates have few distinct values, so each distinct text is read once, with Python's
`strptime` and a strictness that it lacks: without separators every directive has its full width.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
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
) -> tuple[pa.Array, npt.NDArray[np.bool_]]:
    """Read a string column as timestamps in UTC.

    Args:
        text: dates, or dates with times.
        formats: the first that fits is taken; one with ``%z`` carries its own zone.
        time: a column of times and its format, where they stand apart; midnight where there is
            none.
        zone: zone of times that carry none: a name, or a column of names. Of two points in time
            with the same local time (in autumn) the earlier one is taken.

    Returns:
        The times, and a mask of the cells that can't be read, which includes those with an
        unknown zone or none at all.
    """
    times, time_format = time if time else (pa.nulls(len(text), pa.string()), "")
    zones = zone if isinstance(zone, pa.Array) else pa.scalar(zone or "", pa.string())
    joined = pc.binary_join_element_wise(
        text, times, zones, _SEPARATOR, null_handling="replace", null_replacement=""
    )
    joined = pc.if_else(text.is_valid(), joined, pa.scalar(None, pa.string()))

    without_time = tuple(formats)
    with_time = tuple(f"{written} {time_format}" for written in formats)

    def read(value: str) -> datetime | None:
        day, clock, zone_name = value.split(_SEPARATOR)
        if clock.strip():
            moment = _moment(f"{day.strip()} {clock.strip()}", with_time)
        else:
            moment = _moment(day, without_time)
        if moment is None:
            return None
        if moment.tzinfo is None:
            known = _zone(zone_name.strip())
            if known is None:
                return None
            moment = moment.replace(tzinfo=known)
        return moment.astimezone(UTC)

    return by_distinct_text(joined, read, pa.timestamp("us", "UTC"))


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
        if _ADJOINING.search(written) and moment.strftime(written) != text:
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
