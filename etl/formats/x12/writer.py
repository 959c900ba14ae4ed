"""X12 interchanges as bytes (X12.5, X12.6): ISA of fixed width, groups, transaction sets."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from etl.defects import Position
from etl.formats.edi.delimiters import Delimiters
from etl.formats.edi.outgoing import OutgoingInterchange, OutgoingTransaction, segment
from etl.formats.edi.structures.files import documents, nearest_version, structure_of
from etl.formats.edi.writing.serial import Serial, checked, numbered
from etl.formats.edi.writing.unwritable import UnwritableError
from etl.formats.x12.syntax import X12

_REPEATS_FROM = "00402"
"""ISA12 from which on ISA11 is the repetition separator (X12.5)."""

_FULL_YEARS_FROM = "004010"
"""GS08 from which on the date of the GS has a century (X12.6)."""

_LARGEST = 999_999_999
"""Control numbers have up to nine digits."""


def x12(interchange: OutgoingInterchange) -> bytes:
    """Write ISA to IEA; a group for each document and version, in order of appearance.

    Raises :class:`UnwritableError`.
    """
    repeats = interchange.version >= _REPEATS_FROM
    delimiters = replace(
        interchange.delimiters,
        repetition=interchange.delimiters.repetition if repeats else None,
        release=None,
    )
    serial = Serial(X12, delimiters, interchange.charset, line_ends=interchange.line_ends)
    serial.literal(_isa(interchange, delimiters))
    for note in interchange.notes:
        if note.id not in X12.others:
            at = Position(segment_id=note.id)
            raise UnwritableError(at, note.id, "TA1 outside of groups")
        serial.add(note)
    groups = grouped(interchange.transactions)
    for number, transactions in enumerate(groups, start=interchange.group_number):
        _write_group(serial, interchange, number, transactions)
    serial.add(segment("IEA", str(len(groups)), f"{interchange.number:09d}"))
    return bytes(serial.written)


def grouped(transactions: Sequence[OutgoingTransaction]) -> list[list[OutgoingTransaction]]:
    """The transactions of each group: one for each document and version, as they appear."""
    groups: dict[tuple[str, str], list[OutgoingTransaction]] = {}
    for transaction in transactions:
        groups.setdefault((transaction.document, transaction.version), []).append(transaction)
    return list(groups.values())


def _write_group(
    serial: Serial,
    interchange: OutgoingInterchange,
    number: int,
    transactions: list[OutgoingTransaction],
) -> None:
    version = transactions[0].version
    century = "%Y" if version >= _FULL_YEARS_FROM else "%y"
    sender = interchange.group_sender or interchange.sender[0]
    receiver = interchange.group_receiver or interchange.receiver[0]
    serial.add(
        segment(
            "GS",
            functional_id(transactions[0]),
            checked(sender, 2, 15, "GS", 2),
            checked(receiver, 2, 15, "GS", 3),
            interchange.created.strftime(f"{century}%m%d"),
            interchange.created.strftime("%H%M"),
            _number(number, "GS", 6),
            "X",
            checked(version, 1, 12, "GS", 8),
        )
    )
    numbers = numbered(transactions, X12.transaction, 4, 9)
    for own, transaction in zip(numbers, transactions, strict=True):
        header = segment("ST", transaction.document, own, transaction.convention)
        serial.transaction(own, header, transaction)
    serial.add(segment("GE", str(len(transactions)), str(number)))


def functional_id(transaction: OutgoingTransaction) -> str:
    """GS01, by the structure of the transaction set; raises :class:`UnwritableError` where there
    is none."""
    document = transaction.document
    if document not in documents(X12):
        at = Position(segment_id="ST", element=1)
        raise UnwritableError(at, document, f"one of {', '.join(documents(X12))}")
    version = nearest_version(X12, document, transaction.version)
    return structure_of(X12, document, version).group


def _isa(interchange: OutgoingInterchange, delimiters: Delimiters) -> str:
    """The ISA without its terminator: 105 bytes, each element padded to its width."""
    if not re.fullmatch(r"\d{5}", interchange.version):
        at = Position(segment_id="ISA", element=12)
        raise UnwritableError(at, interchange.version, "five digits such as 00401")
    sender, receiver = interchange.sender, interchange.receiver
    elements = (
        "00",
        " " * 10,
        "00",
        " " * 10,
        _fixed(sender[1], 2, 2, 5, delimiters),
        _fixed(sender[0], 1, 15, 6, delimiters),
        _fixed(receiver[1], 2, 2, 7, delimiters),
        _fixed(receiver[0], 1, 15, 8, delimiters),
        interchange.created.strftime("%y%m%d"),
        interchange.created.strftime("%H%M"),
        "U" if delimiters.repetition is None else chr(delimiters.repetition),
        interchange.version,
        _number(interchange.number, "ISA", 13).zfill(9),
        "1" if interchange.acknowledgement else "0",
        "T" if interchange.test else "P",
        chr(delimiters.component),
    )
    return chr(delimiters.element).join(("ISA", *elements))


def _fixed(value: str, least: int, width: int, element: int, delimiters: Delimiters) -> str:
    """A qualifier or an id of the ISA, padded to its width."""
    checked(value, least, width, "ISA", element)
    separators = (
        delimiters.element,
        delimiters.component,
        delimiters.terminator,
        delimiters.repetition,
    )
    fits = value.isascii() and value.isprintable() and value == value.strip()
    if not fits or any(ord(character) in separators for character in value):
        at = Position(segment_id="ISA", element=element)
        raise UnwritableError(at, value, "ASCII without separators, and no blanks around it")
    return value.ljust(width)


def _number(value: int, segment_id: str, element: int) -> str:
    if 0 <= value <= _LARGEST:
        return str(value)
    at = Position(segment_id=segment_id, element=element)
    raise UnwritableError(at, str(value), "a control number of up to nine digits")
