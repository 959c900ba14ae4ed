"""What is to be written: an interchange of ours as plain values, without counts and trailers.

The writer adds what follows from it: headers, trailers, counts, separators, escapes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from etl.formats.edi.delimiters import Delimiters

Components = tuple[str, ...]
"""One value of an element: its components; of a simple element only one."""

Repetitions = tuple[Components, ...]
"""An element: its repetitions, mostly one; none where the element is left out."""


@dataclass(frozen=True, slots=True)
class SegmentValue:
    """A segment: its id and its elements, unescaped."""

    id: str
    elements: tuple[Repetitions, ...]


def segment(segment_id: str, *elements: str | Components | None) -> SegmentValue:
    """A segment without repetitions: an element is text, a tuple of components, or None."""
    return SegmentValue(segment_id, tuple(_repetitions(each) for each in elements))


def _repetitions(element: str | Components | None) -> Repetitions:
    if element is None or element in ("", ()):
        return ()
    return ((element,) if isinstance(element, str) else element,)


@dataclass(frozen=True, slots=True)
class OutgoingTransaction:
    """A transaction set or message.

    Attributes:
        document, version: ``997`` ``004010``; ``CONTRL`` ``41``; ``INVOIC`` ``D96A``.
        segments: between its header and its trailer.
        number: its control number; empty: numbered 1, 2, 3 … in its group or interchange.
        convention: ST03, or the association assigned code of the UNH (0057); mostly empty.
    """

    document: str
    version: str
    segments: tuple[SegmentValue, ...]
    number: str = ""
    convention: str = ""


@dataclass(frozen=True, slots=True)
class OutgoingInterchange:
    """An interchange.

    Attributes:
        syntax: ``x12`` or ``edifact``.
        sender, receiver: (id, qualifier) of ISA05-08 or of S002 and S003.
        group_sender, group_receiver: GS02 and GS03; empty: the ids of the interchange. X12 only:
            transactions are put into a group for each document and version, EDIFACT has none.
        number, group_number: control numbers, ISA13 or UNB 0020, and GS06 of the first group; the
            following groups count on.
        created: local time of the sender, for ISA09-10, GS04-05, S004.
        version: ISA12 (``00401``), or syntax identifier and version (``UNOC:3``).
        delimiters, charset: how it is written; with `una` EDIFACT separators are declared.
        line_ends: whether each segment stands on a line of its own.
        test: usage indicator T (ISA15), test indicator 1 (UNB 0035).
        acknowledgement: whether a TA1 or CONTRL is asked for (ISA14, UNB 0031).
        notes: segments outside of groups: TA1.
    """

    syntax: str
    sender: tuple[str, str]
    receiver: tuple[str, str]
    number: int
    created: datetime
    version: str
    delimiters: Delimiters
    transactions: tuple[OutgoingTransaction, ...] = ()
    notes: tuple[SegmentValue, ...] = ()
    group_sender: str = ""
    group_receiver: str = ""
    group_number: int = 1
    charset: str = "utf-8"
    line_ends: bool = True
    una: bool = True
    test: bool = False
    acknowledgement: bool = False
    application: str = field(default="")
