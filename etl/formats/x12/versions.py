"""Versions of what we send in answer: those of what was received."""

from __future__ import annotations

import re

from etl.formats.edi.receipt import ReceivedGroup, ReceivedInterchange

_VERSION = re.compile(r"\d{3}[0-9A-Z]{0,9}")
_CONTROLS = re.compile(r"00\d{3}")
_USUAL_CONTROLS = "00401"


def controls_version(received: ReceivedInterchange) -> str:
    """ISA12; 00401 where it cannot be read."""
    said = received.element(12)
    return said if _CONTROLS.fullmatch(said) else _USUAL_CONTROLS


def version_of(received: ReceivedInterchange, group: ReceivedGroup) -> str:
    """GS08; where it cannot be read that of the ISA: 00401 is 004010."""
    said = group.elements[8].strip() if len(group.elements) > 8 else ""
    return said if _VERSION.fullmatch(said) else f"{controls_version(received)}0"
