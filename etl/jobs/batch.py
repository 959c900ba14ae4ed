"""A batch being worked on: its folder in the archive, and the files that arrived in it."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import BinaryIO

from etl.archive import BatchFolder
from etl.config.project import Job
from etl.jobs.workspace import Workspace
from etl.ledger import models
from etl.raw import SourceFile


@dataclass(frozen=True, slots=True)
class BatchFile:
    """A file of a batch whose content is to be processed.

    Attributes:
        id: the ledger's id of the file.
        name: the partner's name of it.
        sequence: its arrival, in the ledger's order.
        open: opens its bytes, from the archive.
        batch_id: the batch that it came with; empty: it is only looked at.
    """

    id: str
    partner: str
    name: str
    sha256: str
    size: int
    received_at: datetime
    sequence: int
    open: Callable[[], BinaryIO]
    batch_id: str = ""

    @property
    def source(self) -> SourceFile:
        """The file as readers take it."""
        return SourceFile(self.name, self.sha256, self.size, self.open)


@dataclass(frozen=True, slots=True)
class Batch:
    """One batch, open: where it is in the archive, and for which job and day it is."""

    id: str
    job: Job
    nominal_date: date
    folder: BatchFolder
    rerun_of: str | None = None


def new_id(now: datetime) -> str:
    """An id for a run or a batch: ordered by time, unique among processes and machines."""
    return f"{now:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"


def open_batch(
    workspace: Workspace,
    job: Job,
    run_id: str,
    nominal_date: date,
    *,
    batch_id: str | None = None,
    rerun_of: str | None = None,
) -> Batch:
    """Open a new batch, or the one of `batch_id` again: it is this run's then, unless the run that
    was killed had sealed it."""
    batch_id = batch_id or new_id(workspace.clock())
    folder = workspace.archive.open_batch(batch_id, nominal_date)
    batch = Batch(batch_id, job, nominal_date, folder, rerun_of)
    if folder.sealed:
        return batch
    with workspace.ledger.begin() as ledger:
        ledger.batches.open(
            batch_id,
            run_id=run_id,
            job=job.name,
            partners=job.partners,
            nominal_date=nominal_date,
            folder=folder.folder,
            rerun_of=rerun_of,
        )
    return batch


def batch_file(workspace: Workspace, file: models.File) -> BatchFile:
    """The file with its content opened from the archive when it is needed."""
    return BatchFile(
        id=file.id,
        partner=file.partner,
        name=file.original_name,
        sha256=file.sha256,
        size=file.size,
        received_at=file.received_at,
        sequence=file.sequence,
        open=lambda: workspace.archive.open_original(file.sha256),
        batch_id=file.batch_id,
    )
