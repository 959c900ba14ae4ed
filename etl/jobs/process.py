"""A batch from its files to its seal: map, reconcile, push, each stage noted before the next.

Killed anywhere, the same batch is simply processed again: the same files give the same records
and the same outcomes, the ledger's rows are replaced by equal ones, and the target is asked
before anything is made there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from etl import failpoints
from etl.config.project import Job
from etl.errors import EtlError
from etl.jobs import queues
from etl.jobs.batch import Batch, BatchFile, batch_file
from etl.jobs.counts import Counts
from etl.jobs.documents import FILE, REFERENCE_DATA, BatchDocuments, documents_of
from etl.jobs.earlier import Earlier
from etl.jobs.progress import Progress
from etl.jobs.record_files import write_records
from etl.jobs.stages.map import MappedBatch, map_files
from etl.jobs.stages.push import Bills, bills_of, push
from etl.jobs.stages.reconcile import INVOICE, reconcile_invoices
from etl.jobs.targets import open_target, target_name
from etl.jobs.workspace import Workspace
from etl.ledger.documents import document_id
from etl.ledger.exceptions import NewException
from etl.ledger.models import Disposition, File, FileState
from etl.odoo.target import PushReport
from etl.reconcile import Outcome, Reason, Reconciliation


@dataclass
class Prepared:
    """What a batch's files mean, before anything is noted or pushed.

    Attributes:
        files: the files with content of their own; duplicates are only counted.
        documents: a row each for the ledger; those to be pushed have no disposition yet.
        approved: the rows of the invoices that are to be pushed, by business key.
        bills: what the target shall have; None for a job without the step push.
    """

    files: list[BatchFile]
    mapped: MappedBatch
    reconciliation: Reconciliation | None
    documents: BatchDocuments
    approved: dict[str, dict[str, Any]]
    bills: Bills | None


@dataclass
class Processed:
    """What became of a batch.

    Attributes:
        error: why its push could not be finished; the batch then stays open for the next run.
        exceptions: what a person has to look at.
    """

    batch_id: str
    counts: Counts = field(default_factory=Counts)
    exceptions: list[NewException] = field(default_factory=list)
    error: EtlError | None = None


def process(
    workspace: Workspace,
    batch: Batch,
    files: Sequence[File],
    progress: Progress,
    earlier: Earlier | None = None,
) -> Processed:
    """Take a batch through the job's steps and seal it.

    Args:
        files: the ledger's files of the batch, duplicates included.
        earlier: what an earlier batch found out and this one takes over.

    Raises:
        ConfigurationError: a mapping is wrong; the batch stays open.
    """
    prepared = prepare(workspace, batch.job, batch.nominal_date, files, progress, earlier)
    _write_results(batch, prepared)
    exceptions = _exceptions(batch, prepared)
    _note(workspace, batch, prepared, exceptions)
    processed = Processed(batch.id, exceptions=exceptions)
    if prepared.bills is not None:
        try:
            report = _push(workspace, batch, prepared, progress)
        except EtlError as error:
            processed.error = error
        else:
            exceptions += _note_report(workspace, batch, prepared, report)
    processed.counts = _counts(workspace, prepared, files)
    if processed.error is None:
        _settle(workspace, batch, prepared, exceptions)
        _seal(workspace, batch, prepared, processed.counts)
    return processed


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
    if earlier is not None:
        mapped, reconciliation = earlier.mapped, earlier.reconciliation
    elif "map" in job.steps:
        mapped = map_files(workspace, own, progress)
    if "reconcile" in job.steps and reconciliation is None:
        progress.stage("reconcile", 1)
        reconciliation = reconcile_invoices(workspace, mapped, {file.sha256 for file in own}, on)
        progress.advance()
    documents = documents_of(mapped, reconciliation, own)
    if reconciliation is None:
        _review_repeated(documents)
    if job.push is None or "push" not in job.steps:
        _store(documents)
        return Prepared(own, mapped, reconciliation, documents, {}, None)
    _hold(documents, job.push.outcomes)
    approved = documents.approved()
    bills = bills_of(workspace, job.push, mapped, approved)
    return Prepared(own, mapped, reconciliation, documents, approved, bills)


def _review_repeated(documents: BatchDocuments) -> None:
    """Without an audit, an invoice that is in the batch twice is still pushed once only."""
    seen: set[str] = set()
    for row in documents.rows.get(INVOICE, ()):
        if row["disposition"] is None and row["business_key"] in seen:
            row |= {
                "outcome": Outcome.REVIEW,
                "reasons": [Reason.DUPLICATE_BILL],
                "explanation": f"invoice {row['document_no']} is in this batch more than once",
                "billed": row["amount"],
                "expected": None,
                "variance": None,
            }
        seen.add(row["business_key"])


def _hold(documents: BatchDocuments, outcomes: Sequence[str]) -> None:
    """Invoices whose outcome is not one to be pushed wait; other record types are not pushed."""
    for kind, rows in documents.rows.items():
        for row in rows:
            if row["disposition"] is not None:
                continue
            if kind != INVOICE:
                row["disposition"] = Disposition.STORED
            elif row.get("outcome") and row["outcome"] not in outcomes:
                row["disposition"] = Disposition.HELD


def _store(documents: BatchDocuments) -> None:
    """In a job that pushes nothing, what is right is kept and what the audit refused waits."""
    for rows in documents.rows.values():
        for row in rows:
            if row["disposition"] is None:
                refused = row.get("outcome") in (Outcome.DISPUTE, Outcome.REVIEW)
                row["disposition"] = Disposition.HELD if refused else Disposition.STORED


def _write_results(batch: Batch, prepared: Prepared) -> None:
    for records in prepared.mapped.accepted.values():
        write_records(batch.folder, records)
    failpoints.reached("map.records_written")
    if prepared.reconciliation is not None:
        batch.folder.write_table("reconciliation", prepared.reconciliation.invoices)
        batch.folder.write_table("reconciliation_lines", prepared.reconciliation.lines)
    failpoints.reached("reconcile.written")


def _exceptions(batch: Batch, prepared: Prepared) -> list[NewException]:
    """Rejected documents and files, and invoices that the audit holds."""
    documents = prepared.documents
    keys = {
        (kind, row["record_id"]): row["business_key"]
        for kind, rows in documents.rows.items()
        for row in rows
        if row["disposition"] == Disposition.REJECTED
    }
    found = [
        queues.data(
            trouble,
            batch.id,
            keys.get((trouble.record_type or "", trouble.record_id)),
            known=(trouble.record_type, trouble.record_id) in keys,
        )
        for trouble in prepared.mapped.troubles
        if any(defect.severity == "reject" for defect in trouble.defects)
    ]
    held = [
        row
        for row in documents.rows.get(INVOICE, ())
        if row["disposition"] == Disposition.HELD and row.get("outcome")
    ]
    lines: dict[int, list[dict[str, Any]]] = {}
    if held and prepared.reconciliation is not None:
        for line in prepared.reconciliation.lines.to_pylist():
            lines.setdefault(line["record_id"], []).append(line)
    return found + [queues.audit(row, lines.get(row["record_id"], []), batch.id) for row in held]


def _note(
    workspace: Workspace, batch: Batch, prepared: Prepared, exceptions: Sequence[NewException]
) -> None:
    """Documents and exceptions into the ledger; what an earlier try noted is replaced."""
    documents = prepared.documents
    with workspace.ledger.begin() as ledger:
        ids = [
            document_id(batch.id, kind, row["record_id"])
            for kind, rows in documents.rows.items()
            for row in rows
        ]
        ledger.documents.retain(batch.id, ids)
        for kind, rows in documents.rows.items():
            ledger.documents.record(batch.id, kind, [_ledger_row(row) for row in rows])
        for kind, references in documents.references.items():
            ledger.documents.add_references(batch.id, kind, references)
        ledger.exceptions.add(exceptions)


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


def _note_report(
    workspace: Workspace, batch: Batch, prepared: Prepared, report: PushReport
) -> list[NewException]:
    """Note where each approved invoice ended; bills that the target did not take wait."""
    rows = prepared.approved
    reasons: dict[str, list[str]] = {}
    for rejected in report.rejected:
        reasons.setdefault(rejected.source_key, []).append(rejected.code)
    for key in report.held:
        rows[key] |= {"disposition": Disposition.HELD, "reasons": reasons[key]}
    exceptions = [
        queues.push(rejected, rows[rejected.source_key], batch.id) for rejected in report.rejected
    ]
    ended = [
        {name: row[name] for name in ("record_id", "disposition", "reasons")}
        for row in rows.values()
    ]
    with workspace.ledger.begin() as ledger:
        ledger.documents.update(batch.id, INVOICE, ended)
        ledger.exceptions.add(exceptions)
    return exceptions


def _settle(
    workspace: Workspace, batch: Batch, prepared: Prepared, exceptions: Sequence[NewException]
) -> None:
    """Note how far the files have come, and close what an earlier batch met in them and this one
    did not."""
    unreadable = {file.id for file in prepared.mapped.unreadable}
    per_file = Counter(row["file_id"] for rows in prepared.documents.rows.values() for row in rows)
    for kind, records in prepared.mapped.accepted.items():
        if kind in REFERENCE_DATA:
            of_file = records.main.group_by(["partner", "file_sha256"]).aggregate(
                [([], "count_all")]
            )
            ids = {(file.partner, file.sha256): file.id for file in prepared.files}
            for row in of_file.to_pylist():
                per_file[ids[row["partner"], row["file_sha256"]]] += row["count_all"]
    with workspace.ledger.begin() as ledger:
        for file in prepared.files:
            state = FileState.QUARANTINED if file.id in unreadable else FileState.MAPPED
            ledger.files.mark(file.id, state, per_file[file.id])
        ledger.exceptions.close(
            business_keys=list(prepared.approved),
            file_ids=[file.id for file in prepared.files],
            closed_by=batch.id,
            but=exceptions,
        )


def _counts(workspace: Workspace, prepared: Prepared, files: Sequence[File]) -> Counts:
    counts = Counts(files=len(files))
    for kind, records in prepared.mapped.accepted.items():
        if kind in REFERENCE_DATA:
            counts.stored += records.num_records
    for rows in prepared.documents.rows.values():
        for row in rows:
            if row["disposition"] is not None:
                name = str(row["disposition"])
                setattr(counts, name, getattr(counts, name) + 1)
    counts.read = prepared.mapped.read + len(prepared.documents.rows.get(FILE, ()))
    with workspace.ledger.read() as ledger:
        for file in files:
            if file.duplicate_of is not None:
                known = ledger.files.named(file.duplicate_of).documents
                counts.duplicate_files += 1
                counts.read += known
                counts.unchanged += known
    return counts


def _seal(workspace: Workspace, batch: Batch, prepared: Prepared, counts: Counts) -> None:
    """Write what the ledger says of the batch beside its records, and close the folder for ever."""
    with workspace.ledger.read() as ledger:
        sealed = ledger.sealed_content(batch.id)
    for name, table in sealed.tables.items():
        batch.folder.write_table(name, table)
    manifest = batch.folder.seal(
        {
            **sealed.content,
            "counts": counts.as_dict(),
            "environment": workspace.project.environment,
            "target": workspace.project.target if prepared.bills is not None else None,
            "mappings": workspace.versions(),
        },
        workspace.clock(),
    )
    failpoints.reached("seal.manifest_written")
    note_seal(workspace, batch, manifest.sha256)


def note_seal(workspace: Workspace, batch: Batch, manifest_sha256: str) -> None:
    """Tell the ledger that the batch is in the archive's chain."""
    with workspace.ledger.begin() as ledger:
        ledger.batches.seal(batch.id, manifest_sha256)
    failpoints.reached("seal.ledger_written")


def _ledger_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a document's row that the ledger keeps."""
    kept = dict(row)
    for name in ("record_type", "explanation", "billed", "expected", "variance"):
        kept.pop(name, None)
    return kept
