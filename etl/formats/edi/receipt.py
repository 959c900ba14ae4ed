"""What was received: interchanges, groups and transactions, each with what was found wrong.

This is what acknowledgements are made from, and what the ledger is told of control numbers. A
file is read in chunks; :class:`Receipts` puts together what they tell.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from etl.defects import Defect, Severity
from etl.formats.edi.delimiters import Delimiters
from etl.formats.edi.elements import element


@dataclass(slots=True, eq=False)
class ReceivedTransaction:
    """A transaction set or message.

    Attributes:
        number: its control number (ST02, 0062).
        document, version: ``210`` ``004010``; ``INVOIC`` ``D96A``; as the sender says.
        header: elements of its ST or UNH, the id first, as they stand in the data.
        structure: version of the structure it was read by; empty: none is known.
        segments: how many it has, ST and SE included.
        defects: what the reader found, and what the mapping and the application add.
    """

    number: str
    document: str
    version: str
    header: list[str]
    structure: str
    segments: int
    defects: list[Defect] = field(default_factory=list)

    @property
    def rejected(self) -> bool:
        """Whether a defect keeps it out."""
        return any(defect.severity is Severity.REJECT for defect in self.defects)


@dataclass(slots=True, eq=False)
class ReceivedGroup:
    """A functional group; EDIFACT messages outside of any group stand in one with empty elements.

    Attributes:
        number: its control number (GS06, UNG 0048); empty without a group.
        elements: of its GS or UNG, the id first; empty without a group.
        counted: what its trailer says that it holds; None: it has no trailer.
    """

    number: str
    elements: list[str]
    transactions: list[ReceivedTransaction] = field(default_factory=list)
    counted: str | None = None
    defects: list[Defect] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class ReceivedInterchange:
    """An interchange of a file.

    Attributes:
        syntax: ``x12`` or ``edifact``.
        file: name of the file; `sha256` of its bytes.
        number: its control number (ISA13, UNB 0020).
        elements: of its ISA or UNB, the id first, as they stand in the data, padding included.
        delimiters: its separators.
        groups: in order.
        notes: TA1 segments, the id first: what the sender says of interchanges of ours.
        defects: those of the interchange itself.
    """

    syntax: str
    file: str
    sha256: str
    number: str
    elements: list[str]
    delimiters: Delimiters
    groups: list[ReceivedGroup] = field(default_factory=list)
    notes: list[list[str]] = field(default_factory=list)
    defects: list[Defect] = field(default_factory=list)

    @property
    def transactions(self) -> list[ReceivedTransaction]:
        """All of its transactions."""
        return [one for group in self.groups for one in group.transactions]

    @property
    def rejected(self) -> bool:
        """Whether the interchange itself is not accepted."""
        return any(defect.severity is Severity.REJECT for defect in self.defects)

    def element(self, number: int) -> str:
        """A 1-based element of its header, without padding; empty where it is absent."""
        return element(self.elements, number)


@dataclass
class Receipts:
    """What chunks tell of the interchanges of their files, put together, in order."""

    interchanges: list[ReceivedInterchange] = field(default_factory=list)

    def extend(self, interchanges: Iterable[ReceivedInterchange]) -> None:
        """Take those of the next chunk."""
        take_up(self.interchanges, interchanges)


def take_up(before: list[ReceivedInterchange], interchanges: Iterable[ReceivedInterchange]) -> None:
    """Add those that are not there yet: one that goes on is the same object in each chunk."""
    known = set(map(id, before[-2:]))
    before += [one for one in interchanges if id(one) not in known]
