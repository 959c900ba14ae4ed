"""Preparing a batch: everything that follows from its files, before anything is written.

The same code serves a run, a rerun and a dry run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from etl.canonical import RecordSet
from etl.config.project import Job
from etl.jobs.batch import BatchFile, batch_file
from etl.jobs.dispositions import hold, review_repeated, store
from etl.jobs.documents import REFERENCE_DATA, BatchDocuments, documents_of
from etl.jobs.earlier import Earlier
from etl.jobs.edi.application import ORIGIN
from etl.jobs.edi.repeated import tell_repeated
from etl.jobs.memory import give_back_memory
from etl.jobs.progress import Progress
from etl.jobs.replaced import replaced_records
from etl.jobs.stages.audit import audit
from etl.jobs.stages.map import MappedBatch, map_files
from etl.jobs.stages.push import Bills, bills_of
from etl.jobs.stages.reconcile import INVOICE
from etl.jobs.standing import standing_of
from etl.jobs.waiting import keep_waiting
from etl.jobs.workspace import Workspace
from etl.ledger import File
from etl.reconcile import Reconciliation


@dataclass
class Prepared:
    """What a batch's files mean, before anything is noted or pushed.

    Attributes:
        files: the files with content of their own; duplicates are only counted.
        read_again: whether the files were read, and not an earlier batch's records taken over.
        waiting: whether only what waits in them was looked at.
        taken_over: how many documents stay rejected as an earlier batch found them.
        still_wait: how many of these somebody has to look at still.
        documents: a row each for the ledger; those to be pushed have no disposition yet.
        approved: the rows of the invoices that are to be pushed, by business key.
        bills: what the target shall have; None for a job without the step push.
    """

    files: list[BatchFile]
    read_again: bool
    waiting: bool
    taken_over: int
    still_wait: int
    mapped: MappedBatch
    reconciliation: Reconciliation | None
    documents: BatchDocuments
    approved: dict[str, dict[str, Any]]
    bills: Bills | None

    def let_go_of_what_is_written(self) -> None:
        """Once the archive has them, hold of what was audited only where it came from, and no
        audit."""
        for kind in {INVOICE, *REFERENCE_DATA} & self.mapped.accepted.keys():
            origins = self.mapped.accepted[kind].main.select(list(ORIGIN))
            self.mapped.accepted[kind] = RecordSet(
                kind, {**RecordSet.empty(kind).tables, kind: origins}
            )
        self.reconciliation = None
        give_back_memory()


def prepare(
    workspace: Workspace,
    job: Job,
    on: date,
    files: Sequence[File],
    progress: Progress,
    earlier: Earlier | None = None,
    *,
    waiting: bool = False,
    batch_id: str = "",
) -> Prepared:
    """Everything that is computed from the ledger's `files`; writes nothing.

    Args:
        waiting: only what waits in them is looked at.
        batch_id: the batch that does it, which a killed try may have noted things of.
    """
    own = [batch_file(workspace, file) for file in files if file.duplicate_of is None]
    return prepare_files(
        workspace, job, on, own, progress, earlier, waiting=waiting, batch_id=batch_id
    )


def prepare_files(
    workspace: Workspace,
    job: Job,
    on: date,
    own: list[BatchFile],
    progress: Progress,
    earlier: Earlier | None = None,
    *,
    waiting: bool = False,
    batch_id: str = "",
) -> Prepared:
    """Everything that is computed from files with content of their own; writes nothing."""
    mapped, reconciliation = MappedBatch(), None
    read_again = earlier is None
    if earlier is not None:
        mapped, reconciliation = earlier.mapped, earlier.reconciliation
    elif "map" in job.steps:
        mapped = map_files(workspace, own, progress)
        give_back_memory()
        tell_repeated(workspace, mapped)
        if waiting:
            keep_waiting(mapped, standing_of(workspace, own, batch_id), own)
    mapped.replaced = replaced_records(workspace, mapped, own)
    if "reconcile" in job.steps and reconciliation is None:
        progress.stage("reconcile", 1)
        reconciliation = audit(workspace, mapped, own, on)
        progress.advance()
        give_back_memory()
    rejected = earlier.rejected if earlier is not None else ()
    documents = documents_of(mapped, reconciliation, own, rejected)
    if reconciliation is None:
        review_repeated(documents)

    if job.push is None or "push" not in job.steps:
        store(documents)
        approved: dict[str, dict[str, Any]] = {}
        bills: Bills | None = None
    else:
        hold(documents, job.push.outcomes)
        approved = documents.approved()
        bills = bills_of(workspace, job.push, mapped, approved)
        give_back_memory()
    return Prepared(
        files=own,
        read_again=read_again,
        waiting=waiting,
        taken_over=len(rejected),
        still_wait=earlier.waiting if earlier is not None else 0,
        mapped=mapped,
        reconciliation=reconciliation,
        documents=documents,
        approved=approved,
        bills=bills,
    )
