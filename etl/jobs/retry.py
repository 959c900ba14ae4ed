"""Retry: what waits in the files behind exceptions again, now that their cause was mended."""

from __future__ import annotations

from collections.abc import Sequence

from etl.errors import ConfigurationError
from etl.jobs.bookkeeping import counts_of, exceptions_of
from etl.jobs.changes import changes_of
from etl.jobs.lock import exclusive
from etl.jobs.preparation import prepare
from etl.jobs.progress import Progress, Silent
from etl.jobs.rerun import do_again
from etl.jobs.result import RunResult
from etl.jobs.run import job_named, lock_path, run_job, started
from etl.jobs.scope import Scope
from etl.jobs.workspace import Workspace
from etl.ledger import Batch, ExceptionItem, File
from etl.ledger.models import RunKind


def retry(
    workspace: Workspace,
    ids: Sequence[str] = (),
    queue: str | None = None,
    progress: Progress | None = None,
) -> list[RunResult]:
    """Process again what waits in the files of exceptions: one run and one batch for each job.

    What was settled in these files stays as it is; where nothing has changed, nothing is sealed.
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
        file_ids = {item.file_id for item in items if item.file_id is not None}
        files: dict[str, list[File]] = {}
        batches: dict[str, list[Batch]] = {}
        for file in ledger.files.of_ids(sorted(file_ids)):
            batch = ledger.batches.named(file.batch_id)
            files.setdefault(batch.job, []).append(file)
            batches.setdefault(batch.job, []).append(batch)
    jobs = {_job_of(item) for item in items if item.file_id is None}
    results = [
        _retry_files(workspace, name, files[name], batches[name], items, progress)
        for name in sorted(files)
    ]
    return results + [run_job(workspace, job, progress=progress) for job in sorted(jobs)]


def _retry_files(
    workspace: Workspace,
    name: str,
    files: Sequence[File],
    batches: Sequence[Batch],
    items: Sequence[ExceptionItem],
    progress: Progress,
) -> RunResult:
    """Try what waits in files again; a batch is made where that changes something."""
    job = job_named(workspace, name)
    # expected charges are looked for from the earliest day on
    on = min(batch.nominal_date for batch in batches)
    scope = Scope("map", tuple(file.id for file in files), batches[0].id, waiting=True)
    with (
        exclusive(lock_path(workspace, job), f"job {job.name}"),
        started(workspace, job, on, RunKind.RETRY) as result,
    ):
        prepared = prepare(workspace, job, on, files, progress, waiting=True)
        if any(change.differs for change in changes_of(workspace, prepared)):
            do_again(workspace, job, scope, result, progress, prepared)
            return result
        ours = {file.id for file in files}
        with workspace.ledger.begin() as ledger:
            ledger.exceptions.still_wait([item.id for item in items if item.file_id in ours])
        result.counts.add(counts_of(workspace, prepared, files, interrupted=False))
        result.new_exceptions += len(exceptions_of(workspace, "", prepared))
    return result


def _job_of(item: ExceptionItem) -> str:
    """The job that met a technical exception."""
    return str(item.details["job"])
