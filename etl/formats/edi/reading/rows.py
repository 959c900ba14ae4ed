"""The rows of a chunk: columns are cut out of the buffer when a path asks for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from etl.defects import Position
from etl.formats.edi.checks.findings import Places
from etl.formats.edi.notation import Notation
from etl.formats.edi.reading.cells import content
from etl.formats.edi.reading.content import Reading
from etl.formats.edi.reading.matches import Matches
from etl.formats.edi.reading.paths import FieldPath, field_path, row_path
from etl.formats.edi.reading.picked import Segments
from etl.formats.edi.reading.segments import Indexes
from etl.raw import LINEAGE

_LONG_RUN = 100
"""Rows of the same value from which on it is quicker to repeat it than to take it row by row."""


class EdiRows:
    """The rows that a row declaration selects; implements :class:`etl.raw.Rows`."""

    def __init__(self, row: str | None, reading: Reading, matches: Matches) -> None:
        """The rows of `row`; None: the transactions."""
        self._row, self._reading, self._matches = row, reading, matches
        self._structures = reading.declaration.structures
        self._index, self._transactions = reading.index, reading.transactions
        self._owners: dict[int, Indexes] = {}
        self._columns: dict[str, pa.Array] = {}
        self._steps = row_path(self._structures, row).steps
        self._segments = matches.rows(self._steps)
        self._record = self._around(0)

    @property
    def record(self) -> npt.NDArray[np.int64]:
        """For each row, the index of its transaction in the chunk; sorted."""
        return self._record

    @property
    def key(self) -> npt.NDArray[np.int64]:
        """For each row, the number of its segment in the buffer."""
        return self._segments.numbers

    def __len__(self) -> int:
        return len(self._segments)

    def column(self, path: str) -> pa.Array:
        """One string a row, null where absent or empty.

        Raises :class:`etl.raw.DeclarationError` for a path that can't be read in these rows.
        """
        if path not in self._columns:
            place = field_path(self._structures, path, self._row)
            self._columns[path] = (
                self._cut(place) if place.envelope is None else self._envelope(place)
            )
        return self._columns[path]

    @property
    def read(self) -> list[tuple[str, FieldPath]]:
        """The paths that were asked for so far, those to the envelopes aside."""
        found = [(path, field_path(self._structures, path, self._row)) for path in self._columns]
        return [(path, place) for path, place in found if place.envelope is None]

    def cells_read(self) -> Iterator[tuple[Indexes, int, int | None]]:
        """The cells that paths and conditions read so far: segments, element and component."""
        every = [(self._steps, self._segments.numbers)]
        for _, place in self.read:
            numbers = self.found(place).numbers
            yield numbers, place.element, place.component
            every.append((place.steps, numbers))
        for steps, numbers in every:
            for depth, step in enumerate(steps, start=1):
                innermost = depth == len(steps)
                of_step = numbers if innermost else self._matches.fitting(steps[:depth]).numbers
                for condition in step.conditions:
                    yield of_step, condition.element, condition.component

    def found(self, place: FieldPath) -> Segments:
        """The segments that a path took its values from."""
        segments, chosen = self._found(place)
        if chosen is None:
            return segments
        taken = np.unique(chosen)
        return self._index.pick(segments.numbers[taken[taken >= 0]])

    def others(self, place: FieldPath) -> tuple[Indexes, Indexes] | None:
        """The segments that a path passed over, and for each the one that it took instead; None:
        it passed over none."""
        anchor = self._steps[place.anchor]
        others = self._matches.others(anchor, place.steps)
        if others is None:
            return None
        segments, chosen = self._matches.first(anchor, place.steps)
        assert chosen is not None
        around = self._matches.owners(anchor, others)
        asked = np.isin(around, self._around(place.anchor))
        return others[asked], segments.numbers[chosen[around[asked]]]

    def lineage(self) -> pa.Table:
        """File, ISA13, GS06, ST02, segment number and transaction of each row."""
        transactions, record = self._transactions, self._record
        interchanges = [envelope.number or None for envelope in transactions.interchanges]
        groups = [envelope.number or None for envelope in transactions.groups]
        columns = [
            pa.array(self._reading.files[record]),
            _listed(interchanges, transactions.interchange[record]),
            _listed(groups, transactions.group[record]),
            transactions.numbers.take(pa.array(record)),
            pa.array(self._reading.numbers_in_transactions(record, self._segments.numbers)),
            _listed(
                [structure.label for structure in self._structures.all], self._reading.used[record]
            ),
            pa.array(self._reading.numbers_in_file[record]),
        ]
        return pa.Table.from_arrays(columns, schema=LINEAGE)

    def position(self, index: int, path: str | None = None) -> Position:
        """Where row `index`, or the value of `path` in it, stands; where the value's segment is
        absent, the segment of the row."""
        record, segment = int(self._record[index]), int(self._segments.numbers[index])
        places = Places(self._index, self._reading.buffer, self._reading.part)
        place = None if path is None else field_path(self._structures, path, self._row)
        if place is None or place.envelope is not None:
            return places.inside(self._transactions, record, segment)[1]
        segments, chosen = self._found(place)
        at = index if chosen is None else int(chosen[index])
        if at < 0:
            return places.inside(self._transactions, record, segment)[1]
        return places.inside(
            self._transactions, record, int(segments.numbers[at]), place.element, place.component
        )[1]

    def _cut(self, place: FieldPath) -> pa.Array:
        segments, chosen = self._found(place)
        if place.component is not None:
            cells = self._index.component(segments, place.element, place.component)
        else:
            cells = self._index.first_repetition(self._index.cells(segments, place.element))
        values = self._index.strings(cells, chosen)
        return self._with_decimal_point(values, place)

    def _with_decimal_point(self, values: pa.StringArray, place: FieldPath) -> pa.StringArray:
        """Numbers of EDIFACT with a point, whatever decimal mark their sender writes."""
        step = place.steps[-1] if place.steps else self._steps[place.anchor]
        if not self._structures.syntax.composites or not self._structures.is_number(
            step.segment_id, place.element, place.component or 1
        ):
            return values
        if b"," not in content(values):
            return values
        return pc.replace_substring(values, ",", ".")

    def _found(self, place: FieldPath) -> tuple[Segments, Indexes | None]:
        """The segments that a path finds, and which of them each row has (-1: none; None: each
        its own)."""
        anchor = self._steps[place.anchor]
        if place.steps:
            segments, chosen = self._matches.first(anchor, place.steps)
            if chosen is None and self._is_every_instance(place.anchor):
                return segments, None
            around = self._around(place.anchor)
            return segments, around if chosen is None else chosen[around]
        if place.anchor == len(self._steps) - 1:
            return self._segments, None
        every = replace(anchor, conditions=())
        return self._matches.fitting((every,)), self._around(place.anchor)

    def _is_every_instance(self, anchor: int) -> bool:
        """Whether the rows are all of the segments at a step of the row declaration."""
        if anchor != len(self._steps) - 1:
            return False
        return len(self._segments) == self._matches.count(self._steps[anchor])

    def _around(self, anchor: int) -> Indexes:
        """Which instance of a step of the row declaration each row stands in."""
        if anchor not in self._owners:
            step = self._steps[anchor]
            self._owners[anchor] = self._matches.owners(step, self._segments.numbers)
        return self._owners[anchor]

    def _envelope(self, place: FieldPath) -> pa.Array:
        """A value of the interchange or group that each row stands in."""
        transactions = self._transactions
        envelopes, at = (
            (transactions.interchanges, transactions.interchange)
            if place.envelope == self._structures.syntax.interchange.header
            else (transactions.groups, transactions.group)
        )
        values = [envelope.element(place.element) for envelope in envelopes]
        if place.component is not None:
            notation = Notation(self._index.delimiters)
            parts = [notation.value(value)[0] for value in values]
            values = [(*part, *[""] * place.component)[place.component - 1] for part in parts]
        return _listed([value or None for value in values], at[self._record])


def _listed(values: list[str | None], chosen: Indexes) -> pa.Array:
    """The values at some places, as a rule the same for long runs of rows; null at -1."""
    begins = [0, *(np.flatnonzero(chosen[1:] != chosen[:-1]) + 1).tolist()]
    if len(begins) * _LONG_RUN > len(chosen):
        return pa.array([*values, None], pa.string()).take(pa.array(chosen % (len(values) + 1)))
    ends = [*begins[1:], len(chosen)]
    runs = [
        pa.repeat(pa.scalar([*values, None][chosen[begin]], pa.string()), end - begin)
        for begin, end in zip(begins, ends, strict=True)
    ]
    return pa.concat_arrays(runs)
