"""Some segments of a buffer with the same id, to take elements of."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt

from etl.formats.edi.reading.cells import Cells, Offsets
from etl.formats.edi.reading.scan import Separators

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
        self, numbers: Indexes, first: Indexes, counts: Offsets, separators: Separators
    ) -> None:
        """`separators` are those of the whole buffer."""
        self.numbers, self.first, self.counts = numbers, first, counts
        self.components: dict[int, list[Cells]] = {}
        self._separators = separators
        self._delimiters: dict[int, Offsets] = {}
        self._ranks: dict[int, Offsets] = {}

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
        return Segments(numbers, first, counts, self._separators)

    def delimiters(self, place: int) -> Offsets:
        """Offsets of the first delimiters, or of those `place` after them, which belong to the
        next segment where this one has fewer elements."""
        return self._at(place, self._separators.outer, self._delimiters)

    def ranks(self, place: int) -> Offsets:
        """Index of the same delimiters among all separators, which must have been looked for."""
        assert self._separators.among is not None
        return self._at(place, self._separators.among, self._ranks)

    def cells(self, element: int, some: Indexes | None = None, *, composite: bool = False) -> Cells:
        """The cells of a 1-based element, of some of the segments, all of which have it; with
        `composite`, their ranks too."""
        start, end, first = self.delimiters(element - 1) + 1, self.delimiters(element), self.first
        ranks = None
        if composite and self._separators.among is not None:
            ranks = self.ranks(element - 1), self.ranks(element)
        if some is not None:
            start, end, first = start.take(some), end.take(some), first.take(some)
            ranks = (ranks[0].take(some), ranks[1].take(some)) if ranks else None
        return Cells(start, end, first, element - 1, ranks)

    def lengths(self, element: int) -> Offsets:
        """Bytes of a 1-based element of each segment, 0 where it is absent."""
        if element > self.widest:
            return np.zeros(len(self), np.int32)
        lengths: Offsets = self._lengths[element - 1]
        return lengths

    @cached_property
    def _lengths(self) -> Offsets:
        """Bytes of each element, a row each for the first, second ..."""
        every = self._of_every_delimiter(self._separators.outer)
        self._delimiters.update(enumerate(every))
        if self._separators.among is not None:
            self._ranks.update(enumerate(self._of_every_delimiter(self._separators.among)))
        lengths = np.diff(every, axis=0)
        lengths -= 1
        for element in range(self.narrowest + 1, self.widest + 1):
            lengths[element - 1] *= self.counts >= element
        return lengths

    def _at(self, place: int, values: Offsets, known: dict[int, Offsets]) -> Offsets:
        if place not in known:
            known[place] = values.take(self.first + place if place else self.first, mode="clip")
        return known[place]

    def _of_every_delimiter(self, values: Offsets) -> Offsets:
        """Values of all delimiters of each segment, a row each for the first, second ..."""
        found = np.empty((self.widest + 1, len(self)), np.int32)
        for begin in range(0, len(self), _BLOCK):
            block = self.first[begin : begin + _BLOCK]
            for place, row in enumerate(found[:, begin : begin + _BLOCK]):
                values.take(block + place, out=row, mode="clip")
        return found
