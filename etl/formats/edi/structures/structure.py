"""A transaction set or message as the reader knows it: segments at places, places in loops."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from etl.formats.edi.structures.dictionary import Segment
from etl.formats.edi.syntax import Syntax


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A segment at one place of a loop.

    Attributes:
        number: unique in the structure, from 1 in the order of the file; 1 is ST or UNH.
        ordinal: its position among the places of its loop; the loop's trigger has 0.
        repeat: how often it may stand there in a row.
        loop: the loop that it starts, if it starts one.
        parent: the loop that it stands in; None for ST and UNH.
    """

    number: int
    segment_id: str
    ordinal: int
    required: bool
    repeat: int
    loop: Loop | None
    parent: Loop | None = field(repr=False)


@dataclass(slots=True, eq=False)
class Loop:
    """A loop (X12) or segment group (EDIFACT); the outermost one is the transaction itself.

    Attributes:
        name: the group's number, ``SG2``; empty where it has none.
        path: ids of the triggers from the outside, ``LX/N1``; empty for the transaction.
        depth: 0 for the transaction.
        trigger: the place of the segment that starts it.
        places: what may follow its trigger, in order.
    """

    name: str
    path: str
    depth: int
    parent: Loop | None = field(repr=False)
    trigger: Place = field(init=False)
    places: tuple[Place, ...] = ()

    def named(self, segment_id: str) -> list[Place]:
        """The places of a segment in it, its trigger aside."""
        return [place for place in self.places if place.segment_id == segment_id]

    def inside(self) -> Iterator[Place]:
        """Its trigger and all places in it and in the loops inside it, in order."""
        yield self.trigger
        for place in self.places:
            if place.loop is None:
                yield place
            else:
                yield from place.loop.inside()


@dataclass(frozen=True, eq=False)
class Structure:
    """A transaction set or message in one version.

    Attributes:
        version: ``004010``, ``D96A``: the version that it describes.
        group: GS01 of its groups; empty in EDIFACT.
        transaction: the outermost loop; its last place is SE or UNT.
        segments: definitions of its segments and of the service segments, by id.
    """

    syntax: Syntax
    document: str
    version: str
    name: str
    group: str
    transaction: Loop
    segments: Mapping[str, Segment]

    @property
    def places(self) -> list[Place]:
        """All places, in order of their numbers."""
        return list(self.transaction.inside())

    @property
    def label(self) -> str:
        """For people and for the lineage: ``210 004010``."""
        return f"{self.document} {self.version}"
