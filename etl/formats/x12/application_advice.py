"""The 824: what our application made of the documents of an interchange."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from etl.formats.edi.acknowledging.application import DocumentResult, Reason
from etl.formats.edi.acknowledging.sendable import copy_of, lines, plain_text
from etl.formats.edi.delimiters import Delimiters
from etl.formats.edi.outgoing import OutgoingTransaction, SegmentValue, segment

_RESPONSE = "11"
_TRANSACTION_REFERENCE = "TN"
_AGREED = "ZZZ"
"""TED01: an error that only the text names."""

_LONGEST_NUMBER, _LONGEST_TEXT, _LONGEST_NOTE, _MOST_NOTES = 30, 60, 80, 100


def application_advice(
    results: Sequence[DocumentResult],
    *,
    number: str,
    created: datetime,
    version: str,
    delimiters: Delimiters,
) -> OutgoingTransaction:
    """One 824 for all documents.

    Args:
        results: at least one.
        number: our reference of this advice (BGN02).
        created: local time.
        version: of its group (GS08).
        delimiters: separators that it will be written with.
    """
    begin = (_RESPONSE, number, f"{created:%Y%m%d}", f"{created:%H%M}")
    told = (each for result in results for each in _document(result, delimiters))
    return OutgoingTransaction("824", version, (segment("BGN", *begin), *told))


def _document(result: DocumentResult, delimiters: Delimiters) -> Iterator[SegmentValue]:
    action = "TR" if not result.accepted else "TE" if result.reasons else "TA"
    known = copy_of(result.number, delimiters, _LONGEST_NUMBER) or result.transaction
    # the number of a transaction set means something only with that of its group (note C0908)
    control = (result.group, result.transaction) if result.group else (None, None)
    yield segment(
        "OTI",
        *(action, _TRANSACTION_REFERENCE, known),
        *(None, None, None, None),
        *control,
        result.document,
    )
    for reason in result.reasons:
        yield from _reason(reason, delimiters)


def _reason(reason: Reason, delimiters: Delimiters) -> Iterator[SegmentValue]:
    """TED, and in NTE what is too long for it."""
    text = plain_text(f"{reason.code}: {reason.text}", delimiters)
    (first, *_) = lines(text, _LONGEST_TEXT, 1)
    yield segment("TED", _AGREED, first)
    for more in lines(text[len(first) :], _LONGEST_NOTE, _MOST_NOTES):
        yield segment("NTE", None, more)
