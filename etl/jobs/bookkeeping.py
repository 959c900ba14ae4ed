"""What the ledger is told of a batch: documents, exceptions, files, and the counts of the run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from etl.jobs import queues
from etl.jobs.batch import Batch
from etl.jobs.counts import Counts
from etl.jobs.documents import REFERENCE_DATA
from etl.jobs.preparation import Prepared
from etl.jobs.queues import counts_for_nothing
from etl.jobs.stages.reconcile import INVOICE
from etl.jobs.workspace import Workspace
from etl.ledger import Disposition, File, FileState, NewException, document_id
from etl.odoo.target import PushReport

_EXPLAINED = ["record_id", "explanation", "billed", "expected", "variance"]


def exceptions_of(workspace: Workspace, batch_id: str, prepared: Prepared) -> list[NewException]:
    """Rejected documents and files, and invoices that the audit holds; what a person has closed
    stays decided, as long as the same file says the same."""
    found = _troubles_of(batch_id, prepared)
    with workspace.ledger.read() as ledger:
        decided = ledger.exceptions.decided(found)
    return [item for item in found if item.fingerprint not in decided]


def _troubles_of(batch_id: str, prepared: Prepared) -> list[NewException]:
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
            batch_id,
            keys.get((trouble.record_type or "", trouble.record_id)),
            known=(trouble.record_type, trouble.record_id) in keys,
        )
        for trouble in prepared.mapped.troubles
        if not trouble.shared and any(defect.severity == "reject" for defect in trouble.defects)
    ]
    held = [
        row
        for row in documents.rows.get(INVOICE, ())
        if row["disposition"] == Disposition.HELD and row.get("outcome")
    ]
    explained, lines = _findings_of(held, prepared)
    copies: Counter[str | None] = Counter()
    for row in held:
        copies[row["business_key"]] += 1
        said = row | explained.get(row["record_id"], {})
        of_row = lines.get(row["record_id"], [])
        found.append(queues.audit(said, of_row, batch_id, copies[row["business_key"]]))
    return found


def _findings_of(
    held: Sequence[Mapping[str, Any]], prepared: Prepared
) -> tuple[dict[int, dict[str, Any]], dict[int, list[dict[str, Any]]]]:
    """What the audit says of invoices, and of their charges, by record id."""
    explained: dict[int, dict[str, Any]] = {}
    lines: dict[int, list[dict[str, Any]]] = {}
    if held and prepared.reconciliation is not None:
        ids = pa.array([row["record_id"] for row in held], pa.int64())
        of_held = pc.field("record_id").isin(ids)
        for row in prepared.reconciliation.invoices.filter(of_held).select(_EXPLAINED).to_pylist():
            explained[row["record_id"]] = row
        for line in prepared.reconciliation.lines.filter(of_held).to_pylist():
            lines.setdefault(line["record_id"], []).append(line)
    return explained, lines


def note_documents(
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
            ledger.documents.record(batch.id, kind, _ledger_columns(rows))
        for kind, references in documents.references.items():
            ledger.documents.add_references(batch.id, kind, references)
        ledger.exceptions.add(exceptions)


def note_report(
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


def settle(
    workspace: Workspace, batch: Batch, prepared: Prepared, exceptions: Sequence[NewException]
) -> None:
    """Note how far the files have come, and close what an earlier batch met in them and this one,
    having read them again, did not."""
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
        ledger.files.mark_all(
            {
                file.id: (
                    FileState.QUARANTINED if file.id in unreadable else FileState.MAPPED,
                    per_file[file.id],
                )
                for file in prepared.files
            }
        )
        ledger.exceptions.close(
            business_keys=list(prepared.approved),
            file_ids=[file.id for file in prepared.files] if prepared.read_again else [],
            closed_by=batch.id,
            but=exceptions,
            # a repetition that came later waits for its own sake
            received_until=max((file.sequence for file in prepared.files), default=None),
        )
        ledger.exceptions.close_replaced(_replaced_by(prepared), batch.id, exceptions)


def _replaced_by(prepared: Prepared) -> dict[str, int]:
    """Business keys that do not go to the target, each with the place in the ledger's order before
    which what waits of it was replaced. A repetition replaces nothing."""
    arrival = {file.id: file.sequence for file in prepared.files}
    until: dict[str, int] = {}
    for row in prepared.documents.rows.get(INVOICE, ()):
        key, place = row["business_key"], arrival.get(row["file_id"])
        if key is None or place is None or key in prepared.approved:
            continue
        if row["disposition"] == Disposition.SUPERSEDED:
            until[key] = max(until.get(key, 0), place + 1)
        elif row["disposition"] == Disposition.HELD and not counts_for_nothing(row["reasons"]):
            until[key] = max(until.get(key, 0), place)
    return until


def counts_of(
    workspace: Workspace, prepared: Prepared, files: Sequence[File], *, interrupted: bool
) -> Counts:
    """Where every document ended; those of a resent file are unchanged, and after a push that was
    interrupted approved ones may wait."""
    counts = Counts(files=len(files))
    for kind, records in prepared.mapped.accepted.items():
        if kind in REFERENCE_DATA:
            counts.stored += records.num_records
    for rows in prepared.documents.rows.values():
        for row in rows:
            if row["disposition"] is not None:
                name = str(row["disposition"])
                setattr(counts, name, getattr(counts, name) + 1)
            elif interrupted:
                counts.waiting += 1
    mapped = prepared.mapped
    counts.read = mapped.read + len(mapped.unreadable) + prepared.taken_over
    with workspace.ledger.read() as ledger:
        for file in files:
            if file.duplicate_of is not None:
                known = ledger.files.named(file.duplicate_of).documents
                counts.duplicate_files += 1
                counts.read += known
                counts.unchanged += known
    return counts


def _ledger_columns(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """The columns of documents' rows that the ledger keeps."""
    names = dict.fromkeys(name for row in rows for name in row)
    for name in ("record_type", "explanation", "billed", "expected", "variance"):
        names.pop(name, None)
    return {name: [row.get(name) for row in rows] for name in names}
