"""The errors of a transaction by segment, as acknowledgements tell them (AK3, IK3, UCS)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from etl.defects import Defect


@dataclass(frozen=True, slots=True)
class SegmentError:
    """What is wrong with one segment.

    Attributes:
        number: its number in the transaction, ST or UNH being 1; of a missing one that of the
            segment that starts the loop it is missing in.
        segment_id: its id, or that of the missing one.
        defect: what is wrong with it as a whole; None: only elements are wrong.
        elements: what is wrong with its elements, in their order.
    """

    number: int
    segment_id: str
    defect: Defect | None
    elements: tuple[Defect, ...] = ()


def segment_errors(
    defects: Iterable[Defect], of_segments: Collection[str], of_elements: Collection[str]
) -> list[SegmentError]:
    """The errors of a transaction in the order of its segments.

    Args:
        of_segments, of_elements: codes of the defects that concern a segment as a whole, and
            those that concern its elements.
    """
    errors: list[SegmentError] = []
    elements: dict[tuple[int, str], list[Defect]] = {}
    for defect in defects:
        number, segment_id = defect.position.segment, defect.position.segment_id or ""
        if number is None:
            continue
        if defect.code in of_segments:
            concerned = defect.expected if defect.code == "MISSING_SEGMENT" else segment_id
            errors.append(SegmentError(number, concerned or "", defect))
        elif defect.code in of_elements:
            elements.setdefault((number, segment_id), []).append(defect)
    for (number, segment_id), wrong in elements.items():
        places = [each for each in wrong if each.position.element is not None]
        places.sort(key=lambda each: (each.position.element or 0, each.position.component or 0))
        errors.append(SegmentError(number, segment_id, None, tuple(places)))
    return sorted(errors, key=lambda error: error.number)
