"""Dates and times of EDIFACT: a value with its format beside it (C507, code list 2379)."""

from __future__ import annotations

import numpy as np

from etl.formats.edi.calendar import is_clock_time, is_day
from etl.formats.edi.reading.cells import Cells
from etl.formats.edi.reading.segments import Mask, SegmentIndex
from etl.formats.edi.reading.words import WordReader, is_date, is_leap_day, is_time

_FORMATS: dict[str, tuple[int, int]] = {
    "101": (6, 0),
    "102": (8, 0),
    "201": (6, 4),
    "202": (6, 6),
    "203": (8, 4),
    "204": (8, 6),
}
"""Digits of the day and of the time behind it, by format; other formats are not looked into."""


def suspect_periods(words: WordReader, index: SegmentIndex, parts: list[Cells]) -> Mask:
    """Which values of C507, given as its three components, are wrong for their format.

    What is wrong is told for sure: values that only look odd are looked at exactly.
    """
    _, values, formats = parts
    lengths = values.end - values.start
    format_of = index.which(formats, tuple(_FORMATS))
    wrong = np.zeros(len(values), bool)
    for number, (day, time) in enumerate(_FORMATS.values()):
        chosen = np.flatnonzero((format_of == number) & (lengths > 0))
        if not len(chosen):
            continue
        start, length = values.start[chosen], lengths[chosen]
        of_day = np.full(len(chosen), day)
        heads = words.words(start, np.minimum(length, day))
        suspect = (length != day + time) | ~is_date(heads, of_day) | is_leap_day(heads, of_day)
        if time:
            tails = words.words(start + day, np.clip(length - day, 0, time))
            suspect |= ~is_time(tails, np.full(len(chosen), time))
        for at in np.flatnonzero(suspect).tolist():
            begin, end = int(start[at]), int(start[at] + length[at])
            text = index.data[begin:end].decode("utf-8", "replace")
            wrong[chosen[at]] = not _is_period(text, day, time)
    return wrong


def _is_period(text: str, day: int, time: int) -> bool:
    if len(text) != day + time or not is_day(text[:day]):
        return False
    return not time or is_clock_time(text[day:])
