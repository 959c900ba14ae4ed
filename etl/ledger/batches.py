"""Batches: what one run processes, from open to sealed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from etl.errors import ConfigurationError, TerminalError
from etl.ledger.clock import Clock
from etl.ledger.models import Batch, BatchState
from etl.ledger.order import Order


class Batches:
    """The batches, within one transaction."""

    def __init__(self, session: Session, now: Clock, order: Order) -> None:
        self._session = session
        self._now = now
        self._order = order

    def open(
        self,
        batch_id: str,
        *,
        run_id: str,
        job: str,
        partners: Sequence[str],
        nominal_date: date,
        folder: str,
        rerun_of: str | None = None,
    ) -> Batch:
        """Add an open batch, or hand the one of this id to `run_id` (its first run was killed).

        Raises:
            TerminalError: the batch is sealed already.
        """
        batch = self.get(batch_id)
        if batch is None:
            batch = Batch(
                id=batch_id,
                run_id=run_id,
                job=job,
                partners=list(partners),
                nominal_date=nominal_date,
                state=BatchState.OPEN,
                rerun_of=rerun_of,
                folder=folder,
                manifest_sha256=None,
                created_at=self._now(),
                sealed_at=None,
                sequence=self._order.take(),
                sealed_sequence=None,
            )
            self._session.add(batch)
        elif batch.state == BatchState.SEALED:
            raise TerminalError(
                f"batch {batch_id} is sealed; `etl rerun {batch_id}` makes a new one"
            )
        else:
            batch.run_id = run_id
        self._session.flush()
        return batch

    def seal(
        self, batch_id: str, manifest_sha256: str, at: datetime, sealed_sequence: int | None
    ) -> Batch:
        """Note that the batch is in the archive's chain; the same again is fine.

        Args:
            at: the time that the manifest tells.
            sealed_sequence: what the manifest tells to be sealed; None: by an etl that did not
                count.

        Raises:
            TerminalError: it was sealed with another manifest.
        """
        batch = self.named(batch_id)
        if batch.manifest_sha256 not in (None, manifest_sha256):
            raise TerminalError(
                f"batch {batch_id} was sealed with manifest {batch.manifest_sha256}, and not "
                f"{manifest_sha256}; run `etl archive verify` to see which one the archive holds"
            )
        if batch.state != BatchState.SEALED:
            batch.state = BatchState.SEALED
            batch.manifest_sha256 = manifest_sha256
            batch.sealed_at = at
            batch.sealed_sequence = sealed_sequence or self._order.take()
            self._session.flush()
        return batch

    def get(self, batch_id: str) -> Batch | None:
        """The batch of this id, if there is one."""
        return self._session.get(Batch, batch_id)

    def named(self, batch_id: str) -> Batch:
        """The batch of this id; raises ConfigurationError when there is none."""
        batch = self.get(batch_id)
        if batch is None:
            raise ConfigurationError(
                f"there is no batch {batch_id!r}; `etl runs` names the batch of each run"
            )
        return batch

    def unsealed(self, job: str | None = None) -> list[Batch]:
        """Batches still open, oldest first: those of a killed run, or waiting for Odoo."""
        query = select(Batch).where(Batch.state == BatchState.OPEN).order_by(Batch.sequence)
        if job is not None:
            query = query.where(Batch.job == job)
        return list(self._session.scalars(query))

    def of_run(self, run_id: str) -> list[Batch]:
        """The batches that a run worked on, oldest first."""
        query = select(Batch).where(Batch.run_id == run_id).order_by(Batch.sequence)
        return list(self._session.scalars(query))

    def recent(self, limit: int = 20, job: str | None = None) -> list[Batch]:
        """The latest batches, newest first."""
        query = select(Batch).order_by(Batch.sequence.desc()).limit(limit)
        if job is not None:
            query = query.where(Batch.job == job)
        return list(self._session.scalars(query))

    def sealed_until(self) -> int:
        """What happened until here, in the ledger's order, is in the archive."""
        return self._session.scalar(select(func.max(Batch.sealed_sequence))) or 0

    def manifest_hashes(self) -> dict[str, str]:
        """Batch id -> manifest hash of all sealed batches: the ledger as the chain's witness."""
        query = select(Batch.id, Batch.manifest_sha256).where(Batch.manifest_sha256.is_not(None))
        return {batch_id: sha256 or "" for batch_id, sha256 in self._session.execute(query)}
