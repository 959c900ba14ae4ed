"""Answers to what we sent: which interchange they mean, and whether it has all of its answers."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from etl.ledger.interchange_models import (
    Direction,
    Interchange,
    InterchangeGroup,
    InterchangeState,
    Purpose,
)
from etl.ledger.interchanges import number_in
from etl.ledger.order import Order

RESULTS = ("A", "E", "P", "R")
"""Accepted, accepted with errors, partly accepted, rejected: from good to bad."""

LEVELS = ("transport", "syntax", "application")
"""From the envelope (TA1) over the syntax (997, 999, CONTRL) to the content (824, APERAK)."""

_LATELY = 2_000
"""How many of the groups sent last are looked through for the number of a document."""


class Answers:
    """The answers, within one transaction."""

    def __init__(self, session: Session, order: Order) -> None:
        self._session = session
        self._order = order

    def of_interchange(self, partner: str, control_no: str) -> Interchange | None:
        """What we sent to the partner under this control number."""
        value = number_in(control_no)
        if value is None:
            return None
        query = select(Interchange).where(*_sent(partner), Interchange.control_value == value)
        return self._best(list(self._session.scalars(query)))

    def of_group(self, partner: str, number: str, kind: str | None) -> Interchange | None:
        """What we sent to the partner with a group of this number, and of this kind where given."""
        query = (
            select(Interchange)
            .join(InterchangeGroup, InterchangeGroup.interchange_id == Interchange.id)
            .where(
                *_sent(partner),
                InterchangeGroup.number.in_({number, number.lstrip("0")}),
                InterchangeGroup.number != "",
            )
        )
        if kind:
            query = query.where(InterchangeGroup.kind == kind)
        return self._best(list(self._session.scalars(query)))

    def of_reference(self, partner: str, reference: str) -> Interchange | None:
        """What we sent to the partner with a document of this number of its own, lately."""
        query = (
            select(Interchange, InterchangeGroup.references)
            .join(InterchangeGroup, InterchangeGroup.interchange_id == Interchange.id)
            .where(*_sent(partner), Interchange.purpose == Purpose.DOCUMENT)
            .order_by(Interchange.sequence.desc(), Interchange.id)
            .limit(_LATELY)
        )
        rows = self._session.execute(query)
        return next((row for row, references in rows if reference in references), None)

    def answer(
        self,
        interchange: Interchange,
        *,
        result: str,
        level: str,
        at: datetime,
        batch_id: str,
        group_no: str | None = None,
    ) -> bool:
        """Note an answer; returns whether it ends the waiting.

        Args:
            result: one of :data:`RESULTS`.
            level: one of :data:`LEVELS`; an acceptance of a lower level than we expect is no end.
            at: when it came.
            group_no: the group that it is about; None: the whole interchange.
        """
        wanted = interchange.expected_level or LEVELS[0]
        if result != "R" and LEVELS.index(level) < LEVELS.index(wanted):
            return False
        query = select(InterchangeGroup).where(InterchangeGroup.interchange_id == interchange.id)
        groups = list(self._session.scalars(query))
        for group in groups:
            if group_no is None or number_in(group.number) == number_in(group_no):
                group.result, group.acknowledged_at = result, at
        results = [group.result for group in groups] or [result]
        if None in results:
            return False
        known = self._session.get(Interchange, interchange.id)
        assert known is not None
        known.changed = self._order.moment()
        known.result = max((each for each in results if each), key=RESULTS.index)
        known.acknowledged_at, known.acknowledged_by = at, batch_id
        self._session.flush()
        return True

    def _best(self, found: list[Interchange]) -> Interchange | None:
        """Documents before answers of ours, and of those the one sent last."""
        return max(
            found,
            key=lambda row: (row.purpose == Purpose.DOCUMENT, row.sequence, row.id),
            default=None,
        )


def _sent(partner: str) -> tuple[ColumnElement[bool], ...]:
    return (
        Interchange.partner == partner,
        Interchange.direction == Direction.OUT,
        Interchange.state.in_((InterchangeState.WRITTEN, InterchangeState.DELIVERED)),
    )
