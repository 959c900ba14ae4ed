"""Conditions between the elements of a segment (X12.6: relational conditions)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from etl.formats.edi.reading.segments import Mask
from etl.formats.edi.structures.dictionary import Note


def broken(note: Note, present: Sequence[Mask]) -> Mask:
    """Which segments break a condition, given whether they have each of its elements."""
    count = present[0].astype(np.uint8)
    for more in present[1:]:
        count += more
    first, others = present[0], count - present[0]
    found: Mask
    match note.relation:
        case "P":
            found = (count > 0) & (count < len(present))
        case "R":
            found = count == 0
        case "E":
            found = count > 1
        case "C":
            found = first & (others < len(present) - 1)
        case "L":
            found = first & (others == 0)
    return found


def meaning(note: Note) -> str:
    """What a condition asks for, for people."""
    listed = " and ".join(str(number) for number in note.elements)
    others = " and ".join(str(number) for number in note.elements[1:])
    match note.relation:
        case "P":
            return f"elements {listed}, or none of them"
        case "R":
            return f"at least one of elements {listed}"
        case "E":
            return f"at most one of elements {listed}"
        case "C":
            return f"with element {note.elements[0]} also {others}"
        case "L":
            return f"with element {note.elements[0]} at least one of {others}"
