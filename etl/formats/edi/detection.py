"""Is it X12 or EDIFACT? The bytes tell, not the name of the file."""

from __future__ import annotations

from etl.formats.edi.syntax import Syntax
from etl.formats.edifact.syntax import EDIFACT
from etl.formats.x12.syntax import X12

_SYNTAXES = (X12, EDIFACT)

HEAD = 1 << 16
"""Bytes of a file that are looked at; what stands before its first interchange is not longer."""


def syntax_of(head: bytes) -> Syntax | None:
    """The syntax of a file that begins with `head`: that of the first readable ISA or UNB, else
    of the first that is there at all; None where there is neither."""
    readable = {
        header.start: syntax
        for syntax in _SYNTAXES
        for header in [next(syntax.headers(head, 0), None)]
        if header is not None
    }
    broken = {head.find(syntax.interchange.header.encode()): syntax for syntax in _SYNTAXES}
    broken.pop(-1, None)
    found = readable or broken
    return found[min(found)] if found else None
