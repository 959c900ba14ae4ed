"""Which segments stand at a place of the transaction, and which loop instance they are in."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from etl.formats.edi.reading.paths import Step
from etl.formats.edi.reading.picked import Segments
from etl.formats.edi.reading.segments import Indexes, Mask, SegmentIndex
from etl.formats.edi.reading.shapes import Shapes
from etl.formats.edi.reading.transactions import Transactions


class Matches:
    """Finds segments by row declarations and paths; what it finds it keeps for the chunk.

    `repeated` segments at the start of the buffer are the head of a transaction that is read in
    parts, again: they give values, but no rows of their own.
    """

    def __init__(
        self, index: SegmentIndex, transactions: Transactions, shapes: Shapes, repeated: int
    ) -> None:
        self._index, self._transactions, self._shapes = index, transactions, shapes
        self._repeated = repeated
        self._at: dict[tuple[int, ...], Indexes] = {}
        self._picked: dict[tuple[int, ...], Segments] = {}
        self._fitting: dict[tuple[Step, ...], Segments] = {}
        self._firsts: dict[tuple[Step, tuple[Step, ...]], tuple[Segments, Indexes | None]] = {}
        self._others: dict[tuple[Step, tuple[Step, ...]], Indexes] = {}

    def rows(self, steps: tuple[Step, ...]) -> Segments:
        """The segments that are rows of a row declaration."""
        found = self.fitting(steps)
        if not self._repeated or len(steps) == 1:
            return found
        return self._index.pick(found.numbers[found.numbers >= self._repeated])

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
            if fits is None or fits.all():
                self._fitting[steps] = self._segments(steps[-1])
            else:
                self._fitting[steps] = self._index.pick(numbers[fits])
        return self._fitting[steps]

    def owners(self, step: Step, numbers: Indexes) -> Indexes:
        """For each segment, which of all the segments at a step's place it is or stands in."""
        return np.searchsorted(self._instances(step), numbers, "right") - 1

    def first(self, anchor: Step, steps: tuple[Step, ...]) -> tuple[Segments, Indexes | None]:
        """The first segment that fits `steps` in each instance of `anchor`.

        Gives these segments, and for each instance of `anchor` the index of its segment among
        them, -1 where it has none; None where each instance has exactly one.
        """
        key = (anchor, steps)
        if key not in self._firsts:
            found = self.fitting(steps)
            instances = self._instances(anchor)
            if _one_each(instances, found.numbers):
                self._firsts[key] = found, None
                return self._firsts[key]
            owners = self.owners(anchor, found.numbers)
            first = np.ones(len(found), bool)
            np.not_equal(owners[1:], owners[:-1], out=first[1:])
            chosen = np.full(len(instances), -1)
            chosen[owners[first]] = np.arange(np.count_nonzero(first))
            if not first.all():
                self._others[key] = found.numbers[~first]
                found = self._index.pick(found.numbers[first])
            self._firsts[key] = found, chosen
        return self._firsts[key]

    def others(self, anchor: Step, steps: tuple[Step, ...]) -> Indexes | None:
        """The segments that fit `steps` but are not the first of their instance of `anchor`, once
        :meth:`first` was asked for that; None: there are none."""
        return self._others.get((anchor, steps))

    def count(self, step: Step) -> int:
        """How many segments there are at a step's place, its conditions aside."""
        return len(self._instances(step))

    def _instances(self, step: Step) -> Indexes:
        """All segments at a step's place, its conditions aside; of ST or UNH, all transactions."""
        if step.is_transaction:
            return self._transactions.start
        if step.places not in self._at:
            self._at[step.places] = self._shapes.segments_at(step.places)
        return self._at[step.places]

    def _segments(self, step: Step) -> Segments:
        """All segments at a step's place, to take elements of."""
        if step.places not in self._picked:
            self._picked[step.places] = self._index.pick(self._instances(step))
        return self._picked[step.places]

    def _hold(self, step: Step) -> Mask | None:
        """For which of all segments at a step's place its conditions hold; None: for all."""
        hold: Mask | None = None
        for condition in step.conditions:
            segments = self._segments(step)
            if condition.component is None:
                cells = self._index.cells(segments, condition.element)
            else:
                cells = self._index.component(segments, condition.element, condition.component)
            found = self._index.equal(cells, condition.values)
            hold = found if hold is None else hold & found
        return hold


def _one_each(instances: Indexes, numbers: Indexes) -> bool:
    """Whether each instance has one of the segments, given by their numbers."""
    if len(instances) != len(numbers):
        return False
    return bool((numbers >= instances).all() and (numbers[:-1] < instances[1:]).all())
