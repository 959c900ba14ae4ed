"""X12 and EDIFACT files to chunks: small files with the same separators together, large ones in
blocks."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import numpy as np

from etl.defects import Defect
from etl.formats.cutting import cut
from etl.formats.edi.checks.elements import ElementChecks
from etl.formats.edi.checks.findings import Findings, Places, TransactionFindings
from etl.formats.edi.checks.segments import ContentChecks
from etl.formats.edi.checks.transactions import TransactionChecks
from etl.formats.edi.delimiters import Delimiters
from etl.formats.edi.reading.buffer import Buffer, joined
from etl.formats.edi.reading.content import Reading
from etl.formats.edi.reading.cutting import Cutter
from etl.formats.edi.reading.declaration import Declaration
from etl.formats.edi.reading.envelope import EnvelopeWalk
from etl.formats.edi.reading.envelope_faults import FileState
from etl.formats.edi.reading.framing import Piece, pieces
from etl.formats.edi.reading.matches import Matches
from etl.formats.edi.reading.parts import WHOLE, Part
from etl.formats.edi.reading.passed_over import passed_over
from etl.formats.edi.reading.paths import compared, field_path, row_path
from etl.formats.edi.reading.receiving import received
from etl.formats.edi.reading.rows import EdiRows
from etl.formats.edi.reading.segments import SegmentIndex
from etl.formats.edi.reading.shapes import Shapes
from etl.formats.edi.reading.transactions import outline
from etl.formats.edi.reading.unread import unread
from etl.formats.edi.receipt import ReceivedInterchange
from etl.formats.refusal import RefusedError
from etl.raw import Conditions, Crossing, DeclarationError, FilePart, PassedOver, SourceFile, Unread


class EdiChunk:
    """The transactions of a buffer; implements :class:`etl.raw.Chunk`.

    Every transaction is a top-level row, those with defects and those that the mapping is not for
    included, so that what was read can be counted.
    """

    def __init__(
        self,
        buffer: Buffer,
        state: FileState,
        refused: Sequence[Defect],
        declaration: Declaration,
    ) -> None:
        syntax, structures = declaration.syntax, declaration.structures
        index = SegmentIndex(buffer.data, buffer.delimiters, structures.classes, syntax.composites)
        part, before = _part(buffer, index, state), 0
        if buffer.pieces and not buffer.pieces[0].opens:
            before = state.transactions
        findings = Findings(Places(index, buffer, part))
        lines = outline(index)
        walk = EnvelopeWalk(
            syntax, index, buffer, lines, state, part, declaration.envelope, findings
        )
        transactions = walk.run()
        self.state = walk.state
        self.state.segments = part.shift + len(index) if part.breaks_off else 0
        told = TransactionFindings(findings, transactions)
        checks = TransactionChecks(index, transactions, declaration, part, told)
        used = checks.structures()
        shapes = Shapes(
            index.classes,
            transactions.start,
            transactions.stop,
            used,
            structures.table,
            structures.automata,
        )
        self._reading = Reading(
            declaration, buffer, index, part, transactions, used, shapes, before
        )
        self.state.transactions = self._reading.in_last_file
        checks.run()
        ContentChecks(self._reading, told).run()
        ElementChecks(self._reading, told).run()
        self._defects = (*refused, *findings.defects)
        self._matches = Matches(index, transactions, shapes, part.head)
        self._rows: dict[str | None, EdiRows] = {}

    @property
    def files(self) -> Sequence[SourceFile]:
        """The files that have rows or defects here."""
        return self._reading.buffer.files

    @property
    def defects(self) -> Sequence[Defect]:
        """What the reader found wrong; `record` None: with the file, its groups or interchanges."""
        return self._defects

    @property
    def breaks_off(self) -> bool:
        """Whether its only transaction goes on in the next chunk."""
        return self._reading.part.breaks_off

    def records(self) -> EdiRows:
        """One row a transaction."""
        return self.children(None)

    def children(self, row: str | None) -> EdiRows:
        """The rows of a declaration such as ``LX/L1``; None: the transactions."""
        if row not in self._rows:
            self._rows[row] = EdiRows(row, self._reading, self._matches)
        return self._rows[row]

    def passed_over(self) -> list[PassedOver]:
        """The values that the paths asked for so far did not give."""
        return list(passed_over(self._reading, self._rows.values()))

    def unread(self) -> list[Unread]:
        """The segments and elements that no path has read so far."""
        return list(unread(self._reading, list(self._rows.values())))

    def receipts(self) -> list[ReceivedInterchange]:
        """The interchanges that this chunk has part of, with their transactions so far."""
        return received(self._reading, self._defects)


class EdiReader:
    """X12 or EDIFACT with one mapping's `source:` block; implements :class:`etl.raw.Reader`."""

    def __init__(self, declaration: Declaration, usual: Delimiters) -> None:
        """`usual` are the separators of most senders."""
        self._declaration, self._usual = declaration, usual

    @property
    def block(self) -> int:
        """Bytes read at once."""
        return self._declaration.syntax.block

    def check_path(self, path: str, row: str | None = None) -> None:
        """Raise :class:`DeclarationError` for a path that can't be read in rows of `row`."""
        field_path(self._declaration.structures, path, row)

    def crossings(self, path: str, row: str | None = None) -> list[Crossing]:
        """The loops and segments that a path crosses without a condition and that may be
        repeated there."""
        structures = self._declaration.structures
        return [
            Crossing(step.segment_id, bool(step.loops))
            for step in field_path(structures, path, row).steps
            if not step.conditions and structures.table.repeats[list(step.places)].max() > 1
        ]

    def conditions(self, row: str | None) -> Conditions:
        """What a row declaration, or a path, compares with values."""
        return compared(self._declaration.structures, row)

    def check_row(self, row: str | None) -> None:
        """Raise :class:`DeclarationError` for a child row declaration that can't be read."""
        if row is None:
            raise DeclarationError("row", "nothing", "a loop or segment such as LX or LX/L1")
        row_path(self._declaration.structures, row)

    def read(self, files: Sequence[SourceFile]) -> Iterator[EdiChunk]:
        """Read the files in order; a chunk takes about a block of text."""
        declared = self._declaration
        batch, state = _Batch(self._usual, self.block), FileState()
        for file in files:
            try:
                with file.open() as stream:
                    for piece in pieces(
                        stream,
                        declared.syntax,
                        declared.charset,
                        declared.structures.cuts,
                        block=self.block,
                    ):
                        if not batch.takes(piece):
                            chunk = batch.chunk(state, declared)
                            batch, state = _Batch(self._usual, self.block), chunk.state
                            yield chunk
                        batch.add(file, piece)
            except RefusedError as refused:
                batch.refuse(file, refused)
        if batch.files:
            yield batch.chunk(state, declared)

    def cut(self, file: SourceFile, wanted: Collection[int], largest: int) -> Iterator[FilePart]:
        """The wanted transactions of a file, each one as an interchange of its own."""
        cutter = Cutter(self._declaration, file, wanted, largest, self.block)
        return cut(file, wanted, largest, cutter.documents)


class _Batch:
    """Pieces that become one chunk."""

    def __init__(self, usual: Delimiters, block: int) -> None:
        self._block = block
        self.files: list[SourceFile] = []
        self._usual = usual
        self._pieces: list[Piece] = []
        self._numbers: list[int] = []
        self._refused: list[Defect] = []
        self._size = 0

    def takes(self, piece: Piece) -> bool:
        """Whether a piece has room here and the same separators."""
        if not self._pieces:
            return True
        before = self._pieces[-1]
        if piece.breaks_off or piece.head or before.breaks_off or before.head:
            return False
        same = piece.header.delimiters == before.header.delimiters
        return same and self._size + len(piece.text.data) <= self._block

    def add(self, file: SourceFile, piece: Piece) -> None:
        """Take a piece."""
        self._numbers.append(self._number(file))
        self._pieces.append(piece)
        self._size += len(piece.text.data)

    def refuse(self, file: SourceFile, refused: RefusedError) -> None:
        """Take the defect of a file that can't be read, or not further."""
        number = self._number(file)
        self._refused.append(refused.defect(file.name, number))

    def chunk(self, state: FileState, declaration: Declaration) -> EdiChunk:
        """Make the chunk; `state` is that of the file that goes on in it."""
        buffer = joined(self._pieces, self._numbers, self.files, self._usual)
        return EdiChunk(buffer, state, self._refused, declaration)

    def _number(self, file: SourceFile) -> int:
        if not self.files or self.files[-1] is not file:
            self.files.append(file)
        return len(self.files) - 1


def _part(buffer: Buffer, index: SegmentIndex, state: FileState) -> Part:
    """Which part of a large transaction a buffer holds; a part stands in a buffer of its own."""
    if not buffer.pieces:
        return WHOLE
    goes_on = buffer.pieces[-1].head is not None
    head = int(np.searchsorted(index.start, buffer.starts[-1])) if goes_on else 0
    return Part(goes_on, buffer.pieces[-1].breaks_off, head, state.segments if goes_on else 0)
