"""What the dictionary and the structure of a transaction set say of its segments and elements."""

from __future__ import annotations

from collections.abc import Mapping

from etl.defects import Position
from etl.formats.edi.receipt import ReceivedTransaction
from etl.formats.edi.structures.dictionary import Composite, Segment
from etl.formats.edi.structures.files import segments_of, structure_of
from etl.formats.edi.structures.structure import Place
from etl.formats.x12.syntax import X12


def dictionary_of(received: ReceivedTransaction) -> Mapping[str, Segment]:
    """All segments of the version that it was read by; none where no structure is known."""
    return segments_of(X12, received.structure) if received.structure else {}


def reference_number(received: ReceivedTransaction, at: Position) -> str | None:
    """The number of the data element at a position; None for a composite as a whole, for one that
    the segment does not have, and for those of the ISA, which have letters."""
    known = dictionary_of(received).get(at.segment_id or "")
    if known is None or not 1 <= (at.element or 0) <= len(known.elements):
        return None
    use = known.elements[(at.element or 0) - 1]
    if at.component is not None and 1 <= at.component <= len(use.components):
        use = use.components[at.component - 1]
    number = use.of.number
    return None if isinstance(use.of, Composite) or not number.isdecimal() else number


def has_place(received: ReceivedTransaction, segment_id: str) -> bool:
    """Whether the transaction set has a segment at all."""
    return bool(_places(received, segment_id))


def _places(received: ReceivedTransaction, segment_id: str) -> list[Place]:
    if not received.structure:
        return []
    places = structure_of(X12, received.document, received.structure).places
    return [place for place in places if place.segment_id == segment_id]
