"""Each record of a delimited file as a file of its own: the header, and its rows as they stand.

The lines before the data come first, byte order mark included, then the record's own rows with
their quotes and line ends. What else stands between rows (ignored lines, rows that ``where`` leaves
out, empty lines) is nobody's and is left out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import BinaryIO, cast

import numpy as np

from etl.formats.cutting import PartInMaking
from etl.formats.delimited.body import Body, bodies
from etl.formats.delimited.declaration import Declaration
from etl.formats.delimited.decoding import utf8_blocks
from etl.formats.delimited.draft import Draft
from etl.formats.delimited.flat import FlatTable
from etl.formats.delimited.lines import Lines
from etl.formats.delimited.rows import grouped
from etl.raw import FilePart, SourceFile


@dataclass(frozen=True)
class Cutter:
    """Gives the records of one file.

    Attributes:
        wanted: numbers of those that are given with their content.
        largest: bytes of the longest one that is.
    """

    declaration: Declaration
    file: SourceFile
    wanted: Collection[int]
    largest: int
    block: int

    def documents(self, stream: BinaryIO) -> Iterator[FilePart]:
        """Every record, in order; raises :class:`etl.formats.refusal.RefusedError`.

        Without ``group_by`` about a block is held; with it the file, as in reading.
        """
        lines = Lines(stream, self.declaration.encoding)
        blocks = utf8_blocks(cast(BinaryIO, lines), self.declaration.encoding, self.block)
        found = bodies(blocks, self.declaration)
        if self.declaration.group_by:
            every = list(found)
            if every:
                yield from self._groups(lines, _before(lines, every[0]), self._flat(every))
            return
        before, number = None, 0
        for body in found:
            before = _before(lines, body) if before is None else before
            flat = self._flat([body])
            for first, last in zip(flat.line.tolist(), flat.last_line.tolist(), strict=True):
                number += 1
                yield self._part(lines, before, number, [(first, last)])
            lines.drop(int(body.last_lines[-1]))

    def _groups(self, lines: Lines, before: bytes, flat: FlatTable) -> Iterator[FilePart]:
        """The groups, each from its runs of adjacent lines."""
        groups = grouped(flat, self.declaration.group_by)
        order = np.argsort(groups.of_row, kind="stable")
        group, first, last = groups.of_row[order], flat.line[order], flat.last_line[order]
        new = np.ones(len(order) + 1, np.bool_)
        new[1:-1] = (np.diff(group) != 0) | (first[1:] != last[:-1] + 1)
        begins, ends = np.flatnonzero(new[:-1]), np.flatnonzero(new[1:])
        runs = list(zip(first[begins].tolist(), last[ends].tolist(), strict=True))
        bounds = np.searchsorted(group[begins], np.arange(groups.count + 1)).tolist()
        for number in range(groups.count):
            yield self._part(lines, before, number + 1, runs[bounds[number] : bounds[number + 1]])

    def _part(
        self, lines: Lines, before: bytes, number: int, runs: list[tuple[int, int]]
    ) -> FilePart:
        if number not in self.wanted:
            return FilePart(number, 0, None)
        making = PartInMaking(self.largest)
        making.add(before)
        for first, last in runs:
            making.add(lines.take(first, last))
        return making.part(number)

    def _flat(self, found: list[Body]) -> FlatTable:
        """The rows that the mapping takes for data."""
        draft = Draft(self.declaration)
        for body in found:
            draft.add(self.file, body)
        return draft.flat()


def _before(lines: Lines, body: Body) -> bytes:
    """What stands before the data of a file."""
    header = lines.take(1, body.begins - 1) if body.begins > 1 else b""
    return lines.mark + header
