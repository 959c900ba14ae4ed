"""Which segments stand at a place of the transaction set, and which loop instance they are in."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from etl.formats.x12.paths import Step
from etl.formats.x12.segments import Indexes, Mask, SegmentIndex, Segments
from etl.formats.x12.transactions import Transactions


class Matches:
    """Finds segments by row declarations and paths; what it finds it keeps for the chunk.

    `slots` has the place of each segment in the structure, 0: none.
    """

    def __init__(
        self, index: SegmentIndex, transactions: Transactions, slots: npt.NDArray[np.uint8]
    ) -> None:
        self._index, self._transactions = index, transactions
        self._order = np.argsort(slots, kind="stable")
        self._bounds = np.searchsorted(slots[self._order], np.arange(257))
        self._ordinals: dict[int, Indexes] = {}
        self._fitting: dict[tuple[Step, ...], Segments] = {}
        self._firsts: dict[tuple[int, tuple[Step, ...]], tuple[Segments, Indexes]] = {}

    def fitting(self, steps: tuple[Step, ...]) -> Segments:
        """The segments of the last step whose conditions hold, and those of all steps above."""
        if steps not in self._fitting:
            numbers, fits = self._instances(steps[0]), self._hold(steps[0])
            for around, step in pairwise(steps):
                numbers, inside = self._instances(step), fits
                fits = self._hold(step)
                if inside is not None:
                    inside = inside[self.owners(around, numbers)]
                    fits = inside if fits is None else inside & fits
            self._fitting[steps] = self._index.pick(numbers if fits is None else numbers[fits])
        return self._fitting[steps]

    def owners(self, step: Step, numbers: Indexes) -> Indexes:
        """For each segment, which of all the segments at a step's place it is or stands in."""
        if step.slot not in self._ordinals:
            starts = np.zeros(len(self._index), np.int8)
            starts[self._instances(step)] = 1
            self._ordinals[step.slot] = np.cumsum(starts, dtype=np.int64)
        return self._ordinals[step.slot][numbers] - 1

    def first(self, anchor: Step, steps: tuple[Step, ...]) -> tuple[Segments, Indexes]:
        """The first segment that fits `steps` in each instance of `anchor`.

        Gives these segments, and for each instance of `anchor` the index of its segment among
        them, -1 where it has none.
        """
        key = (anchor.slot, steps)
        if key not in self._firsts:
            found = self.fitting(steps)
            owners = self.owners(anchor, found.numbers)
            first = np.ones(len(found), bool)
            np.not_equal(owners[1:], owners[:-1], out=first[1:])
            chosen = np.full(len(self._instances(anchor)), -1)
            chosen[owners[first]] = np.arange(np.count_nonzero(first))
            if not first.all():
                found = self._index.pick(found.numbers[first])
            self._firsts[key] = found, chosen
        return self._firsts[key]

    def _instances(self, step: Step) -> Indexes:
        """All segments at a step's place, its conditions aside; of ST, all transactions."""
        if step.segment_id == "ST":
            return self._transactions.start
        return self._order[self._bounds[step.slot] : self._bounds[step.slot + 1]]

    def _hold(self, step: Step) -> Mask | None:
        """For which of all segments at a step's place its conditions hold; None: for all."""
        hold: Mask | None = None
        for condition in step.conditions:
            segments = self._index.pick(self._instances(step))
            cells = self._index.cells(segments, condition.element)
            if condition.component is not None:
                cells = self._index.components(cells, condition.component)
            found = self._index.equal(cells, condition.values)
            hold = found if hold is None else hold & found
        return hold
