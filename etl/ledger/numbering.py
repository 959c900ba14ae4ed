"""Places in the ledger's order for what a batch tells that was sealed before etl counted."""

from __future__ import annotations

from typing import Any

from sqlalchemy import inspect
from sqlalchemy.orm import Session

from etl.ledger.models import Base, Batch
from etl.ledger.order import Order
from etl.ledger.views import Values


class Numbers:
    """The numbers of a sealed batch's rows, while it is restored."""

    def __init__(self, session: Session, order: Order, batch: Values) -> None:
        self._session = session
        self._order = order
        self.highest = 0
        [self._batch] = self.given(Batch, [batch])

    def given(self, model: type[Base], rows: list[Values]) -> list[Values]:
        """The rows, each with its numbers: as they were sealed, else as the ledger has them, else
        the next ones, in the order in which the batches come."""
        columns = model.__table__.columns
        for row in rows:
            for name in ("sequence", "sealed_sequence"):
                if name in columns and row[name] is None:
                    row[name] = self._known(model, row, name) or self._order.take()
            if "changed" in columns and row["changed"] is None:
                row["changed"] = self._batch["sealed_sequence"]
            self.highest = max(
                self.highest,
                *(row[name] for name in ("sequence", "changed", "sealed_sequence") if name in row),
            )
        return rows

    def _known(self, model: type[Base], row: Values, name: str) -> int | None:
        key = tuple(row[str(column.key)] for column in inspect(model).primary_key)
        known: Any = self._session.get(model, key)
        return getattr(known, name) if known is not None else None
