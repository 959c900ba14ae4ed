"""What one buffer holds, found out step by step: shared by checks, rows and receipts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from etl.formats.edi.buffer import Buffer
from etl.formats.edi.declaration import Declaration
from etl.formats.edi.parts import Part
from etl.formats.edi.segments import Indexes, SegmentIndex
from etl.formats.edi.shapes import Shapes
from etl.formats.edi.transactions import Transactions


@dataclass(frozen=True)
class Reading:
    """A buffer, its segments, its transactions, and their places.

    Attributes:
        used: for each transaction the index of the structure it is read by; -1: none.
    """

    declaration: Declaration
    buffer: Buffer
    index: SegmentIndex
    part: Part
    transactions: Transactions
    used: Indexes
    shapes: Shapes

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
