"""Exceptions: what people have to look at, one item however often the same trouble comes back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from etl.errors import ConfigurationError
from etl.ledger.among import among
from etl.ledger.chunks import chunks
from etl.ledger.clock import Clock
from etl.ledger.models import ExceptionItem, ExceptionKind, ExceptionState, File
from etl.ledger.order import Order

_NOT_CLOSED = ExceptionItem.state != ExceptionState.CLOSED


WAITING = (ExceptionState.OPEN, ExceptionState.RETRIED)
"""States of what is not settled; a retry that failed technically still waits."""


@dataclass(frozen=True, slots=True)
class NewException:
    """Something to be looked at.

    Attributes:
        kind: technical, data or business.
        queue: who looks at it.
        code: stable reason, e.g. ``SE_COUNT``, ``UNKNOWN_PARTNER``.
        details: position, value, expected, the numbers behind it; JSON types, dates and Decimals.
        business_key: of the document, where it is known.
        subject: what else tells it from others of the same code: a file's sha256 and the position
            in it, a connection's name. Not an id that a rerun makes anew.
    """

    kind: ExceptionKind
    queue: str
    code: str
    message: str
    details: Mapping[str, Any] = field(default_factory=dict)
    partner: str | None = None
    batch_id: str | None = None
    file_id: str | None = None
    document_id: str | None = None
    business_key: str | None = None
    subject: str = ""

    def __post_init__(self) -> None:
        if not self.business_key and not self.subject:
            raise ValueError(f"exception {self.code} names neither a business key nor a subject")

    @property
    def fingerprint(self) -> str:
        """Hash that is the same for the same trouble in a rerun or a later run."""
        about = [self.kind, self.code, self.partner, self.business_key, self.subject]
        return hashlib.sha256(json.dumps(about).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Raised:
    """How many items are new and how many were open already."""

    new: int
    repeated: int


class Exceptions:
    """The exceptions, within one transaction."""

    def __init__(self, session: Session, now: Clock, order: Order) -> None:
        self._session = session
        self._now = now
        self._order = order

    def add(self, items: Iterable[NewException]) -> Raised:
        """Open an item for each trouble; one that is open already is met once more instead.

        Items of the same fingerprint within `items` count once.
        """
        by_fingerprint = {item.fingerprint: item for item in items}
        now, moment = self._now(), self._order.moment()
        new = 0
        for some in chunks(list(by_fingerprint)):
            known = {item.fingerprint: item for item in self._open(some)}
            earlier = self._numbers(some)
            for fingerprint in some:
                item = by_fingerprint[fingerprint]
                if fingerprint in known:
                    _meet_again(known[fingerprint], item, now, moment)
                else:
                    number = earlier.get(fingerprint, 0) + 1
                    self._session.add(_opened(item, fingerprint, number, now, moment))
                    new += 1
        self._session.flush()
        return Raised(new=new, repeated=len(by_fingerprint) - new)

    def close(
        self,
        *,
        business_keys: Sequence[str] = (),
        file_ids: Sequence[str] = (),
        fingerprints: Sequence[str] = (),
        ids: Sequence[str] = (),
        closed_by: str | None = None,
        but: Iterable[NewException] = (),
        received_until: int | None = None,
        note: Mapping[str, str] | None = None,
    ) -> int:
        """Close open items by what they are about, or by id.

        Args:
            closed_by: the batch that settled them; None when a person did.
            but: trouble met by that batch itself, which stays open.
            received_until: a file's place in the ledger's order; what a later file says under one
                of the business keys stays open.
            note: what a person says of it, kept as ``closed`` in the details.

        Returns:
            How many were closed.
        """
        staying = {item.fingerprint for item in but}
        now, moment = self._now(), self._order.moment()
        closed = 0
        for column, values in (
            (ExceptionItem.business_key, business_keys),
            (ExceptionItem.file_id, file_ids),
            (ExceptionItem.fingerprint, fingerprints),
            (ExceptionItem.id, ids),
        ):
            if not values:
                continue
            wanted = among(self._session, column, values)
            query = select(ExceptionItem).where(_NOT_CLOSED, wanted)
            if received_until is not None and column is ExceptionItem.business_key:
                query = query.outerjoin(File, File.id == ExceptionItem.file_id).where(
                    or_(File.id.is_(None), File.sequence <= received_until)
                )
            for item in self._session.scalars(query):
                if item.fingerprint not in staying:
                    item.state = ExceptionState.CLOSED
                    item.closed_at = now
                    item.closed_by = closed_by
                    item.changed = moment
                    if note is not None:
                        item.details = {**item.details, "closed": dict(note)}
                    closed += 1
        self._session.flush()
        return closed

    def concerned(self, business_keys: Sequence[str], codes: Sequence[str]) -> set[str]:
        """The business keys for which an item with one of the codes waits."""
        wanted = among(self._session, ExceptionItem.business_key, business_keys)
        query = select(ExceptionItem.business_key).where(
            _NOT_CLOSED, wanted, ExceptionItem.code.in_(codes)
        )
        return {key for key in self._session.scalars(query) if key is not None}

    def close_replaced(
        self, until: Mapping[str, int], closed_by: str, but: Iterable[NewException] = ()
    ) -> None:
        """Close what waits of documents that a later file has anew.

        Args:
            until: business key -> the place of that file in the ledger's order.
            closed_by: the batch that it came with.
            but: trouble met by that batch itself, which stays open.
        """
        staying = {item.fingerprint for item in but}
        for some in chunks(sorted(until)):
            query = (
                select(ExceptionItem, File.sequence)
                .join(File, File.id == ExceptionItem.file_id)
                .where(_NOT_CLOSED, ExceptionItem.business_key.in_(some))
            )
            for item, arrived in self._session.execute(query).all():
                if item.fingerprint not in staying and arrived < until[item.business_key or ""]:
                    item.state = ExceptionState.CLOSED
                    item.closed_at, item.closed_by = self._now(), closed_by
                    item.changed = self._order.moment()
        self._session.flush()

    def still_wait(self, ids: Sequence[str]) -> None:
        """Note that items were tried again and nothing has changed for them."""
        for some in chunks(list(ids)):
            query = select(ExceptionItem).where(_NOT_CLOSED, ExceptionItem.id.in_(some))
            for item in self._session.scalars(query):
                item.state = ExceptionState.OPEN
                item.attempts += 1
                item.last_at, item.changed = self._now(), self._order.moment()
        self._session.flush()

    def retry(self, ids: Sequence[str]) -> int:
        """Mark open items as to be tried again by the next run; returns how many."""
        marked = 0
        for some in chunks(list(ids)):
            query = select(ExceptionItem).where(
                ExceptionItem.id.in_(some), ExceptionItem.state == ExceptionState.OPEN
            )
            for item in self._session.scalars(query):
                item.state = ExceptionState.RETRIED
                item.changed = self._order.moment()
                marked += 1
        self._session.flush()
        return marked

    def get(self, item_id: str) -> ExceptionItem | None:
        """The item of this id, if there is one."""
        return self._session.get(ExceptionItem, item_id)

    def named(self, item_id: str) -> ExceptionItem:
        """The item of this id; raises ConfigurationError when there is none."""
        item = self.get(item_id)
        if item is None:
            raise ConfigurationError(
                f"there is no exception {item_id!r}; see `etl exceptions list` for those known"
            )
        return item

    def find(
        self,
        *,
        states: Collection[ExceptionState] = WAITING,
        kind: ExceptionKind | None = None,
        queue: str | None = None,
        code: str | None = None,
        partner: str | None = None,
        batch_id: str | None = None,
        limit: int | None = 100,
    ) -> list[ExceptionItem]:
        """Items by what is given, oldest first; by default those that wait for somebody."""
        wanted = {
            ExceptionItem.kind: kind,
            ExceptionItem.queue: queue,
            ExceptionItem.code: code,
            ExceptionItem.partner: partner,
            ExceptionItem.batch_id: batch_id,
        }
        query = (
            select(ExceptionItem)
            .where(ExceptionItem.state.in_(states))
            .order_by(ExceptionItem.sequence, ExceptionItem.id)
            .limit(limit)
        )
        for column, value in wanted.items():
            if value is not None:
                query = query.where(column == value)
        return list(self._session.scalars(query))

    def waiting_of_files(self, file_ids: Sequence[str], batch_id: str = "") -> list[ExceptionItem]:
        """What waits of files, or was closed by this batch, in the order in which it was met."""
        found: list[ExceptionItem] = []
        waits = or_(_NOT_CLOSED, ExceptionItem.closed_by == batch_id)
        for some in chunks(list(file_ids)):
            query = select(ExceptionItem).where(waits, ExceptionItem.file_id.in_(some))
            found += self._session.scalars(query)
        return sorted(found, key=lambda item: (item.sequence, item.id))

    def waiting_under(
        self, business_keys: Sequence[str], but_files: Collection[str]
    ) -> dict[str, list[int]]:
        """Where something waits under business keys: the places of the files it came in, in the
        ledger's order; `but_files` are not looked at."""
        found: dict[str, list[int]] = {}
        for some in chunks(business_keys):
            query = (
                select(ExceptionItem.business_key, File.id, File.sequence)
                .join(File, File.id == ExceptionItem.file_id)
                .where(_NOT_CLOSED, ExceptionItem.business_key.in_(some))
            )
            for key, file_id, sequence in self._session.execute(query):
                if key is not None and file_id not in but_files:
                    found.setdefault(key, []).append(sequence)
        return found

    def decided(self, items: Iterable[NewException]) -> set[str]:
        """The fingerprints of trouble that a person has closed: met in the same file, saying the
        same, and closed with a reason when it was met last."""
        by_fingerprint = {item.fingerprint: item for item in items}
        last: dict[str, ExceptionItem] = {}
        for some in chunks(list(by_fingerprint)):
            query = (
                select(ExceptionItem)
                .where(ExceptionItem.fingerprint.in_(some))
                .order_by(ExceptionItem.sequence, ExceptionItem.changed)
            )
            last |= {item.fingerprint: item for item in self._session.scalars(query)}
        return {
            fingerprint
            for fingerprint, known in last.items()
            if known.state == ExceptionState.CLOSED
            and "closed" in known.details
            and (known.file_id, known.message)
            == (by_fingerprint[fingerprint].file_id, by_fingerprint[fingerprint].message)
        }

    def open_counts(self) -> dict[tuple[str, str], int]:
        """Number of items not closed by (kind, queue)."""
        query = (
            select(ExceptionItem.kind, ExceptionItem.queue, func.count())
            .where(_NOT_CLOSED)
            .group_by(ExceptionItem.kind, ExceptionItem.queue)
            .order_by(ExceptionItem.kind, ExceptionItem.queue)
        )
        return {(kind, queue): number for kind, queue, number in self._session.execute(query)}

    def _open(self, fingerprints: Sequence[str]) -> Iterable[ExceptionItem]:
        query = select(ExceptionItem).where(
            _NOT_CLOSED, ExceptionItem.fingerprint.in_(fingerprints)
        )
        return self._session.scalars(query)

    def _numbers(self, fingerprints: Sequence[str]) -> dict[str, int]:
        """How many items each fingerprint has had, closed ones included."""
        query = (
            select(ExceptionItem.fingerprint, func.count())
            .where(ExceptionItem.fingerprint.in_(fingerprints))
            .group_by(ExceptionItem.fingerprint)
        )
        return {row[0]: row[1] for row in self._session.execute(query)}


def _opened(
    item: NewException, fingerprint: str, number: int, now: datetime, moment: int
) -> ExceptionItem:
    """A new row; its id is the same wherever the same history is replayed."""
    return ExceptionItem(
        id=fingerprint[:12] if number == 1 else f"{fingerprint[:12]}-{number}",
        kind=item.kind,
        queue=item.queue,
        code=item.code,
        message=item.message,
        details=dict(item.details),
        partner=item.partner,
        batch_id=item.batch_id,
        file_id=item.file_id,
        document_id=item.document_id,
        business_key=item.business_key,
        fingerprint=fingerprint,
        state=ExceptionState.OPEN,
        attempts=1,
        first_at=now,
        last_at=now,
        closed_at=None,
        closed_by=None,
        sequence=moment,
        changed=moment,
    )


def _meet_again(known: ExceptionItem, item: NewException, now: datetime, moment: int) -> None:
    """Point the open row to where the trouble was met last; the same batch resumed counts once."""
    resumed = item.batch_id is not None and item.batch_id == known.batch_id
    if not resumed or known.state == ExceptionState.RETRIED:
        known.attempts += 1
    known.state = ExceptionState.OPEN
    known.queue = item.queue
    known.message = item.message
    known.details = dict(item.details)
    known.batch_id = item.batch_id
    known.file_id = item.file_id
    known.document_id = item.document_id
    known.last_at = now
    known.changed = moment
