"""Preparing a batch: everything that follows from its files, before anything is written.

The same code serves a run, a rerun and a dry run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from etl.config.project import Job
from etl.jobs.batch import BatchFile, batch_file
from etl.jobs.dispositions import hold, review_repeated, store
from etl.jobs.documents import BatchDocuments, documents_of
from etl.jobs.earlier import Earlier
from etl.jobs.edi.repeated import tell_repeated
from etl.jobs.progress import Progress
from etl.jobs.stages.audit import audit
from etl.jobs.stages.map import MappedBatch, map_files
from etl.jobs.stages.push import Bills, bills_of
from etl.jobs.workspace import Workspace
from etl.ledger import File
from etl.reconcile import Reconciliation


@dataclass
class Prepared:
    """What a batch's files mean, before anything is noted or pushed.

    Attributes:
        files: the files with content of their own; duplicates are only counted.
        read_again: whether the files were read, and not an earlier batch's records taken over.
        documents: a row each for the ledger; those to be pushed have no disposition yet.
        approved: the rows of the invoices that are to be pushed, by business key.
        bills: what the target shall have; None for a job without the step push.
    """

    files: list[BatchFile]
    read_again: bool
    mapped: MappedBatch
    reconciliation: Reconciliation | None
    documents: BatchDocuments
    approved: dict[str, dict[str, Any]]
    bills: Bills | None


def prepare(
    workspace: Workspace,
    job: Job,
    on: date,
    files: Sequence[File],
    progress: Progress,
    earlier: Earlier | None = None,
) -> Prepared:
    """Everything that is computed from the ledger's `files`; writes nothing."""
    own = [batch_file(workspace, file) for file in files if file.duplicate_of is None]
    return prepare_files(workspace, job, on, own, progress, earlier)


def prepare_files(
    workspace: Workspace,
    job: Job,
    on: date,
    own: list[BatchFile],
    progress: Progress,
    earlier: Earlier | None = None,
) -> Prepared:
    """Everything that is computed from files with content of their own; writes nothing."""
    mapped, reconciliation = MappedBatch(), None
    read_again = earlier is None
    if earlier is not None:
        mapped, reconciliation = earlier.mapped, earlier.reconciliation
    elif "map" in job.steps:
        mapped = map_files(workspace, own, progress)
        tell_repeated(workspace, mapped)
    if "reconcile" in job.steps and reconciliation is None:
        progress.stage("reconcile", 1)
        reconciliation = audit(workspace, mapped, own, on)
        progress.advance()
    documents = documents_of(mapped, reconciliation, own)
    if reconciliation is None:
        review_repeated(documents)
    if job.push is None or "push" not in job.steps:
        store(documents)
        return Prepared(own, read_again, mapped, reconciliation, documents, {}, None)
    hold(documents, job.push.outcomes)
    approved = documents.approved()
    bills = bills_of(workspace, job.push, mapped, approved)
    return Prepared(own, read_again, mapped, reconciliation, documents, approved, bills)
