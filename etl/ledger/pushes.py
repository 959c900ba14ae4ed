"""Pushes: what we made on the other side, so that nothing is made there twice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from etl.ledger.chunks import chunks
from etl.ledger.clock import Clock
from etl.ledger.models import Push
from etl.ledger.order import Order
from etl.ledger.upsert import insert_or_update
from etl.ledger.views import table_of

_PUSH = table_of(Push)


@dataclass(frozen=True, slots=True)
class NewPush:
    """A record as it stands on the other side now; see :class:`etl.ledger.models.Push`."""

    external_id: str
    business_key: str
    document_id: str | None
    model: str
    remote_id: int | None
    remote_ref: str | None
    record_hash: str
    state: str


class Pushes:
    """The pushes, within one transaction."""

    def __init__(self, session: Session, now: Clock, order: Order) -> None:
        self._session = session
        self._now = now
        self._order = order

    def record(self, target: str, batch_id: str, pushes: Iterable[NewPush]) -> int:
        """Add pushes of a batch, or bring those of the same external id up to date."""
        now, moment = self._now(), self._order.moment()
        rows = [
            {
                "target": target,
                "external_id": push.external_id,
                "business_key": push.business_key,
                "batch_id": batch_id,
                "document_id": push.document_id,
                "model": push.model,
                "remote_id": push.remote_id,
                "remote_ref": push.remote_ref,
                "record_hash": push.record_hash,
                "state": push.state,
                "pushed_at": now,
                "sequence": moment,
            }
            for push in pushes
        ]
        changing = [column.name for column in _PUSH.columns if not column.primary_key]
        insert_or_update(self._session, _PUSH, rows, changing)
        return len(rows)

    def known(self, target: str, business_keys: Sequence[str]) -> dict[str, Push]:
        """Business key -> the push of it to this target, in bulk."""
        found: dict[str, Push] = {}
        for some in chunks(list(business_keys)):
            query = (
                select(Push)
                .where(Push.target == target, Push.business_key.in_(some))
                .execution_options(populate_existing=True)
            )
            found |= {push.business_key: push for push in self._session.scalars(query)}
        return found

    def of_batch(self, batch_id: str) -> list[Push]:
        """The pushes that a batch was the last to make, by external id."""
        query = (
            select(Push)
            .where(Push.batch_id == batch_id)
            .order_by(Push.external_id)
            .execution_options(populate_existing=True)
        )
        return list(self._session.scalars(query))
