"""Segments and elements that no path read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa

from etl.formats.edi.checks.findings import Places
from etl.formats.edi.reading.cells import Cells
from etl.formats.edi.reading.content import Reading
from etl.formats.edi.reading.picked import Segments
from etl.formats.edi.reading.rows import EdiRows
from etl.formats.edi.reading.segments import Indexes, Mask
from etl.formats.edi.structures.structure import Place
from etl.raw import Unread

_SERVICE = ("ST", "SE", "UNH", "UNS", "UNT")
"""They hold and divide a transaction, and say nothing in it."""

_Read = dict[tuple[int, int | None], Mask]
"""For an element and component, which segments of the buffer a path read it of."""


def unread(reading: Reading, asked: Sequence[EdiRows]) -> Iterator[Unread]:
    """What no path read, place by place in the order of the structure: segments of which nothing
    was read as a whole, of the others the elements and components with values."""
    read = _read(reading, asked)
    touched = np.zeros(len(reading.index), bool)
    for mask in read.values():
        touched |= mask
    table = reading.declaration.structures.table
    for number, place in enumerate(table.places):
        if place is None or place.segment_id in _SERVICE:
            continue
        segments = reading.shapes.segments_at((number,))
        if not len(segments):
            continue
        if touched[segments].any():
            yield from _elements(reading, place, reading.index.pick(segments), read)
        else:
            yield _told(reading, _name(place), segments, None, None)


def _read(reading: Reading, asked: Sequence[EdiRows]) -> _Read:
    read: _Read = defaultdict(lambda: np.zeros(len(reading.index), bool))
    for rows in asked:
        for segments, element, component in rows.cells_read():
            read[element, component][segments] = True
    return read


def _elements(reading: Reading, place: Place, segments: Segments, read: _Read) -> Iterator[Unread]:
    index = reading.index
    for element in range(1, segments.widest + 1):
        cells = index.first_repetition(index.cells(segments, element))
        name = f"{_name(place)}.{element:02d}"
        whole = read[element, None][segments.numbers]
        most = int(index.component_counts(cells).max(initial=1))
        if most == 1:
            known = whole | read[element, 1][segments.numbers]
            yield from _cells(reading, name, segments, cells, known, (element, None))
            continue
        for component in range(1, most + 1):
            known = whole | read[element, component][segments.numbers]
            inside = index.component(segments, element, component)
            yield from _cells(
                reading, f"{name}.{component}", segments, inside, known, (element, component)
            )


def _cells(
    reading: Reading,
    name: str,
    segments: Segments,
    cells: Cells,
    known: Mask,
    element: tuple[int, int | None],
) -> Iterator[Unread]:
    left = (cells.end > cells.start) & ~known
    if left.any():
        values = reading.index.strings(cells.some(np.flatnonzero(left)[:1]))
        yield _told(reading, name, segments.numbers[left], element, values)


def _told(
    reading: Reading,
    name: str,
    segments: Indexes,
    element: tuple[int, int | None] | None,
    values: pa.Array | None,
) -> Unread:
    places = Places(reading.index, reading.buffer, reading.part)
    first = int(segments[0])
    record = int(reading.transactions.owners(segments[:1])[0])
    at, component = element or (None, None)
    _, position = places.inside(reading.transactions, record, first, at, component)
    return Unread(name, len(segments), position, None if values is None else values[0].as_py())


def _name(place: Place) -> str:
    around = place.parent.path if place.parent is not None else ""
    return f"{around}/{place.segment_id}" if around else place.segment_id
