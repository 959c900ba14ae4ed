"""The distinct sequences of segments of a buffer: what has its place where is worked out once each.

A night's transactions are alike: thousands have the same segments in the same order. All that
follows from the order alone (places, loops, what is missing or too much) is computed for the
distinct sequences, and spread over the transactions by array arithmetic.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from etl.formats.edi.reading.cells import Cells, strings
from etl.formats.edi.structures.automaton import NO_PLACE, OUT_OF_ORDER, Automaton
from etl.formats.edi.structures.places import PlaceTable

Indexes = npt.NDArray[np.int64]


class Fault(Enum):
    """What can be wrong with the order of segments."""

    OUT_OF_ORDER = "out of order"
    NO_PLACE = "no place"
    MISSING = "missing"
    TOO_MANY = "too many"


@dataclass(frozen=True, slots=True)
class ShapeFault:
    """A fault of a sequence.

    Attributes:
        segment: its index in the sequence; of what is missing, the start of the loop it is
            missing in.
        place: number of the place that is concerned in the place table; 0: none.
    """

    fault: Fault
    segment: int
    place: int


class Shapes:
    """The sequences of the transactions of one buffer.

    Attributes:
        of: for each transaction the index of its sequence; -1 where no structure is known for it.
    """

    def __init__(
        self,
        classes: npt.NDArray[np.uint8],
        start: Indexes,
        stop: Indexes,
        structures: Indexes,
        table: PlaceTable,
        automata: Sequence[Automaton],
    ) -> None:
        """Work out the sequences of transactions from `start` to `stop`.

        Args:
            classes: class numbers of all segments of the buffer.
            structures: for each transaction the index of its structure in `table`; -1: none.
        """
        self._table, self._start = table, start
        cells = Cells(start.astype(np.int32), stop.astype(np.int32), start)
        encoded = strings(classes.tobytes(), cells).cast(pa.binary()).dictionary_encode()
        sequences = encoded.dictionary.to_pylist()
        pairs = structures * len(sequences) + encoded.indices.to_numpy()
        pairs[structures < 0] = -1
        distinct, self.of = np.unique(pairs, return_inverse=True)
        if len(distinct) and distinct[0] < 0:
            distinct, self.of = distinct[1:], self.of - 1
        known = [
            (int(each) // len(sequences), sequences[each % len(sequences)]) for each in distinct
        ]
        lengths = [len(sequence) for _, sequence in known]
        self._bounds = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
        walked = [automata[number].walk(sequence) for number, sequence in known]
        bases = [table.bases[number] for number, _ in known]
        placed = [
            np.where(each.places > 0, each.places.astype(np.int64) + base, 0)
            for each, base in zip(walked, bases, strict=True)
        ]
        self.places = np.concatenate([np.empty(0, np.int64), *placed])
        self._fits = np.concatenate([np.empty(0, np.uint8), *(each.fits for each in walked)])
        self._order = np.argsort(self.places, kind="stable")
        self._sorted = self.places[self._order]

    def segments_at(self, places: Sequence[int]) -> Indexes:
        """The numbers of the segments at any of some places, rising."""
        relative, per_shape = self._members(places)
        lengths = np.append(per_shape, 0)[self.of]
        first = np.append(np.cumsum(per_shape) - per_shape, 0)[self.of]
        return spread(relative, first, lengths, self._start)

    def _members(self, places: Sequence[int]) -> tuple[Indexes, Indexes]:
        """Segments at some places, relative to the start of their sequence, and how many each
        sequence has."""
        if len(places) == 1:
            begin, end = np.searchsorted(self._sorted, [places[0], places[0] + 1])
            found = self._order[begin:end]
        else:
            found = np.flatnonzero(np.isin(self.places, places))
        shapes = np.searchsorted(self._bounds, found, "right") - 1
        return found - self._bounds[shapes], np.bincount(shapes, minlength=len(self._bounds) - 1)

    @cached_property
    def faults(self) -> dict[int, list[ShapeFault]]:
        """What is wrong with the sequences, by their index; sound ones are left out."""
        found: list[tuple[int, Fault, int]] = []
        for fit, fault in ((OUT_OF_ORDER, Fault.OUT_OF_ORDER), (NO_PLACE, Fault.NO_PLACE)):
            for index in np.flatnonzero(self._fits == fit).tolist():
                found.append((index, fault, int(self.places[index])))
        found += self._counts()
        faults: dict[int, list[ShapeFault]] = {}
        for index, fault, place in sorted(found, key=lambda each: each[0]):
            shape = int(np.searchsorted(self._bounds, index, "right")) - 1
            relative = index - int(self._bounds[shape])
            faults.setdefault(shape, []).append(ShapeFault(fault, relative, place))
        return faults

    def _counts(self) -> list[tuple[int, Fault, int]]:
        """Required segments that are missing, and what stands more often than it may."""
        table, owners = self._table, self._owners()
        order = self._order[np.searchsorted(self._sorted, 1) :]
        places, around = self.places[order], owners[order]
        # segments at the same place of the same loop instance follow each other in this order
        begins = np.ones(len(order), bool)
        begins[1:] = (places[1:] != places[:-1]) | (around[1:] != around[:-1])
        runs = np.flatnonzero(begins)
        lengths = np.diff(runs, append=len(order))
        found = []
        for run in np.flatnonzero(lengths > table.repeats[places[runs]]).tolist():
            place = int(places[runs[run]])
            found.append((int(order[runs[run] + table.repeats[place]]), Fault.TOO_MANY, place))
        instances = np.bincount(places, minlength=table.size)
        filled = np.bincount(places[runs], minlength=table.size)
        for loop in np.flatnonzero((instances > 0) & table.is_loop).tolist():
            for place in table.required[loop]:
                if filled[place] < instances[loop]:
                    starts = order[places == loop]
                    missing = np.setdiff1d(starts, around[places == place])
                    found += [(int(start), Fault.MISSING, place) for start in missing]
        return found

    def _owners(self) -> Indexes:
        """For each segment the segment that starts the loop it stands in; of a loop's trigger,
        the one that starts the loop around."""
        table = self._table
        depths = table.depths[self.places]
        indexes = np.arange(len(self.places))
        owners = indexes.copy()
        for depth in range(int(depths.max(initial=0))):
            starts = np.where(table.is_loop[self.places] & (depths == depth), indexes, 0)
            latest = np.maximum.accumulate(starts)
            inside = depths == depth + 1
            owners[inside] = latest[inside]
        return owners


def spread(relative: Indexes, first: Indexes, lengths: Indexes, start: Indexes) -> Indexes:
    """Runs of `relative`, a run a transaction, each moved by the start of its transaction.

    Args:
        relative: values of all sequences, one run after the other.
        first, lengths: for each transaction where its run begins in `relative`, and how long it is.
        start: what to add to the values of each transaction's run.
    """
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if len(ends) else 0
    if total == len(lengths) and (lengths == 1).all():
        return relative[first] + start
    run = np.arange(total) + np.repeat(first - (ends - lengths), lengths)
    numbers: Indexes = relative[run] + np.repeat(start, lengths)
    return numbers
