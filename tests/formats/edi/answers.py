"""What we receive and what we answer, in the tests of acknowledgements."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from etl.defects import Defect
from etl.formats import format_named
from etl.formats.edi.acknowledging.acknowledgements import acknowledgements, tell_with_last
from etl.formats.edi.outgoing import OutgoingInterchange
from etl.formats.edi.receipt import Receipts, ReceivedInterchange
from etl.formats.edi.writing.writer import written
from tests.formats.source_files import source_file

NOW = datetime(2025, 7, 1, 22, 30)


def received(
    data: bytes, syntax: str, **source: Any
) -> tuple[list[ReceivedInterchange], list[Defect]]:
    """The interchanges of a file, the last one with what stands outside; and all defects."""
    receipts, defects = Receipts(), list[Defect]()
    reader = format_named(syntax).reader({"format": syntax, **source})
    for chunk in reader.read([source_file(data, "a.edi")]):
        receipts.extend(chunk.receipts())
        defects += chunk.defects
    outside = [defect for defect in defects if defect.code in ("JUNK", "TRANSACTION_TOO_LARGE")]
    tell_with_last(receipts.interchanges, outside)
    return receipts.interchanges, defects


def outgoing(
    one: ReceivedInterchange, kinds: Sequence[str], *, refused: bool = False
) -> list[OutgoingInterchange]:
    """The interchanges that go back."""
    made = acknowledgements(one, kinds, refused=refused)
    return [each.outgoing(number=number, created=NOW) for number, each in enumerate(made, 1)]


def answer(one: ReceivedInterchange, kinds: Sequence[str], *, refused: bool = False) -> list[str]:
    """The segments that go back, as they are written with a line each, without terminators."""
    end = chr(one.delimiters.terminator)
    text = "".join(
        written(each).decode("latin-1") for each in outgoing(one, kinds, refused=refused)
    )
    return [line.removesuffix(end) for line in text.splitlines()]
