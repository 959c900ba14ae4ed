"""The TA1: what became of an interchange, its ISA and IEA."""

from __future__ import annotations

from etl.defects import Defect, Severity
from etl.formats.edi.acknowledging.sendable import copy_of
from etl.formats.edi.acknowledging.verdict import (
    Verdict,
    concerns_partner,
    envelope_verdict,
    verdict_of,
)
from etl.formats.edi.calendar import is_clock_time, is_day
from etl.formats.edi.outgoing import SegmentValue, segment
from etl.formats.edi.receipt import ReceivedGroup, ReceivedInterchange
from etl.formats.x12.error_codes import INTERCHANGE, ISA_CONTENT, NO_NOTE, SYNTAX

_ACTIONS = {Verdict.ACCEPTED: "A", Verdict.ERRORS: "E", Verdict.REJECTED: "R"}
"""TA104, data element I17."""

_BROKEN_OFF = ("IEA_MISSING", "TRUNCATED")


def interchange_acknowledgement(
    received: ReceivedInterchange, *, refused: bool = False
) -> SegmentValue | None:
    """The TA1 for an interchange; None for one that itself holds acknowledgements only, and for one
    whose control number (ISA13) could not be repeated.

    Args:
        refused: whether nothing of it was taken in, although its transactions may be right.
    """
    number = copy_of(received.element(13), received.delimiters, 9)
    day, clock = received.element(9), received.element(10)
    date = day if is_day(day) else None
    time = clock if is_clock_time(clock) else "0000"
    if number is None or only_acknowledges(received):
        return None
    defects = _concerning(received)
    inside = [
        verdict_of(each for each in transaction.defects if each.code in SYNTAX)
        for transaction in received.transactions
    ]
    action = _ACTIONS[envelope_verdict(inside, defects, refused=refused)]
    note = _note(defects[0]) if defects else NO_NOTE
    return segment("TA1", number, date, time, action, note)


def _note(defect: Defect) -> str:
    if defect.code == "ISA_CONTENT":
        return ISA_CONTENT.get(defect.position.element or 0, INTERCHANGE[defect.code])
    return INTERCHANGE[defect.code]


def acknowledges(group: ReceivedGroup) -> bool:
    """Whether a group holds acknowledgements (997, 999), which are never acknowledged."""
    return len(group.elements) > 1 and group.elements[1].strip() == "FA"


def only_acknowledges(received: ReceivedInterchange) -> bool:
    """Whether an interchange holds nothing but acknowledgements: TA1 stands outside of groups, so
    one without groups that was not broken off is taken for one."""
    if received.groups:
        return all(map(acknowledges, received.groups))
    return not any(defect.code in _BROKEN_OFF for defect in received.defects)


def _concerning(received: ReceivedInterchange) -> list[Defect]:
    """The defects of the interchange that have a note, the weightiest first. A transaction set
    without a group has no 997, so it is told here."""
    outside = [
        defect
        for transaction in received.transactions
        for defect in transaction.defects
        if defect.code == "GS_MISSING"
    ]
    every = filter(concerns_partner, (*received.defects, *outside))
    told = [each for each in every if each.code in INTERCHANGE]
    weights = list(INTERCHANGE)
    return sorted(
        told, key=lambda each: (each.severity is not Severity.REJECT, weights.index(each.code))
    )
