"""What is wrong with one value of an element: the exact rules, for those that look suspicious."""

from __future__ import annotations

import re
from dataclasses import dataclass

from etl.formats.edi.calendar import is_clock_time, is_day
from etl.formats.edi.delimiters import Delimiters
from etl.formats.edi.structures.dictionary import Element

_NUMBERS = {
    "N": re.compile(r"-?\d+", re.ASCII),
    "R": re.compile(r"-?(\d+\.?\d*|\.\d+)(E-?\d+)?", re.ASCII),
    "n": re.compile(r"-?(\d+[.,]?\d*|[.,]\d+)", re.ASCII),
}


@dataclass(frozen=True, slots=True)
class ValueFault:
    """A fault of a value.

    Attributes:
        code: of the defect.
        level: the key of `structure:` that says how grave it is.
    """

    code: str
    level: str
    message: str
    expected: str


def value_fault(value: str, element: Element, delimiters: Delimiters) -> ValueFault | None:
    """What is wrong with a value, unescaped and not empty; None: it is right."""
    if element.numeric:
        if not _NUMBERS[element.type[0]].fullmatch(value):
            return ValueFault(
                "BAD_NUMBER", "types", "this is no number", f"a number, {element.format}"
            )
        return _length(sum(character.isdigit() for character in value), element)
    if element.type == "DT":
        if not is_day(value):
            expected = "CCYYMMDD" if element.least == 8 else "YYMMDD or CCYYMMDD"
            return ValueFault("BAD_DATE", "types", "this is no day of the calendar", expected)
        return _length(len(value), element)
    if element.type == "TM":
        if not is_clock_time(value):
            return ValueFault("BAD_TIME", "types", "this is no time of day", "HHMM or HHMMSS")
        return _length(len(value), element)
    if wrong := _length(len(value), element):
        return wrong
    if element.codes.complete and value.strip() not in element.codes.values:
        known = ", ".join(element.codes.values)
        return ValueFault("BAD_CODE", "codes", "this code is not known", f"one of {known}")
    return None


def _length(length: int, element: Element) -> ValueFault | None:
    if length > element.most:
        text = f"the value has {length} characters, more than it may have"
        return ValueFault("ELEMENT_TOO_LONG", "lengths", text, element.format)
    if length < element.least:
        text = f"the value has {length} characters, fewer than it must have"
        return ValueFault("ELEMENT_TOO_SHORT", "lengths", text, element.format)
    return None
