"""The four separators of an interchange, read from its ISA segment, never assumed.

X12.5: the ISA is the only segment of fixed width. Byte 4 is the element separator, ISA11 the
repetition separator (from version 00402 on), ISA16 the component separator, and the byte after it
the segment terminator.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from etl.formats.edi.delimiters import Delimiters, Header
from etl.formats.edi.reading.scan import occurrences

ISA_LENGTH = 106
"""Bytes of an ISA in its fixed form, terminator included."""

_ELEMENTS_AT = (3, 6, 17, 20, 31, 34, 50, 53, 69, 76, 81, 83, 89, 99, 101, 103)
_LENIENT_REACH = 220
_ISA = re.compile(rb"ISA[^A-Za-z0-9 \r\n]")


USUAL = Delimiters(ord("*"), ord(":"), None, ord("~"))
"""What most senders use; stands for the separators of a buffer without text."""


def headers(data: bytes, start: int = 0) -> Iterator[Header]:
    """Every place at or after `start` that reads as an ISA, also inside of data."""
    for at in occurrences(data, b"ISA").tolist():
        if at >= start and _ISA.match(data, at) and (header := _header_at(data, at)):
            yield header


def form_fault(text: str, elements: list[str]) -> tuple[str, str] | None:
    """What is wrong with the form of an ISA, given without terminator: found and expected."""
    length = len(text) + 1
    if length == ISA_LENGTH and len(elements) == 17:
        return None
    found = f"{len(elements) - 1} elements, {length} characters"
    return found, f"16 elements, {ISA_LENGTH} characters"


def _header_at(data: bytes, start: int) -> Header | None:
    head = data[start : start + 2 * _LENIENT_REACH]
    for text in (head, head.translate(None, b"\r\n")):
        if (found := _exact(text)) is not None:
            return Header(start, start, found, exact=True)
    found = _lenient(head)
    return None if found is None else Header(start, start, found, exact=False)


def _exact(head: bytes) -> Delimiters | None:
    if len(head) < ISA_LENGTH:
        return None
    element = head[3]
    if head.count(element, 0, ISA_LENGTH - 1) != len(_ELEMENTS_AT):
        return None
    if any(head[at] != element for at in _ELEMENTS_AT):
        return None
    return _declared(element, head[82:83], head[84:89], head[104], head[105])


def _lenient(head: bytes) -> Delimiters | None:
    parts = head[:_LENIENT_REACH].split(head[3:4], len(_ELEMENTS_AT))
    if len(parts) <= len(_ELEMENTS_AT) or len(parts[-1]) < 2:
        return None
    version = parts[12]
    if not re.fullmatch(rb"\d{5}", version) or any(b"\n" in part for part in parts[:12]):
        return None
    return _declared(head[3], parts[11], version, parts[-1][0], parts[-1][1])


def _declared(
    element: int, isa11: bytes, version: bytes, component: int, terminator: int
) -> Delimiters | None:
    repeats = version >= b"00402" and len(isa11) == 1
    repetition = isa11[0] if repeats else None
    return Delimiters(element, component, repetition, terminator).told_apart()
