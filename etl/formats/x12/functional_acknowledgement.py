"""The 997 and the 999: what became of the transaction sets of a group.

They are the same but for the names of the segments that tell errors (AK3 to AK5, IK3 to IK5), and
a 999 exists from 005010 on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from etl.defects import Defect
from etl.formats.edi.acknowledging.segment_errors import SegmentError, segment_errors
from etl.formats.edi.acknowledging.sendable import copy_of
from etl.formats.edi.acknowledging.verdict import Verdict, verdict_around, verdict_of
from etl.formats.edi.outgoing import OutgoingTransaction, SegmentValue, segment
from etl.formats.edi.receipt import ReceivedGroup, ReceivedInterchange, ReceivedTransaction
from etl.formats.x12 import error_codes
from etl.formats.x12.interchange_acknowledgement import acknowledges
from etl.formats.x12.reference_numbers import (
    dictionary_of,
    has_place,
    reference_number,
)
from etl.formats.x12.versions import version_of

_SET_ACTIONS = {Verdict.ACCEPTED: "A", Verdict.ERRORS: "E", Verdict.REJECTED: "R"}
"""AK501 and IK501, data element 717."""

_GROUP_ACTIONS = {**_SET_ACTIONS, Verdict.PARTLY: "P"}
"""AK901, data element 715."""

_MOST_CODES = 5
"""How many error codes AK5, IK5 and AK9 have room for."""

_LONGEST_COPY = 99
_HIGHEST_COUNT, _HIGHEST_PLACE = 999_999, 99
_COUNT = re.compile(r"[0-9]{1,6}")
_MODERN = "005010"
_NO_NUMBER = "0000"
"""AK202 of a transaction set whose ST02 is empty: the element may not be."""

_NO_DOCUMENT = "000"
"""AK201 of one whose ST01 is empty."""

_COUNTED = ("TOO_MANY_ELEMENTS", "TOO_MANY_COMPONENTS", "TOO_MANY_REPETITIONS")
"""Defects whose value is a count and nothing that stood there."""


_PLACELESS = ("UNKNOWN_SEGMENT", "MISPLACED_SEGMENT")


@dataclass(frozen=True, slots=True)
class _Form:
    """What tells the two apart: ids of the segments, the most AK4 in an AK3, and the convention
    that the document is written by (ST03)."""

    document: str
    segment: str
    element: str
    answer: str
    most_elements: int
    convention: str = ""


_FORMS = {
    "997": _Form("997", "AK3", "AK4", "AK5", 99),
    "999": _Form("999", "IK3", "IK4", "IK5", _HIGHEST_COUNT, "005010X231A1"),
}


def functional_acknowledgements(
    received: ReceivedInterchange, document: str = "997", *, refused: bool = False
) -> list[OutgoingTransaction]:
    """One for each group that is :func:`answered`, in order.

    Args:
        document: ``997`` in the version of the group (GS08), or ``999`` in 005010.
        refused: whether nothing of the interchange was taken in.
    """
    return [
        _Answer(received, group, _FORMS[document], refused).transaction()
        for group in answered(received)
    ]


def answered(received: ReceivedInterchange) -> list[ReceivedGroup]:
    """The groups that a 997 or 999 is for: all but those that hold acknowledgements. A transaction
    set outside of any group has none; its TA1 says so."""
    delimiters = received.delimiters
    return [
        group
        for group in received.groups
        if not acknowledges(group)
        and len(group.elements) > 1
        and copy_of(group.elements[1].strip(), delimiters, 2)
        and copy_of(group.number, delimiters, 9)
    ]


class _Answer:
    """The acknowledgement of one group."""

    def __init__(
        self, received: ReceivedInterchange, group: ReceivedGroup, form: _Form, refused: bool
    ) -> None:
        self._group, self._form, self._refused = group, form, refused
        self._delimiters = received.delimiters
        self._said = version_of(received, group)
        self._version = form.convention or self._said
        self._modern = self._version[:6] >= _MODERN

    def transaction(self) -> OutgoingTransaction:
        """The whole transaction set, between its ST and SE."""
        group = self._group
        opening = [self._copy(_element(group.elements, 1), 2), self._copy(group.number, 9)]
        if self._modern:
            opening.append(self._said)
        answers = [self._answered(each) for each in group.transactions]
        return OutgoingTransaction(
            document=self._form.document,
            version=self._version,
            segments=(
                segment("AK1", *opening),
                *(each for _, segments in answers for each in segments),
                self._totals([verdict for verdict, _ in answers]),
            ),
            convention=self._form.convention,
        )

    def _answered(self, received: ReceivedTransaction) -> tuple[Verdict, list[SegmentValue]]:
        """What became of a transaction set, and the segments from AK2 to AK5."""
        defects = [each for each in received.defects if each.code in error_codes.SYNTAX]
        verdict = Verdict.REJECTED if self._refused else verdict_of(defects)
        opening = [
            self._copy(received.document, 3) or _NO_DOCUMENT,
            self._copy(received.number.strip(), 9) or _NO_NUMBER,
        ]
        if self._modern and (convention := self._copy(_element(received.header, 3), 35)):
            opening.append(convention)
        wrong = segment_errors(defects, error_codes.SEGMENT, error_codes.ELEMENT)
        codes = [error_codes.TRANSACTION.get(each.code) for each in defects]
        if any(each.code not in error_codes.TRANSACTION for each in defects):
            codes.append(error_codes.SEGMENTS_IN_ERROR)
        told = [each for error in wrong for each in self._error(error, received)]
        closing = segment(self._form.answer, _SET_ACTIONS[verdict], *_first(codes))
        return verdict, [segment("AK2", *opening), *told, closing]

    def _error(self, error: SegmentError, received: ReceivedTransaction) -> Iterator[SegmentValue]:
        """AK3 and its AK4; nothing where the segment has no id or number that could be sent."""
        segment_id = re.sub("[^A-Za-z0-9]", "", error.segment_id)[:3]
        # a missing segment should come, at the earliest, after the one that starts its loop
        missing = error.defect is not None and error.defect.code == "MISSING_SEGMENT"
        number = error.number + missing
        if len(segment_id) < 2 or number > _HIGHEST_COUNT:
            return
        code = _segment_code(error, received)
        yield segment(self._form.segment, segment_id, str(number), None, code)
        for defect in error.elements[: self._form.most_elements]:
            if (defect.position.element or 0) <= _HIGHEST_PLACE:
                yield self._element_error(defect, received)

    def _element_error(self, defect: Defect, received: ReceivedTransaction) -> SegmentValue:
        at = defect.position
        place = (str(at.element),) if at.component is None else (str(at.element), str(at.component))
        codes = error_codes.ELEMENT
        if not self._modern:
            codes = {**codes, **error_codes.ELEMENT_BEFORE_005010}
        value = None if defect.code in _COUNTED else defect.value
        return segment(
            self._form.element,
            place,
            reference_number(received, at),
            codes[defect.code],
            self._copy(value, _LONGEST_COPY),
        )

    def _totals(self, verdicts: Sequence[Verdict]) -> SegmentValue:
        """AK9: sets that the trailer counts, that came, that were accepted."""
        group = self._group
        codes = error_codes.GROUP
        if not self._modern:
            codes = {**codes, **error_codes.GROUP_BEFORE_005010}
        defects = [each for each in group.defects if each.code in codes]
        action = _GROUP_ACTIONS[verdict_around(verdicts, defects, refused=self._refused)]
        came = len(verdicts)
        counted = (group.counted or "").strip()
        # a count of more digits than the element may have is none
        included = int(counted) if _COUNT.fullmatch(counted) else came
        accepted = sum(each is not Verdict.REJECTED for each in verdicts)
        counts = (str(min(count, _HIGHEST_COUNT)) for count in (included, came, accepted))
        return segment("AK9", action, *counts, *_first([codes[each.code] for each in defects]))

    def _copy(self, value: str | None, most: int) -> str | None:
        return copy_of(value, self._delimiters, most)


def _segment_code(error: SegmentError, received: ReceivedTransaction) -> str:
    """AK304: for some defects it depends on what the dictionary and the structure know."""
    if error.defect is None:
        return error_codes.ELEMENTS_IN_ERROR
    code = error.defect.code
    if code in _PLACELESS and not has_place(received, error.segment_id):
        known = error.segment_id in dictionary_of(received)
        return error_codes.NOT_IN_TRANSACTION if known else error_codes.UNKNOWN
    return error_codes.SEGMENT[code]


def _first(codes: Sequence[str | None]) -> list[str]:
    """Each code once, and as many as there is room for."""
    return list(dict.fromkeys(code for code in codes if code))[:_MOST_CODES]


def _element(elements: Sequence[str], number: int) -> str:
    return elements[number].strip() if number < len(elements) else ""
