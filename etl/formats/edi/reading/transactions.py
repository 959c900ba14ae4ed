"""The transactions of a buffer, found by array arithmetic: from each ST or UNH to its trailer."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from etl.defects import Defect
from etl.formats.edi.elements import element
from etl.formats.edi.reading.segments import Indexes, Mask, SegmentIndex
from etl.formats.edi.receipt import ReceivedGroup, ReceivedInterchange
from etl.formats.edi.syntax import INTERCHANGE, OTHER, TRANSACTION, TRANSACTION_END
from etl.raw import SourceFile


@dataclass(frozen=True)
class Outline:
    """What stands where in a buffer, before the envelopes are looked at.

    Attributes:
        start, stop: the segment of each ST or UNH, and the segment after each transaction's last.
        closed: whether a transaction has its trailer.
        around: the envelope segments that belong to no transaction.
        strays: runs (from, to) of other segments that belong to no transaction.
    """

    start: Indexes
    stop: Indexes
    closed: Mask
    around: Indexes
    strays: list[tuple[int, int]]


@dataclass(eq=False)
class OpenEnvelope:
    """An interchange or a group that was opened; it lives on while a large file is read.

    Attributes:
        elements: of its header segment, the id first, as they stand in the data.
        number: its control number.
        place: its index in the chunk's list of interchanges or groups.
        around: the interchange of a group.
        held: groups or transactions in it so far.
        counted: what its trailer says that it holds; None: no trailer yet.
        seen: control numbers of what it holds; of an interchange, its groups.
        messages: of an interchange, control numbers of its transactions outside of groups.
        notes: of an interchange, its TA1 segments.
        defects: those that concern it itself.
        kept_out: of an interchange that is not taken at all, code and message for each of its
            transactions.
        file: of an interchange, the file that it stands in.
        interchange, group: its receipt, once somebody asked for it.
    """

    elements: list[str]
    number: str
    place: int
    around: OpenEnvelope | None = None
    held: int = 0
    counted: str | None = None
    seen: set[str | None] = field(default_factory=set)
    messages: set[str | None] = field(default_factory=set)
    notes: list[list[str]] = field(default_factory=list)
    defects: list[Defect] = field(default_factory=list)
    kept_out: tuple[str, str] | None = None
    file: SourceFile | None = None
    interchange: ReceivedInterchange | None = None
    group: ReceivedGroup | None = None

    def element(self, number: int) -> str:
        """A 1-based element of its header, without padding; empty where it is absent."""
        return element(self.elements, number)


@dataclass(frozen=True, slots=True)
class Kind:
    """What transactions are: ``210`` in ``004010``, ``INVOIC`` in ``D96A``.

    Attributes:
        version: as the sender says it; X12: GS08, EDIFACT: 0052 and 0054.
    """

    document: str
    version: str


@dataclass(frozen=True)
class Transactions:
    """The transactions of a buffer and their envelopes.

    Attributes:
        start, stop, closed: as in :class:`Outline`.
        numbers: control number of each, ST02 or 0062.
        interchange, group: index into `interchanges`, `groups`; -1: outside of any.
        interchanges, groups: those that the buffer has part of.
        kind: index into `kinds` of each.
    """

    start: Indexes
    stop: Indexes
    closed: Mask
    numbers: pa.StringArray
    interchange: Indexes
    group: Indexes
    interchanges: list[OpenEnvelope]
    groups: list[OpenEnvelope]
    kind: Indexes
    kinds: list[Kind]

    def __len__(self) -> int:
        return len(self.start)

    def owners(self, segments: Indexes) -> Indexes:
        """The transaction that each segment stands in; -1: none."""
        at = np.searchsorted(self.start, segments, "right") - 1
        return np.where((at >= 0) & (segments < np.append(self.stop, 0)[at]), at, -1)


def outline(index: SegmentIndex) -> Outline:
    """Find the transactions; one without trailer ends at the next envelope segment."""
    controls = np.flatnonzero((index.classes > 0) & (index.classes < OTHER))
    kinds = index.classes[controls]
    opening = np.flatnonzero(kinds == TRANSACTION)
    closed = np.append(kinds, INTERCHANGE)[opening + 1] == TRANSACTION_END
    start = controls[opening]
    stop = np.append(controls, len(index))[opening + 1] + closed
    others = np.flatnonzero(index.classes == OTHER)
    covered = np.searchsorted(start, others, "right") - 1
    others = others[(covered < 0) | (others >= np.append(stop, 0)[covered])]
    around = np.ones(len(controls), bool)
    around[opening] = False
    around[opening[closed] + 1] = False
    outside = np.sort(np.concatenate([controls[around], others]))
    begins = np.sort(np.concatenate([start, outside, [len(index)]]))
    ends = np.sort(np.concatenate([[0], stop, outside + 1]))
    gaps = ends < begins
    strays = zip(ends[gaps].tolist(), begins[gaps].tolist(), strict=True)
    return Outline(start, stop, closed, outside, list(strays))


def same_number(found: str, expected: str) -> bool:
    """Whether two control numbers or counts are the same; leading zeros do not matter."""
    if found.isdecimal() and expected.isdecimal():  # of any length: they are not counted with
        return found.lstrip("0") == expected.lstrip("0")
    return found == expected
