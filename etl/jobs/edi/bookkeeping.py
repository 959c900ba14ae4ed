"""What the ledger is told of the exchange with partners, beside the documents themselves."""

from __future__ import annotations

from etl.config.project import Job
from etl.errors import EtlError
from etl.jobs.batch import Batch
from etl.jobs.edi import exceptions
from etl.jobs.edi.answers import match_answers
from etl.jobs.edi.control_numbers import gaps_of
from etl.jobs.edi.received import new_interchanges
from etl.jobs.preparation import Prepared
from etl.jobs.stages.map import MappedBatch
from etl.jobs.workspace import Workspace
from etl.ledger import Channel, NewException, NewInterchange, Transaction


def note_exchange(workspace: Workspace, batch: Batch, prepared: Prepared) -> list[NewException]:
    """Note the interchanges that a batch received, and the answers among them.

    Returns:
        Gaps in control numbers, rejections, and answers to what we never sent.
    """
    rows, found = _new_interchanges(prepared.mapped, batch.id)
    receptions = prepared.mapped.receptions
    with workspace.ledger.begin() as ledger:
        ledger.interchanges.receive(rows)
        for gap in gaps_of(ledger, workspace.project.partners, receptions):
            missing = ledger.control_history.missing(gap.channel, gap.first, gap.last)
            if missing:
                found.append(exceptions.gap(gap, missing, batch.job.name, batch.id))
        _close_filled(ledger, batch)
        found += match_answers(ledger, prepared, batch.id)
        ledger.exceptions.add(found)
    return found


def _new_interchanges(
    mapped: MappedBatch, batch_id: str
) -> tuple[list[NewInterchange], list[NewException]]:
    """The rows of all interchanges; what the code raises for is neither noted nor answered."""
    rows: list[NewInterchange] = []
    found, noted = [], []
    for reception in mapped.receptions:
        try:
            rows += list(new_interchanges(reception, batch_id))
        except EtlError:
            raise
        except Exception as error:
            found.append(exceptions.unanswerable(reception.file, batch_id, error))
        else:
            noted.append(reception)
    mapped.receptions = noted
    return rows, found


def note_overdue(workspace: Workspace, job: Job) -> int:
    """Make exceptions of what a job's partners have not acknowledged in time; how many are new."""
    with workspace.ledger.begin() as ledger:
        late = ledger.interchanges.unanswered(job.partners, overdue=True)
        return ledger.exceptions.add([exceptions.overdue(sent, job.name) for sent in late]).new


def _close_filled(ledger: Transaction, batch: Batch) -> None:
    """Close the gaps whose numbers have all come now."""
    for partner in batch.job.partners:
        for item in ledger.exceptions.find(
            code=exceptions.CONTROL_NUMBER_GAP, partner=partner, limit=None
        ):
            told = item.details
            channel = Channel(partner, told["syntax"], told["sender"], told["receiver"])
            if not ledger.control_history.missing(channel, told["first"], told["last"]):
                ledger.exceptions.close(ids=[item.id], closed_by=batch.id)


def note_unwritable(workspace: Workspace, found: list[NewException]) -> list[NewException]:
    """Note acknowledgements that could not be written; gives them back."""
    with workspace.ledger.begin() as ledger:
        ledger.exceptions.add(found)
    return found
