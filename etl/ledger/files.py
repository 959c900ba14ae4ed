"""Files received from partners; resent bytes are linked, new bytes under an old name counted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from etl.errors import ConfigurationError
from etl.ledger.chunks import chunks
from etl.ledger.clock import Clock
from etl.ledger.models import File, FileState
from etl.ledger.order import Order


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file as it was received; see :class:`etl.ledger.models.File` for the fields."""

    id: str
    batch_id: str
    partner: str
    original_name: str
    sha256: str
    size: int
    received_at: datetime
    remote_path: str | None = None
    remote_size: int | None = None
    remote_modified_at: datetime | None = None


class Files:
    """The files, within one transaction."""

    def __init__(self, session: Session, now: Clock, order: Order) -> None:
        self._session = session
        self._now = now
        self._order = order

    def record(self, new: NewFile) -> File:
        """Add a file, or give the one of this id back.

        Bytes that this partner sent before make it a duplicate of the first such file, whatever
        its name; other bytes under a name this partner used before make a new version.
        """
        known = self.get(new.id)
        if known is not None:
            return known
        first = self.first_with(new.partner, new.sha256)
        file = File(
            id=new.id,
            batch_id=new.batch_id,
            partner=new.partner,
            original_name=new.original_name,
            remote_path=new.remote_path,
            remote_size=new.remote_size,
            remote_modified_at=new.remote_modified_at,
            sha256=new.sha256,
            size=new.size,
            received_at=new.received_at,
            picked_up_at=None,
            duplicate_of=first.id if first else None,
            version=self._version(new),
            state=FileState.DUPLICATE if first else FileState.ARCHIVED,
            sequence=self._order.take(),
            changed=self._order.moment(),
        )
        self._session.add(file)
        self._session.flush()
        return file

    def picked_up(self, file_ids: Iterable[str]) -> None:
        """Note that the files were moved or deleted on the remote side."""
        for some in chunks(list(file_ids)):
            self._session.execute(
                update(File)
                .where(File.id.in_(some), File.picked_up_at.is_(None))
                .values(picked_up_at=self._now(), changed=self._order.moment())
            )

    def mark(self, file_id: str, state: FileState, documents: int) -> None:
        """Set how far a file has come, and how many documents were in it."""
        self._session.execute(
            update(File)
            .where(File.id == file_id)
            .values(state=state, documents=documents, changed=self._order.moment())
        )

    def get(self, file_id: str) -> File | None:
        """The file of this id, if there is one."""
        return self._session.get(File, file_id)

    def named(self, file_id: str) -> File:
        """The file of this id; raises ConfigurationError when there is none."""
        file = self.get(file_id)
        if file is None:
            raise ConfigurationError(f"there is no file {file_id!r}; `etl trace` finds files")
        return file

    def first_with(self, partner: str, sha256: str) -> File | None:
        """The first file of this partner with these bytes."""
        query = (
            select(File)
            .where(File.sha256 == sha256, File.partner == partner, File.duplicate_of.is_(None))
            .order_by(File.sequence)
            .limit(1)
        )
        return self._session.scalars(query).first()

    def of_batches(self, batch_ids: Sequence[str]) -> list[File]:
        """The files that arrived in these batches, in the order of their arrival."""
        found: list[File] = []
        for some in chunks(list(batch_ids)):
            found += self._session.scalars(select(File).where(File.batch_id.in_(some)))
        return sorted(found, key=lambda file: file.sequence)

    def not_picked_up(self, partner: str) -> list[File]:
        """Files that are archived, but may still lie on the partner's server."""
        query = (
            select(File)
            .where(File.partner == partner, File.picked_up_at.is_(None))
            .order_by(File.sequence)
        )
        return list(self._session.scalars(query))

    def _version(self, new: NewFile) -> int:
        """Number of different contents under this name, this one included."""
        same_name = (File.partner == new.partner, File.original_name == new.original_name)
        same_bytes = select(File.version).where(*same_name, File.sha256 == new.sha256).limit(1)
        version = self._session.scalar(same_bytes)
        if version is not None:
            return version
        latest = self._session.scalar(select(func.max(File.version)).where(*same_name))
        return (latest or 0) + 1
