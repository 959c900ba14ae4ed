"""The CONTRL: what became of an interchange, its groups and its messages (ISO 9735-4).

Messages and groups with nothing wrong are not named: action 7 accepts all below that is not
expressly rejected.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from etl.defects import Defect, Severity
from etl.formats.edi.acknowledging.segment_errors import SegmentError, segment_errors
from etl.formats.edi.acknowledging.verdict import Verdict, concerns_partner, verdict_of
from etl.formats.edi.outgoing import Components, OutgoingTransaction, SegmentValue, segment
from etl.formats.edi.receipt import ReceivedGroup, ReceivedInterchange, ReceivedTransaction
from etl.formats.edifact.addresses import components, echoing, syntax_version
from etl.formats.edifact.error_codes import (
    ELEMENT,
    GROUP,
    INTERCHANGE,
    MESSAGE,
    SEGMENT,
    SYNTAX,
    ServiceError,
)

_REJECTED, _ACCEPTED = "4", "7"
"""0083."""

_MOST_SEGMENTS, _MOST_ELEMENTS = 999, 99
_HIGHEST_NUMBER, _HIGHEST_PLACE = 999_999, 999


def contrl(received: ReceivedInterchange, *, refused: bool = False) -> OutgoingTransaction | None:
    """The CONTRL for an interchange, in its own syntax version; None for one that itself holds
    CONTRL only.

    Args:
        refused: whether nothing of it was taken in, although its messages may be right.
    """
    if only_acknowledges(received):
        return None
    syntax = syntax_version(received)
    version = "41" if syntax.endswith("4") else "D3"
    segments = _Answer(received, syntax, refused).segments()
    return OutgoingTransaction("CONTRL", version, tuple(segments))


def acknowledges(received: ReceivedTransaction) -> bool:
    """Whether a message is a CONTRL, which is never acknowledged."""
    return received.document == "CONTRL"


def only_acknowledges(received: ReceivedInterchange) -> bool:
    """Whether an interchange holds nothing but CONTRL messages."""
    messages = received.transactions
    return bool(messages) and all(map(acknowledges, messages))


class _Answer:
    """The segments of a CONTRL, level by level."""

    def __init__(self, received: ReceivedInterchange, syntax: str, refused: bool) -> None:
        self._received, self._syntax, self._refused = received, syntax, refused

    def segments(self) -> Iterator[SegmentValue]:
        """UCI, and below it what is wrong in its messages and groups, unless all is rejected."""
        received = self._received
        defects = _told(received.defects, INTERCHANGE)
        rejected = self._refused or _rejected(defects, received.transactions)
        yield segment(
            "UCI",
            echoing(received.number, self._syntax),
            *self._echoed(received.elements, 2, 3),
            *_answer(rejected, defects, INTERCHANGE),
        )
        if rejected:
            return
        for group in received.groups:
            if not group.elements:
                yield from self._messages(group)
        for group in received.groups:
            if group.elements:
                yield from self._group(group)

    def _group(self, group: ReceivedGroup) -> Iterator[SegmentValue]:
        """UCF and the messages below, where something is wrong with them."""
        defects = _told(group.defects, GROUP)
        rejected = _rejected(defects, group.transactions)
        below = [] if rejected else list(self._messages(group))
        if defects or below:
            yield segment(
                "UCF",
                echoing(group.number, self._syntax),
                *self._echoed(group.elements, 2, 3),
                *_answer(rejected, defects, GROUP),
            )
            yield from below

    def _messages(self, group: ReceivedGroup) -> Iterator[SegmentValue]:
        for message in group.transactions:
            if not acknowledges(message):
                yield from self._message(message)

    def _message(self, message: ReceivedTransaction) -> Iterator[SegmentValue]:
        """UCM, and UCS and UCD for each error, where there are any."""
        defects = [each for each in message.defects if each.code in SYNTAX]
        if not defects:
            return
        (identifier,) = self._echoed(message.header, 2)
        rejected = verdict_of(defects) is Verdict.REJECTED
        yield segment(
            "UCM",
            echoing(message.number, self._syntax),
            identifier[:5],
            *_answer(rejected, _told(defects, MESSAGE), MESSAGE),
        )
        for error in segment_errors(defects, SEGMENT, ELEMENT)[:_MOST_SEGMENTS]:
            if error.number <= _HIGHEST_NUMBER:
                yield from _error(error)

    def _echoed(self, elements: Sequence[str], *numbers: int) -> list[Components]:
        """Some elements of a service segment, to be sent back."""
        return [
            echoing(components(self._received, elements, number), self._syntax)
            for number in numbers
        ]


def _error(error: SegmentError) -> Iterator[SegmentValue]:
    yield segment("UCS", str(error.number), _segment_code(error))
    for defect in error.elements[:_MOST_ELEMENTS]:
        # the tag of the segment has position 1, so the first element has 2
        place = (defect.position.element or 0) + 1
        component = defect.position.component
        if place <= _HIGHEST_PLACE:
            told = (str(place),) if component is None else (str(place), str(component))
            yield segment("UCD", ELEMENT[defect.code], told)


def _segment_code(error: SegmentError) -> str | None:
    """0085 of a UCS; None where only elements are wrong."""
    if error.defect is None:
        return None
    return SEGMENT[error.defect.code]


def _answer(
    rejected: bool, defects: Sequence[Defect], codes: Mapping[str, ServiceError]
) -> tuple[str | Components | None, ...]:
    """Action and error of UCI, UCF and UCM: 0083, 0085, 0135, S011."""
    action = _REJECTED if rejected else _ACCEPTED
    if not defects:
        return (action,)
    error = codes[defects[0].code]
    place = (str(error.element),) if error.element else None
    return action, error.code, error.segment_id or None, place


def _told(defects: Sequence[Defect], codes: Mapping[str, ServiceError]) -> list[Defect]:
    """The defects that have a code, the weightiest first."""
    weights = list(codes)
    told = [each for each in filter(concerns_partner, defects) if each.code in codes]
    return sorted(
        told, key=lambda each: (each.severity is not Severity.REJECT, weights.index(each.code))
    )


def _rejected(defects: Sequence[Defect], messages: Sequence[ReceivedTransaction]) -> bool:
    """Whether an interchange or group is rejected with all below. Where there are messages, each
    has its own answer: one that says no to all of them would not say why."""
    return not messages and verdict_of(defects) is Verdict.REJECTED
