"""Each transaction of a file as an interchange of its own, in the bytes that the file has.

Its interchange and group headers stand before it as they are; their trailers are made anew, since
they count one transaction now. Nothing of its neighbours is in it: no other transaction, and none
of what stands between them (TA1, trailers, junk).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

import numpy as np

from etl.formats.cutting import PartInMaking
from etl.formats.edi.delimiters import BLANKS, Delimiters
from etl.formats.edi.reading.buffer import joined
from etl.formats.edi.reading.declaration import Declaration
from etl.formats.edi.reading.framing import Piece, pieces
from etl.formats.edi.reading.scan import released
from etl.formats.edi.reading.segments import SegmentIndex
from etl.formats.edi.reading.transactions import outline
from etl.formats.edi.syntax import GROUP, GROUP_END, INTERCHANGE, INTERCHANGE_END, OTHER, Envelope
from etl.raw import FilePart, SourceFile


@dataclass(frozen=True)
class _Opened:
    """The header of an interchange or a group, as it stands in the file, with its number."""

    header: bytes
    number: bytes


_NOTHING = _Opened(b"", b"")


@dataclass
class Cutter:
    """Gives the transactions of one file; an instance is used once.

    Attributes:
        wanted: numbers of those that are given with their content.
        largest: bytes of the longest one that is.
    """

    declaration: Declaration
    file: SourceFile
    wanted: Collection[int]
    largest: int
    block: int
    _interchange: _Opened = _NOTHING
    _group: _Opened = _NOTHING
    _number: int = 0
    _making: PartInMaking | None = None
    _advice: bytes = field(default=b"")
    _trailers: bytes | None = None

    def documents(self, stream: BinaryIO) -> Iterator[FilePart]:
        """Every transaction, in order; raises :class:`etl.formats.refusal.RefusedError`."""
        declared = self.declaration
        for piece in pieces(
            stream, declared.syntax, declared.charset, declared.structures.cuts, block=self.block
        ):
            yield from self._of_piece(piece)

    def _of_piece(self, piece: Piece) -> Iterator[FilePart]:
        syntax = self.declaration.syntax
        buffer = joined([piece], [0], [self.file], piece.header.delimiters)
        classes = self.declaration.structures.classes
        index = SegmentIndex(buffer.data, buffer.delimiters, classes, syntax.composites)
        lines = outline(index)
        bounds = _Bounds(piece, index, buffer.starts[-1])
        stops = dict(zip(lines.start.tolist(), lines.stop.tolist(), strict=True))
        last = next(reversed(stops), None)
        for segment in np.sort(np.concatenate([lines.start, lines.around])).tolist():
            if segment not in stops:
                self._envelope_segment(index, bounds, segment)
                continue
            if segment == 0 and piece.head is not None:
                making = self._making
            else:
                self._number += 1
                making = self._begin()
            if making is not None:
                making.add(bounds.bytes_between(segment, stops[segment]))
            if segment == last and piece.breaks_off:
                self._making = making
            else:
                yield self._end(making, piece, closed=stops[segment] < len(index))

    def _begin(self) -> PartInMaking | None:
        if self._number not in self.wanted:
            return None
        making = PartInMaking(self.largest)
        making.add(self._interchange.header + self._group.header)
        return making

    def _end(self, making: PartInMaking | None, piece: Piece, *, closed: bool) -> FilePart:
        """The part with its trailers; the last segment of a file may lack its terminator."""
        if making is None:
            return FilePart(self._number, 0, None)
        if not closed and piece.unterminated:
            making.add(_terminator(piece))
        if self._trailers is None:
            self._trailers = self._made_trailers(piece.header.delimiters)
        making.add(self._trailers)
        return making.part(self._number)

    def _made_trailers(self, delimiters: Delimiters) -> bytes:
        """The ends of the group and the interchange that are open, around one transaction."""
        syntax = self.declaration.syntax
        groups = 1 if self._group.header or not syntax.groups_required else 0
        trailers = b""
        if self._group.header:
            trailers = _trailer(syntax.group, 1, self._group, delimiters)
        if self._interchange.header:
            trailers += _trailer(syntax.interchange, groups, self._interchange, delimiters)
        return trailers

    def _envelope_segment(self, index: SegmentIndex, bounds: _Bounds, segment: int) -> None:
        self._trailers = None
        kind, syntax = int(index.classes[segment]), self.declaration.syntax
        text = bounds.bytes_between(segment, segment + 1)
        if kind == INTERCHANGE:
            advice = bounds.piece.header.advice if segment == 0 else self._advice
            number = bounds.element(segment, syntax.interchange.number_at)
            self._interchange, self._group = _Opened(advice + text, number), _NOTHING
        elif kind == GROUP:
            self._group = _Opened(text, bounds.element(segment, syntax.group.number_at))
        elif kind in {GROUP_END, INTERCHANGE_END}:
            # a transaction behind the end of its interchange still needs a header to be read by
            self._group = _NOTHING
        self._advice = text if kind == OTHER and text.startswith(b"UNA") else b""


class _Bounds:
    """Where the segments of a piece stand in the bytes of the file."""

    def __init__(self, piece: Piece, index: SegmentIndex, begins: int) -> None:
        """`begins`: where the text of the piece starts in the index, behind its head."""
        self.piece, self._index, self._begins = piece, index, begins
        self._starts = [*self._origins(index.start).tolist(), len(piece.text.raw)]

    def bytes_between(self, first: int, stop: int) -> bytes:
        """Some segments with what stands behind each; what is of the head is left out."""
        return self.piece.text.raw[self._starts[first] : self._starts[stop]]

    def element(self, segment: int, number: int) -> bytes:
        """An element of a segment, without padding and line breaks; empty where it is absent."""
        first, last = int(self._index.first[segment]), int(self._index.last[segment])
        if first + number > last:
            return b""
        positions = self._index.positions[[first + number - 1, first + number]].astype(np.int64)
        begin, end = self._origins(positions).tolist()
        return self.piece.text.raw[begin + 1 : end].translate(None, b"\r\n").strip(BLANKS)

    def _origins(self, offsets: np.ndarray) -> np.ndarray:
        text = self.piece.text
        return text.origins(np.clip(offsets - self._begins, 0, len(text.data)))


def _trailer(envelope: Envelope, count: int, opened: _Opened, delimiters: Delimiters) -> bytes:
    """A trailer that counts what is inside, on a line of its own where its header has one."""
    end = bytes((delimiters.terminator,))
    blanks = BLANKS.replace(end, b"")
    behind = opened.header[len(opened.header.rstrip(blanks)) :]
    elements = (envelope.trailer.encode(), str(count).encode(), opened.number)
    return bytes((delimiters.element,)).join(elements) + end + behind


def _terminator(piece: Piece) -> bytes:
    """What ends the last segment of a text that breaks off, so that nothing releases it."""
    raw, delimiters = piece.text.raw, piece.header.delimiters
    end = bytes((delimiters.terminator,))
    if delimiters.release and released(raw, len(raw), delimiters.release):
        return bytes((delimiters.release,)) + end
    return end
