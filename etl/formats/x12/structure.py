"""The loops of a transaction set, from a declarative file, as an automaton over segment ids.

A structure file (``structures/210.yaml``) says which segments belong to which loop, the loop being
named after the segment that starts it. From it an automaton is made: its states are the loops
(state 0 is the transaction itself), and a segment id moves it to the loop that owns the segment.
It runs over millions of segments at the speed of ``itertools.accumulate``, after dropping those
segments that cannot change the state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib import resources
from itertools import accumulate
from operator import getitem, itemgetter
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml

CONTROL = ("ISA", "TA1", "GS", "ST", "SE", "GE", "IEA")
"""Envelope segments, in the order of their class numbers 1 to 7; class 0 is an unknown id."""

ISA, TA1, GS, ST, SE, GE, IEA = range(1, 8)


_follow: Callable[[list[Any], int], list[Any]] = getitem

_WORD = 3
"""How many moves the automaton makes in one step."""


@dataclass(frozen=True, slots=True, eq=False)
class Loop:
    """One kind of loop at one place of the transaction set.

    Attributes:
        state: its number, the transaction itself being 0.
        trigger: id of the segment that starts it; ``ST`` for the transaction.
        path: ``LX/N1``; empty for the transaction.
        segments: ids that belong to it, without its trigger.
        loops: the loops inside it, by trigger.
        parent: the loop around it.
    """

    state: int
    trigger: str
    path: str
    segments: tuple[str, ...]
    parent: Loop | None = field(repr=False)
    loops: dict[str, Loop] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Structure:
    """A transaction set: its loops, and the tables the reader works with.

    `classes` gives each known segment id its class number; (class, state) pairs that belong
    together have a slot number, 0 meaning "this segment does not belong here".
    """

    document: str
    required: tuple[str, ...]
    loops: tuple[Loop, ...]
    classes: Mapping[str, int]

    @property
    def transaction(self) -> Loop:
        """The outermost loop, from ST to SE."""
        return self.loops[0]

    @cached_property
    def transitions(self) -> npt.NDArray[np.uint8]:
        """State after a segment, by [state before, class]."""
        table = np.zeros((len(self.loops), len(self.classes) + 1), np.uint8)
        for loop in self.loops:
            table[loop.state, 0] = loop.state
            for segment_id, number in self.classes.items():
                owner = _owner(loop, segment_id)
                table[loop.state, number] = (owner or loop).state
        table[:, 1 : len(CONTROL) + 1] = 0
        return table

    @cached_property
    def slots(self) -> npt.NDArray[np.uint8]:
        """Slot number by [state, class]; 0 where the class has no place in that loop."""
        table = np.zeros((len(self.loops), len(self.classes) + 1), np.uint8)
        number = 0
        for loop in self.loops:
            for segment_id in (loop.trigger, *loop.segments):
                number += 1
                table[loop.state, self.classes[segment_id]] = number
        return table

    def slot(self, loop: Loop, segment_id: str) -> int:
        """Slot of `segment_id` as the trigger or a member of `loop`."""
        return int(self.slots[loop.state, self.classes[segment_id]])

    def states(self, classes: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """The loop each segment of a run belongs to; the run starts in state 0."""
        behaviour, idempotent = self._behaviours
        moves = behaviour.take(classes)
        moving = np.arange(len(moves))
        if idempotent:
            moving = np.flatnonzero(np.diff(moves, prepend=np.uint8(0)))
        return np.repeat(self._walk(moves[moving]), np.diff(moving, prepend=0, append=len(moves)))

    def _walk(self, moves: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """The state before the first and after each of some moves.

        The automaton takes the moves in words of three, so that Python has a third of the steps;
        the states inside the words are looked up after.
        """
        after_move, start = self._automaton
        words = np.zeros((-(-len(moves) // _WORD), _WORD), np.int64)
        words.ravel()[: len(moves)] = moves
        symbols = words @ (after_move.shape[1] ** np.arange(_WORD - 1, -1, -1))
        after_word = accumulate(symbols.tolist(), _follow, initial=start)
        visited = bytes(map(itemgetter(-1), after_word))
        states = np.empty(words.shape, np.uint8)
        states[:, -1] = np.frombuffer(visited, np.uint8)[1:]
        before = np.frombuffer(visited, np.uint8)[:-1]
        for place in range(_WORD - 1):
            before = states[:, place] = after_move[before, words[:, place]]
        return np.concatenate([np.zeros(1, np.uint8), states.ravel()[: len(moves)]])

    @cached_property
    def _behaviours(self) -> tuple[npt.NDArray[np.uint8], bool]:
        """Classes that move the automaton alike share a number, 0: never moves it."""
        columns = {tuple(range(len(self.loops))): 0}
        numbers = [
            columns.setdefault(tuple(column), len(columns))
            for column in self.transitions.T.tolist()
        ]
        idempotent = all(column[state] == state for column in columns for state in column)
        return np.array(numbers, np.uint8), idempotent

    @cached_property
    def _automaton(self) -> tuple[npt.NDArray[np.uint8], list[Any]]:
        """State by [state before, behaviour]; and state 0 as a list of the states that each word
        of behaviours leads to, its own number last."""
        behaviour, _ = self._behaviours
        after_move = np.zeros((len(self.loops), int(behaviour.max()) + 1), np.uint8)
        after_move[:, behaviour] = self.transitions
        after_word = np.arange(len(self.loops), dtype=np.uint8)[:, None]
        for _ in range(_WORD):
            after_word = after_move[after_word].reshape(len(self.loops), -1)
        states: list[list[Any]] = [[] for _ in self.loops]
        for number, (state, row) in enumerate(zip(states, after_word.tolist(), strict=True)):
            state += [states[after] for after in row]
            state.append(number)
        return after_move, states[0]


@cache
def structure_of(document: str) -> Structure:
    """The structure of a transaction set; raises KeyError for one that has no structure file."""
    if document not in documents():
        raise KeyError(document)
    text = _folder().joinpath(f"{document}.yaml").read_text(encoding="utf-8")
    return structure_from(yaml.safe_load(text))


@cache
def documents() -> tuple[str, ...]:
    """The transaction sets that have a structure file."""
    names = (entry.name for entry in _folder().iterdir())
    return tuple(sorted(name.removesuffix(".yaml") for name in names if name.endswith(".yaml")))


def structure_from(declared: Mapping[str, Any]) -> Structure:
    """Build a structure from the content of a structure file."""
    outermost = {"segments": [*declared["segments"], "SE"], "loops": declared.get("loops", {})}
    loops = tuple(_loops("ST", outermost, None, iter(range(256))))
    ids = dict.fromkeys(CONTROL)
    for loop in loops:
        ids |= dict.fromkeys((loop.trigger, *loop.segments))
    return Structure(
        document=str(declared["document"]),
        required=tuple(declared.get("required", ())),
        loops=loops,
        classes={segment_id: number for number, segment_id in enumerate(ids, start=1)},
    )


def _loops(
    trigger: str, declared: Mapping[str, Any], parent: Loop | None, numbers: Iterator[int]
) -> Iterator[Loop]:
    path = "" if parent is None else f"{parent.path}/{trigger}".lstrip("/")
    loop = Loop(next(numbers), trigger, path, tuple(declared.get("segments", ())), parent)
    if parent is not None:
        parent.loops[trigger] = loop
    yield loop
    for inner, content in declared.get("loops", {}).items():
        yield from _loops(inner, content, loop, numbers)


def _owner(loop: Loop, segment_id: str) -> Loop | None:
    """The loop that takes `segment_id` when it comes while `loop` is open."""
    scope: Loop | None = loop
    while scope is not None:
        if segment_id in scope.segments:
            return scope
        if segment_id in scope.loops:
            return scope.loops[segment_id]
        scope = scope.parent
    return None


def _folder() -> resources.abc.Traversable:
    return resources.files(__package__).joinpath("structures")
