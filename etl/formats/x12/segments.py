"""The segment index: where each segment and element of a buffer stands, found with NumPy.

Delimiter positions come from one scan over the bytes; everything else is arithmetic on them.
Values are not cut out until a column asks for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from etl.formats.x12.delimiters import BLANKS, Delimiters
from etl.formats.x12.structure import Structure

Indexes = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Cells:
    """Byte ranges of values, in the order of the buffer; empty where a value is absent."""

    start: Indexes
    end: Indexes

    def __len__(self) -> int:
        return len(self.start)

    def __getitem__(self, chosen: Indexes | Mask | slice) -> Cells:
        return Cells(self.start[chosen], self.end[chosen])


class SegmentIndex:
    """The segments of a buffer that ends with a terminator; empty segments are left out.

    Attributes:
        start: offset of the first byte of each segment.
        first, last: for each segment, its first delimiter and its terminator, as indexes into
            the delimiter positions.
        classes: class number of each segment's id in the structure; 0: unknown.
        empty: offsets of the segments left out, where the terminator is not a newline.
    """

    def __init__(self, data: bytes, delimiters: Delimiters, structure: Structure) -> None:
        self.data, self.delimiters, self.structure = data, delimiters, structure
        self.bytes = np.frombuffer(data, np.uint8)
        self._positions = np.flatnonzero(
            (self.bytes == delimiters.element) | (self.bytes == delimiters.terminator)
        )
        self.last = np.flatnonzero(self.bytes[self._positions] == delimiters.terminator)
        self.first = np.empty_like(self.last)
        self.first[:1], self.first[1:] = 0, self.last[:-1] + 1
        self.start = self._starts()
        self.empty = self._drop_empty()
        self.classes = self._classes()

    def __len__(self) -> int:
        return len(self.start)

    def end(self, segment: int) -> int:
        """Offset of the terminator of a segment."""
        return int(self._positions[self.last[segment]])

    def segment_id(self, segment: int) -> str:
        """The id as it stands in the data."""
        return self.elements(segment)[0]

    def elements(self, segment: int) -> list[str]:
        """A segment split at its element separators, the id first."""
        return self.text(segment).split(chr(self.delimiters.element))

    def text(self, segment: int) -> str:
        """A segment without its terminator."""
        return self.data[self.start[segment] : self.end(segment)].decode("utf-8", "replace")

    def cells(self, segments: Indexes, element: int) -> Cells:
        """The cells of a 1-based element."""
        last = self.last[segments]
        before = np.minimum(self.first[segments] + (element - 1), last)
        end = self._positions[np.minimum(before + 1, last)]
        return Cells(np.minimum(self._positions[before] + 1, end), end)

    def components(self, cells: Cells, component: int) -> Cells:
        """The cells of a 1-based component; of a repeated element, in its first repetition."""
        end = cells.end
        if self.delimiters.repetition is not None:
            end = _next(self._places(self.delimiters.repetition), cells.start, end)
        places = self._places(self.delimiters.component)
        start = cells.start
        for _ in range(component - 1):
            start = np.minimum(_next(places, start, end) + 1, end)
        return Cells(start, _next(places, start, end))

    def equal(self, cells: Cells, values: Sequence[str]) -> Mask:
        """Which cells hold one of `values`."""
        found = np.zeros(len(cells), bool)
        lengths = cells.end - cells.start
        for value in values:
            wanted = np.frombuffer(value.encode(), np.uint8)
            same = np.flatnonzero(lengths == len(wanted))
            for place, byte in enumerate(wanted):
                same = same[self.bytes[cells.start[same] + place] == byte]
            found[same] = True
        return found

    def strings(self, cells: Cells, chosen: Indexes | None = None) -> pa.StringArray:
        """The values of cells, null where empty; with `chosen`, of those cells, null for -1."""
        bounds = np.empty(2 * len(cells) + 1, np.int32)
        bounds[0:-1:2], bounds[1::2], bounds[-1] = cells.start, cells.end, len(self.data)
        values = pa.StringArray.from_buffers(
            2 * len(cells), pa.py_buffer(bounds), pa.py_buffer(self.data)
        )
        absent = cells.start == cells.end
        if chosen is None:
            places = np.arange(0, 2 * len(cells), 2)
        else:
            places = 2 * chosen
            absent = np.append(absent, True)[chosen]
        return values.take(pa.array(places, mask=absent if absent.any() else None))

    def _starts(self) -> Indexes:
        """Offset after the terminator before, and after what blanks follow that."""
        terminators = self._positions[self.last]
        start = np.empty_like(terminators)
        start[:1], start[1:] = 0, terminators[:-1] + 1
        blank = np.zeros(256, bool)
        blank[list(BLANKS)] = True
        blank[[self.delimiters.terminator, self.delimiters.element]] = False
        skip = blank[self.bytes[start]]
        while skip.any():
            start += skip
            skip = blank[self.bytes[start]]
        return start

    def _drop_empty(self) -> Indexes:
        full = self._positions[self.last] > self.start
        empty = self.start[~full]
        if len(empty):
            self.start, self.first, self.last = self.start[full], self.first[full], self.last[full]
        return empty[:0] if self.delimiters.breaks_lines else empty

    def _classes(self) -> npt.NDArray[np.uint8]:
        table, lengths = _class_table(self.structure, self.delimiters)
        third = np.minimum(self.start + 2, len(self.data) - 1)
        ids = self.bytes[self.start].astype(np.int32) << 16
        ids |= self.bytes[self.start + 1].astype(np.int32) << 8
        ids |= self.bytes[third]
        classes = table[ids]
        classes[lengths[classes] != self._positions[self.first] - self.start] = 0
        return classes

    def _places(self, separator: int) -> Indexes:
        if separator not in self._separators:
            self._separators[separator] = np.flatnonzero(self.bytes == separator)
        return self._separators[separator]

    @cached_property
    def _separators(self) -> dict[int, Indexes]:
        return {}


def _next(places: Indexes, start: Indexes, end: Indexes) -> Indexes:
    """The first of `places` at or after each start, at most its end."""
    if not len(places):
        return end
    at = np.searchsorted(places, start)
    return np.where(at < len(places), np.minimum(places[np.minimum(at, len(places) - 1)], end), end)


@lru_cache(maxsize=16)
def _class_table(
    structure: Structure, delimiters: Delimiters
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Class number by the first three bytes of a segment, and the length of each class's id.

    The table is 16 MB of zero pages of which only a few are ever touched.
    """
    table = np.zeros(1 << 24, np.uint8)
    lengths = np.zeros(256, np.int64)
    for segment_id, number in structure.classes.items():
        lengths[number] = len(segment_id)
        for after in (delimiters.element, delimiters.terminator):
            key = (segment_id.encode() + bytes((after,)))[:3]
            table[int.from_bytes(key, "big")] = number
    return table, lengths
