"""A run that changes nothing: what would be pulled, and what would become of it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from etl.config.project import Job
from etl.errors import ExitCode, TechnicalError
from etl.jobs.batch import Batch, BatchFile, batch_file
from etl.jobs.changes import Change, changes_of
from etl.jobs.endpoints import endpoint_settings
from etl.jobs.preparation import prepare_files
from etl.jobs.progress import Progress
from etl.jobs.run import job_named, prepare_batch, today
from etl.jobs.scope import files_of
from etl.jobs.workspace import Workspace
from etl.transfer.endpoint import open_endpoint
from etl.transfer.inbox import Inbox, Received


@dataclass
class RunPlan:
    """What a run would do.

    Attributes:
        files: partner, name and size of each file that would be pulled.
        changes: what would become of the documents in them, and of those in unfinished batches.
        errors: partners that could not be visited.
    """

    files: list[tuple[str, str, int]] = field(default_factory=list)
    changes: Sequence[Change] = ()
    errors: list[str] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """3 where a partner could not be visited."""
        return ExitCode.TECHNICAL if self.errors else ExitCode.OK

    def as_dict(self) -> dict[str, Any]:
        """For a script."""
        return {
            "files": [
                {"partner": partner, "name": name, "size": size}
                for partner, name, size in self.files
            ],
            "changes": [change for change in self.changes if change.differs],
            "errors": self.errors,
        }


def plan_run(
    workspace: Workspace, name: str, nominal_date: date | None, progress: Progress
) -> RunPlan:
    """Fetch what is new into a temporary folder and work out what a run would do with it.

    The ledger, the archive, the target and the partners' folders are left as they are.

    Raises:
        ConfigurationError: the job or one of its mappings is wrong.
    """
    job = job_named(workspace, name)
    plan = RunPlan()
    with tempfile.TemporaryDirectory(prefix="etl-dry-run-") as folder:
        files = _unfinished(workspace, job)
        for partner in job.partners:
            received = _fetch(workspace, partner, Inbox(Path(folder), workspace.clock), plan)
            files += _new(workspace, received, behind=len(files))
        prepared = prepare_files(
            workspace, job, nominal_date or today(workspace, job), files, progress
        )
        plan.changes = [
            *_of_killed_reruns(workspace, job, progress),
            *changes_of(workspace, prepared),
        ]
    return plan


def _of_killed_reruns(workspace: Workspace, job: Job, progress: Progress) -> Iterator[Change]:
    """What becomes of the documents of reruns and retries that were killed: the run ends them."""
    with workspace.ledger.read() as ledger:
        reruns = [batch for batch in ledger.batches.unsealed(job.name) if batch.rerun_of]
    for row in reruns:
        folder = workspace.archive.find_batch(row.id)
        if folder is None or folder.sealed:
            continue  # only its seal is to be noted
        batch = Batch(row.id, job, row.nominal_date, folder, row.rerun_of)
        files = files_of(workspace, batch.id)
        yield from changes_of(workspace, prepare_batch(workspace, batch, files, progress))


def _unfinished(workspace: Workspace, job: Job) -> list[BatchFile]:
    with workspace.ledger.read() as ledger:
        batches = [b.id for b in ledger.batches.unsealed(job.name) if b.rerun_of is None]
        files = ledger.files.of_batches(batches)
    own = (batch_file(workspace, file) for file in files if file.duplicate_of is None)
    # what is new joins them, so that to the run they have come together
    return [replace(file, batch_id="") for file in own]


def _fetch(workspace: Workspace, partner: str, inbox: Inbox, plan: RunPlan) -> list[Received]:
    received = []
    settings = endpoint_settings(workspace.partner_of(partner), workspace.project.root)
    try:
        with open_endpoint(settings) as endpoint:
            for fetched in endpoint.fetch(endpoint.list().files, inbox):
                if fetched.received is not None:
                    received.append(fetched.received)
                    plan.files.append((partner, fetched.remote.name, fetched.remote.size))
                else:
                    plan.errors.append(str(fetched.error))
    except TechnicalError as error:
        plan.errors.append(str(error))
    return received


def _new(workspace: Workspace, received: Sequence[Received], behind: int) -> list[BatchFile]:
    """Those whose bytes never came before, arriving behind so many others."""
    seen: set[str] = set()
    new = []
    with workspace.ledger.read() as ledger:
        for sequence, file in enumerate(received, start=ledger.order.upcoming() + behind):
            if file.sha256 in seen or ledger.files.first_with(file.partner, file.sha256):
                continue
            seen.add(file.sha256)
            new.append(
                BatchFile(
                    id=file.id,
                    partner=file.partner,
                    name=file.original_name,
                    sha256=file.sha256,
                    size=file.size,
                    received_at=file.received_at,
                    sequence=sequence,
                    open=partial(_opened, file.path),
                )
            )
    return new


def _opened(path: Path) -> BinaryIO:
    return path.open("rb")
