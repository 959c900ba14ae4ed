"""X12 files to chunks: small files with the same separators together, large ones in blocks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from etl.defects import Defect
from etl.formats.refusal import RefusedError
from etl.formats.x12.buffer import Buffer, joined
from etl.formats.x12.checks import TransactionChecks
from etl.formats.x12.contents import ContentChecks
from etl.formats.x12.declaration import Declaration
from etl.formats.x12.envelope import EnvelopeWalk, FileState
from etl.formats.x12.findings import Findings, Places, TransactionFindings
from etl.formats.x12.framing import BLOCK, Piece, pieces
from etl.formats.x12.matches import Matches
from etl.formats.x12.paths import field_path, row_path
from etl.formats.x12.rows import X12Rows
from etl.formats.x12.segments import SegmentIndex
from etl.formats.x12.transactions import outline
from etl.raw import DeclarationError, SourceFile


class X12Chunk:
    """The transactions of a buffer; implements :class:`etl.raw.Chunk`.

    Every transaction set is a top-level row, those with defects and those that the mapping is
    not for included, so that what was read can be counted.
    """

    def __init__(
        self,
        buffer: Buffer,
        state: FileState,
        refused: Sequence[Defect],
        declaration: Declaration,
    ) -> None:
        structure = declaration.structure
        self._structure, self._buffer = structure, buffer
        self._index = index = SegmentIndex(buffer.data, buffer.delimiters, structure)
        findings = Findings(Places(index, buffer))
        walk = EnvelopeWalk(index, buffer, outline(index), state, declaration.envelope, findings)
        self._transactions = walk.run()
        self.state = walk.state
        told = TransactionFindings(findings, self._transactions)
        checks = TransactionChecks(index, self._transactions, declaration, told)
        mapped = checks.mapped()
        slots = structure.slots[structure.states(index.classes), index.classes]
        slots[~self._transactions.cover(mapped, len(index))] = 0
        checks.envelopes()
        contents = ContentChecks(index, self._transactions, declaration, told)
        contents.run(buffer, slots, mapped)
        self._defects = (*refused, *findings.defects)
        self._matches = Matches(index, self._transactions, slots)
        self._rows: dict[str | None, X12Rows] = {}

    @property
    def files(self) -> Sequence[SourceFile]:
        """The files that have rows or defects here."""
        return self._buffer.files

    @property
    def defects(self) -> Sequence[Defect]:
        """What the reader found wrong; `record` None: with the file, its groups or interchanges."""
        return self._defects

    def records(self) -> X12Rows:
        """One row a transaction set."""
        return self.children("ST")

    def children(self, row: str | None) -> X12Rows:
        """The rows of a declaration such as ``LX/L1``."""
        if row not in self._rows:
            self._rows[row] = X12Rows(
                row, self._structure, self._index, self._buffer, self._transactions, self._matches
            )
        return self._rows[row]


class X12Reader:
    """X12 with one mapping's `source:` block; implements :class:`etl.raw.Reader`."""

    def __init__(self, declaration: Declaration) -> None:
        self._declaration = declaration

    def check_path(self, path: str, row: str | None = None) -> None:
        """Raise :class:`DeclarationError` for a path that can't be read in rows of `row`."""
        field_path(self._declaration.structure, path, row)

    def check_row(self, row: str | None) -> None:
        """Raise :class:`DeclarationError` for a child row declaration that can't be read."""
        if row is None:
            raise DeclarationError("row", "nothing", "a loop or segment such as LX or LX/L1")
        row_path(self._declaration.structure, row)

    def read(self, files: Sequence[SourceFile]) -> Iterator[X12Chunk]:
        """Read the files in order; a chunk takes about 5 MB of text."""
        batch, state = _Batch(), FileState()
        for file in files:
            try:
                with file.open() as stream:
                    for piece in pieces(stream, self._declaration.charset):
                        if not batch.takes(piece):
                            chunk = batch.chunk(state, self._declaration)
                            batch, state = _Batch(), chunk.state
                            yield chunk
                        batch.add(file, piece)
            except RefusedError as refused:
                batch.refuse(file, refused)
        if batch.files:
            yield batch.chunk(state, self._declaration)


class _Batch:
    """Pieces that become one chunk."""

    def __init__(self) -> None:
        self.files: list[SourceFile] = []
        self._pieces: list[Piece] = []
        self._numbers: list[int] = []
        self._refused: list[Defect] = []
        self._size = 0

    def takes(self, piece: Piece) -> bool:
        """Whether a piece has room here and the same separators."""
        if not self._pieces:
            return True
        same = piece.header.delimiters == self._pieces[0].header.delimiters
        return same and self._size + len(piece.text.data) <= BLOCK

    def add(self, file: SourceFile, piece: Piece) -> None:
        """Take a piece."""
        self._numbers.append(self._number(file))
        self._pieces.append(piece)
        self._size += len(piece.text.data)

    def refuse(self, file: SourceFile, refused: RefusedError) -> None:
        """Take the defect of a file that can't be read, or not further."""
        number = self._number(file)
        self._refused.append(refused.defect(file.name, number))

    def chunk(self, state: FileState, declaration: Declaration) -> X12Chunk:
        """Make the chunk; `state` is that of the file that goes on in it."""
        buffer = joined(self._pieces, self._numbers, self.files)
        return X12Chunk(buffer, state, self._refused, declaration)

    def _number(self, file: SourceFile) -> int:
        if not self.files or self.files[-1] is not file:
            self.files.append(file)
        return len(self.files) - 1
