"""Some segments of a buffer with the same id, to take elements of."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt

from etl.formats.edi.reading.cells import Cells, Offsets

Indexes = npt.NDArray[np.int64]

_BLOCK = 1 << 13
"""Segments whose delimiters are taken together: so many fit the cache."""


class Segments:
    """Some segments of an index; what was looked up for one use is there for the next.

    Attributes:
        numbers: their numbers in the index, rising.
        first: their first delimiters, as in the index.
        counts: how many elements each of them has.
        components: cells of components by element, as far as they were asked for.
    """

    def __init__(
        self, numbers: Indexes, first: Indexes, counts: Offsets, positions: Offsets
    ) -> None:
        """`positions` are those of all element separators and terminators of the buffer."""
        self.numbers, self.first, self.counts = numbers, first, counts
        self._positions = positions
        self.components: dict[int, list[Cells]] = {}
        self._delimiters: dict[int, Offsets] = {}

    def __len__(self) -> int:
        return len(self.numbers)

    @cached_property
    def narrowest(self) -> int:
        """How many elements the shortest of them has."""
        return int(self.counts.min(initial=self.widest))

    @cached_property
    def widest(self) -> int:
        """How many elements the longest of them has."""
        return int(self.counts.max(initial=0))

    @cached_property
    def last(self) -> Indexes:
        """Their terminators, as in the index."""
        return self.first + self.counts

    def chosen(self, some: npt.NDArray[np.bool_]) -> Segments:
        """Only some of the segments."""
        numbers, first, counts = self.numbers[some], self.first[some], self.counts[some]
        return Segments(numbers, first, counts, self._positions)

    def delimiters(self, place: int) -> Offsets:
        """Offsets of the first delimiters, or of those `place` after them, which belong to the
        next segment where this one has fewer elements."""
        if place not in self._delimiters:
            at = self.first + place if place else self.first
            self._delimiters[place] = self._positions.take(at, mode="clip")
        return self._delimiters[place]

    def cells(self, element: int, some: Indexes | None = None) -> Cells:
        """The cells of a 1-based element, of some of the segments, all of which have it."""
        start, end, first = self.delimiters(element - 1) + 1, self.delimiters(element), self.first
        if some is not None:
            start, end, first = start.take(some), end.take(some), first.take(some)
        return Cells(start, end, first, element - 1)

    def lengths(self, element: int) -> Offsets:
        """Bytes of a 1-based element of each segment, 0 where it is absent."""
        if element > self.widest:
            return np.zeros(len(self), np.int32)
        lengths: Offsets = self._lengths[element - 1]
        return lengths

    @cached_property
    def _lengths(self) -> Offsets:
        """Bytes of each element, a row each for the first, second ..."""
        every = self._every_delimiter()
        lengths = np.diff(every, axis=0)
        lengths -= 1
        for element in range(self.narrowest + 1, self.widest + 1):
            lengths[element - 1] *= self.counts >= element
        self._delimiters.update(enumerate(every))
        return lengths

    def _every_delimiter(self) -> Offsets:
        """Offsets of all delimiters of each segment, a row each for the first, second ..."""
        found = np.empty((self.widest + 1, len(self)), np.int32)
        for begin in range(0, len(self), _BLOCK):
            block = self.first[begin : begin + _BLOCK]
            for place, row in enumerate(found[:, begin : begin + _BLOCK]):
                self._positions.take(block + place, out=row, mode="clip")
        return found
