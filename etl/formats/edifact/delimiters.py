"""The separators and the charset of an EDIFACT interchange, read from its UNA and UNB.

ISO 9735: a UNA of nine bytes gives component separator, element separator, decimal mark, release
character, repetition separator (from syntax version 4 on) and segment terminator; without it the
usual ones hold. S001 of the UNB names the repertoire and the syntax version.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from etl.formats.edi.delimiters import BLANKS, Delimiters, Header
from etl.formats.edi.reading.scan import occurrences

USUAL = Delimiters(ord("+"), ord(":"), None, ord("'"), ord("?"))
"""What holds without a UNA."""

REPETITION = ord("*")
"""The usual repetition separator of syntax version 4."""

CHARSETS = {
    "UNOA": "ascii",
    "UNOB": "ascii",
    "UNOC": "iso8859-1",
    "UNOD": "iso8859-2",
    "UNOE": "iso8859-5",
    "UNOF": "iso8859-7",
    "UNOG": "iso8859-3",
    "UNOH": "iso8859-4",
    "UNOI": "iso8859-6",
    "UNOJ": "iso8859-8",
    "UNOK": "iso8859-9",
    "UNOL": "iso8859-15",
    "UNOW": "utf-8",
    "UNOX": "ascii",
    "UNOY": "utf-8",
}
"""Python codec by syntax identifier (0001). UNOX switches charsets by escape sequences, which no
logistics partner was seen to use: bytes beyond ASCII are reported."""

_HEAD = re.compile(rb"UNA(?P<una>.{6})[ \t\r\n]*UNB(?P<after>.)|UNB(?P<plain>\+)", re.DOTALL)
_SYNTAX = re.compile(r"(UNO[A-Z])(.(\d))?")
_UNB_LINE = re.compile(rb"UNB\+[^'\r\n]*(?P<end>\r?\n)(UNG|UNH)\+")
_USUAL_END = re.compile(rb"'[ \t\r\n]*([A-Z]{3}\+|\Z)|'[\r\n]")
_SWALLOWED = re.compile(r"UN[GHZ]\s*")


def headers(data: bytes, start: int = 0) -> Iterator[Header]:
    """Every place at or after `start` that reads as a UNA with its UNB, or as a UNB."""
    after, by_lines = start, _ByLines(data)
    heads = occurrences(data, b"UN")
    third = np.frombuffer(data, np.uint8).take(heads + 2, mode="clip")
    for at in heads[(third == ord("A")) | (third == ord("B"))].tolist():
        if at >= after and (match := _HEAD.match(data, at)):
            after = match.end() - 1
            if header := _header(data, match):
                end = by_lines.end(match.start()) if match["una"] is None else None
                yield header if end is None else _ended_by_lines(header, end)


class _ByLines:
    """Whether segments end with line feeds where no UNA says so: the UNB ends its line, the next
    one begins with another segment, and no ``'`` ends any segment of the text."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._usual: bool | None = None

    def end(self, start: int) -> int | None:
        """The byte that ends segments from the UNB at `start` on, where it is so."""
        match = _UNB_LINE.match(self._data, start)
        if match is None:
            return None
        if self._usual is None:
            self._usual = _USUAL_END.search(self._data) is not None
        return None if self._usual else match["end"][0]


def _ended_by_lines(header: Header, end: int) -> Header:
    return replace(header, delimiters=replace(header.delimiters, terminator=end), assumed=True)


def form_fault(text: str, elements: list[str]) -> tuple[str, str] | None:
    """What is wrong with the form of a UNB: found and expected.

    ISO 9735: syntax identifier, sender, recipient, date and time, and control reference are
    mandatory.
    """
    padded = [*elements, "", "", "", "", ""]
    missing = [str(number) for number in range(1, 6) if not padded[number].strip()]
    if missing:
        return f"no element {', '.join(missing)}", "elements 1 to 5"
    if swallowed(elements):
        return text[:200], "a segment terminator behind the UNB"
    if not _SYNTAX.match(padded[1]):
        return padded[1], "a syntax identifier such as UNOC:3"
    return None


def swallowed(elements: list[str]) -> bool:
    """Whether a UNB without terminator holds the segment behind it, so that its elements are not
    those of a UNB: the next segment's id stands at the end of one of them."""
    return any(_SWALLOWED.fullmatch(each[-3:]) for each in map(str.rstrip, elements[1:]))


def _header(data: bytes, match: re.Match[bytes]) -> Header | None:
    una = match["una"]
    if una is None:
        body, delimiters = match.start(), USUAL
    else:
        body = match.end() - 4
        found = _declared(una)
        if found is None or match["after"] != bytes((found.element,)):
            return None
        delimiters = found
    s001 = data[body + 4 : body + 64].split(bytes((delimiters.element,)))[0].decode("latin-1")
    syntax = _SYNTAX.match(s001)
    version = int(syntax[3] or 0) if syntax else 0
    if version >= 4:
        declared = una[4] if una is not None else REPETITION
        given = replace(delimiters, repetition=None if declared in BLANKS else declared)
        delimiters = given.told_apart() or delimiters
    charset = CHARSETS.get(syntax[1]) if syntax else None
    exact = una is not None or (syntax is not None and version > 0)
    advice = data[match.start() : body]
    return Header(match.start(), body, delimiters, exact, charset, advice)


def _declared(una: bytes) -> Delimiters | None:
    component, element, decimal, release, _, terminator = una
    return Delimiters(
        element,
        component,
        None,
        terminator,
        None if release == ord(" ") else release,
        decimal == ord(","),
    ).told_apart()
