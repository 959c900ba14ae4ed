"""Interchanges of ours for the tests, and what our reader makes of their bytes."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import cache
from io import BytesIO
from typing import Any

from etl.defects import Defect
from etl.formats import format_named
from etl.formats.edi.as_json.elements import element_form
from etl.formats.edi.delimiters import Delimiters
from etl.formats.edi.outgoing import OutgoingInterchange, OutgoingTransaction, SegmentValue
from etl.formats.edi.reading.reader import EdiReader
from etl.formats.edi.receipt import Receipts, ReceivedInterchange
from etl.formats.edi.structures.chosen import Structures
from etl.formats.edi.structures.files import documents, structure_of, versions
from etl.formats.edi.structures.structure import Structure
from etl.formats.edi.syntax import Syntax
from etl.formats.edi.viewing.walk import Standing, walk
from etl.formats.edifact.syntax import EDIFACT
from etl.formats.x12.syntax import X12
from etl.raw import SourceFile

X12_SEPARATORS = Delimiters(ord("*"), ord(":"), ord("^"), ord("~"))
EDIFACT_SEPARATORS = Delimiters(ord("+"), ord(":"), None, ord("'"), ord("?"))
CREATED = datetime(2026, 11, 25, 14, 30)

STRUCTURES: list[Structure] = [
    structure_of(syntax, document, version)
    for syntax in (X12, EDIFACT)
    for document in documents(syntax)
    for version in versions(syntax, document)
]


def x12(*transactions: OutgoingTransaction, **changes: Any) -> OutgoingInterchange:
    """An X12 interchange of version 00501 with number 7."""
    return replace(
        OutgoingInterchange(
            "x12", ("US", "ZZ"), ("THEM", "02"), 7, CREATED, "00501", X12_SEPARATORS, transactions
        ),
        **changes,
    )


def edifact(*transactions: OutgoingTransaction, **changes: Any) -> OutgoingInterchange:
    """An EDIFACT interchange in UNOC:3 with number 7."""
    return replace(
        OutgoingInterchange(
            "edifact",
            ("US", "ZZ"),
            ("THEM", "14"),
            7,
            CREATED,
            "UNOC:3",
            EDIFACT_SEPARATORS,
            transactions,
        ),
        **changes,
    )


@cache
def every(syntax: Syntax) -> Structures:
    """All structures of a syntax."""
    return Structures(syntax, [each for each in STRUCTURES if each.syntax is syntax])


@cache
def _reader(syntax: Syntax) -> EdiReader:
    reader = format_named(syntax.name).reader({"format": syntax.name})
    assert isinstance(reader, EdiReader)
    return reader


def received(data: bytes, syntax: Syntax) -> tuple[list[ReceivedInterchange], list[Defect]]:
    """What our reader receives, and what it finds wrong."""
    receipts, defects = Receipts(), list[Defect]()
    file = SourceFile("written.edi", "", len(data), lambda: BytesIO(data))
    for chunk in _reader(syntax).read([file]):
        receipts.extend(chunk.receipts())
        defects += chunk.defects
    return receipts.interchanges, defects


def walked(data: bytes, syntax: Syntax) -> list[Standing]:
    """Every segment of a file where it stands."""
    return list(walk(BytesIO(data), every(syntax)))


def form(segment: SegmentValue) -> list[Any]:
    """A segment as plain lists, without empty elements at its end."""
    elements = [element_form(element) for element in segment.elements]
    while elements and not elements[-1]:
        elements.pop()
    return [segment.id, *elements]
