"""Acknowledgements of what was received, ready to be written: TA1, 997, 999, 824; CONTRL, APERAK.

They go back the way the interchange came: its sender is their receiver, with the same separators,
versions, charset and test indicator. What we are told in acknowledgements is never acknowledged.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from etl.defects import Defect
from etl.formats.edi.acknowledging.application import DocumentResult
from etl.formats.edi.acknowledging.sendable import copy_of
from etl.formats.edi.delimiters import SEPARATORS
from etl.formats.edi.outgoing import OutgoingInterchange, OutgoingTransaction, SegmentValue
from etl.formats.edi.receipt import ReceivedGroup, ReceivedInterchange
from etl.formats.edifact import addresses
from etl.formats.edifact import delimiters as edifact_delimiters
from etl.formats.edifact.aperak import aperak
from etl.formats.edifact.contrl import contrl
from etl.formats.x12.application_advice import application_advice
from etl.formats.x12.functional_acknowledgement import answered, functional_acknowledgements
from etl.formats.x12.interchange_acknowledgement import interchange_acknowledgement
from etl.formats.x12.versions import controls_version, version_of

SYNTAX_KINDS = {"x12": ("TA1", "997", "999"), "edifact": ("CONTRL",)}
"""What says whether an interchange is right as EDI, by syntax."""

APPLICATION_KINDS = {"x12": "824", "edifact": "APERAK"}
"""What says what the application made of its documents, by syntax."""

_ACKNOWLEDGEMENTS = ("997", "999", "824", "CONTRL", "APERAK")

_IMPLEMENTED = re.compile(r"\d{6}X\d+.*")
"""GS08 that names an implementation guide."""

_APPLICATION_ADVICE = "004010"


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """What goes back for an interchange, in one interchange of ours.

    Attributes:
        received: what it answers.
        notes: TA1.
        transactions: acknowledgements of groups, messages or documents.
        group: the group whose addresses those of our groups are; None: those of the interchange.
    """

    received: ReceivedInterchange
    notes: tuple[SegmentValue, ...] = ()
    transactions: tuple[OutgoingTransaction, ...] = ()
    group: ReceivedGroup | None = None

    def outgoing(
        self, *, number: int, created: datetime, group_number: int = 1, charset: str = "ascii"
    ) -> OutgoingInterchange:
        """The interchange to be written.

        Args:
            number: control number of our interchange.
            created: local time.
            group_number: control number of its first group.
            charset: Python codec for X12; EDIFACT declares its own.
        """
        make = _x12 if self.received.syntax == "x12" else _edifact
        return replace(
            make(self, number, created),
            notes=self.notes,
            transactions=self.transactions,
            group_number=group_number,
            charset=charset,
        )


def usual_kinds(received: ReceivedInterchange) -> tuple[str, ...]:
    """What a partner expects that has agreed on nothing else: a 997 for each group, or a 999 where
    a group names an implementation guide; a TA1 where it is asked for (ISA14) or something is wrong
    with the interchange itself; a CONTRL."""
    if received.syntax != "x12":
        return SYNTAX_KINDS[received.syntax]
    groups = answered(received)
    guided = any(_IMPLEMENTED.fullmatch(version_of(received, group)) for group in groups)
    asked = received.element(14) == "1" or bool(received.defects) or not groups
    return (*(("TA1",) if asked else ()), "999" if guided else "997")


def acknowledgements(
    received: ReceivedInterchange, kinds: Collection[str], *, refused: bool = False
) -> list[Acknowledgement]:
    """What goes back to say whether an interchange is right as EDI.

    One; several where its groups came from different applications (GS02, GS03); none where it
    holds acknowledgements itself, or where its header is so broken that nobody is there to answer.

    Args:
        kinds: some of :data:`SYNTAX_KINDS`.
        refused: whether nothing of it was taken in, for example because its control number had
            come before: all of it is rejected then, whatever its transactions are.
    """
    if not _answerable(received):
        return []
    if received.syntax != "x12":
        message = contrl(received, refused=refused) if "CONTRL" in kinds else None
        return [Acknowledgement(received, transactions=(message,))] if message else []
    note = interchange_acknowledgement(received, refused=refused) if "TA1" in kinds else None
    notes = (note,) if note else ()
    of_groups: dict[tuple[str, ...], list[OutgoingTransaction]] = {}
    first: dict[tuple[str, ...], ReceivedGroup] = {}
    for kind in ("997", "999"):
        if kind not in kinds:
            continue
        made = functional_acknowledgements(received, kind, refused=refused)
        for group, transaction in zip(answered(received), made, strict=True):
            partners = tuple(each.strip() for each in group.elements[2:4])
            first.setdefault(partners, group)
            of_groups.setdefault(partners, []).append(transaction)
    found = [
        Acknowledgement(received, notes if number == 0 else (), tuple(made), first[partners])
        for number, (partners, made) in enumerate(of_groups.items())
    ]
    return found or ([Acknowledgement(received, notes)] if notes else [])


def application_acknowledgements(
    received: ReceivedInterchange,
    results: Sequence[DocumentResult],
    *,
    number: int,
    created: datetime,
    version: str | None = None,
) -> list[Acknowledgement]:
    """What goes back to say what the application made of documents of an interchange.

    Args:
        results: of documents that came in it; where there are none but acknowledgements, nothing
            goes back.
        number: our reference: of the 824, of the first APERAK; the following count on.
        created: local time.
        version: of the 824 (by default that of the first group) or the APERAK (``D96A``).
    """
    results = [each for each in results if each.document not in _ACKNOWLEDGEMENTS]
    if not results or not _answerable(received):
        return []
    if received.syntax == "x12":
        group = next((each for each in received.groups if each.elements), None)
        advice = application_advice(
            results,
            number=str(number),
            created=created,
            version=version or (version_of(received, group) if group else _APPLICATION_ADVICE),
            delimiters=received.delimiters,
        )
        return [Acknowledgement(received, transactions=(advice,), group=group)]
    syntax = addresses.syntax_version(received)
    messages = (
        aperak(
            result,
            number=str(number + place),
            created=created,
            version=version or "D96A",
            delimiters=received.delimiters,
            charset=addresses.charset_of(syntax),
            capitals=syntax.startswith("UNOA"),
        )
        for place, result in enumerate(results)
    )
    return [Acknowledgement(received, transactions=tuple(messages))]


def tell_with_last(received: Sequence[ReceivedInterchange], others: Iterable[Defect]) -> None:
    """Let the last interchange of a file also tell what stands outside of any interchange: nobody
    else could. `received` are those of the file that `others` were found in."""
    if received:
        known = received[-1].defects
        known += [each for each in others if each not in known]


def _answerable(received: ReceivedInterchange) -> bool:
    """Whether both partners are named, and what names them is the header alone."""
    if received.syntax == "x12":
        return bool(_isa_id(received, 6)[0] and _isa_id(received, 8)[0])
    if edifact_delimiters.swallowed(received.elements):
        return False
    sender, recipient = (
        addresses.components(received, received.elements, number) for number in (2, 3)
    )
    return any(sender[:1]) and any(recipient[:1])


def _x12(made: Acknowledgement, number: int, created: datetime) -> OutgoingInterchange:
    received = made.received
    sender, receiver = (_group_id(made, place) for place in (3, 2))
    return OutgoingInterchange(
        syntax="x12",
        sender=_isa_id(received, 8),
        receiver=_isa_id(received, 6),
        group_sender=sender,
        group_receiver=receiver,
        number=number,
        created=created,
        version=controls_version(received),
        delimiters=received.delimiters,
        line_ends=not received.delimiters.breaks_lines,
        una=False,
        test=received.element(15) == "T",
    )


def _isa_id(received: ReceivedInterchange, place: int) -> tuple[str, str]:
    """An id of the ISA with its qualifier, in characters that an ISA of ours can hold: what pads it
    beyond ASCII, such as a no-break space, is left out."""
    taken = set(map(chr, (getattr(received.delimiters, name) or 0 for name in SEPARATORS)))
    said = "".join(
        each if " " <= each <= "~" and each not in taken else " "
        for each in received.element(place)
    )
    return said.strip(), received.element(place - 1)


def _group_id(made: Acknowledgement, place: int) -> str:
    """GS02 or GS03 of the group; empty where it could not be written: the ISA names its sender."""
    elements = made.group.elements if made.group is not None else []
    said = elements[place].strip() if place < len(elements) else ""
    delimiters = made.received.delimiters
    fits = 2 <= len(said) <= 15 and copy_of(said, delimiters, len(said)) == said
    return said if fits else ""


def _edifact(made: Acknowledgement, number: int, created: datetime) -> OutgoingInterchange:
    received = made.received
    receiver, sender = (
        addresses.components(received, received.elements, place) for place in (2, 3)
    )
    usual = replace(edifact_delimiters.USUAL, repetition=received.delimiters.repetition)
    return OutgoingInterchange(
        syntax="edifact",
        sender=_address(sender),
        receiver=_address(receiver),
        number=number,
        created=created,
        version=addresses.syntax_version(received),
        delimiters=received.delimiters,
        line_ends=not received.delimiters.breaks_lines,
        una=received.delimiters != usual,
        test=received.element(11) == "1",
    )


def _address(components: tuple[str, ...]) -> tuple[str, str]:
    """Identification and qualifier."""
    identification, qualifier, *_ = (*components, "", "")
    return identification, qualifier
