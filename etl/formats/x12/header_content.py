"""What is wrong with the values of an ISA or a GS (X12.5, X12.6)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from etl.formats.edi.calendar import is_clock_time, is_day
from etl.formats.edi.elements import element
from etl.formats.edi.syntax import ContentFault

_Check = tuple[int, str, Callable[[str], object], str]

_ISA: tuple[_Check, ...] = (
    (9, "the date", lambda value: len(value) == 6 and is_day(value), "YYMMDD"),
    (10, "the time", lambda value: len(value) == 4 and is_clock_time(value), "HHMM"),
    (12, "the version", re.compile(r"00\d{3}").fullmatch, "a version such as 00401"),
    (13, "the control number", re.compile(r"\d{1,9}").fullmatch, "nine digits"),
    (14, "whether a TA1 is asked for", re.compile(r"[01]").fullmatch, "0 or 1"),
    (15, "the usage indicator", re.compile(r"[PTI]").fullmatch, "P, T or I"),
)
_GS: tuple[_Check, ...] = (
    (1, "the functional identifier", re.compile(r"[A-Z0-9]{2}").fullmatch, "two letters"),
    (4, "the date", is_day, "CCYYMMDD"),
    (5, "the time", is_clock_time, "HHMM or HHMMSS"),
    (6, "the control number", re.compile(r"\d{1,9}").fullmatch, "up to nine digits"),
    (7, "the agency", re.compile(r"[XT]").fullmatch, "X or T"),
    (8, "the version", re.compile(r"0\d{5}[A-Z0-9]*").fullmatch, "a version such as 004010"),
)


def content_faults(elements: list[str]) -> Iterator[ContentFault]:
    """Of an ISA or a GS, split into its elements."""
    for number, what, right, expected in _ISA if elements[0].strip() == "ISA" else _GS:
        value = element(elements, number)
        if not right(value):
            yield ContentFault(number, what, value, expected)
