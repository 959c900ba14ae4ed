"""Interchanges: what partners sent us and what we sent them, with the answers to both."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from etl.ledger.chunks import chunks
from etl.ledger.clock import Clock
from etl.ledger.interchange_models import (
    Direction,
    Interchange,
    InterchangeGroup,
    InterchangeState,
    Purpose,
)
from etl.ledger.models import File
from etl.ledger.order import Order
from etl.ledger.upsert import insert_or_update
from etl.ledger.views import table_of

_INTERCHANGE = table_of(Interchange)
_GROUP = table_of(InterchangeGroup)
_COLUMNS = [column.name for column in _INTERCHANGE.columns]
_ANSWER = ("acknowledged_at", "acknowledged_by", "result")
_SENT = (InterchangeState.WRITTEN, InterchangeState.DELIVERED)


@dataclass(frozen=True, slots=True)
class NewGroup:
    """A group of an interchange; see :class:`etl.ledger.interchange_models.InterchangeGroup`."""

    kind: str
    number: str
    members: Sequence[str] = ()
    references: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class NewInterchange:
    """One received or to be sent; see :class:`etl.ledger.interchange_models.Interchange`."""

    id: str
    partner: str
    syntax: str
    sender: str
    receiver: str
    control_no: str
    document_types: Sequence[str]
    documents: int
    groups: Sequence[NewGroup]
    file_name: str
    sha256: str
    batch_id: str
    created_at: datetime
    file_id: str | None = None
    purpose: Purpose | None = None
    made_from: str | None = None
    answers: Sequence[str] = ()
    expected_level: str | None = None
    ack_expected_by: datetime | None = None

    @property
    def control_value(self) -> int | None:
        """The control number as a number; None where it is none."""
        return number_in(self.control_no)


def number_in(control_no: str) -> int | None:
    """A control number as a number, so that ``000000905`` is ``905``; None where it is none."""
    plain = control_no.strip()
    return int(plain) if plain.isascii() and plain.isdigit() and len(plain) <= 18 else None


def received_id(partner: str, sha256: str, place: int) -> str:
    """The id of the n-th interchange of a received file, from 1."""
    return f"in/{partner}/{sha256}/{place}"


def sent_id(partner: str, syntax: str, number: int) -> str:
    """The id of an interchange of ours."""
    return f"out/{partner}/{syntax}/{number}"


class Interchanges:
    """The interchanges, within one transaction."""

    def __init__(self, session: Session, now: Clock, order: Order) -> None:
        self._session = session
        self._now = now
        self._order = order

    def receive(self, interchanges: Sequence[NewInterchange]) -> None:
        """Note what was received; read again, it is the same row, and its answer stays."""
        self._write(interchanges, Direction.IN, InterchangeState.RECEIVED)

    def plan(self, interchange: NewInterchange) -> None:
        """Note what is to be sent, with its control numbers, before it lies anywhere."""
        self._write([interchange], Direction.OUT, InterchangeState.PLANNED)

    def written(self, interchange_id: str) -> None:
        """Note that an interchange of ours lies in the outbox and in the archive."""
        self._session.execute(
            update(Interchange)
            .where(Interchange.id == interchange_id, Interchange.state == InterchangeState.PLANNED)
            .values(state=InterchangeState.WRITTEN, changed=self._order.moment())
        )

    def delivered(self, interchange_id: str, answer_within: timedelta | None = None) -> None:
        """Note that the partner has it; the time for its answer begins now."""
        now = self._now()
        values: dict[str, Any] = {
            "state": InterchangeState.DELIVERED,
            "delivered_at": now,
            "changed": self._order.moment(),
        }
        if answer_within is not None:
            values["ack_expected_by"] = now + answer_within
        self._session.execute(
            update(Interchange).where(Interchange.id == interchange_id).values(**values)
        )

    def answered_by_us(self, interchange_id: str, result: str) -> None:
        """Note that a received interchange was acknowledged; the first time counts."""
        self._session.execute(
            update(Interchange)
            .where(Interchange.id == interchange_id, Interchange.acknowledged_at.is_(None))
            .values(acknowledged_at=self._now(), result=result, changed=self._order.moment())
        )

    def get(self, interchange_id: str) -> Interchange | None:
        """The interchange of this id, if there is one."""
        return self._session.get(Interchange, interchange_id, populate_existing=True)

    def of_batches(self, batch_ids: Sequence[str]) -> list[Interchange]:
        """Those that batches received, sent, or got an answer to, in the order of their time."""
        found: set[Interchange] = set()
        for some in chunks(list(batch_ids)):
            concerned = or_(Interchange.batch_id.in_(some), Interchange.acknowledged_by.in_(some))
            found.update(self._session.scalars(_fresh().where(concerned)))
        return _in_order(found)

    def made_from(
        self, partner: str, source: str, purpose: Purpose | None = None
    ) -> list[Interchange]:
        """What was made for a partner in answer to an interchange, or out of a content; in the
        order of the control numbers."""
        query = _fresh().where(
            Interchange.partner == partner,
            Interchange.direction == Direction.OUT,
            Interchange.made_from == source,
        )
        if purpose is not None:
            query = query.where(Interchange.purpose == purpose)
        return list(self._session.scalars(query.order_by(Interchange.control_value)))

    def undelivered(self, partners: Collection[str]) -> list[Interchange]:
        """What lies in the outbox for these partners, oldest first."""
        query = _fresh().where(
            Interchange.direction == Direction.OUT,
            Interchange.state == InterchangeState.WRITTEN,
            Interchange.partner.in_(partners),
        )
        return _in_order(self._session.scalars(query))

    def unanswered(
        self, partners: Collection[str] | None = None, *, overdue: bool = False
    ) -> list[Interchange]:
        """What we sent and wait for an answer to, the most urgent first.

        Args:
            partners: only to these.
            overdue: only those whose time is over.
        """
        query = _fresh().where(
            Interchange.direction == Direction.OUT,
            Interchange.state.in_(_SENT),
            Interchange.ack_expected_by.is_not(None),
            Interchange.acknowledged_at.is_(None),
        )
        if partners is not None:
            query = query.where(Interchange.partner.in_(partners))
        if overdue:
            query = query.where(Interchange.ack_expected_by < self._now())
        query = query.order_by(Interchange.ack_expected_by, Interchange.id)
        return list(self._session.scalars(query))

    def groups(self, interchange_ids: Sequence[str]) -> dict[str, list[InterchangeGroup]]:
        """The groups of interchanges, in their order."""
        found: dict[str, list[InterchangeGroup]] = {one: [] for one in interchange_ids}
        for some in chunks(list(interchange_ids)):
            query = (
                select(InterchangeGroup)
                .where(InterchangeGroup.interchange_id.in_(some))
                .order_by(InterchangeGroup.interchange_id, InterchangeGroup.position)
                .execution_options(populate_existing=True)
            )
            for group in self._session.scalars(query):
                found[group.interchange_id].append(group)
        return found

    def _arrivals(self, file_ids: Collection[str]) -> dict[str, int]:
        """When these files arrived, in the order of what happened."""
        found: dict[str, int] = {}
        for some in chunks(sorted(file_ids)):
            query = select(File.id, File.sequence).where(File.id.in_(some))
            found |= {row[0]: row[1] for row in self._session.execute(query)}
        return found

    def _write(
        self, new: Sequence[NewInterchange], direction: Direction, state: InterchangeState
    ) -> None:
        moment = self._order.moment()
        arrivals = self._arrivals({each.file_id for each in new if each.file_id is not None})
        rows = [
            _row(each, direction, state)
            | {"sequence": arrivals.get(each.file_id or "", moment), "changed": moment}
            for each in new
        ]
        keep = {"id", "state", "created_at", "delivered_at", "sequence", *_ANSWER}
        changing = [name for name in _COLUMNS if name not in keep]
        insert_or_update(self._session, _INTERCHANGE, rows, changing)
        groups = [
            {
                "interchange_id": each.id,
                "position": position,
                "kind": group.kind,
                "number": group.number,
                "members": list(group.members),
                "references": list(group.references),
                "acknowledged_at": None,
                "result": None,
            }
            for each in new
            for position, group in enumerate(each.groups, start=1)
        ]
        insert_or_update(self._session, _GROUP, groups, ["kind", "number", "members", "references"])


def _row(new: NewInterchange, direction: Direction, state: InterchangeState) -> dict[str, Any]:
    given = {name: getattr(new, name) for name in NewInterchange.__slots__ if name != "groups"}
    return {
        **given,
        "document_types": list(new.document_types),
        "answers": list(new.answers),
        "control_value": new.control_value,
        "direction": direction,
        "state": state,
        "delivered_at": None,
        **dict.fromkeys(_ANSWER),
    }


def _fresh() -> Any:
    """A query that sees what statements of this transaction changed."""
    return select(Interchange).execution_options(populate_existing=True)


def _in_order(rows: Iterable[Interchange]) -> list[Interchange]:
    return sorted(rows, key=lambda row: (row.sequence, row.partner, row.control_value or 0))
