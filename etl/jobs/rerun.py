"""Rerun: the same originals again, with today's mappings, rules and data, as a batch of its own.

A sealed batch never changes. What is pushed already is found unchanged, and nothing is sent.
"""

from __future__ import annotations

from collections.abc import Sequence

from etl.config.project import Job
from etl.errors import ConfigurationError
from etl.jobs.batch import new_id, open_batch
from etl.jobs.changes import Change, changes_of
from etl.jobs.lock import exclusive
from etl.jobs.preparation import Prepared, prepare
from etl.jobs.progress import Progress, Silent
from etl.jobs.result import RunResult
from etl.jobs.run import finish, job_named, lock_path, started
from etl.jobs.scope import STAGES, Scope, files_of, write_scope
from etl.jobs.workspace import Workspace
from etl.ledger.models import Batch, File, RunKind


def rerun(
    workspace: Workspace,
    batch_id: str,
    *,
    stage: str = "map",
    file: str | None = None,
    progress: Progress | None = None,
) -> RunResult:
    """Process a batch again.

    Args:
        stage: the first stage done again; see :data:`etl.jobs.scope.STAGES`.
        file: only this file of the batch, by name, id or sha256; None: all.

    Raises:
        ConfigurationError: no such batch, stage or file.
        TransientError: another process runs the job.
    """
    before, job, files = _chosen(workspace, batch_id, stage, file)
    with (
        exclusive(lock_path(workspace, job), f"job {job.name}"),
        started(workspace, job, before.nominal_date, RunKind.RERUN) as result,
    ):
        scope = Scope(stage, tuple(each.id for each in files), batch_id)
        do_again(workspace, job, scope, result, progress or Silent())
    return result


def do_again(
    workspace: Workspace,
    job: Job,
    scope: Scope,
    result: RunResult,
    progress: Progress,
    prepared: Prepared | None = None,
) -> None:
    """Process what is in a scope, as a batch of its own.

    Args:
        prepared: what its files mean, where that is known already.
    """
    again = new_id(workspace.clock())
    # the scope is there before the ledger knows the batch: a killed rerun keeps its meaning
    folder = workspace.archive.open_batch(again, result.nominal_date)
    write_scope(folder, scope)
    batch = open_batch(
        workspace,
        job,
        result.run_id,
        result.nominal_date,
        batch_id=again,
        rerun_of=scope.of_batch,
    )
    result.batches.append(batch.id)
    finish(workspace, batch, result, progress, prepared)


def preview(
    workspace: Workspace,
    batch_id: str,
    *,
    stage: str = "map",
    file: str | None = None,
    progress: Progress | None = None,
) -> list[Change]:
    """What :func:`rerun` would change, document by document; nothing is written anywhere.

    Raises:
        ConfigurationError: no such batch, stage or file.
    """
    before, job, files = _chosen(workspace, batch_id, stage, file)
    scope = Scope(stage, tuple(each.id for each in files), batch_id)
    earlier = scope.earlier(workspace, files)
    prepared = prepare(workspace, job, before.nominal_date, files, progress or Silent(), earlier)
    return changes_of(workspace, prepared)


def _chosen(
    workspace: Workspace, batch_id: str, stage: str, file: str | None
) -> tuple[Batch, Job, Sequence[File]]:
    if stage not in STAGES:
        raise ConfigurationError(f"there is no stage {stage!r}; there are {', '.join(STAGES)}")
    with workspace.ledger.read() as ledger:
        batch = ledger.batches.named(batch_id)
    job = job_named(workspace, batch.job)
    files = [each for each in files_of(workspace, batch_id) if each.duplicate_of is None]
    if file is not None:
        names = sorted({each.original_name for each in files})
        files = [
            each
            for each in files
            if file in (each.id, each.original_name) or each.sha256.startswith(file.lower())
        ]
        if not files:
            raise ConfigurationError(
                f"batch {batch_id} has no file {file!r}; it has {', '.join(names)}"
            )
    return batch, job, files
