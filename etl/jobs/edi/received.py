"""Received interchanges as the ledger keeps them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from etl.defects import Defect
from etl.formats.edi.acknowledging.verdict import Verdict, result_of
from etl.formats.edi.receipt import ReceivedInterchange, take_up
from etl.jobs.batch import BatchFile
from etl.ledger import Channel, NewGroup, NewInterchange
from etl.ledger.interchanges import received_id

RESULTS = {
    Verdict.ACCEPTED: "A",
    Verdict.ERRORS: "E",
    Verdict.PARTLY: "P",
    Verdict.REJECTED: "R",
}


@dataclass(slots=True, eq=False)
class Reception:
    """The interchanges of one file.

    Attributes:
        others: defects of the file that belong to none of them.
        refused: places of those that were kept out as a whole, from 0: their control number had
            come before.
    """

    file: BatchFile
    interchanges: list[ReceivedInterchange] = field(default_factory=list)
    others: list[Defect] = field(default_factory=list)
    refused: set[int] = field(default_factory=set)

    def id_of(self, place: int) -> str:
        """The ledger's id of an interchange, by its place from 0."""
        return received_id(self.file.partner, self.file.sha256, place + 1)

    def take(self, interchanges: Sequence[ReceivedInterchange], others: Sequence[Defect]) -> None:
        """Add what a chunk of the file tells; an interchange that goes on comes again."""
        take_up(self.interchanges, interchanges)
        self.others += others


def channel_of(partner: str, received: ReceivedInterchange) -> Channel:
    """Whose control numbers these are."""
    if received.syntax == "x12":
        sender, receiver = (f"{received.element(at)}:{received.element(at + 1)}" for at in (5, 7))
    else:
        sender, receiver = received.element(2), received.element(3)
    return Channel(partner, received.syntax, sender, receiver)


def result_code(received: ReceivedInterchange, *, refused: bool) -> str:
    """A, E, P or R: what became of an interchange as EDI."""
    return RESULTS[result_of(received, refused=refused)]


def new_interchanges(reception: Reception, batch_id: str) -> Iterator[NewInterchange]:
    """The rows of a file's interchanges."""
    file = reception.file
    for place, received in enumerate(reception.interchanges):
        channel = channel_of(file.partner, received)
        transactions = received.transactions
        yield NewInterchange(
            id=reception.id_of(place),
            partner=file.partner,
            syntax=received.syntax,
            sender=channel.sender,
            receiver=channel.receiver,
            control_no=received.number.strip(),
            document_types=sorted({each.document for each in transactions}),
            documents=len(transactions),
            groups=[
                NewGroup(group.elements[1].strip() if len(group.elements) > 1 else "", group.number)
                for group in received.groups
            ],
            file_name=file.name,
            sha256=file.sha256,
            batch_id=batch_id,
            file_id=file.id,
            created_at=file.received_at,
        )
