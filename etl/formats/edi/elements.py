"""Elements of a segment that was split at its separators, as they are compared and shown."""

from __future__ import annotations

from collections.abc import Sequence

from etl.formats.edi.delimiters import BLANKS


def element(elements: Sequence[str], number: int) -> str:
    """A 1-based element, the segment's id being first of all; empty where it is absent."""
    return unpadded(elements[number]) if number < len(elements) else ""


def unpadded(text: str) -> str:
    """Text without the blanks around it; what else Unicode has as space is no padding."""
    return text.strip(BLANKS.decode("ascii"))
