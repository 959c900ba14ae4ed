"""The lengths of elements, a column each, for all segments of one kind: what checks begin with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from etl.formats.edi.cells import Cells
from etl.formats.edi.segments import Indexes, SegmentIndex

Lengths = npt.NDArray[np.uint8]

LONGEST = 255
"""Lengths are told up to here; longer ones are told as this."""

_BEYOND = 1 << 10
"""Room behind the last segment, so that elements that it does not have can be looked up."""


@dataclass(frozen=True)
class SegmentColumns:
    """Segments of one kind and the lengths of their elements.

    Attributes:
        numbers: their numbers in the index.
        first: their first delimiters, as in the index.
        counts: how many elements each of them has.
    """

    numbers: Indexes
    first: Indexes
    counts: npt.NDArray[np.int64]
    _lengths: Lengths
    _positions: npt.NDArray[np.int32]
    _known: dict[int, Lengths] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.numbers)

    @cached_property
    def widest(self) -> int:
        """How many elements the longest of them has."""
        return int(self.counts.max(initial=0))

    @cached_property
    def _narrowest(self) -> int:
        return int(self.counts.min(initial=0))

    def lengths(self, element: int) -> Lengths:
        """Bytes of a 1-based element of each segment, 0 where it is absent."""
        if element not in self._known:
            if element > self.widest:
                return np.zeros(len(self), np.uint8)
            lengths = self._lengths[element - 1 :].take(self.first)
            if element > self._narrowest:
                lengths[self.counts < element] = 0
            self._known[element] = lengths
        return self._known[element]

    def cells(self, element: int, some: Indexes | None = None) -> Cells:
        """The cells of a 1-based element, of some of the segments, all of which have it."""
        first = self.first if some is None else self.first[some]
        before = first + (element - 1)
        start, end = self._positions.take(before), self._positions.take(before + 1)
        return Cells(start + 1, end, before)


def columns_by_class(index: SegmentIndex, classes: int) -> Iterator[tuple[int, SegmentColumns]]:
    """The segments of each class number from 1 to `classes` that there are."""
    gaps = np.diff(index.positions) - 1
    lengths = np.zeros(len(gaps) + _BEYOND, np.uint8)
    np.minimum(gaps, LONGEST, out=lengths[: len(gaps)], casting="unsafe")
    order = np.argsort(index.classes, kind="stable")
    bounds = np.searchsorted(index.classes[order], np.arange(classes + 2))
    first = index.first[order]
    counts = index.last[order] - first
    for number in range(1, classes + 1):
        inside = slice(bounds[number], bounds[number + 1])
        if inside.start < inside.stop:
            yield (
                number,
                SegmentColumns(
                    order[inside], first[inside], counts[inside], lengths, index.positions
                ),
            )


def chosen(columns: SegmentColumns, some: npt.NDArray[np.bool_]) -> SegmentColumns:
    """Only some of the segments."""
    return SegmentColumns(
        columns.numbers[some],
        columns.first[some],
        columns.counts[some],
        columns._lengths,
        columns._positions,
    )
