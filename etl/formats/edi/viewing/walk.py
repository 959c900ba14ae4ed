"""A file segment by segment, each with what it stands in: interchange, group, transaction, loops.

For people who look at a file, also at a broken one: whatever is missing or unknown, every segment
is given where it stands. A file is read piece by piece, so that memory stays bounded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO, Literal

import numpy as np

from etl.formats.edi.delimiters import Delimiters
from etl.formats.edi.notation import Notation
from etl.formats.edi.outgoing import SegmentValue
from etl.formats.edi.reading.buffer import whole_segments
from etl.formats.edi.reading.framing import Piece, pieces
from etl.formats.edi.reading.segments import Indexes, SegmentIndex
from etl.formats.edi.reading.text import Text
from etl.formats.edi.reading.transactions import Kind
from etl.formats.edi.structures.chosen import Structures
from etl.formats.edi.structures.dictionary import Segment
from etl.formats.edi.structures.files import nearest_among, segments_of
from etl.formats.edi.structures.structure import Loop, Place
from etl.formats.edi.syntax import (
    GROUP,
    GROUP_END,
    INTERCHANGE,
    INTERCHANGE_END,
    OTHER,
    TRANSACTION,
    TRANSACTION_END,
)

BranchKind = Literal["interchange", "group", "transaction", "loop"]


@dataclass(frozen=True, slots=True, eq=False)
class Branch:
    """Something that segments stand in.

    Attributes:
        label: its control number; of a loop its number or path, ``SG2``, ``LX/N1``.
        around: what it stands in; None: nothing.
        document, version: of a transaction, as its sender says; of an X12 group the version.
        name: of a transaction set or message, or of the segment that starts a loop; empty where
            it is not known.
        loop: None but for a loop.
    """

    kind: BranchKind
    label: str
    around: Branch | None = None
    document: str = ""
    version: str = ""
    name: str = ""
    loop: Loop | None = None

    @property
    def path(self) -> tuple[Branch, ...]:
        """What it stands in, from the outside, and itself."""
        return (*(self.around.path if self.around else ()), self)


@dataclass(frozen=True, slots=True)
class Standing:
    """A segment where it stands.

    Attributes:
        value: its id and values, unescaped.
        definition: None where the dictionary does not have it.
        number: in its transaction, ST or UNH being 1; None outside of transactions.
        offset: of its first byte in the file.
        around: the innermost branch that it stands in; header and trailer stand in their own.
    """

    value: SegmentValue
    definition: Segment | None
    number: int | None
    offset: int
    around: Branch | None


def walk(
    stream: BinaryIO, structures: Structures, charset: str | None = None
) -> Iterator[Standing]:
    """The segments of a file, in order.

    Args:
        structures: those that give segments their loops and names; at least one.
        charset: Python codec; None: the one that each interchange declares, else UTF-8.

    Raises :class:`etl.formats.refusal.RefusedError` where no interchange header can be read, and
    where a transaction is too large; what came before has been given by then.
    """
    walker = _Walker(_Library(structures))
    for piece in pieces(stream, structures.syntax, charset, structures.cuts):
        yield from walker.piece(piece)


class _Library:
    """Structures, and the dictionaries of their versions."""

    def __init__(self, structures: Structures) -> None:
        self.structures, self.syntax = structures, structures.syntax
        versions: dict[str, list[str]] = {}
        for structure in structures.all:
            versions.setdefault(structure.document, []).append(structure.version)
        self._versions = max(versions.values(), key=len)
        self.service = self.dictionary(self._versions[-1])

    def dictionary(self, version: str) -> Mapping[str, Segment]:
        """The segments of the version, or of the nearest one."""
        return segments_of(self.syntax, nearest_among(self._versions, version))

    def index(self, data: bytes, delimiters: Delimiters) -> SegmentIndex:
        """The segments of some text, with the class numbers of `structures`."""
        return SegmentIndex(data, delimiters, self.structures.classes, self.syntax.composites)

    def kind(self, header: SegmentValue, group: Branch | None) -> Kind:
        """What an ST (with the version of its group) or a UNH (S009) says."""
        document, version, release, *_ = (*_element(header, self.syntax.document_at), "", "", "")
        if self.syntax.groups_required:
            return Kind(document, group.version if group else "")
        return Kind(document, version + release)


class _Walker:
    """Knows what is open at the segment that comes next."""

    def __init__(self, library: _Library) -> None:
        self._library, self._syntax = library, library.syntax
        self._interchange: Branch | None = None
        self._group: Branch | None = None
        self._transaction: Branch | None = None
        self._loops: list[Branch] = []
        self._structure = -1
        self._dictionary = library.service
        self._number = 0

    def piece(self, piece: Piece) -> Iterator[Standing]:
        """The segments of the next piece of the file."""
        delimiters = piece.header.delimiters
        index = self._library.index(whole_segments(piece), delimiters)
        notation = Notation(delimiters)
        offsets = piece.offset + origins(piece.text, index.start)
        places = iter(() if piece.head is None else self._going_on(index, piece.head))
        for segment, offset in enumerate(offsets.tolist()):
            value = notation.segment(index.text(segment))
            control = int(index.classes[segment])
            self._enter(control, value)
            if control == TRANSACTION:
                places = iter(self._places(index, segment))
            elif self._transaction and not 0 < control < OTHER:
                self._loop(next(places, None), value.id)
            yield self._standing(value, offset)
            self._leave(control)

    def _going_on(self, index: SegmentIndex, head: Piece) -> list[Place | None]:
        """The places at the start of a piece that goes on with a transaction."""
        before = self._library.index(head.text.data, head.header.delimiters)
        return self._places(index, 0, before.classes.tobytes())

    def _places(self, index: SegmentIndex, begin: int, before: bytes = b"") -> list[Place | None]:
        """The places of the segments of a transaction from `begin` on, its ST or UNH aside.

        Args:
            before: classes of the segments that it has in front of `begin`.
        """
        if self._structure < 0:
            return []
        controls = np.flatnonzero((index.classes > 0) & (index.classes < OTHER))
        ends = controls[controls > begin]
        classes = before + index.classes[begin : ends[0] if len(ends) else None].tobytes()
        places = [None, *self._library.structures.all[self._structure].places]
        walked = self._library.structures.automata[self._structure].walk(classes)
        return [places[number] for number in walked.places[len(before) or 1 :].tolist()]

    def _enter(self, control: int, value: SegmentValue) -> None:
        """Open and close what a service segment opens and closes before it stands there."""
        syntax = self._syntax
        if control in (INTERCHANGE, INTERCHANGE_END, GROUP, GROUP_END, TRANSACTION):
            self._transaction, self._dictionary = None, self._library.service
        if control in (INTERCHANGE, INTERCHANGE_END, GROUP):
            self._group = None
        if 0 < control < OTHER:
            self._loops = []
        if control == INTERCHANGE:
            number = _first(value, syntax.interchange.number_at)
            self._interchange = Branch("interchange", number)
        elif control == GROUP:
            version = _first(value, 8) if syntax.groups_required else ""
            number = _first(value, syntax.group.number_at)
            self._group = Branch("group", number, self._interchange, version=version)
        elif control == TRANSACTION:
            self._open_transaction(value)

    def _leave(self, control: int) -> None:
        """Close what a trailer closes after it."""
        if control == TRANSACTION_END:
            self._transaction, self._dictionary = None, self._library.service
        elif control == GROUP_END:
            self._group = None
        elif control == INTERCHANGE_END:
            self._interchange = None

    def _open_transaction(self, header: SegmentValue) -> None:
        library, kind = self._library, self._library.kind(header, self._group)
        self._structure = library.structures.nearest(kind)
        name, self._dictionary = "", library.dictionary(kind.version)
        if self._structure >= 0:
            structure = library.structures.all[self._structure]
            name = structure.name
            self._dictionary = {**library.dictionary(structure.version), **structure.segments}
        self._number = 0
        self._transaction = Branch(
            "transaction",
            _first(header, self._syntax.transaction.number_at),
            self._group or self._interchange,
            document=kind.document,
            version=kind.version,
            name=name,
        )

    def _loop(self, place: Place | None, segment_id: str) -> None:
        """Leave the loops that a segment does not stand in, enter the one that it starts."""
        if place is None:
            return
        while self._loops and self._loops[-1].loop is not place.parent:
            self._loops.pop()
        if place.loop is not None:
            definition = self._dictionary.get(segment_id)
            opened = Branch(
                "loop",
                place.loop.name or place.loop.path,
                self._around,
                name=definition.name if definition else "",
                loop=place.loop,
            )
            self._loops.append(opened)

    @property
    def _around(self) -> Branch | None:
        envelope = self._transaction or self._group or self._interchange
        return self._loops[-1] if self._loops else envelope

    def _standing(self, value: SegmentValue, offset: int) -> Standing:
        self._number += 1
        number = self._number if self._transaction else None
        return Standing(value, self._dictionary.get(value.id), number, offset, self._around)


def origins(text: Text, offsets: Indexes) -> Indexes:
    """Offsets in the raw bytes of bytes of a text; as :meth:`Text.origin`, for many at once."""
    if text.data is text.raw:
        return offsets
    solid = np.arange(len(text.raw))
    if text.wrapped:
        raw = np.frombuffer(text.raw, np.uint8)
        solid = np.flatnonzero((raw != 10) & (raw != 13))
    if len(solid) != len(text.data):
        # of a one-byte charset: a character is a byte there, and up to three in UTF-8
        begins = np.frombuffer(text.data, np.uint8) & 0xC0 != 0x80
        offsets = (np.cumsum(begins) - begins)[offsets]
    found: Indexes = solid[offsets]
    return found


def _element(segment: SegmentValue, number: int) -> tuple[str, ...]:
    """The components of the first repetition of a 1-based element; empty where it is absent."""
    if number > len(segment.elements) or not segment.elements[number - 1]:
        return ()
    return tuple(value.strip() for value in segment.elements[number - 1][0])


def _first(segment: SegmentValue, number: int) -> str:
    return (*_element(segment, number), "")[0]
