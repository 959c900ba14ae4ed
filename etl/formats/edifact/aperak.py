"""The APERAK: what our application made of a document."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from etl.formats.edi.acknowledging.application import DocumentResult, Reason
from etl.formats.edi.acknowledging.sendable import echoed, lines, plain_text
from etl.formats.edi.delimiters import Delimiters
from etl.formats.edi.outgoing import OutgoingTransaction, SegmentValue, segment

_ACCEPTED, _REJECTED = "6", "27"
"""1225: confirmation; not accepted."""

_CREATED, _TO_THE_MINUTE = "137", "203"
_PREVIOUS_MESSAGE, _SENDERS_REFERENCE = "ACW", "AGO"
_ERROR_TEXT = "AAO"
_AGREED = "ZZZ"
"""3055: the list of error codes is one of ours."""

_LONGEST_NUMBER, _LONGEST_CODE, _LONGEST_LINE, _MOST_LINES, _MOST_REASONS = 35, 8, 70, 5, 999


def aperak(
    result: DocumentResult,
    *,
    number: str,
    created: datetime,
    version: str = "D96A",
    delimiters: Delimiters,
    charset: str = "ascii",
    capitals: bool = False,
) -> OutgoingTransaction:
    """The APERAK for one document.

    Error codes have room for eight characters, so the text begins with the whole code.

    Args:
        number: our reference of this message (BGM 1004).
        created: local time.
        version: directory that it is written by; what it uses is the same in D96A to D00B.
        delimiters, charset: what it will be written with.
        capitals: whether the interchange has no small letters (UNOA).
    """
    told = (
        each
        for reason in result.reasons[:_MOST_REASONS]
        for each in _reason(reason, delimiters, capitals)
    )
    return OutgoingTransaction(
        "APERAK",
        version,
        (
            segment("BGM", None, number, _ACCEPTED if result.accepted else _REJECTED),
            segment("DTM", (_CREATED, f"{created:%Y%m%d%H%M}", _TO_THE_MINUTE)),
            *_references(result, charset),
            *told,
        ),
    )


def _references(result: DocumentResult, charset: str) -> Iterator[SegmentValue]:
    known = result.number[:_LONGEST_NUMBER] or result.transaction
    yield segment("RFF", (_PREVIOUS_MESSAGE, echoed(known, charset)))
    if result.transaction:
        yield segment("RFF", (_SENDERS_REFERENCE, echoed(result.transaction, charset)))


def _reason(reason: Reason, delimiters: Delimiters, capitals: bool) -> Iterator[SegmentValue]:
    yield segment("ERC", (reason.code.replace("_", "")[:_LONGEST_CODE], "", _AGREED))
    text = plain_text(f"{reason.code}: {reason.text}", delimiters, capitals=capitals)
    yield segment("FTX", _ERROR_TEXT, None, None, tuple(lines(text, _LONGEST_LINE, _MOST_LINES)))
