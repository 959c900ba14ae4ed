"""The elements of all segments of one kind, a column each: what checks begin with."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np
import numpy.typing as npt

from etl.formats.edi.reading.cells import Cells, Offsets
from etl.formats.edi.reading.segments import Indexes, SegmentIndex

_BLOCK = 1 << 13
"""Segments whose delimiters are taken together: so many fit the cache."""


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
        if element > self.widest:
            return np.zeros(len(self), np.int32)
        lengths: Offsets = self._lengths[element - 1]
        return lengths

    def cells(self, element: int, some: Indexes | None = None) -> Cells:
        """The cells of a 1-based element, of some of the segments, all of which have it."""
        if element > self.widest:
            nothing = np.empty(0, np.int32)
            return Cells(nothing, nothing, self.first[:0])
        start, end, first = self._delimiters[element - 1] + 1, self._delimiters[element], self.first
        if some is not None:
            start, end, first = start.take(some), end.take(some), first.take(some)
        return Cells(start, end, first, element - 1)

    def chosen(self, some: npt.NDArray[np.bool_]) -> SegmentColumns:
        """Only some of the segments."""
        return SegmentColumns(self._index, self.numbers[some])

    @cached_property
    def _delimiters(self) -> Offsets:
        """Offsets of the delimiters of each segment, a row each for the first, second ..."""
        found = np.empty((self.widest + 1, len(self)), np.int32)
        for begin in range(0, len(self), _BLOCK):
            block = self.first[begin : begin + _BLOCK]
            for place, row in enumerate(found[:, begin : begin + _BLOCK]):
                # segments with fewer elements find delimiters of the next one, the last one none
                self._index.positions.take(block + place, out=row, mode="clip")
        return found

    @cached_property
    def _lengths(self) -> Offsets:
        """Bytes of each element, a row each for the first, second ..."""
        lengths = np.diff(self._delimiters, axis=0)
        lengths -= 1
        for element in range(self._narrowest + 1, self.widest + 1):
            lengths[element - 1] *= self.counts >= element
        return lengths


def columns_by_class(index: SegmentIndex, classes: int) -> Iterator[tuple[int, SegmentColumns]]:
    """The segments of each class number from 1 to `classes` that there are."""
    order = np.argsort(index.classes, kind="stable")
    ends = np.cumsum(np.bincount(index.classes, minlength=classes + 1))
    for number in range(1, classes + 1):
        inside = order[ends[number - 1] : ends[number]]
        if len(inside):
            yield number, SegmentColumns(index, inside)
