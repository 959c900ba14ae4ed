"""Days and times as both syntaxes write them."""

from __future__ import annotations

import re
from datetime import date

_TIME = re.compile(r"(\d\d)(\d\d)((\d\d)\d{0,2})?", re.ASCII)


def is_day(value: str) -> bool:
    """Whether a value is YYMMDD or CCYYMMDD of a day that is in the calendar."""
    if not (value.isascii() and value.isdigit()) or len(value) not in (6, 8):
        return False
    padded = value if len(value) == 8 else f"20{value}"
    try:
        date(int(padded[:4]), int(padded[4:6]), int(padded[6:]))
    except ValueError:
        return False
    return True


def is_clock_time(value: str) -> bool:
    """Whether a value is HHMM, HHMMSS, or HHMMSS with tenths or hundredths; 2400 is midnight."""
    match = _TIME.fullmatch(value)
    if match is None:
        return False
    hour, minute, second = int(match[1]), int(match[2]), int(match[4] or 0)
    if hour == 24:
        return not value[2:].strip("0")
    return hour < 24 and minute < 60 and second < 60
