"""What one buffer holds, found out step by step: shared by checks, rows and receipts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from etl.formats.edi.reading.buffer import Buffer
from etl.formats.edi.reading.declaration import Declaration
from etl.formats.edi.reading.parts import Part
from etl.formats.edi.reading.segments import Indexes, SegmentIndex
from etl.formats.edi.reading.shapes import Shapes
from etl.formats.edi.reading.transactions import Kind, Transactions
from etl.formats.edi.structures.dictionary import Segment
from etl.formats.edi.structures.files import newest_segments


@dataclass(frozen=True)
class Reading:
    """A buffer, its segments, its transactions, and their places.

    Attributes:
        used: for each transaction the index of the structure it is read by; -1: none.
        before: how many transactions of the first file came in earlier buffers.
    """

    declaration: Declaration
    buffer: Buffer
    index: SegmentIndex
    part: Part
    transactions: Transactions
    used: Indexes
    shapes: Shapes
    before: int

    def most_elements(self, definition: Segment) -> int:
        """How many elements a segment may have; where a transaction is of a version that is only
        near to its structure's, as many as in any version."""
        if not self._approximate:
            return len(definition.elements)
        newest = newest_segments(self.declaration.syntax).get(definition.id, definition)
        return max(len(newest.elements), len(definition.elements))

    def version_of(self, record: int) -> str:
        """The version of a transaction, as its sender says it."""
        return self._kind(record).version

    def approximate(self, record: int) -> bool:
        """Whether a transaction is of a version that has no structure of its own, so that a nearby
        one stands in."""
        return self._stands_in(self._kind(record))

    @cached_property
    def _approximate(self) -> bool:
        """Whether any transaction is."""
        return any(map(self._stands_in, self.transactions.kinds))

    def _kind(self, record: int) -> Kind:
        return self.transactions.kinds[int(self.transactions.kind[record])]

    def _stands_in(self, kind: Kind) -> bool:
        structures = self.declaration.structures
        number = structures.nearest(kind)
        return number >= 0 and not kind.version.startswith(structures.all[number].version)

    @cached_property
    def files(self) -> npt.NDArray[np.int32]:
        """The file that each transaction stands in."""
        starts = self.index.start[self.transactions.start]
        at = np.searchsorted(self.buffer.starts, starts, "right")
        return np.array([*self.buffer.numbers, 0], np.int32)[at - 1]

    @cached_property
    def numbers_in_file(self) -> Indexes:
        """Which transaction of its file each one is, from 1."""
        number: Indexes = np.arange(1, len(self.files) + 1)
        number -= np.searchsorted(self.files, self.files)
        number[self.files == 0] += self.before - self.part.goes_on
        return number

    @property
    def in_last_file(self) -> int:
        """How many transactions of the last file have come by the end of the buffer."""
        last = self.buffer.numbers[-1] if self.buffer.numbers else 0
        if len(self.files) and self.files[-1] == last:
            return int(self.numbers_in_file[-1])
        return self.before if last == 0 else 0

    def number_in_transaction(self, record: int, segment: int) -> int:
        """The number of a segment in its transaction, ST or UNH being 1."""
        number = segment - int(self.transactions.start[record]) + 1
        if self.part.goes_on and number > self.part.head:
            number += self.part.shift
        return number

    def numbers_in_transactions(self, records: Indexes, segments: Indexes) -> Indexes:
        """As :meth:`number_in_transaction`, for many."""
        numbers = segments - self.transactions.start[records] + 1
        if self.part.goes_on:
            return np.where(numbers > self.part.head, numbers + self.part.shift, numbers)
        return numbers
