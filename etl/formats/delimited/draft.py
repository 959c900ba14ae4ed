"""A chunk in the making: bodies of many files gathered, parsed together where columns agree."""

from __future__ import annotations

import numpy as np

from etl.defects import Defect
from etl.formats.delimited.body import Body, BrokenRow, table_of
from etl.formats.delimited.chunk import DelimitedChunk
from etl.formats.delimited.declaration import Declaration
from etl.formats.delimited.flat import FlatTable, Part, cells, is_one_of
from etl.raw import SourceFile

_PARSED_TOGETHER = 8 * 1024 * 1024


class Draft:
    """Gathers bodies and defects until they are enough for a chunk."""

    def __init__(self, declaration: Declaration) -> None:
        self.size = 0
        self.files: list[SourceFile] = []
        self.defects: list[Defect] = []
        self._declaration = declaration
        self._pending: list[tuple[int, Body]] = []
        self._pending_size = 0
        self._parts: list[Part] = []
        self._broken: list[tuple[int, BrokenRow]] = []
        self._rows = 0

    def index(self, file: SourceFile) -> int:
        """The number of `file` in this chunk."""
        if not self.files or self.files[-1] is not file:
            self.files.append(file)
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

    def chunk(self) -> DelimitedChunk:
        """What was gathered."""
        self._parse()
        flat = FlatTable(self.files, self._parts, self._declaration)
        return DelimitedChunk(flat, self._broken, self.defects)

    def _parse(self) -> None:
        """Parse the pending bodies at once and keep the rows that meet ``where``."""
        if not self._pending:
            return
        found = [body for _, body in self._pending]
        columns = found[0].columns
        table = table_of(b"".join(body.text for body in found), columns, self._declaration)
        line = np.concatenate([body.lines for body in found])
        assert table.num_rows == len(line), "scan and Arrow must see the same rows"
        counts = [len(body.lines) for body in found]
        file = np.repeat(np.array([index for index, _ in self._pending], np.int32), counts)
        part = Part(columns, table, file, line)
        broken: dict[int, BrokenRow] = {}
        offset = 0
        for body in found:
            broken |= {offset + row.index: row for row in body.broken}
            offset += len(body.lines)
        self._keep(part, broken)
        self._pending, self._pending_size = [], 0

    def _keep(self, part: Part, broken: dict[int, BrokenRow]) -> None:
        kept = np.ones(part.table.num_rows, np.bool_)
        for condition in self._declaration.where:
            column = cells(part, part.columns.index(condition.path), self._declaration.trim)
            unknown = np.zeros(len(kept), np.bool_)
            unknown[list(broken)] = column.is_null().to_numpy(zero_copy_only=False)[list(broken)]
            kept &= is_one_of(column, condition) | unknown
        place = np.cumsum(kept) - 1 + self._rows
        self._broken += [(int(place[row]), what) for row, what in broken.items() if kept[row]]
        self._parts.append(part if kept.all() else part.where(kept))
        self._rows += int(kept.sum())
