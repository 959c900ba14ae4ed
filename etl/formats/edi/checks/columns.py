"""The elements of all segments of one kind, a column each: what checks begin with."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np
import numpy.typing as npt

from etl.formats.edi.reading.cells import Cells, Offsets
from etl.formats.edi.reading.segments import Indexes, SegmentIndex


class SegmentColumns:
    """Segments of one kind.

    Attributes:
        numbers: their numbers in the index.
        first: their first delimiters, as in the index.
        counts: how many elements each of them has.
    """

    def __init__(self, index: SegmentIndex, numbers: Indexes) -> None:
        self._index, self.numbers = index, numbers
        self.first, self.counts = index.first.take(numbers), index.counts.take(numbers)
        self._delimiters: dict[int, Offsets] = {}
        self._lengths: dict[int, Offsets] = {}

    def __len__(self) -> int:
        return len(self.numbers)

    @cached_property
    def widest(self) -> int:
        """How many elements the longest of them has."""
        return int(self.counts.max(initial=0))

    @cached_property
    def _narrowest(self) -> int:
        return int(self.counts.min(initial=self.widest))

    def lengths(self, element: int) -> Offsets:
        """Bytes of a 1-based element of each segment, 0 where it is absent."""
        if element not in self._lengths:
            if element > self.widest:
                return np.zeros(len(self), np.int32)
            lengths = self._at(element) - self._at(element - 1)
            lengths -= 1
            if element > self._narrowest:
                lengths *= self.counts >= element
            self._lengths[element] = lengths
        return self._lengths[element]

    def cells(self, element: int, some: Indexes | None = None) -> Cells:
        """The cells of a 1-based element, of some of the segments, all of which have it."""
        start, end, first = self._at(element - 1) + 1, self._at(element), self.first
        if some is not None:
            start, end, first = start.take(some), end.take(some), first.take(some)
        return Cells(start, end, first, element - 1)

    def chosen(self, some: npt.NDArray[np.bool_]) -> SegmentColumns:
        """Only some of the segments."""
        return SegmentColumns(self._index, self.numbers[some])

    def _at(self, place: int) -> Offsets:
        """Offsets of the delimiters `place` after the first ones."""
        if place not in self._delimiters:
            # segments with fewer elements find a delimiter of the next one, the last one none
            at = self.first + place
            self._delimiters[place] = self._index.positions.take(at, mode="clip")
        return self._delimiters[place]


def columns_by_class(index: SegmentIndex, classes: int) -> Iterator[tuple[int, SegmentColumns]]:
    """The segments of each class number from 1 to `classes` that there are."""
    order = np.argsort(index.classes, kind="stable")
    ends = np.cumsum(np.bincount(index.classes, minlength=classes + 1))
    for number in range(1, classes + 1):
        inside = order[ends[number - 1] : ends[number]]
        if len(inside):
            yield number, SegmentColumns(index, inside)
