"""EDIFACT interchanges as bytes (ISO 9735 syntax versions 1 to 4): UNA, UNB, messages."""

from __future__ import annotations

import re
from dataclasses import replace

from etl.defects import Position
from etl.formats.edi.delimiters import Delimiters
from etl.formats.edi.outgoing import OutgoingInterchange, OutgoingTransaction, SegmentValue, segment
from etl.formats.edi.writing.serial import Serial, checked, numbered
from etl.formats.edi.writing.unwritable import UnwritableError
from etl.formats.edifact.delimiters import CHARSETS, REPETITION, USUAL
from etl.formats.edifact.syntax import EDIFACT

_SYNTAX = re.compile(r"(UNO[A-Z]):([1-4])")
_AGENCY = "UN"


def edifact(interchange: OutgoingInterchange) -> bytes:
    """Write UNB to UNZ, after a UNA if it is asked for; messages stand in no groups.

    The charset is the one that the syntax identifier declares, where it declares one.

    Raises :class:`UnwritableError`.
    """
    match = _SYNTAX.fullmatch(interchange.version)
    if match is None:
        at = Position(segment_id="UNB", element=1)
        raise UnwritableError(at, interchange.version, "a syntax such as UNOC:3")
    identifier, version = match[1], int(match[2])
    delimiters = _effective(interchange.delimiters, version)
    charset = CHARSETS.get(identifier, interchange.charset)
    serial = Serial(EDIFACT, delimiters, charset, line_ends=interchange.line_ends)
    if interchange.una:
        serial.literal(_una(delimiters))
    else:
        _check_usual(delimiters, version)
    serial.add(_unb(interchange, identifier, version))
    for note in interchange.notes:
        raise UnwritableError(Position(segment_id=note.id), note.id, "nothing outside of messages")
    numbers = numbered(interchange.transactions, EDIFACT.transaction, 1, 14)
    for number, transaction in zip(numbers, interchange.transactions, strict=True):
        serial.transaction(number, _unh(number, transaction), transaction)
    serial.add(segment("UNZ", str(len(numbers)), str(interchange.number)))
    return bytes(serial.written)


def _effective(delimiters: Delimiters, version: int) -> Delimiters:
    """Elements repeat from syntax version 4 on, and there always."""
    if version < 4:
        return replace(delimiters, repetition=None)
    others = (delimiters.element, delimiters.component, delimiters.terminator, delimiters.release)
    if delimiters.repetition or REPETITION in others:
        return delimiters
    return replace(delimiters, repetition=REPETITION)


def _una(delimiters: Delimiters) -> str:
    """The UNA without its terminator."""
    characters = (
        delimiters.component,
        delimiters.element,
        ord("," if delimiters.decimal_comma else "."),
        delimiters.release or ord(" "),
        delimiters.repetition or ord(" "),
    )
    return "UNA" + "".join(map(chr, characters))


def _check_usual(delimiters: Delimiters, version: int) -> None:
    usual = _effective(USUAL, version)
    if delimiters != usual:
        raise UnwritableError(
            Position(segment_id="UNB"),
            _una(delimiters)[3:] + chr(delimiters.terminator),
            f"the usual separators {_una(usual)[3:]}{chr(usual.terminator)}, or a UNA",
        )


def _unb(interchange: OutgoingInterchange, identifier: str, version: int) -> SegmentValue:
    century = "%Y" if version >= 4 else "%y"
    sender, receiver = interchange.sender, interchange.receiver
    return segment(
        "UNB",
        (identifier, str(version)),
        (checked(sender[0], 1, 35, "UNB", 2, 1), checked(sender[1], 0, 4, "UNB", 2, 2)),
        (checked(receiver[0], 1, 35, "UNB", 3, 1), checked(receiver[1], 0, 4, "UNB", 3, 2)),
        (
            interchange.created.strftime(f"{century}%m%d"),
            interchange.created.strftime("%H%M"),
        ),
        checked(str(interchange.number), 1, 14, "UNB", 5),
        None,
        checked(interchange.application, 0, 14, "UNB", 7),
        None,
        "1" if interchange.acknowledgement else None,
        None,
        "1" if interchange.test else None,
    )


def _unh(number: str, transaction: OutgoingTransaction) -> SegmentValue:
    """``D96A`` is version D, release 96A; ``41`` of a CONTRL is version 4, release 1."""
    document, version = transaction.document, transaction.version
    if not re.fullmatch(r"[A-Z0-9]{2,6}", version):
        at = Position(document=number, segment=1, segment_id="UNH", element=2, component=2)
        raise UnwritableError(at, version, "a version such as D96A")
    checked(document, 1, 6, "UNH", 2, 1)
    kind = (document, version[0], version[1:], _AGENCY, transaction.convention)
    return segment("UNH", number, kind)
