"""The lengths of elements, a column each, for all segments of one kind: what checks begin with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from etl.formats.edi.reading.cells import Cells
from etl.formats.edi.reading.segments import Indexes, SegmentIndex

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
        first, lengths = self.first, self.lengths(element)
        if some is not None:
            first, lengths = first[some], lengths[some]
        before = first + (element - 1)
        start = self._positions.take(before)
        start += 1
        end = self._positions.take(before + 1) if LONGEST in lengths else start + lengths
        return Cells(start, end, before)


def columns_by_class(index: SegmentIndex, classes: int) -> Iterator[tuple[int, SegmentColumns]]:
    """The segments of each class number from 1 to `classes` that there are."""
    gaps = np.diff(index.positions)
    lengths = np.zeros(len(gaps) + _BEYOND, np.uint8)
    lengths[: len(gaps)] = gaps
    lengths[: len(gaps)] -= 1
    if int(gaps.max(initial=0)) > LONGEST:
        lengths[np.flatnonzero(gaps > LONGEST)] = LONGEST
    order = np.argsort(index.classes, kind="stable")
    ends = np.cumsum(np.bincount(index.classes, minlength=classes + 1))
    first = index.first.take(order)
    counts = index.last.take(order)
    counts -= first
    for number in range(1, classes + 1):
        inside = slice(ends[number - 1], ends[number])
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
