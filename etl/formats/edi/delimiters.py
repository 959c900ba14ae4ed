"""The separators of an interchange: read from its first segment, never assumed."""

from __future__ import annotations

from dataclasses import dataclass

BLANKS = b" \t\r\n"
"""What may stand between segments and is skipped there."""


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
        advice: what stands before the ISA or UNB and belongs to it, a UNA.
    """

    start: int
    body: int
    delimiters: Delimiters
    exact: bool
    charset: str | None = None
    advice: bytes = b""
