"""Rerun: the same originals again, with today's mappings, rules and data, as a batch of its own.

A sealed batch never changes. What is pushed already is found unchanged, and nothing is sent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from etl.config.project import Job
from etl.errors import ConfigurationError
from etl.jobs.batch import files_of, new_id, open_batch
from etl.jobs.lock import exclusive
from etl.jobs.preparation import Prepared, prepare
from etl.jobs.progress import Progress, Silent
from etl.jobs.result import RunResult
from etl.jobs.run import finish, job_named, lock_path, started
from etl.jobs.scope import STAGES, Scope, write_scope
from etl.jobs.stages.push import known_pushes, planned_states
from etl.jobs.stages.reconcile import INVOICE
from etl.jobs.targets import target_name
from etl.jobs.workspace import Workspace
from etl.ledger.models import Batch, Document, File, RunKind
from etl.odoo.target import PushState


@dataclass(frozen=True, slots=True)
class Change:
    """What a rerun would change for one document; None on a side: it is not there.

    Attributes:
        push: what would happen in the target: created, updated or unchanged; None: not pushed.
    """

    business_key: str
    outcome_before: str | None
    outcome_after: str | None
    amount_before: Decimal | None
    amount_after: Decimal | None
    push: PushState | None

    @property
    def differs(self) -> bool:
        """Whether anything would be different."""
        return (
            self.outcome_before != self.outcome_after
            or self.amount_before != self.amount_after
            or self.push in (PushState.CREATED, PushState.UPDATED)
        )


def rerun(
    workspace: Workspace,
    batch_id: str,
    *,
    stage: str = "map",
    file: str | None = None,
    kind: RunKind = RunKind.RERUN,
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
    progress = progress or Silent()
    with (
        exclusive(lock_path(workspace, job), f"job {job.name}"),
        started(workspace, job, before.nominal_date, kind) as result,
    ):
        again = new_id(workspace.clock())
        # the scope is there before the ledger knows the batch: a killed rerun keeps its meaning
        folder = workspace.archive.open_batch(again, before.nominal_date)
        write_scope(folder, Scope(stage, tuple(each.id for each in files), batch_id))
        batch = open_batch(
            workspace, job, result.run_id, before.nominal_date, batch_id=again, rerun_of=batch_id
        )
        result.batches.append(batch.id)
        finish(workspace, batch, result, progress)
    return result


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
    with workspace.ledger.read() as ledger:
        was = {
            document.business_key or document.id: document
            for document in ledger.documents.of_batch(batch_id, INVOICE)
            if document.file_id in {each.id for each in files}
        }
    return changes_of(workspace, prepared, was)


def changes_of(
    workspace: Workspace, prepared: Prepared, was: Mapping[str, Document]
) -> list[Change]:
    """How prepared documents differ from `was`, and what the target would see of it.

    Args:
        was: the ledger's documents by business key (or document id, where there is no key).
    """
    states: dict[str, PushState] = {}
    if prepared.bills is not None:
        known = known_pushes(workspace, target_name(workspace.project), prepared.bills.source_keys)
        states = planned_states(prepared.bills, known)
    now = {
        row["business_key"] or f"{row['document_no']} (record {row['record_id']})": row
        for row in prepared.documents.rows.get(INVOICE, ())
    }
    return [_change(key, was.get(key), now.get(key), states.get(key)) for key in {**was, **now}]


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


def _change(
    key: str, was: Document | None, now: dict[str, Any] | None, push: PushState | None
) -> Change:
    return Change(
        business_key=key,
        outcome_before=(was.outcome or was.disposition) if was else None,
        outcome_after=(now.get("outcome") or now["disposition"]) if now else None,
        amount_before=was.amount if was else None,
        amount_after=now.get("amount") if now else None,
        push=push,
    )
