"""Run a job: finish what a killed run left, pull what is new, process it, and add it all up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date
from pathlib import Path
from zoneinfo import ZoneInfo

from etl.config.project import Job
from etl.errors import ConfigurationError, EtlError, TerminalError
from etl.fence import told
from etl.jobs import queues
from etl.jobs.batch import Batch, new_id, open_batch
from etl.jobs.edi.bookkeeping import note_overdue
from etl.jobs.edi.delivery import Deliveries, deliver_waiting
from etl.jobs.endpoints import endpoint_settings
from etl.jobs.left_behind import note_left
from etl.jobs.lock import exclusive
from etl.jobs.preparation import Prepared, prepare
from etl.jobs.process import Processed, process
from etl.jobs.progress import Progress, Silent
from etl.jobs.result import RunResult
from etl.jobs.scope import files_of, read_scope
from etl.jobs.stages.pull import pull
from etl.jobs.stages.seal import note_seal
from etl.jobs.targets import target_name
from etl.jobs.workspace import Workspace
from etl.ledger.models import File, RunKind
from etl.ledger.runs import RunEnd
from etl.yamlfile import did_you_mean


def job_named(workspace: Workspace, name: str) -> Job:
    """The declared job; raises ConfigurationError for one that is not declared."""
    jobs = workspace.project.jobs
    if name not in jobs:
        hint = did_you_mean(name, jobs)
        raise ConfigurationError(
            f"there is no job {name!r} in schedules.yaml; there are {', '.join(jobs)}. {hint}"
        )
    return jobs[name]


def run_job(
    workspace: Workspace,
    name: str,
    nominal_date: date | None = None,
    progress: Progress | None = None,
) -> RunResult:
    """Run a job once.

    Args:
        nominal_date: the day it is for; None: today, in the zone of the job's trigger.

    Raises:
        ConfigurationError: something that the job needs is declared wrong; nothing was pulled, and
            the ledger has the run as failed.
        TransientError: another process runs the job.
    """
    job = job_named(workspace, name)
    progress = progress or Silent()
    on = nominal_date or today(workspace, job)
    with (
        exclusive(lock_path(workspace, job), f"job {job.name}"),
        started(workspace, job, on, RunKind.RUN) as result,
    ):
        _check_declarations(workspace, job)
        _work(workspace, job, result, progress)
    return result


def today(workspace: Workspace, job: Job) -> date:
    """The day that a run of `job` is for when none is named: in the zone of its trigger."""
    zone = ZoneInfo(job.trigger.zone) if job.trigger else UTC
    return workspace.clock().astimezone(zone).date()


def _check_declarations(workspace: Workspace, job: Job) -> None:
    """Read what the job will need, secrets too, so that what is wrong stops it before it begins."""
    workspace.compile_all(job)
    if "pull" in job.steps:
        for name in job.partners:
            endpoint_settings(workspace.partner_of(name), workspace.project.root)
    if "reconcile" in job.steps:
        _ = workspace.tolerances
    if "push" in job.steps:
        target_name(workspace.project)


def lock_path(workspace: Workspace, job: Job) -> Path:
    """The file that a running job locks."""
    return workspace.project.folders.archive / f".{job.name}.lock"


@contextmanager
def started(workspace: Workspace, job: Job, on: date, kind: RunKind) -> Iterator[RunResult]:
    """A run in the ledger from its start to its end, also where an error ends it."""
    result = RunResult(new_id(workspace.clock()), job.name, on)
    with workspace.ledger.begin() as ledger:
        ledger.runs.start(result.run_id, job.name, on, kind)
        ledger.runs.mark_killed(job.name, but=result.run_id)
    try:
        yield result
        if not result.errors and not result.counts.add_up:
            result.errors.append(f"the counts do not add up: {result.counts}")
    except BaseException as error:
        result.errors.append(str(error) or type(error).__name__)
        raise
    finally:
        with workspace.ledger.begin() as ledger:
            ledger.runs.finish(
                result.run_id,
                result.state,
                result.counts.as_dict(),
                result.error,
                result.sealed,
            )


def note_processed(workspace: Workspace, result: RunResult, processed: Processed) -> None:
    """Add a batch's result to the run's; a target that failed becomes an exception, one that
    works again closes it."""
    result.counts.add(processed.counts)
    result.new_exceptions += len(processed.exceptions) + processed.still_wait
    _note_technical(workspace, result, "BATCH_FAILED", processed.batch_id, None)
    _note_technical(workspace, result, "PUSH_FAILED", workspace.project.target, processed.error)
    _note_deliveries(workspace, result, processed.deliveries)


def _work(workspace: Workspace, job: Job, result: RunResult, progress: Progress) -> None:
    filling = _Filling(workspace, job, result)
    if "pull" in job.steps:
        for name in job.partners:
            pulled = pull(workspace, workspace.partner_of(name), filling.batch, progress)
            result.pulled.append(pulled)
            _note_technical(workspace, result, "PULL_FAILED", name, pulled.error)
            result.new_exceptions += note_left(workspace, job, pulled)
    with workspace.ledger.read() as ledger:
        waiting = ledger.batches.unsealed(job.name)
    for number, row in enumerate(waiting):
        batch = open_batch(
            workspace,
            job,
            result.run_id,
            row.nominal_date,
            batch_id=row.id,
            rerun_of=row.rerun_of,
        )
        result.batches.append(batch.id)
        processed = _finish_fenced(workspace, batch, result, progress)
        if processed is not None and processed.error is not None:
            # the target is away: later batches would only knock at the same door
            result.waiting = [behind.id for behind in waiting[number:]]
            break
    if "acknowledge" in job.steps:
        left = [name for name in job.partners if name not in result.visited_to_deliver]
        _note_deliveries(workspace, result, deliver_waiting(workspace, left, progress))
    result.new_exceptions += note_overdue(workspace, job)


def _finish_fenced(
    workspace: Workspace, batch: Batch, result: RunResult, progress: Progress
) -> Processed | None:
    """Process a batch; one that the code raises for stays open, and does not stop those behind."""
    try:
        return finish(workspace, batch, result, progress)
    except EtlError:
        raise
    except Exception as error:
        failed = TerminalError(told("processing it", error))
        _note_technical(workspace, result, "BATCH_FAILED", batch.id, failed)
        return None


def finish(
    workspace: Workspace,
    batch: Batch,
    result: RunResult,
    progress: Progress,
    prepared: Prepared | None = None,
) -> Processed | None:
    """Process a batch, or only note its seal where a killed run had come that far.

    Args:
        prepared: what its files mean, where that is known already.
    """
    if batch.folder.sealed:
        note_seal(workspace, batch, batch.folder.manifest())
        return None
    files = files_of(workspace, batch.id)

    def note(processed: Processed) -> RunEnd:
        note_processed(workspace, result, processed)
        ends = result.end(workspace.clock())
        if processed.error is None:
            result.sealed = ends
        return ends

    prepared = prepared or prepare_batch(workspace, batch, files, progress)
    return process(workspace, batch, files, progress, prepared, note)


def prepare_batch(
    workspace: Workspace, batch: Batch, files: Sequence[File], progress: Progress
) -> Prepared:
    """What the files of a batch mean, within the scope that it was begun with."""
    scope = read_scope(batch)
    return prepare(
        workspace,
        batch.job,
        batch.nominal_date,
        files,
        progress,
        scope.earlier(workspace, files, batch.id),
        waiting=scope.waiting,
        batch_id=batch.id,
    )


class _Filling:
    """The batch that pulled files go to: one that a killed run did not come to process, or new."""

    def __init__(self, workspace: Workspace, job: Job, result: RunResult) -> None:
        self._workspace = workspace
        self._job = job
        self._result = result
        self._batch: Batch | None = None

    def batch(self) -> Batch:
        if self._batch is None:
            self._batch = open_batch(
                self._workspace,
                self._job,
                self._result.run_id,
                self._result.nominal_date,
                batch_id=self._unprocessed(),
            )
        return self._batch

    def _unprocessed(self) -> str | None:
        with self._workspace.ledger.read() as ledger:
            for batch in ledger.batches.unsealed(self._job.name):
                fresh = batch.rerun_of is None and batch.nominal_date == self._result.nominal_date
                if fresh and not ledger.documents.of_batch(batch.id, limit=1):
                    return batch.id
        return None


def _note_deliveries(workspace: Workspace, result: RunResult, deliveries: Deliveries) -> None:
    for partner, error in deliveries.items():
        result.visited_to_deliver.add(partner)
        _note_technical(workspace, result, "DELIVERY_FAILED", partner, error)


def _note_technical(
    workspace: Workspace, result: RunResult, code: str, subject: str, error: EtlError | None
) -> None:
    """A technical failure waits in its queue until the same thing works again."""
    item = queues.technical(code, subject, result.job, error)
    with workspace.ledger.begin() as ledger:
        if error is None:
            ledger.exceptions.close(fingerprints=[item.fingerprint])
        else:
            result.errors.append(item.message)
            ledger.exceptions.add([item])
