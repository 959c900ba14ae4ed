"""What a partner.yaml declares of EDI: both sides' ids, reading, writing, acknowledgements."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

FILE_NAME = "{document}_{number}.edi"


@dataclass(frozen=True, slots=True)
class EdiId:
    """An interchange id with its qualifier: ISA05 and ISA06, or the parts of S002."""

    id: str
    qualifier: str = ""

    @classmethod
    def of_isa(cls, text: str) -> EdiId:
        """``ZZ:BRIGHTWATER``: the qualifier stands first, as in the ISA."""
        qualifier, _, name = text.partition(":")
        return cls(name.strip(), qualifier)

    @classmethod
    def of_unb(cls, text: str) -> EdiId:
        """``4012345000009:14``: the qualifier stands last, as in the UNB."""
        name, _, qualifier = text.partition(":")
        return cls(name, qualifier)


@dataclass(frozen=True, slots=True)
class EdiIdentity:
    """How one side is known in interchanges.

    Attributes:
        isa, unb: its interchange ids; None: not declared.
        gs: its id in groups (GS02, GS03); empty: the id of the ISA.
    """

    isa: EdiId | None = None
    gs: str = ""
    unb: EdiId | None = None


@dataclass(frozen=True, slots=True)
class EdiReading:
    """What holds for the ``source:`` of every mapping of the partner that reads EDI, unless the
    mapping says otherwise; see docs/formats.md."""

    envelope: Mapping[str, str] = field(default_factory=dict)
    structure: Mapping[str, str] = field(default_factory=dict)
    charset: str | None = None
    test: str | None = None
    deviations: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class X12Writing:
    """How we write X12 to the partner.

    Attributes:
        version: of documents (GS08); the interchange's is its first five digits.
        repetition: the separator of repetitions, which exists from 00402 on.
        line_ends: whether each segment stands on a line of its own.
        test: usage indicator T (ISA15).
    """

    version: str = "004010"
    element: str = "*"
    component: str = ">"
    repetition: str = "^"
    terminator: str = "~"
    line_ends: bool = True
    test: bool = False
    charset: str = "utf-8"


@dataclass(frozen=True, slots=True)
class EdifactWriting:
    """How we write EDIFACT to the partner.

    Attributes:
        syntax: syntax identifier and version, ``UNOC:3``; the charset follows from it.
        una: whether the separators are declared, which must be so where they are not the usual.
        decimal: the decimal mark, ``.`` or ``,``.
        line_ends: whether each segment stands on a line of its own.
        test: test indicator 1 (0035).
    """

    syntax: str = "UNOC:3"
    una: bool = True
    element: str = "+"
    component: str = ":"
    repetition: str = "*"
    terminator: str = "'"
    release: str = "?"
    decimal: str = "."
    line_ends: bool = True
    test: bool = False


@dataclass(frozen=True, slots=True)
class EdiWriting:
    """How we write to the partner; `file` names the files that `etl edi write` makes."""

    x12: X12Writing = field(default_factory=X12Writing)
    edifact: EdifactWriting = field(default_factory=EdifactWriting)
    file: str = FILE_NAME


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """What the partner is told of its files; nothing unless it is declared.

    Attributes:
        x12: of ``TA1``, ``997``, ``999``.
        edifact: ``CONTRL``.
        application: ``APERAK`` for EDIFACT, ``824`` for X12: what became of each document.
        when: ``always``, or only where something was wrong, ``errors``.
        file: names the files; ``{document}``, ``{number}``, ``{partner}``, ``{date}``, ``{time}``.
    """

    x12: tuple[str, ...] = ()
    edifact: tuple[str, ...] = ()
    application: tuple[str, ...] = ()
    when: str = "always"
    file: str = FILE_NAME

    @property
    def anything(self) -> bool:
        """Whether there is anything to be sent at all."""
        return bool(self.x12 or self.edifact or self.application)


@dataclass(frozen=True, slots=True)
class Expect:
    """What we expect in answer to what we send.

    Attributes:
        within_hours: until when; None: nothing is waited for.
        level: ``transport`` (TA1), ``syntax`` (997, 999, CONTRL) or ``application`` (824, APERAK):
            an acceptance of a lower level does not end the waiting, a rejection always does.
    """

    within_hours: int | None = None
    level: str = "syntax"


@dataclass(frozen=True, slots=True)
class ControlNumberPolicy:
    """What is done about control numbers that do not follow on those received before.

    Attributes:
        duplicates: the number of an interchange that other bytes had: reject, warn, ignore.
        groups: the same for the numbers of groups, which many senders count from 1 each time.
        gaps: numbers left out: warn (an exception), ignore.
    """

    duplicates: str = "reject"
    groups: str = "ignore"
    gaps: str = "ignore"


@dataclass(frozen=True, slots=True)
class Edi:
    """The block ``edi:`` of a partner."""

    us: EdiIdentity = field(default_factory=EdiIdentity)
    them: EdiIdentity = field(default_factory=EdiIdentity)
    read: EdiReading = field(default_factory=EdiReading)
    write: EdiWriting = field(default_factory=EdiWriting)
    acknowledge: Acknowledge = field(default_factory=Acknowledge)
    expect: Expect = field(default_factory=Expect)
    control_numbers: ControlNumberPolicy = field(default_factory=ControlNumberPolicy)
