"""Acknowledge: tell the partners what became of their files, by the policy of each.

Syntax (TA1, 997, 999, CONTRL) is told of every interchange whose header could be read, also where
nothing else of its file could. What the application made of the documents (824, APERAK) is told
where the policy wants it, once it is decided. Each is told once, whatever is run again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from etl import failpoints
from etl.config.edi import Acknowledge
from etl.errors import EtlError
from etl.formats.edi.acknowledging.acknowledgements import (
    APPLICATION_KINDS,
    SYNTAX_KINDS,
    Acknowledgement,
    acknowledgements,
    application_acknowledgements,
    tell_with_last,
)
from etl.formats.edi.acknowledging.application import DocumentResult
from etl.formats.edi.outgoing import OutgoingInterchange
from etl.formats.edi.receipt import ReceivedInterchange
from etl.formats.edi.writing.unwritable import UnwritableError
from etl.jobs.batch import Batch
from etl.jobs.edi.application import DocumentResults, told_as
from etl.jobs.edi.delivery import Deliveries, deliver_waiting
from etl.jobs.edi.exceptions import unanswerable, unwritable
from etl.jobs.edi.outbox import Numbers, Sending, Sent, put_into_outbox
from etl.jobs.edi.outgoing import group_count
from etl.jobs.edi.received import Reception, result_code
from etl.jobs.preparation import Prepared
from etl.jobs.progress import Progress
from etl.jobs.workspace import Workspace
from etl.ledger import Interchange, InterchangeState, NewException, Purpose


@dataclass
class Acknowledged:
    """What was told.

    Attributes:
        sent: ids of the interchanges that were put into the outbox now.
        exceptions: acknowledgements that could not be written.
        deliveries: partners that there was something for.
    """

    sent: list[str] = field(default_factory=list)
    exceptions: list[NewException] = field(default_factory=list)
    deliveries: Deliveries = field(default_factory=dict)


def acknowledge(
    workspace: Workspace,
    batch: Batch,
    prepared: Prepared,
    exceptions: Sequence[NewException],
    progress: Progress,
    *,
    applied: bool,
) -> Acknowledged:
    """Acknowledge what the batch's files brought, and deliver it.

    Args:
        exceptions: what the batch met; their codes and messages are the reasons that are told.
        applied: whether the target has answered: only then the documents' fate is known.
    """
    told = Acknowledged()
    receptions = [
        each
        for each in prepared.mapped.receptions
        if workspace.partner_of(each.file.partner).edi.acknowledge.anything
    ]
    results = None
    if receptions:
        progress.stage("acknowledge", len(receptions))
        if applied:
            results = DocumentResults(batch.id, prepared.mapped, prepared.documents, exceptions)
    for reception in receptions:
        try:
            _tell(workspace, batch, reception, results, told)
        except EtlError:
            raise
        except Exception as error:
            told.exceptions.append(unanswerable(reception.file, batch.id, error))
        progress.advance()
    told.deliveries = deliver_waiting(workspace, batch.job.partners, progress)
    return told


def _tell(
    workspace: Workspace,
    batch: Batch,
    reception: Reception,
    results: DocumentResults | None,
    told: Acknowledged,
) -> None:
    """Tell a partner of the interchanges of one file; `results` None: their fate is not known."""
    policy = workspace.partner_of(reception.file.partner).edi.acknowledge
    tell_with_last(reception.interchanges, reception.others)
    for place in range(len(reception.interchanges)):
        telling = _Telling(workspace, batch, reception, place, policy, told)
        telling.syntax()
        if results is not None:
            telling.application(results)


@dataclass(frozen=True)
class _Telling:
    """What is told of one interchange."""

    workspace: Workspace
    batch: Batch
    reception: Reception
    place: int
    policy: Acknowledge
    told: Acknowledged

    @property
    def _received(self) -> ReceivedInterchange:
        return self.reception.interchanges[self.place]

    def syntax(self) -> None:
        """TA1, 997, 999, CONTRL."""
        received, refused = self._received, self.place in self.reception.refused
        wanted = self.policy.x12 if received.syntax == "x12" else self.policy.edifact
        kinds = [kind for kind in SYNTAX_KINDS[received.syntax] if kind in wanted]
        result = result_code(received, refused=refused)
        if not kinds or (self.policy.when == "errors" and result == "A"):
            return
        made = acknowledgements(received, kinds, refused=refused)
        if self._put(made):
            with self.workspace.ledger.begin() as ledger:
                ledger.interchanges.answered_by_us(self.reception.id_of(self.place), result)
            failpoints.reached("acknowledge.noted")

    def application(self, results: DocumentResults) -> None:
        """824, APERAK: of the documents that were not told of before."""
        received, file = self._received, self.reception.file
        if APPLICATION_KINDS[received.syntax] not in self.policy.application:
            return
        if self.place in self.reception.refused:
            return  # told as a whole
        before = self._told_before()
        decided = [
            result
            for result in results.of(file.partner, file.sha256, received)
            if told_as(result) not in before
            and not (self.policy.when == "errors" and result.accepted)
        ]
        if decided:
            self._put_application(decided)

    def _put(self, made: Sequence[Acknowledgement]) -> list[Sent]:
        """Acknowledgements of the syntax, mostly one."""
        sent = []
        for number, each in enumerate(made):
            sending = Sending(
                partner=self.reception.file.partner,
                syntax=self._received.syntax,
                purpose=Purpose.SYNTAX,
                make=partial(_outgoing, each),
                made_from=self.reception.id_of(self.place),
                file=self.policy.file,
                place=number,
                groups=group_count(self._received.syntax, each.transactions),
            )
            sent += self._send(sending)
        return sent

    def _put_application(self, decided: list[DocumentResult]) -> None:
        received = self._received

        def made(numbers: Numbers) -> list[Acknowledgement]:
            return application_acknowledgements(
                received, decided, number=numbers.message, created=numbers.created
            )

        answerable = made(Numbers(0, 0, 0, self.workspace.clock()))
        if not answerable:
            return
        before = self._applications()
        self._send(
            Sending(
                partner=self.reception.file.partner,
                syntax=received.syntax,
                purpose=Purpose.APPLICATION,
                make=lambda numbers: _outgoing(made(numbers)[0], numbers),
                made_from=self.reception.id_of(self.place),
                file=self.policy.file,
                # behind what was sent before stands what a killed run only planned
                place=sum(row.state != InterchangeState.PLANNED for row in before),
                groups=group_count(received.syntax, answerable[0].transactions),
                messages=len(decided),
                answers=[told_as(result) for result in decided],
            )
        )

    def _told_before(self) -> set[str]:
        """The documents that the partner was told of; what a killed run only planned is not."""
        return {
            answer
            for row in self._applications()
            if row.state != InterchangeState.PLANNED
            for answer in row.answers
        }

    def _applications(self) -> list[Interchange]:
        with self.workspace.ledger.read() as ledger:
            return ledger.interchanges.made_from(
                self.reception.file.partner,
                self.reception.id_of(self.place),
                Purpose.APPLICATION,
            )

    def _send(self, sending: Sending) -> list[Sent]:
        try:
            sent = put_into_outbox(self.workspace, self.batch, sending)
        except UnwritableError as error:
            file = self.reception.file
            self.told.exceptions.append(unwritable(sending.made_from, file, self.batch.id, error))
            return []
        if sent.new:
            self.told.sent.append(sent.id)
        return [sent]


def _outgoing(made: Acknowledgement, numbers: Numbers) -> OutgoingInterchange:
    return made.outgoing(
        number=numbers.interchange, created=numbers.created, group_number=numbers.group
    )
