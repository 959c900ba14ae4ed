"""The segment index: where each segment and element of a buffer stands, found with NumPy.

Delimiter positions come from one scan over the bytes; everything else is arithmetic on them.
Values are not cut out until a column asks for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from etl.formats.x12.delimiters import BLANKS, Delimiters
from etl.formats.x12.structure import Structure

Indexes = npt.NDArray[np.int64]
Offsets = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]


_FEW_BLANKS = 12
"""Up to so many blanks before a segment are skipped one by one."""


@dataclass(frozen=True, slots=True)
class Cells:
    """Byte ranges of values, in the order of the buffer; empty where a value is absent."""

    start: Offsets
    end: Offsets

    def __len__(self) -> int:
        return len(self.start)


class Segments:
    """Some segments of an index, to take elements of.

    Attributes:
        numbers: their numbers in the index, rising.
        first, last: their first delimiters and terminators, as in the index.
        elements: how many elements each of them has at least.
    """

    def __init__(self, index: SegmentIndex, numbers: Indexes) -> None:
        self.numbers = numbers
        self.first, self.last = index.first[numbers], index.last[numbers]
        self.elements = int((self.last - self.first).min(initial=99))

    def __len__(self) -> int:
        return len(self.numbers)


class SegmentIndex:
    """The segments of a buffer that ends with a terminator; empty segments are left out.

    Attributes:
        start, stop: offsets of the first byte and of the terminator of each segment.
        first, last: for each segment, its first delimiter and its terminator, as indexes into
            the delimiter positions.
        classes: class number of each segment's id in the structure; 0: unknown.
        empty: offsets of the segments left out, where the terminator is not a newline.
    """

    def __init__(self, data: bytes, delimiters: Delimiters, structure: Structure) -> None:
        self.data, self.delimiters, self.structure = data, delimiters, structure
        self.bytes = np.frombuffer(data, np.uint8)
        element, terminator = delimiters.element, delimiters.terminator
        places = np.flatnonzero((self.bytes == element) | (self.bytes == terminator))
        self.last = np.flatnonzero(self.bytes.take(places) == terminator)
        self.first = np.empty_like(self.last)
        self.first[:1], self.first[1:] = 0, self.last[:-1] + 1
        self.stop = places[self.last]
        self.start = self._starts()
        self.empty = self._drop_empty()
        self._positions = places.astype(np.int32)
        self.classes = self._classes()
        self._separators: dict[int, Indexes] = {}

    def __len__(self) -> int:
        return len(self.start)

    def segment_id(self, segment: int) -> str:
        """The id as it stands in the data."""
        return self.elements(segment)[0]

    def elements(self, segment: int) -> list[str]:
        """A segment split at its element separators, the id first."""
        return self.text(segment).split(chr(self.delimiters.element))

    def text(self, segment: int) -> str:
        """A segment without its terminator."""
        return self.data[self.start[segment] : self.stop[segment]].decode("utf-8", "replace")

    def pick(self, numbers: Indexes) -> Segments:
        """Some segments, to take elements of."""
        return Segments(self, numbers)

    def cells(self, segments: Segments, element: int) -> Cells:
        """The cells of a 1-based element."""
        before = segments.first + (element - 1)
        if element <= segments.elements:
            return Cells(self._positions.take(before) + 1, self._positions.take(before + 1))
        before = np.minimum(before, segments.last)
        end = self._positions.take(np.minimum(before + 1, segments.last))
        return Cells(np.minimum(self._positions.take(before) + 1, end), end)

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
                same = same[self.bytes.take(cells.start.take(same) + place) == byte]
            found[same] = True
        return found

    def strings(self, cells: Cells, chosen: Indexes | None = None) -> pa.StringArray:
        """The values of cells, null where empty; with `chosen`, of those cells, null for -1.

        The cells and the gaps between them are one Arrow array over the buffer, whose offsets
        are the bounds of the cells; taking every other value of it copies each cell once.
        """
        count = len(cells)
        bounds = np.empty(2 * count + 2, np.int32)
        bounds[0:-2:2], bounds[1:-2:2], bounds[-2:] = cells.start, cells.end, len(self.data)
        buffer = pa.py_buffer(self.data)
        values = pa.StringArray.from_buffers(2 * count + 1, pa.py_buffer(bounds), buffer)
        if chosen is None:
            places = np.arange(0, 2 * count, 2, dtype=np.uint32)
        else:
            places = (2 * np.where(chosen < 0, count, chosen)).astype(np.uint32)
        taken = pc.take(values, pa.array(places), boundscheck=False)
        ends = np.frombuffer(taken.buffers()[1], np.int32, len(taken) + 1)
        present = ends[1:] != ends[:-1]
        if present.all():
            return taken
        valid = pa.py_buffer(np.packbits(present, bitorder="little"))
        return pa.StringArray.from_buffers(len(taken), *taken.buffers()[1:], valid)

    def _starts(self) -> Indexes:
        """Offset after the terminator before, and after what blanks follow that."""
        start = np.empty_like(self.stop)
        start[:1], start[1:] = 0, self.stop[:-1] + 1
        blank = np.zeros(256, bool)
        blank[list(BLANKS)] = True
        blank[[self.delimiters.terminator, self.delimiters.element]] = False
        skip = blank.take(self.bytes.take(start))
        for _ in range(_FEW_BLANKS):
            if not skip.any():
                return start
            start += skip
            skip = blank.take(self.bytes.take(start))
        solid = np.flatnonzero(~blank[self.bytes])
        after: Indexes = solid[np.searchsorted(solid, start)]
        return after

    def _drop_empty(self) -> Indexes:
        full = self.stop > self.start
        if full.all():
            return self.start[:0]
        empty = self.start[~full]
        self.start, self.stop = self.start[full], self.stop[full]
        self.first, self.last = self.first[full], self.last[full]
        return empty[:0] if self.delimiters.breaks_lines else empty

    def _classes(self) -> npt.NDArray[np.uint8]:
        table, lengths = _class_table(self.structure, self.delimiters)
        ids = np.zeros(len(self), np.int32)
        for place in range(3):
            ids <<= 8
            ids |= self.bytes.take(self.start + place, mode="clip")
        classes: npt.NDArray[np.uint8] = table.take(ids)
        longest = np.flatnonzero(lengths.take(classes) == 3)
        cut = longest[self._positions[self.first[longest]] != self.start[longest] + 3]
        classes[cut] = 0
        return classes

    def _places(self, separator: int) -> Indexes:
        if separator not in self._separators:
            self._separators[separator] = np.flatnonzero(self.bytes == separator)
        return self._separators[separator]


def _next(places: Indexes, start: Offsets, end: Offsets) -> Offsets:
    """The first of `places` at or after each start, at most its end."""
    if not len(places):
        return end
    following = np.append(places, np.iinfo(np.int32).max)[np.searchsorted(places, start)]
    nearest: Offsets = np.minimum(following, end).astype(np.int32)
    return nearest


@lru_cache(maxsize=16)
def _class_table(
    structure: Structure, delimiters: Delimiters
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Class number by the first three bytes of a segment, and the length of each class's id.

    The table is 16 MB of zero pages of which only a few are ever touched.
    """
    table = np.zeros(1 << 24, np.uint8)
    lengths = np.zeros(256, np.uint8)
    for segment_id, number in structure.classes.items():
        lengths[number] = len(segment_id)
        for after in (delimiters.element, delimiters.terminator):
            key = (segment_id.encode() + bytes((after,)))[:3]
            table[int.from_bytes(key, "big")] = number
    return table, lengths
