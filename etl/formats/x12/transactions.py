"""The transaction sets of a buffer, found by array arithmetic: from each ST to its SE."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from etl.formats.x12.segments import Indexes, Mask, SegmentIndex
from etl.formats.x12.structure import IEA, ISA, SE, ST


@dataclass(frozen=True)
class Outline:
    """What stands where in a buffer, before the envelopes are looked at.

    Attributes:
        start, stop: the segment of each ST, and the segment after each transaction's last one.
        closed: whether a transaction has its SE.
        around: the envelope segments that belong to no transaction.
        strays: runs (from, to) of other segments that belong to no transaction.
    """

    start: Indexes
    stop: Indexes
    closed: Mask
    around: Indexes
    strays: list[tuple[int, int]]


@dataclass
class Envelope:
    """An interchange or a functional group.

    Attributes:
        elements: of its ISA or GS, the id first.
        place: its index in the chunk's list of interchanges or groups.
        held: groups or transactions in it so far.
        seen: their control numbers.
    """

    elements: list[str]
    place: int
    held: int = 0
    seen: set[str | None] = field(default_factory=set)

    @property
    def number(self) -> str:
        """Its control number, ISA13 or GS06."""
        return element(self.elements, 13 if self.elements[0] == "ISA" else 6)


@dataclass(frozen=True)
class Transactions:
    """The transaction sets of a buffer and their envelopes.

    Attributes:
        start, stop, closed: as in :class:`Outline`.
        numbers: ST02 of each.
        interchange, group: index into `interchanges`, `groups`; -1: outside of any.
        interchanges, groups: those that the buffer has part of.
    """

    start: Indexes
    stop: Indexes
    closed: Mask
    numbers: pa.StringArray
    interchange: Indexes
    group: Indexes
    interchanges: list[Envelope]
    groups: list[Envelope]

    def __len__(self) -> int:
        return len(self.start)

    def owners(self, segments: Indexes) -> Indexes:
        """The transaction that each segment stands in; -1: none."""
        at = np.searchsorted(self.start, segments, "right") - 1
        return np.where((at >= 0) & (segments < np.append(self.stop, 0)[at]), at, -1)

    def cover(self, chosen: Mask, segments: int) -> Mask:
        """For each of so many segments, whether it stands in a chosen transaction."""
        changes = np.zeros(segments + 1, np.int8)
        changes[self.start[chosen]] += 1
        changes[self.stop[chosen]] -= 1
        return np.cumsum(changes[:-1], dtype=np.int8).astype(bool)


def outline(index: SegmentIndex) -> Outline:
    """Find the transactions; one without SE ends at the next envelope segment."""
    controls = np.flatnonzero((index.classes > 0) & (index.classes <= IEA))
    kinds = index.classes[controls]
    opening = np.flatnonzero(kinds == ST)
    closed = np.append(kinds, ISA)[opening + 1] == SE
    start = controls[opening]
    stop = np.append(controls, len(index))[opening + 1] + closed
    around = np.ones(len(controls), bool)
    around[opening] = False
    around[opening[closed] + 1] = False
    outside = controls[around]
    begins = np.sort(np.concatenate([start, outside, [len(index)]]))
    ends = np.sort(np.concatenate([[0], stop, outside + 1]))
    gaps = ends < begins
    strays = zip(ends[gaps].tolist(), begins[gaps].tolist(), strict=True)
    return Outline(start, stop, closed, outside, list(strays))


def element(elements: list[str], number: int) -> str:
    """A 1-based element of a split segment, without padding; empty where it is absent."""
    return elements[number].strip() if number < len(elements) else ""


def same_number(found: str, expected: str) -> bool:
    """Whether two control numbers or counts are the same; leading zeros do not matter."""
    if found.isdecimal() and expected.isdecimal():
        return int(found) == int(expected)
    return found == expected
