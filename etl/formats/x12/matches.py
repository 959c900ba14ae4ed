"""Which segments stand at a place of the transaction set, and which loop instance they are in."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from etl.formats.x12.paths import Condition, FieldPath, RowPath, Step
from etl.formats.x12.segments import Indexes, Mask, SegmentIndex
from etl.formats.x12.transactions import Transactions


class Matches:
    """Finds segments by row declarations and paths; what it finds it keeps for the chunk.

    `slots` has the place of each segment in the structure, 0: none.
    """

    def __init__(
        self, index: SegmentIndex, transactions: Transactions, slots: npt.NDArray[np.uint8]
    ) -> None:
        self._index, self._transactions, self._slots = index, transactions, slots
        self._order = np.argsort(slots, kind="stable")
        self._bounds = np.searchsorted(slots[self._order], np.arange(257))
        self._ordinals: dict[int, npt.NDArray[np.int32]] = {}
        self._filtered: dict[tuple[Step, ...], Indexes] = {}
        self._firsts: dict[tuple[int, tuple[Step, ...]], tuple[Indexes, Indexes]] = {}

    def instances(self, step: Step) -> Indexes:
        """All segments at a step's place, its conditions aside; of ST, all transactions."""
        if step.segment_id == "ST":
            return self._transactions.start
        return self._order[self._bounds[step.slot] : self._bounds[step.slot + 1]]

    def owners(self, step: Step, segments: Indexes) -> Indexes:
        """For each segment, which of `instances(step)` it is or stands in."""
        if step.slot not in self._ordinals:
            starts = np.zeros(len(self._index), np.int32)
            starts[self.instances(step)] = 1
            self._ordinals[step.slot] = np.cumsum(starts, dtype=np.int32)
        return self._ordinals[step.slot][segments].astype(np.int64) - 1

    def rows(self, row: RowPath) -> Indexes:
        """The segments that a row declaration selects."""
        if len(row.steps) == 1:
            return self._transactions.start
        return self._fitting(row.steps[1:])

    def first(self, anchor: Step, path: FieldPath) -> tuple[Indexes, Indexes]:
        """The first segment that fits in each instance of `anchor` that has one.

        Gives these segments, and for each instance of `anchor` the index of its segment among
        them, -1 where it has none.
        """
        key = (anchor.slot, path.steps)
        if key not in self._firsts:
            found = self._fitting(path.steps)
            owners = self.owners(anchor, found)
            first = np.ones(len(found), bool)
            np.not_equal(owners[1:], owners[:-1], out=first[1:])
            chosen = np.full(len(self.instances(anchor)), -1)
            chosen[owners[first]] = np.arange(np.count_nonzero(first))
            self._firsts[key] = found[first], chosen
        return self._firsts[key]

    def _fitting(self, steps: tuple[Step, ...]) -> Indexes:
        """The segments of the last step whose conditions hold, and those of all steps above."""
        if steps not in self._filtered:
            found = self.instances(steps[0])
            fits = self._hold(found, steps[0].conditions)
            for around, step in pairwise(steps):
                found = self.instances(step)
                inside = self.owners(around, found)
                fits = fits[inside] & self._hold(found, step.conditions)
            self._filtered[steps] = found if fits.all() else found[fits]
        return self._filtered[steps]

    def _hold(self, segments: Indexes, conditions: tuple[Condition, ...]) -> Mask:
        hold = np.ones(len(segments), bool)
        for condition in conditions:
            cells = self._index.cells(segments, condition.element)
            if condition.component is not None:
                cells = self._index.components(cells, condition.component)
            hold &= self._index.equal(cells, condition.values)
        return hold
