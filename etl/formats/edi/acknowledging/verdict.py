"""What became of a transaction, a group or an interchange: what an acknowledgement says of it.

An acknowledgement tells the partner what happened, so that it knows what to send again. A wrong
count in a trailer keeps no transaction out that was sound, so neither its group nor its interchange
is called rejected: both are accepted with errors. They are rejected where nothing came through.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum

from etl.defects import Defect, Severity
from etl.formats.edi.receipt import ReceivedGroup, ReceivedInterchange


class Verdict(StrEnum):
    """How it ended, best first."""

    ACCEPTED = "accepted"
    ERRORS = "accepted with errors"
    PARTLY = "accepted in part"
    REJECTED = "rejected"


def verdict_of(defects: Iterable[Defect]) -> Verdict:
    """Of a transaction by itself; defects that the partner's severities ignore are not told."""
    severities = {defect.severity for defect in defects}
    if Severity.REJECT in severities:
        return Verdict.REJECTED
    return Verdict.ERRORS if severities else Verdict.ACCEPTED


def concerns_partner(defect: Defect) -> bool:
    """Whether the partner is told of a defect: not that we take its test for one."""
    return defect.code != "TEST_INTERCHANGE" or defect.severity is Severity.REJECT


def verdict_around(
    inside: Sequence[Verdict], defects: Sequence[Defect], *, refused: bool = False
) -> Verdict:
    """Of a group or an interchange.

    Args:
        inside: verdicts of its transactions.
        defects: its own.
        refused: whether it was kept out as a whole, for example because it had come before.
    """
    rejected = sum(each is Verdict.REJECTED for each in inside)
    if refused or (inside and rejected == len(inside)):
        return Verdict.REJECTED
    if not inside:
        return verdict_of(defects)
    if rejected:
        return Verdict.PARTLY
    return Verdict.ERRORS if defects or Verdict.ERRORS in inside else Verdict.ACCEPTED


def result_of(received: ReceivedInterchange | ReceivedGroup, *, refused: bool = False) -> Verdict:
    """Of an interchange or group and all in it; `refused` as in :func:`verdict_around`."""
    inside = [verdict_of(transaction.defects) for transaction in received.transactions]
    groups = received.groups if isinstance(received, ReceivedInterchange) else []
    own = [*received.defects, *(defect for group in groups for defect in group.defects)]
    return verdict_around(inside, own, refused=refused)


def envelope_verdict(
    inside: Sequence[Verdict], defects: Sequence[Defect], *, refused: bool = False
) -> Verdict:
    """Of the envelope alone, whatever is wrong inside: rejected where its own defects reject it and
    nothing came through."""
    own = verdict_of(defects)
    if refused or (own is Verdict.REJECTED and all(each is Verdict.REJECTED for each in inside)):
        return Verdict.REJECTED
    return Verdict.ACCEPTED if own is Verdict.ACCEPTED else Verdict.ERRORS
