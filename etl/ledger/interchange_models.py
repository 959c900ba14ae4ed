"""The ledger's tables of EDI: interchanges sent and received, and the control numbers of ours."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from etl.ledger.models import Base
from etl.ledger.types import Key


class Direction(StrEnum):
    """Who sent an interchange: the partner (in) or we (out)."""

    IN = "in"
    OUT = "out"


class Purpose(StrEnum):
    """Why we sent an interchange: documents of ours, or an answer to what we received."""

    DOCUMENT = "document"
    SYNTAX = "syntax"
    APPLICATION = "application"


class InterchangeState(StrEnum):
    """How far an interchange has come: `received`; or `planned` (it has its numbers), `written`
    (it lies in the outbox) and `delivered`."""

    RECEIVED = "received"
    PLANNED = "planned"
    WRITTEN = "written"
    DELIVERED = "delivered"


class ControlNumber(Base):
    """The control number that our next interchange or group to a partner gets.

    Attributes:
        syntax: ``x12`` or ``edifact``.
        kind: ``interchange``, ``group``, or ``message`` for our references within messages.
    """

    __tablename__ = "control_number"

    partner: Mapped[str] = mapped_column(Key, primary_key=True)
    syntax: Mapped[str] = mapped_column(Key, primary_key=True)
    kind: Mapped[str] = mapped_column(Key, primary_key=True)
    next: Mapped[int]


class Interchange(Base):
    """An interchange that a partner sent us, or that we sent.

    Attributes:
        id: ``in/<partner>/<sha256>/<place in the file>`` or ``out/<partner>/<syntax>/<number>``.
        sender, receiver: as they stand in its header, qualifier included.
        control_no: ISA13 or UNB 0020; `control_value` is the number in it, where it is one.
        purpose: of what we sent; None: received.
        document_types: what is in it, ``210``, ``INVOIC``, each once.
        documents: how many transaction sets or messages it has.
        file_id, file_name, sha256: the received file, or ours in the outbox.
        batch_id: the batch that read it last, or that it was written in.
        made_from: what ours was made from: the id of the interchange that it answers, or the
            sha256 of the declared content.
        answers: of an application's answer: the received documents, by control numbers.
        created_at: when it was received or made.
        expected_level: the acknowledgement that ends the waiting; None: none is expected.
        ack_expected_by: when it is overdue.
        acknowledged_at: when we were answered; of what we received, when we answered.
        acknowledged_by: the batch with the answer.
        result: A accepted, E accepted with errors, P partly accepted, R rejected.
        sequence: when it was made, or its file arrived, in the order of what happened.
        changed: the place of its last change.
    """

    __tablename__ = "interchange"

    id: Mapped[str] = mapped_column(Key, primary_key=True)
    direction: Mapped[str] = mapped_column(Key)
    partner: Mapped[str] = mapped_column(Key)
    syntax: Mapped[str] = mapped_column(Key)
    sender: Mapped[str]
    receiver: Mapped[str]
    control_no: Mapped[str] = mapped_column(Key, index=True)
    control_value: Mapped[int | None]
    purpose: Mapped[str | None]
    document_types: Mapped[list[str]]
    documents: Mapped[int]
    file_id: Mapped[str | None] = mapped_column(Key, ForeignKey("file.id"), index=True)
    file_name: Mapped[str]
    sha256: Mapped[str] = mapped_column(Key)
    batch_id: Mapped[str | None] = mapped_column(Key, ForeignKey("batch.id"), index=True)
    made_from: Mapped[str | None] = mapped_column(Key, index=True)
    answers: Mapped[list[str]]
    state: Mapped[str] = mapped_column(Key)
    created_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]
    expected_level: Mapped[str | None]
    ack_expected_by: Mapped[datetime | None] = mapped_column(index=True)
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[str | None] = mapped_column(Key, ForeignKey("batch.id"), index=True)
    result: Mapped[str | None]
    sequence: Mapped[int]
    changed: Mapped[int] = mapped_column(index=True)

    __table_args__ = (
        Index(None, "partner", "direction", "syntax", "control_value"),
        Index(None, "direction", "state"),
    )


class InterchangeGroup(Base):
    """A group of an interchange; EDIFACT messages outside of any group stand in one without number.

    Attributes:
        position: 1 for the first one of its interchange.
        kind: functional identifier code (GS01); empty without a group.
        number: its control number (GS06, UNG 0048); empty without a group.
        members: of what we sent, the control numbers of its transaction sets or messages.
        references: of what we sent, the documents' own numbers where they are known.
        acknowledged_at, result: the partner's answer, as for the interchange.
    """

    __tablename__ = "interchange_group"

    interchange_id: Mapped[str] = mapped_column(
        Key, ForeignKey("interchange.id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(Key)
    number: Mapped[str] = mapped_column(Key, index=True)
    members: Mapped[list[str]]
    references: Mapped[list[str]]
    acknowledged_at: Mapped[datetime | None]
    result: Mapped[str | None]
