"""Versions of what we send in answer: those of what was received."""

from __future__ import annotations

import re

from etl.formats.edi.receipt import ReceivedGroup, ReceivedInterchange
from etl.formats.x12.syntax import X12

_CONTROLS = re.compile(r"00\d{3}")
_USUAL_CONTROLS = "00401"
_LONGEST = 12


def controls_version(received: ReceivedInterchange) -> str:
    """ISA12; 00401 where it cannot be read."""
    said = received.element(12)
    return said if _CONTROLS.fullmatch(said) else _USUAL_CONTROLS


def version_of(received: ReceivedInterchange, group: ReceivedGroup) -> str:
    """GS08; where it cannot be read that of the ISA: 00401 is 004010."""
    said = group.elements[8].strip() if len(group.elements) > 8 else ""
    readable = 0 < len(said) <= _LONGEST and X12.version_form.fullmatch(said)
    return said if readable else f"{controls_version(received)}0"
