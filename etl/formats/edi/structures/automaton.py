"""The loops of a structure as an automaton over segment ids: which place has each segment?

A segment goes to the first place that may still come: in the innermost open loop, else in the
loops around it. One that may not come any more, but has a place there, is out of order: it gets
that place, and reading goes on from where it was. States are made when they are first reached,
so the walk over a known sequence is one dictionary look-up a segment.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from operator import attrgetter, getitem

import numpy as np
import numpy.typing as npt

from etl.formats.edi.structures.structure import Loop, Place, Structure

IN_ORDER, OUT_OF_ORDER, NO_PLACE = 0, 1, 2
"""How a segment fits: at its place; at a place that was passed; nowhere in the open loops."""

Path = tuple[tuple[Loop, int], ...]
"""The open loops from the outside, each with the ordinal of the place it has come to."""

_number: Callable[[State], int] = attrgetter("number")


class State(dict[int, "State"]):
    """Where the reader stands in a transaction, and how the last segment fitted there.

    Maps the class number of the next segment to the next state.
    """

    __slots__ = ("_automaton", "fit", "number", "path", "place")

    def __init__(
        self, automaton: Automaton, path: Path, place: Place | None, fit: int, number: int
    ) -> None:
        self._automaton = automaton
        self.path, self.place, self.fit, self.number = path, place, fit, number

    def __missing__(self, segment_class: int) -> State:
        following = self._automaton.after(self, segment_class)
        self[segment_class] = following
        return following


_follow: Callable[[State, int], State] = getitem


@dataclass(frozen=True, slots=True)
class Walked:
    """For each segment of a run the number of its place (0: none) and how it fits."""

    places: npt.NDArray[np.uint16]
    fits: npt.NDArray[np.uint8]


def _next(loop: Loop, segment_id: str, at: int) -> Place | None:
    """The first place of a loop, from ordinal `at` on, that a segment can still have.

    One that is filled and does not repeat is left for the next place of the same id, if there is
    one: the second UNS of a declaration begins its summary.
    """
    still = [place for place in loop.named(segment_id) if place.ordinal >= at]
    if len(still) > 1 and still[0].ordinal == at and still[0].repeat == 1:
        return still[1]
    return still[0] if still else None


class Automaton:
    """Gives segments their places in one structure.

    `ids` are the segment ids by class number; ids that the structure does not have, and unknown
    ones (None), have no place.
    """

    def __init__(self, structure: Structure, ids: Sequence[str | None]) -> None:
        self._ids = ids
        self._states: dict[tuple[Path, Place | None, int], State] = {}
        self._places: list[int] = []
        self._fits: list[int] = []
        outermost = structure.transaction
        self._start = self._state(((outermost, 0),), outermost.trigger, IN_ORDER)

    def walk(self, classes: bytes) -> Walked:
        """The places of the segments of one transaction, of which the first is ST or UNH."""
        states = accumulate(classes[1:], _follow, initial=self._start)
        numbers = np.fromiter(map(_number, states), np.int64, len(classes))
        places, fits = np.array(self._places, np.uint16), np.array(self._fits, np.uint8)
        return Walked(places[numbers], fits[numbers])

    def after(self, state: State, segment_class: int) -> State:
        """The state that a segment leads to."""
        segment_id = self._ids[segment_class]
        if segment_id is None:
            return self._state(state.path, None, NO_PLACE)
        for depth in range(len(state.path) - 1, -1, -1):
            loop, at = state.path[depth]
            if place := _next(loop, segment_id, at):
                return self._entered(state.path[:depth], place, place.ordinal, IN_ORDER)
        for depth in range(len(state.path) - 1, -1, -1):
            loop, at = state.path[depth]
            for place in reversed(loop.named(segment_id)):
                return self._entered(state.path[:depth], place, at, OUT_OF_ORDER)
        return self._state(state.path, None, NO_PLACE)

    def _entered(self, around: Path, place: Place, ordinal: int, fit: int) -> State:
        assert place.parent is not None
        path = (*around, (place.parent, ordinal))
        if place.loop is not None:
            path = (*path, (place.loop, 0))
        return self._state(path, place, fit)

    def _state(self, path: Path, place: Place | None, fit: int) -> State:
        key = (path, place, fit)
        if key not in self._states:
            number = len(self._states)
            self._states[key] = State(self, path, place, fit, number)
            self._places.append(place.number if place else 0)
            self._fits.append(fit)
        return self._states[key]
