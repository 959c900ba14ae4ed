"""Putting an interchange of ours into the outbox, each once.

In this order: its control numbers and what it is, in one transaction of the ledger; the file in the
batch's folder of the archive; the file in the outbox, whole by rename; the ledger's note that it
lies there. Killed anywhere, the next run finds the same numbers and finishes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

from etl import failpoints
from etl.config.edi import Expect
from etl.durable import make_folder, write_whole
from etl.formats.edi.outgoing import OutgoingInterchange
from etl.formats.edi.writing.writer import written
from etl.jobs.batch import Batch
from etl.jobs.edi.outgoing import address, control_no, document_types, groups_of
from etl.jobs.workspace import Workspace
from etl.ledger import Interchange, InterchangeState, NewInterchange, Purpose, Transaction
from etl.ledger.interchanges import sent_id


@dataclass(frozen=True, slots=True)
class Numbers:
    """What an interchange of ours gets from the ledger.

    Attributes:
        interchange: its control number.
        group: that of its first group.
        message: our reference of its first application acknowledgement.
        created: when it was made, in UTC.
    """

    interchange: int
    group: int
    message: int
    created: datetime


@dataclass(frozen=True, slots=True)
class Sending:
    """An interchange to be sent.

    Attributes:
        make: gives the interchange, once its numbers are known.
        groups, messages: how many numbers of groups and of messages it needs.
        made_from: what it is made from; `place` tells several of one origin apart, from 0.
        answers: the documents that it answers.
        file: the template of its file's name.
        expect: the answer that is waited for.
    """

    partner: str
    syntax: str
    purpose: Purpose
    make: Callable[[Numbers], OutgoingInterchange]
    made_from: str
    file: str
    place: int = 0
    groups: int = 0
    messages: int = 0
    answers: Sequence[str] = ()
    expect: Expect = field(default_factory=Expect)


@dataclass(frozen=True, slots=True)
class Sent:
    """What lies in the outbox.

    Attributes:
        new: whether it was put there now, and not by an earlier run.
    """

    id: str
    path: Path
    new: bool


def put_into_outbox(workspace: Workspace, batch: Batch, sending: Sending) -> Sent:
    """Make the file, archive it, and put it into the partner's outbox, unless that was done before.

    Raises:
        UnwritableError: a value that cannot be written; no number is used up.
        TerminalError: a disk is full.
    """
    with workspace.ledger.begin() as ledger:
        known = _known(ledger, sending)
        if known is not None and known.state != InterchangeState.PLANNED:
            return Sent(known.id, outbox_path(workspace, known.partner, known.file_name), new=False)
        numbers = _numbers(workspace, ledger, sending, known)
        outgoing = sending.make(numbers)
        content = written(outgoing)
        planned = _planned(sending, outgoing, numbers, content, batch.id)
        ledger.interchanges.plan(planned)
    failpoints.reached("acknowledge.planned")
    batch.folder.add_sent(planned.file_name, content)
    failpoints.reached("acknowledge.archived")
    path = outbox_path(workspace, sending.partner, planned.file_name)
    make_folder(path.parent)
    write_whole(path, content)
    failpoints.reached("acknowledge.in_outbox")
    with workspace.ledger.begin() as ledger:
        ledger.interchanges.written(planned.id)
    return Sent(planned.id, path, new=True)


def outbox_path(workspace: Workspace, partner: str, name: str) -> Path:
    """Where a file waits to be delivered."""
    return workspace.project.folders.outbox / partner / name


def _known(ledger: Transaction, sending: Sending) -> Interchange | None:
    """The interchange that an earlier try made from the same."""
    known = ledger.interchanges.made_from(sending.partner, sending.made_from, sending.purpose)
    return known[sending.place] if sending.place < len(known) else None


def _numbers(
    workspace: Workspace, ledger: Transaction, sending: Sending, known: Interchange | None
) -> Numbers:
    """New numbers, or those of an earlier try that was killed."""
    take = ledger.control_numbers.take
    partner, syntax = sending.partner, sending.syntax
    message = take(partner, syntax, "message", sending.messages) if sending.messages else 0
    if known is None or known.control_value is None:
        group = take(partner, syntax, "group", sending.groups) if sending.groups else 0
        interchange = take(partner, syntax, "interchange")
        return Numbers(interchange, group, message, workspace.clock())
    groups = ledger.interchanges.groups([known.id])[known.id]
    numbered = [int(group.number) for group in groups if group.number]
    first = min(numbered, default=0)
    if sending.groups > len(numbered):
        first = take(partner, syntax, "group", sending.groups)
    return Numbers(known.control_value, first, message, known.created_at)


def _planned(
    sending: Sending,
    outgoing: OutgoingInterchange,
    numbers: Numbers,
    content: bytes,
    batch_id: str,
) -> NewInterchange:
    kinds = document_types(outgoing)
    number = control_no(sending.syntax, numbers.interchange)
    hours = sending.expect.within_hours
    name = sending.file.format(
        document=kinds[-1] if kinds else sending.syntax,
        number=number,
        partner=sending.partner,
        date=f"{numbers.created:%Y%m%d}",
        time=f"{numbers.created:%H%M%S}",
    )
    return NewInterchange(
        id=sent_id(sending.partner, sending.syntax, numbers.interchange),
        partner=sending.partner,
        syntax=sending.syntax,
        sender=address(sending.syntax, outgoing.sender),
        receiver=address(sending.syntax, outgoing.receiver),
        control_no=number,
        document_types=kinds,
        documents=len(outgoing.transactions),
        groups=list(groups_of(outgoing)),
        file_name=name,
        sha256=sha256(content).hexdigest(),
        batch_id=batch_id,
        created_at=numbers.created,
        purpose=sending.purpose,
        made_from=sending.made_from,
        answers=sending.answers,
        expected_level=sending.expect.level if hours is not None else None,
        ack_expected_by=numbers.created + timedelta(hours=hours) if hours is not None else None,
    )
