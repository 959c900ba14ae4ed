"""The segment index: where each segment, element and component of a buffer stands.

Separator positions come from one scan over the bytes; everything else is arithmetic on them.
Values are not cut out until a column asks for them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from etl.formats.edi.delimiters import BLANKS, Delimiters
from etl.formats.edi.reading.cells import Cells, strings, with_characters
from etl.formats.edi.reading.picked import Segments
from etl.formats.edi.reading.scan import Offsets, places_of, separators_of
from etl.formats.edi.reading.words import WIDTH, WordReader, Words

Indexes = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

_FIRST_BYTE, _THREE_BYTES = np.uint64(0xFF), np.uint64(0xFFFFFF)
_FEW_BLANKS = 12
"""Up to so many blanks before a segment are skipped one by one."""


class SegmentIndex:
    """The segments of a buffer that ends with a terminator; empty segments are left out.

    Attributes:
        start, stop: offsets of the first byte and of the terminator of each segment.
        first, last: for each segment, its first delimiter and its terminator, as indexes into
            the positions of element separators and terminators.
        counts: how many elements each segment has.
        classes: class number of each segment's id in `ids`; 0: unknown.
        empty: offsets of the segments left out, where the terminator is not a newline.
        repeats: whether a separator of repetitions stands anywhere.
    """

    def __init__(
        self, data: bytes, delimiters: Delimiters, ids: Mapping[str, int], composites: bool
    ) -> None:
        """Scan `data`.

        Args:
            ids: class number by segment id.
            composites: whether components are usual (EDIFACT), so that one scan finds them too.
        """
        self.data, self.delimiters = data, delimiters
        self._signs = signs = delimiters.in_text
        self._beyond = {
            getattr(signs, name): chr(byte) for name, byte in delimiters.beyond_ascii.items()
        }
        self.bytes = np.frombuffer(data, np.uint8)
        self._releases = signs.release is not None and signs.release in data
        self.repeats = signs.repetition is not None and signs.repetition in data
        self._words = WordReader(data)
        self._known: dict[int, Offsets] = {}
        self._by_class: dict[int, Segments] = {}
        found = separators_of(data, signs, components=composites)
        self._separators = found
        self.positions, self.last = found.outer, found.terminators
        self.first = np.empty_like(self.last)
        self.first[:1], self.first[1:] = 0, self.last[:-1] + 1
        self.stop: Indexes = self.positions.take(self.last).astype(np.int64)
        self.start, heads = self._starts()
        self.empty = self.start[:0]
        if not (full := self.stop > self.start).all():
            if not delimiters.breaks_lines:
                self.empty = self.start[~full]
            self.start, self.stop, heads = self.start[full], self.stop[full], heads[full]
            self.first, self.last = self.first[full], self.last[full]
        self.counts = (self.last - self.first).astype(np.int32)
        self.classes = _classes(heads, ids, signs)

    def __len__(self) -> int:
        return len(self.start)

    def segment_id(self, segment: int) -> str:
        """The id as it stands in the data."""
        return self.elements(segment)[0]

    def elements(self, segment: int) -> list[str]:
        """A segment split at its element separators, the id first; as it stands in the data."""
        first, last = int(self.first[segment]), int(self.last[segment])
        bounds = [int(self.start[segment]) - 1, *self.positions[first : last + 1].tolist()]
        return [self.between(begin + 1, end) for begin, end in pairwise(bounds)]

    def text(self, segment: int) -> str:
        """A segment without its terminator."""
        return self.between(int(self.start[segment]), int(self.stop[segment]))

    def between(self, begin: int, end: int) -> str:
        """The text from one offset to another; a separator beyond ASCII is the character with its
        number."""
        text = self.data[begin:end]
        if not self._beyond:
            return text.decode("utf-8", "replace")
        shown = {0xDC00 + byte: character for byte, character in self._beyond.items()}
        return text.decode("utf-8", "surrogateescape").translate(shown)

    def pick(self, numbers: Indexes) -> Segments:
        """Some segments with the same id, to take elements of."""
        if self._by_class and len(numbers):
            every = self._by_class.get(int(self.classes[numbers[0]]))
            if every is not None and len(every) == len(numbers):
                return every
        return self._some(numbers)

    def _some(self, numbers: Indexes) -> Segments:
        first, counts = self.first.take(numbers), self.counts.take(numbers)
        return Segments(numbers, first, counts, self._separators)

    def by_class(self) -> dict[int, Segments]:
        """All segments of each class number that there are, unknown ones left out."""
        if not self._by_class:
            order = np.argsort(self.classes, kind="stable")
            counts = np.bincount(self.classes)
            every = np.split(order, np.cumsum(counts)[:-1])
            self._by_class = {
                number: self._some(numbers)
                for number, numbers in enumerate(every)
                if number and len(numbers)
            }
        return self._by_class

    def cells(self, segments: Segments, element: int, *, composite: bool = False) -> Cells:
        """The cells of a 1-based element; with `composite`, with their ranks if these are known."""
        if element <= segments.narrowest:
            return segments.cells(element, composite=composite)
        before = np.minimum(segments.first + (element - 1), segments.last)
        end = self.positions.take(np.minimum(before + 1, segments.last))
        return Cells(np.minimum(self.positions.take(before) + 1, end), end, before)

    def component(self, segments: Segments, element: int, component: int) -> Cells:
        """The cells of a 1-based component; of a repeated element, in its first repetition."""
        known = segments.components.get(element, [])
        if len(known) < component:
            cells = self.first_repetition(self.cells(segments, element, composite=True))
            # a condition on the first one is mostly followed by the value of the second
            known = self._component_cells(cells, max(component, 2), *self._held(cells))
            segments.components[element] = known
        return known[component - 1]

    def component_counts(self, cells: Cells) -> npt.NDArray[np.integer]:
        """How many components each cell has; an empty one has one."""
        if self.repeats:
            every, _ = self._with_components
            inside = np.searchsorted(every, cells.end) - np.searchsorted(every, cells.start)
            return inside + 1
        return self._held(cells)[1]

    def inner_separators(self, segments: Segments) -> int:
        """How many component separators stand in the elements of some segments."""
        _, among = self._with_components
        if segments.narrowest == segments.widest:
            last = segments.ranks(segments.widest)
        else:
            last = among.take(segments.last)
        return int((last - segments.ranks(0) - segments.counts).sum())

    def components(self, cells: Cells, most: int) -> tuple[npt.NDArray[np.integer], list[Cells]]:
        """How many components each of some cells without repetitions has, and the cells of the
        components: as many as there are, but no more than `most`."""
        before, held = self._held(cells)
        counts = self.component_counts(cells) if self.repeats else held
        count = min(int(counts.max(initial=0)), most)
        return counts, self._component_cells(cells, count, before, held)

    def _held(self, cells: Cells) -> tuple[Offsets, Offsets]:
        """The index of the separator before each cell among all separators, and how many components
        its element has."""
        if cells.ranks is None:
            _, among = self._with_components
            at = cells.delimiter
            before, after = among.take(at), among.take(at + 1)
        else:
            before, after = cells.ranks
        return before, after - before

    def _component_cells(
        self, cells: Cells, count: int, before: Offsets, held: Offsets
    ) -> list[Cells]:
        """The cells of the first `count` components of cells without repetitions; `before` and
        `held` as :meth:`_held` gives them."""
        every, _ = self._with_components
        most = int(held.max(initial=0))
        least = 0 if self.repeats else int(held.min(initial=most))
        found: list[Cells] = []
        for number in range(1, count + 1):
            start = found[-1].end + np.int32(1) if found else cells.start
            if number > least and found:
                start = np.minimum(start, cells.end)
            if number < least:
                end = every.take(before + number)
            elif number >= most:
                end = cells.end
            else:
                end = every.take(before + number, mode="clip")
                end = np.minimum(np.where(number < held, end, cells.end), cells.end)
            found.append(cells.within(start, end))
        return found

    def first_repetition(self, cells: Cells) -> Cells:
        """The cells cut at their first repetition separator, where there are any."""
        repetition = self._signs.repetition
        if repetition is None or not self.repeats:
            return cells
        places = self._places(repetition)
        following = np.append(places, np.int32(np.iinfo(np.int32).max))
        end = np.minimum(following[np.searchsorted(places, cells.start)], cells.end)
        return cells.within(cells.start, end)

    def equal(self, cells: Cells, values: Sequence[str]) -> Mask:
        """Which cells hold one of `values`."""
        return self.which(cells, values) >= 0

    def which(self, cells: Cells, values: Sequence[str]) -> npt.NDArray[np.int16]:
        """For each cell the index of its value in `values`; -1: it holds none of them."""
        found = np.full(len(cells), -1, np.int16)
        lengths, release = cells.end - cells.start, self._signs.release
        words = self._words.following(cells.start)
        for number, value in enumerate(values):
            encoded = value.encode()
            if release is not None and self._releases:
                found[self._equal_released(cells, lengths, value)] = number
                if release in encoded:
                    # it stands nowhere but behind another one
                    continue
            same = lengths == len(encoded)
            if len(encoded) <= WIDTH:
                mask = np.uint64((1 << 8 * len(encoded)) - 1)
                same &= words & mask == int.from_bytes(encoded, "little")
            else:
                some = np.flatnonzero(same)
                few = self.strings(cells.some(some))
                same[some] = [text == value for text in few.to_pylist()]
            np.copyto(found, number, where=same)
        return found

    def _equal_released(self, cells: Cells, lengths: Offsets, value: str) -> Indexes:
        """The cells that hold a value with release characters, needed or not."""
        least = len(value.encode())
        longer = np.flatnonzero((lengths > least) & (lengths <= 2 * least))
        if not len(longer):
            return longer
        start, length = cells.start.take(longer), lengths.take(longer)
        releases = np.zeros(len(longer), bool)
        for place in range(int(length.max(initial=0))):
            at_place = self.bytes.take(start + place, mode="clip") == self._signs.release
            releases |= at_place & (place < length)
        longer = longer[releases]
        texts = self.strings(cells.some(longer)).to_pylist()
        same: Indexes = longer[np.array([text == value for text in texts], bool)]
        return same

    def strings(self, cells: Cells, chosen: Indexes | None = None) -> pa.StringArray:
        """The values of cells, null where empty; with `chosen`, of those cells, null for -1."""
        values = strings(self.data, cells, chosen, self._signs.release)
        return with_characters(values, self._beyond) if self._beyond else values

    @property
    def _with_components(self) -> tuple[Offsets, Offsets]:
        """Positions of all separators, and which of them are the outer ones."""
        if self._separators.every is None:
            self._separators = separators_of(self.data, self._signs, components=True)
        assert self._separators.every is not None
        assert self._separators.among is not None
        return self._separators.every, self._separators.among

    def _places(self, separator: int) -> Offsets:
        if separator not in self._known:
            self._known[separator] = places_of(self.data, separator, self._signs.release)
        return self._known[separator]

    def _starts(self) -> tuple[Indexes, Words]:
        """Offset after the terminator before, and after what blanks follow that; and what follows
        there: at least seven bytes, the first one lowest."""
        start = np.empty_like(self.stop)
        start[:1], start[1:] = 0, self.stop[:-1] + 1
        heads = self._words.following(start)
        if len(start) > 1 and not self.delimiters.breaks_lines:
            # a line a segment is the usual form, and quick to be sure of
            characters = heads[1:].view(np.uint8).reshape(-1, WIDTH)
            solid = heads[0] & _FIRST_BYTE > 32 and (characters[:, 1] > 32).all()
            if solid and (characters[:, 0] == 10).all():
                start[1:] += 1
                heads[1:] >>= np.uint64(8)
                return start, heads
        blank = np.zeros(256, bool)
        blank[list(BLANKS)] = True
        blank[[self._signs.terminator, self._signs.element]] = False
        skip = blank.take(self.bytes.take(start))
        if not skip.any():
            return start, heads
        for _ in range(_FEW_BLANKS):
            start += skip
            skip = blank.take(self.bytes.take(start))
            if not skip.any():
                return start, self._words.following(start)
        solid = np.flatnonzero(~blank[self.bytes])
        start = solid[np.searchsorted(solid, start)]
        return start, self._words.following(start)


def _classes(heads: Words, ids: Mapping[str, int], delimiters: Delimiters) -> npt.NDArray[np.uint8]:
    """Class numbers of segments by their first bytes; 0: unknown."""
    table, lengths = _class_table(tuple(ids.items()), delimiters)
    classes: npt.NDArray[np.uint8] = table.take((heads & _THREE_BYTES).view(np.int64))
    after = heads.view(np.uint8)[3::WIDTH]
    goes_on = (after != delimiters.element) & (after != delimiters.terminator)
    goes_on &= lengths.take(classes) == 3
    classes[goes_on] = 0
    return classes


@lru_cache(maxsize=16)
def _class_table(
    ids: tuple[tuple[str, int], ...], delimiters: Delimiters
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Class number by the first three bytes of a segment, and the length of each class's id.

    The table is 16 MB of zero pages of which only a few are ever touched.
    """
    table = np.zeros(1 << 24, np.uint8)
    lengths = np.zeros(256, np.uint8)
    for segment_id, number in ids:
        lengths[number] = len(segment_id)
        for after in (delimiters.element, delimiters.terminator):
            key = (segment_id.encode() + bytes((after,)))[:3]
            table[int.from_bytes(key, "little")] = number
    return table, lengths
