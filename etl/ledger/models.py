"""The tables of the ledger, as typed SQLAlchemy models.

Ids are text: those of runs, batches and files are given by the caller (time-ordered), a document's
is ``<batch>/<record type>/<record id>``, so that a rebuild from the archive gives the same ids.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, Date, ForeignKey, Index, MetaData, UniqueConstraint, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from etl.ledger.types import Key, Money, SafeText, UtcDateTime


class RunKind(StrEnum):
    """Why a run was started."""

    RUN = "run"
    RERUN = "rerun"
    RETRY = "retry"


class RunState(StrEnum):
    """How a run stands; `exceptions` means finished, with documents left in queues."""

    RUNNING = "running"
    OK = "ok"
    EXCEPTIONS = "exceptions"
    FAILED = "failed"
    KILLED = "killed"


class BatchState(StrEnum):
    """A sealed batch is in the archive's chain and never changes."""

    OPEN = "open"
    SEALED = "sealed"


class FileState(StrEnum):
    """How far a received file has come."""

    ARCHIVED = "archived"
    DUPLICATE = "duplicate"
    MAPPED = "mapped"
    QUARANTINED = "quarantined"


class Disposition(StrEnum):
    """Where a document ended; every document of a finished run has one.

    `stored` is kept and not meant to be pushed, as in a job that only maps; `superseded` came again
    with other content in a later file, which counts instead.
    """

    STORED = "stored"
    PUSHED = "pushed"
    UNCHANGED = "unchanged"
    HELD = "held"
    REJECTED = "rejected"
    SUPERSEDED = "superseded"


class ExceptionKind(StrEnum):
    """The three kinds of failure."""

    TECHNICAL = "technical"
    DATA = "data"
    BUSINESS = "business"


class ExceptionState(StrEnum):
    """`retried`: a person asked for another attempt, and the next run has not come yet."""

    OPEN = "open"
    RETRIED = "retried"
    CLOSED = "closed"


NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Maps Python types to column types for all tables."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's own way to declare it
        str: SafeText,
        int: BigInteger,
        Decimal: Money,
        datetime: UtcDateTime,
        date: Date,
        dict[str, Any]: JSON,
        list[str]: JSON,
    }


class Sequence(Base):
    """The counter behind every `sequence` and `changed`; see :mod:`etl.ledger.order`."""

    __tablename__ = "sequence"

    name: Mapped[str] = mapped_column(Key, primary_key=True)
    next: Mapped[int]


class Run(Base):
    """One execution of a job.

    Attributes:
        sequence: its place in the order of what happened, here and in the other tables.
        changed: the place of its last change.
    """

    __tablename__ = "run"

    id: Mapped[str] = mapped_column(Key, primary_key=True)
    job: Mapped[str] = mapped_column(Key, index=True)
    nominal_date: Mapped[date]
    kind: Mapped[str]
    dry_run: Mapped[bool]
    started_at: Mapped[datetime] = mapped_column(index=True)
    finished_at: Mapped[datetime | None]
    state: Mapped[str]
    counts: Mapped[dict[str, Any]]
    error: Mapped[str | None]
    sequence: Mapped[int]
    changed: Mapped[int] = mapped_column(index=True)


class Batch(Base):
    """What one run processed, kept together in one folder of the archive.

    Attributes:
        partners: the partners of the job at that time.
        folder: relative to the archive, ``2026/11/23/<batch id>``.
        manifest_sha256: hash of its manifest, once sealed; an outside witness of the chain.
        sequence: when it was opened, in the order of what happened.
        sealed_sequence: what happened until here is in the archive with this batch, or before it.
    """

    __tablename__ = "batch"

    id: Mapped[str] = mapped_column(Key, primary_key=True)
    run_id: Mapped[str] = mapped_column(Key, ForeignKey("run.id"), index=True)
    job: Mapped[str] = mapped_column(Key)
    partners: Mapped[list[str]]
    nominal_date: Mapped[date] = mapped_column(index=True)
    state: Mapped[str] = mapped_column(Key, index=True)
    rerun_of: Mapped[str | None] = mapped_column(Key, index=True)
    folder: Mapped[str]
    manifest_sha256: Mapped[str | None]
    created_at: Mapped[datetime]
    sealed_at: Mapped[datetime | None]
    sequence: Mapped[int]
    sealed_sequence: Mapped[int | None]


class File(Base):
    """A file received from a partner.

    Attributes:
        remote_modified_at: as the server's listing told it.
        sha256, size: of the bytes received.
        picked_up_at: when it was moved or deleted on the remote side.
        duplicate_of: the first file of this partner with the same bytes.
        version: n-th different content under this name from this partner, from 1.
        documents: how many documents were read from it, rejected ones included.
        sequence: its arrival, in the order of what happened: of two versions of a bill the one in
            the later file counts.
        changed: the place of its last change.
    """

    __tablename__ = "file"

    id: Mapped[str] = mapped_column(Key, primary_key=True)
    batch_id: Mapped[str] = mapped_column(Key, ForeignKey("batch.id"), index=True)
    partner: Mapped[str] = mapped_column(Key)
    original_name: Mapped[str] = mapped_column(Key, index=True)
    remote_path: Mapped[str | None]
    remote_size: Mapped[int | None]
    remote_modified_at: Mapped[datetime | None]
    sha256: Mapped[str] = mapped_column(Key, index=True)
    size: Mapped[int]
    received_at: Mapped[datetime] = mapped_column(index=True)
    picked_up_at: Mapped[datetime | None]
    duplicate_of: Mapped[str | None] = mapped_column(Key, ForeignKey("file.id"), index=True)
    version: Mapped[int]
    state: Mapped[str]
    documents: Mapped[int] = mapped_column(default=0)
    sequence: Mapped[int]
    changed: Mapped[int] = mapped_column(index=True)

    __table_args__ = (Index(None, "partner", "original_name"),)


class Document(Base):
    """A main record of a batch and what became of it.

    Attributes:
        document_no: the number as the document has it.
        record_id: joins the tables of the batch's Parquet files.
        pro_norm, bol_norm: upper case, letters and digits only.
        disposition: None while the batch is being worked on.
        reasons: reason codes behind outcome and disposition.
    """

    __tablename__ = "document"

    id: Mapped[str] = mapped_column(Key, primary_key=True)
    batch_id: Mapped[str] = mapped_column(Key, ForeignKey("batch.id"))
    file_id: Mapped[str | None] = mapped_column(Key, ForeignKey("file.id"), index=True)
    partner: Mapped[str]
    record_type: Mapped[str] = mapped_column(Key)
    record_id: Mapped[int]
    document_no: Mapped[str | None] = mapped_column(Key, index=True)
    business_key: Mapped[str | None] = mapped_column(Key, index=True)
    record_hash: Mapped[str | None]
    carrier_scac: Mapped[str | None]
    invoice_no_norm: Mapped[str | None] = mapped_column(Key, index=True)
    shipment_ref: Mapped[str | None] = mapped_column(Key, index=True)
    pro_norm: Mapped[str | None] = mapped_column(Key, index=True)
    bol_norm: Mapped[str | None] = mapped_column(Key, index=True)
    document_date: Mapped[date | None]
    amount: Mapped[Decimal | None]
    currency: Mapped[str | None]
    outcome: Mapped[str | None]
    disposition: Mapped[str | None]
    reasons: Mapped[list[str]]
    mapping: Mapped[str | None]

    __table_args__ = (UniqueConstraint("batch_id", "record_type", "record_id"),)


class DocumentReference(Base):
    """A number that a document names, for tracing and for finding duplicates."""

    __tablename__ = "document_reference"

    document_id: Mapped[str] = mapped_column(
        Key, ForeignKey("document.id", ondelete="CASCADE"), primary_key=True
    )
    type: Mapped[str] = mapped_column(Key, primary_key=True)
    value_norm: Mapped[str] = mapped_column(Key, primary_key=True)

    __table_args__ = (Index(None, "value_norm", "type"),)


class ExceptionItem(Base):
    """Something a person has to look at; one row however often it is met while it is open.

    Attributes:
        queue: who looks at it, e.g. ``integration``, ``freight-audit``.
        details: position, value, expected, the numbers behind it.
        batch_id, file_id, document_id: where it was met last.
        fingerprint: the same for the same trouble in a rerun or a later run.
        attempts: how often it was met.
        closed_by: the batch that settled it, or None when a person closed it.
        sequence: when it was met first, in the order of what happened.
        changed: the place of its last change.
    """

    __tablename__ = "exception"

    id: Mapped[str] = mapped_column(Key, primary_key=True)
    kind: Mapped[str] = mapped_column(Key)
    queue: Mapped[str] = mapped_column(Key)
    code: Mapped[str] = mapped_column(Key)
    message: Mapped[str]
    details: Mapped[dict[str, Any]]
    partner: Mapped[str | None]
    batch_id: Mapped[str | None] = mapped_column(Key, ForeignKey("batch.id"), index=True)
    file_id: Mapped[str | None] = mapped_column(Key, ForeignKey("file.id"), index=True)
    document_id: Mapped[str | None] = mapped_column(
        Key, ForeignKey("document.id", ondelete="SET NULL"), index=True
    )
    business_key: Mapped[str | None] = mapped_column(Key, index=True)
    fingerprint: Mapped[str] = mapped_column(Key, index=True)
    state: Mapped[str] = mapped_column(Key)
    attempts: Mapped[int]
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str | None] = mapped_column(Key, ForeignKey("batch.id"), index=True)
    sequence: Mapped[int]
    changed: Mapped[int] = mapped_column(index=True)

    __table_args__ = (
        Index(
            "uq_exception_open_fingerprint",
            "fingerprint",
            unique=True,
            sqlite_where=text("state <> 'closed'"),
            postgresql_where=text("state <> 'closed'"),
        ),
        Index(None, "state", "kind", "queue"),
    )


class Push(Base):
    """A record on the other side (Odoo or the outbox) that we made or changed.

    Attributes:
        external_id: its name there, made from the business key.
        remote_id, remote_ref: database id and number, e.g. 42 and ``BILL/2026/11/0007``.
        record_hash: of the content pushed last; an equal hash needs no call.
        sequence: of the last push, in the order of what happened.
    """

    __tablename__ = "push"

    target: Mapped[str] = mapped_column(Key, primary_key=True)
    external_id: Mapped[str] = mapped_column(Key, primary_key=True)
    business_key: Mapped[str] = mapped_column(Key, index=True)
    batch_id: Mapped[str] = mapped_column(Key, ForeignKey("batch.id"), index=True)
    document_id: Mapped[str | None] = mapped_column(
        Key, ForeignKey("document.id", ondelete="SET NULL"), index=True
    )
    model: Mapped[str]
    remote_id: Mapped[int | None] = mapped_column(index=True)
    remote_ref: Mapped[str | None] = mapped_column(Key, index=True)
    record_hash: Mapped[str]
    state: Mapped[str]
    pushed_at: Mapped[datetime]
    sequence: Mapped[int]


class ScheduleFire(Base):
    """A due start of a job, claimed by exactly one process.

    Attributes:
        nominal_local: the local calendar day it is due on, whatever the clock does that night.
        slot: which of the day's starts, e.g. ``02:30``.
    """

    __tablename__ = "schedule_fire"

    job: Mapped[str] = mapped_column(Key, primary_key=True)
    nominal_local: Mapped[date] = mapped_column(primary_key=True)
    slot: Mapped[str] = mapped_column(Key, primary_key=True)
    claimed_at: Mapped[datetime]
    claimed_by: Mapped[str]
    run_id: Mapped[str | None] = mapped_column(Key, ForeignKey("run.id"), index=True)
