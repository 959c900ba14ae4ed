"""Pushes: what we made on the other side, so that nothing is made there twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from etl.ledger.among import among
from etl.ledger.clock import Clock
from etl.ledger.models import Push
from etl.ledger.order import Order
from etl.ledger.upsert import insert_columns
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

    def record(self, target: str, batch_id: str, pushes: Sequence[NewPush]) -> int:
        """Add pushes of a batch, or bring those of the same external id up to date."""
        count = len(pushes)
        columns: dict[str, Sequence[Any]] = {
            each.name: [getattr(push, each.name) for push in pushes] for each in fields(NewPush)
        }
        columns |= {
            "target": [target] * count,
            "batch_id": [batch_id] * count,
            "pushed_at": [self._now()] * count,
            "sequence": [self._order.moment()] * count,
        }
        changing = [column.name for column in _PUSH.columns if not column.primary_key]
        insert_columns(self._session, _PUSH, columns, changing)
        return count

    def known(self, target: str, business_keys: Sequence[str]) -> dict[str, Push]:
        """Business key -> the push of it to this target, in bulk."""
        query = (
            select(Push)
            .where(Push.target == target, among(self._session, Push.business_key, business_keys))
            .execution_options(populate_existing=True)
        )
        return {push.business_key: push for push in self._session.scalars(query)}

    def of_batch(self, batch_id: str) -> list[Push]:
        """The pushes that a batch was the last to make, by external id."""
        query = (
            select(Push)
            .where(Push.batch_id == batch_id)
            .order_by(Push.external_id)
            .execution_options(populate_existing=True)
        )
        return list(self._session.scalars(query))
