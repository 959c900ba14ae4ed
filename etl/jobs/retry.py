"""Retry: the files behind exceptions again, now that their cause was mended."""

from __future__ import annotations

from collections.abc import Sequence

from etl.errors import ConfigurationError
from etl.jobs.progress import Progress, Silent
from etl.jobs.rerun import rerun
from etl.jobs.result import RunResult
from etl.jobs.run import run_job
from etl.jobs.workspace import Workspace
from etl.ledger.models import ExceptionItem, RunKind


def retry(
    workspace: Workspace,
    ids: Sequence[str] = (),
    queue: str | None = None,
    progress: Progress | None = None,
) -> list[RunResult]:
    """Process the files of exceptions again, each file once; one run for each of them.

    Technical exceptions have no file: the job that met them is run.

    Args:
        ids: of exceptions; else all open ones of `queue`.

    Raises:
        ConfigurationError: no such exception, or it is closed.
    """
    progress = progress or Silent()
    with workspace.ledger.begin() as ledger:
        items = (
            [ledger.exceptions.named(item_id) for item_id in ids]
            if ids
            else ledger.exceptions.find(queue=queue, limit=None)
        )
        for item in items:
            if item.state == "closed":
                raise ConfigurationError(f"exception {item.id} is closed; nothing is to be done")
        ledger.exceptions.retry([item.id for item in items])
        files = {
            item.file_id: ledger.files.named(item.file_id).batch_id
            for item in items
            if item.file_id is not None
        }
        jobs = {_job_of(item) for item in items if item.file_id is None}
    results = [
        rerun(workspace, batch, file=file_id, kind=RunKind.RETRY, progress=progress)
        for file_id, batch in files.items()
    ]
    return results + [run_job(workspace, job, progress=progress) for job in sorted(jobs)]


def _job_of(item: ExceptionItem) -> str:
    """The job that met a technical exception."""
    return str(item.details["job"])
