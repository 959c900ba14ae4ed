"""A batch from its files to its seal: map, reconcile, push, acknowledge, each stage noted before
the next.

Killed anywhere, the same batch is simply processed again: the same files give the same records
and the same outcomes, the ledger's rows are replaced by equal ones, and the target is asked
before anything is made there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from etl import failpoints
from etl.errors import TechnicalError
from etl.jobs.batch import Batch
from etl.jobs.bookkeeping import counts_of, exceptions_of, note_documents, note_report, settle
from etl.jobs.counts import Counts
from etl.jobs.edi.bookkeeping import note_exchange, note_unwritable
from etl.jobs.edi.delivery import Deliveries
from etl.jobs.memory import give_back_memory
from etl.jobs.preparation import Prepared
from etl.jobs.progress import Progress
from etl.jobs.record_files import write_defects, write_records
from etl.jobs.stages.acknowledge import acknowledge
from etl.jobs.stages.push import push
from etl.jobs.stages.seal import seal
from etl.jobs.targets import open_target, target_name
from etl.jobs.workspace import Workspace
from etl.ledger import File, NewException
from etl.ledger.runs import RunEnd
from etl.odoo.target import PushReport


@dataclass
class Processed:
    """What became of a batch.

    Attributes:
        error: why its push could not be finished; the batch then stays open for the next run.
        exceptions: what a person has to look at; still_wait: and how much besides that was taken
            over from an earlier batch.
        deliveries: partners that acknowledgements were delivered to, or could not be.
    """

    batch_id: str
    counts: Counts = field(default_factory=Counts)
    exceptions: list[NewException] = field(default_factory=list)
    still_wait: int = 0
    error: TechnicalError | None = None
    deliveries: Deliveries = field(default_factory=dict)


def process(
    workspace: Workspace,
    batch: Batch,
    files: Sequence[File],
    progress: Progress,
    prepared: Prepared,
    note: Callable[[Processed], RunEnd],
) -> Processed:
    """Take a batch through the job's steps and seal it.

    Args:
        files: the ledger's files of the batch, duplicates included.
        prepared: what they mean.
        note: takes what became of the batch into the run's result, and tells how the run ends.

    Raises:
        ConfigurationError: a mapping or the target's settings are wrong; the batch stays open.
    """
    _write_results(batch, prepared)
    exceptions = exceptions_of(workspace, batch.id, prepared)
    prepared.let_go_of_what_is_written()
    note_documents(workspace, batch, prepared, exceptions)
    exceptions += note_exchange(workspace, batch, prepared)
    processed = Processed(batch.id, exceptions=exceptions, still_wait=prepared.still_wait)
    if prepared.bills is not None:
        try:
            report = _push(workspace, batch, prepared, progress)
        except TechnicalError as error:
            processed.error = error
        else:
            exceptions += note_report(workspace, batch, prepared, report)
        prepared.bills = None
        give_back_memory()
    if "acknowledge" in batch.job.steps:
        told = acknowledge(
            workspace, batch, prepared, exceptions, progress, applied=processed.error is None
        )
        processed.deliveries = told.deliveries
        exceptions += note_unwritable(workspace, told.exceptions)
    processed.counts = counts_of(
        workspace, prepared, files, interrupted=processed.error is not None
    )
    if processed.error is None:
        settle(workspace, batch, prepared, exceptions)
    ends = note(processed)
    if processed.error is None:
        seal(workspace, batch, processed.counts, ends)
    return processed


def _write_results(batch: Batch, prepared: Prepared) -> None:
    for records in prepared.mapped.accepted.values():
        write_records(batch.folder, records)
    write_defects(batch.folder, prepared.mapped.troubles)
    failpoints.reached("map.records_written")
    if prepared.reconciliation is not None:
        batch.folder.write_table("reconciliation", prepared.reconciliation.invoices)
        batch.folder.write_table("reconciliation_lines", prepared.reconciliation.lines)
    failpoints.reached("reconcile.written")


def _push(workspace: Workspace, batch: Batch, prepared: Prepared, progress: Progress) -> PushReport:
    assert prepared.bills is not None
    assert batch.job.push is not None
    report = push(
        workspace,
        batch,
        open_target(workspace.project, batch.id),
        target_name(workspace.project),
        prepared.bills,
        prepared.approved,
        prepared.files,
        batch.job.push.post == "approved",
        progress,
    )
    report.rejected.extend(prepared.bills.refused)
    return report
