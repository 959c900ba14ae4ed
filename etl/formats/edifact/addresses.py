"""What the header of an interchange says of its syntax and its partners, as components."""

from __future__ import annotations

import re
from collections.abc import Sequence

from etl.formats.edi.acknowledging.sendable import echoed
from etl.formats.edi.notation import Notation
from etl.formats.edi.outgoing import Components
from etl.formats.edi.receipt import ReceivedInterchange
from etl.formats.edifact.delimiters import CHARSETS

_SYNTAX = re.compile(r"UNO[A-Z]:[1-4]")
_FALLBACK = "UNOC:3"


def syntax_version(received: ReceivedInterchange) -> str:
    """S001 as ``UNOC:3``, which also stands for one that cannot be read."""
    said = ":".join(components(received, received.elements, 1)[:2])
    return said if _SYNTAX.fullmatch(said) else _FALLBACK


def components(received: ReceivedInterchange, elements: Sequence[str], number: int) -> Components:
    """The components of a 1-based element of one of its service segments; none: it is empty."""
    text = elements[number].strip() if number < len(elements) else ""
    if not text:
        return ()
    return tuple(each.strip() for each in Notation(received.delimiters).value(text)[0])


def charset_of(version: str) -> str:
    """The Python codec of a syntax such as ``UNOC:3``."""
    return CHARSETS.get(version[:4], "ascii")


def echoing(value: str | Components, version: str) -> Components:
    """A value of theirs as it can be written in a syntax such as ``UNOC:3``."""
    parts = (value,) if isinstance(value, str) else value
    return tuple(echoed(each, charset_of(version)) for each in parts)
