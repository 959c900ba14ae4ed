"""Values that paths did not give, because they take the first of several segments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from etl.formats.edi.checks.findings import Places
from etl.formats.edi.reading.content import Reading
from etl.formats.edi.reading.paths import FieldPath
from etl.formats.edi.reading.rows import EdiRows
from etl.formats.edi.reading.segments import Indexes
from etl.raw import PassedOver

Element = tuple[int, int | None]
"""1-based element and component."""


def passed_over(reading: Reading, asked: Iterable[EdiRows]) -> Iterator[PassedOver]:
    """What all paths of a chunk's rows passed over, by path and file.

    A value that another path read, such as that of the rows of a child table, is not lost; nor is
    one that is the same as the one that was taken.
    """
    every = list(asked)
    for rows in every:
        for path, place in rows.read:
            found = rows.others(place)
            if found is None:
                continue
            others, taken = found
            element = (place.element, place.component)
            lost = ~np.isin(others, _read(every, element))
            others, taken = others[lost], taken[lost]
            values = _values(reading, others, element)
            same = pc.equal(values, _values(reading, taken, element)).fill_null(False)
            lost = pc.and_(values.is_valid(), pc.invert(same)).to_numpy(zero_copy_only=False)
            if lost.any():
                yield from _by_file(reading, path, place, others[lost], taken[lost])


def _read(every: Iterable[EdiRows], element: Element) -> Indexes:
    """The segments of which any path read an element."""
    numbers = [
        rows.found(place).numbers
        for rows in every
        for _, place in rows.read
        if (place.element, place.component) == element
    ]
    return np.concatenate([np.empty(0, np.int64), *numbers])


def _values(reading: Reading, segments: Indexes, element: Element) -> pa.Array:
    index, (number, component) = reading.index, element
    # several that passed over one another took the same segment
    distinct, places = np.unique(segments, return_inverse=True)
    picked = index.pick(distinct)
    if component is None:
        cells = index.first_repetition(index.cells(picked, number))
    else:
        cells = index.component(picked, number, component)
    return index.strings(cells).take(pa.array(places))


def _by_file(
    reading: Reading, path: str, place: FieldPath, others: Indexes, taken: Indexes
) -> Iterator[PassedOver]:
    places = Places(reading.index, reading.buffer, reading.part)
    files = np.array([*reading.buffer.numbers, 0], np.int32)[
        np.searchsorted(reading.buffer.starts, reading.index.start[others], "right") - 1
    ]
    for file in np.unique(files).tolist():
        here = files == file
        first = int(others[here][0])
        record = int(reading.transactions.owners(np.array([first]))[0])
        _, position = places.inside(
            reading.transactions, record, first, place.element, place.component
        )
        element = (place.element, place.component)
        yield PassedOver(
            path=path,
            values=int(here.sum()),
            places=len(np.unique(taken[here])),
            file=file,
            position=position,
            value=_values(reading, others[here][:1], element)[0].as_py(),
        )
