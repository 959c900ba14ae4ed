"""Cells: byte ranges of values in a buffer, and how they become Arrow columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from etl.formats.edi.reading.scan import releasing

Offsets = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Cells:
    """Byte ranges of values, in the order of the buffer; empty where a value is absent.

    Attributes:
        first: for each, the index among the element separators of the first one of its segment,
            and
        place: how many come between that and the one before its element.
        ranks: index among all separators, those of components included, of the one before and of
            the one after each element, where these were looked up.
    """

    start: Offsets
    end: Offsets
    first: npt.NDArray[np.int64]
    place: int = 0
    ranks: tuple[Offsets, Offsets] | None = None

    def __len__(self) -> int:
        return len(self.start)

    @property
    def delimiter(self) -> npt.NDArray[np.int64]:
        """Index of the separator before each element among the element separators."""
        return self.first + self.place

    def within(self, start: Offsets, end: Offsets) -> Cells:
        """Parts of the same elements."""
        return Cells(start, end, self.first, self.place)

    def some(self, chosen: npt.NDArray[np.int64]) -> Cells:
        """Some of the cells."""
        return Cells(self.start[chosen], self.end[chosen], self.first[chosen], self.place)


def strings(
    data: bytes,
    cells: Cells,
    chosen: npt.NDArray[np.int64] | None = None,
    release: int | None = None,
) -> pa.StringArray:
    """The values of cells, null where empty; with `chosen`, of those cells, null for -1.

    The cells and the gaps between them are one Arrow array over the buffer, whose offsets are the
    bounds of the cells; taking every other value of it copies each cell once.

    Args:
        release: character to take off before each character that it releases.
    """
    count = len(cells)
    bounds = np.empty(2 * count + 2, np.int32)
    bounds[0:-2:2], bounds[1:-2:2], bounds[-2:] = cells.start, cells.end, len(data)
    values = pa.StringArray.from_buffers(2 * count + 1, pa.py_buffer(bounds), pa.py_buffer(data))
    if chosen is None:
        places = np.arange(0, 2 * count, 2, dtype=np.uint32)
    else:
        places = chosen.astype(np.uint32)
        if len(chosen) and int(chosen.min()) < 0:
            places[chosen < 0] = count
        places <<= 1
    taken = pc.take(values, pa.array(places), boundscheck=False)
    if release is not None and release in content(taken):
        taken = unescaped(taken, release)
    ends = np.frombuffer(taken.buffers()[1], np.int32, len(taken) + 1)
    present = ends[1:] != ends[:-1]
    if present.all():
        return taken
    valid = pa.py_buffer(np.packbits(present, bitorder="little"))
    return pa.StringArray.from_buffers(len(taken), *taken.buffers()[1:], valid)


def unescaped(values: pa.StringArray, release: int) -> pa.StringArray:
    """Values without their release characters (ISO 9735: ``?+`` is ``+``, ``??`` is ``?``)."""
    data = content(values)
    releases = releasing(data, release)
    kept = np.delete(np.frombuffer(data, np.uint8), releases)
    ends = np.frombuffer(values.buffers()[1], np.int32, len(values) + 1)
    moved = ends - np.searchsorted(releases, ends).astype(np.int32)
    return pa.StringArray.from_buffers(len(values), pa.py_buffer(moved), pa.py_buffer(kept))


def with_characters(values: pa.StringArray, beyond: Mapping[int, str]) -> pa.StringArray:
    """Values of whole composites, with the characters that are shown for separators beyond ASCII in
    place of the bytes that stand in the text for these."""
    binary = values.view(pa.binary())
    for byte, character in beyond.items():
        if byte in content(values):
            binary = pc.replace_substring(binary, bytes((byte,)), character.encode())
    return binary.view(pa.string())


def content(values: pa.StringArray) -> bytes:
    """All text of an array that is no slice of another."""
    data = values.buffers()[2]
    return b"" if data is None else data.to_pybytes()
