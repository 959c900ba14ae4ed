"""A chunk in the making: bodies of many files gathered, parsed together where columns agree."""

from __future__ import annotations

import numpy as np

from etl.defects import Defect, Position, Severity
from etl.formats.delimited.body import Body, BrokenRow, table_of
from etl.formats.delimited.chunk import DelimitedChunk
from etl.formats.delimited.declaration import Declaration
from etl.formats.delimited.flat import FlatTable, Part
from etl.formats.delimited.left_out import chosen
from etl.raw import SourceFile

_PARSED_TOGETHER = 4 * 1024 * 1024


class Draft:
    """Gathers bodies and defects until they are enough for a chunk."""

    def __init__(self, declaration: Declaration, kept_before: int = 0) -> None:
        """`kept_before`: rows of the first file that went into earlier chunks."""
        self.size = 0
        self.files: list[SourceFile] = []
        self.defects: list[Defect] = []
        self._declaration = declaration
        self._pending: list[tuple[int, Body]] = []
        self._pending_size = 0
        self._parts: list[Part] = []
        self._left_out: list[Part] = []
        self._broken: list[tuple[int, BrokenRow]] = []
        self._kept: list[int] = []
        self._kept_before = kept_before
        self._ended: list[int] = []

    def index(self, file: SourceFile) -> int:
        """The number of `file` in this chunk."""
        if not self.files or self.files[-1] is not file:
            self.files.append(file)
            self._kept.append(0)
        return len(self.files) - 1

    def add(self, file: SourceFile, body: Body) -> None:
        """Add rows of `file`."""
        if self._pending and self._pending[-1][1].columns != body.columns:
            self._parse()
        self._pending.append((self.index(file), body))
        self._pending_size += len(body.text)
        self.size += len(body.text)
        if self._pending_size >= _PARSED_TOGETHER:
            self._parse()

    def end(self, file: SourceFile) -> None:
        """Nothing more of `file` comes: with no row kept, it is warned of."""
        self._ended.append(self.index(file))

    def kept_of_last(self) -> int:
        """How many rows of the last file were kept, here and before; known after `chunk`."""
        return self._kept[-1] + (self._kept_before if len(self._kept) == 1 else 0)

    def chunk(self) -> DelimitedChunk:
        """What was gathered."""
        flat = self.flat()
        for index in self._ended:
            if not self._kept[index] and not (index == 0 and self._kept_before):
                self.defects.append(_no_records(self.files[index], index))
        left_out = FlatTable(self.files, self._left_out, self._declaration)
        return DelimitedChunk(flat, self._broken, self.defects, left_out)

    def flat(self) -> FlatTable:
        """The rows that were gathered and are data."""
        self._parse()
        return FlatTable(self.files, self._parts, self._declaration, self._kept_before)

    def _parse(self) -> None:
        """Parse the pending bodies at once and keep the rows that meet ``where``."""
        if not self._pending:
            return
        found = [body for _, body in self._pending]
        columns = found[0].columns
        table = table_of(b"".join(body.text for body in found), columns, self._declaration)
        line = np.concatenate([body.lines for body in found])
        last_line = line
        if any(body.last_lines is not body.lines for body in found):
            last_line = np.concatenate([body.last_lines for body in found])
        assert table.num_rows == len(line), "scan and Arrow must see the same rows"
        counts = [len(body.lines) for body in found]
        file = np.repeat(np.array([index for index, _ in self._pending], np.int32), counts)
        part = Part(columns, table, file, line, last_line)
        broken: dict[int, BrokenRow] = {}
        offset = 0
        for body in found:
            broken |= {offset + row.index: row for row in body.broken}
            offset += len(body.lines)
        self._keep(part, broken)
        self._pending, self._pending_size = [], 0

    def _keep(self, part: Part, broken: dict[int, BrokenRow]) -> None:
        kept, left_out = chosen(part, self._declaration, list(broken))
        place = np.cumsum(kept) - 1 + sum(self._kept)
        self._broken += [(int(place[row]), what) for row, what in broken.items() if kept[row]]
        self._parts.append(part if kept.all() else part.where(kept))
        if left_out.any():
            self._left_out.append(part.where(left_out))
        for index, count in zip(*np.unique(part.file[kept], return_counts=True), strict=True):
            self._kept[int(index)] += int(count)


def _no_records(file: SourceFile, index: int) -> Defect:
    return Defect(
        "NO_RECORDS",
        "the file is whole but holds no rows",
        Position(file=file.name),
        expected="at least one row",
        file=index,
        severity=Severity.WARN,
    )
