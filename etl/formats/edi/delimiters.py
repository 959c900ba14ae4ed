"""The separators of an interchange: read from its first segment, never assumed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

BLANKS = b" \t\r\n"
"""What may stand between segments and is skipped there."""

SEPARATORS = ("element", "component", "terminator", "repetition", "release")
"""The names of all separators."""

_BEYOND_UTF8 = dict(zip(SEPARATORS, range(0xF8, 0xFD), strict=True))
"""What stands in scanned text for a separator beyond ASCII: bytes that no UTF-8 text has."""


@dataclass(frozen=True, slots=True)
class Delimiters:
    """The separators of an interchange as byte values.

    Attributes:
        repetition: None where elements do not repeat (X12 before 00402, EDIFACT before syntax 4).
        release: takes the meaning from the separator behind it; None in X12.
        decimal_comma: whether the decimal mark is a comma (UNA).
    """

    element: int
    component: int
    repetition: int | None
    terminator: int
    release: int | None = None
    decimal_comma: bool = False

    @property
    def breaks_lines(self) -> bool:
        """Whether a newline ends segments, so that it cannot be a wrapped line."""
        return self.terminator in b"\r\n"

    @property
    def beyond_ascii(self) -> dict[str, int]:
        """The separators that are no ASCII, by name: partners whose systems speak EBCDIC end
        segments with 0x85 or 0xA7."""
        given = {name: getattr(self, name) for name in SEPARATORS}
        return {name: byte for name, byte in given.items() if byte is not None and byte >= 0x80}

    @property
    def in_text(self) -> Delimiters:
        """The separators in text that was made UTF-8: those beyond ASCII are replaced there, since
        their bytes are also parts of characters."""
        beyond: dict[str, Any] = {name: _BEYOND_UTF8[name] for name in self.beyond_ascii}
        return replace(self, **beyond) if beyond else self

    def told_apart(self) -> Delimiters | None:
        """The separators if none is a letter, a digit, a blank or another one; else None. A
        repetition separator that is another one is none: many leave any character in its place."""
        needed = [self.element, self.component, self.terminator]
        if self.release is not None:
            needed.append(self.release)
        if len(set(needed)) < len(needed) or any(map(_is_data, needed)):
            return None
        if self.element in b"\r\n" or self.component in b"\r\n":
            return None
        if self.repetition is not None and (
            self.repetition in needed or _is_data(self.repetition) or self.repetition in BLANKS
        ):
            return replace(self, repetition=None)
        return self


def _is_data(byte: int) -> bool:
    """Whether a byte is a letter, a digit or a blank; what it is beyond ASCII no byte tells."""
    return byte == ord(" ") or (byte < 0x80 and chr(byte).isalnum())


@dataclass(frozen=True, slots=True)
class Header:
    """The head of an interchange.

    Attributes:
        start: where it starts, a UNA before it included.
        body: where its ISA or UNB starts.
        delimiters: the separators that hold from there on.
        exact: whether it cannot be anything else: an ISA of 106 bytes, a UNB after a UNA or with
            syntax identifier and version.
        charset: Python codec that it declares; None: it declares none.
        assumed: whether nothing declares its terminator, which the text shows.
        advice: what stands before the ISA or UNB and belongs to it, a UNA.
    """

    start: int
    body: int
    delimiters: Delimiters
    exact: bool
    charset: str | None = None
    advice: bytes = b""
    assumed: bool = False
