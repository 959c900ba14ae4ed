"""What earlier batches found out, taken over by a rerun that starts at a later stage.

Of each document what was found last counts, in whatever batch: a retry may have settled it since.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from etl.archive import BatchFolder
from etl.canonical import RecordSet, record_types
from etl.errors import ConfigurationError
from etl.jobs.batch import batch_file
from etl.jobs.documents import REFERENCE_DATA
from etl.jobs.record_files import read_records
from etl.jobs.stages.map import MappedBatch
from etl.jobs.stages.reconcile import INVOICE
from etl.jobs.standing import standing_of
from etl.jobs.workspace import Workspace
from etl.ledger import Disposition, Document, File
from etl.ledger.views import table_of
from etl.reconcile import Reconciliation


@dataclass(frozen=True)
class Earlier:
    """Records of earlier batches and, where it is not to be done again, their audit.

    Attributes:
        rejected: the ledger's rows of the documents that were rejected; they stay so.
        waiting: of how many of them somebody has to look at something still.
    """

    mapped: MappedBatch
    reconciliation: Reconciliation | None
    rejected: Sequence[dict[str, Any]] = field(default_factory=list)
    waiting: int = 0


def earlier_results(
    workspace: Workspace,
    folder: BatchFolder,
    files: Sequence[File],
    *,
    with_audit: bool,
    batch_id: str,
) -> Earlier:
    """Read back what was found for some files.

    Args:
        folder: of the batch that is done again; its reference data is taken over.
        with_audit: take over the audit's outcomes too, to push only.
        batch_id: the batch that takes it over; nothing is taken from a killed try of its own.

    Raises:
        ConfigurationError: a batch that processed one of the files is not in the archive any more.
    """
    taken = _Taken(workspace, sorted({file.sha256 for file in files}))
    for kind in REFERENCE_DATA:
        records = read_records(folder, kind, taken.sha256s)
        if records is not None:
            taken.records[kind].append(records)
    own = [batch_file(workspace, file) for file in files if file.duplicate_of is None]
    standing = standing_of(workspace, own, batch_id)
    by_batch: dict[str, list[Document]] = defaultdict(list)
    for document in standing.documents.values():
        if document.disposition != Disposition.REJECTED:
            by_batch[document.batch_id].append(document)
    for taken_from, documents in by_batch.items():
        taken.take(taken_from, documents)
    rejected = [
        document
        for document in (*standing.documents.values(), *standing.nameless)
        if document.disposition == Disposition.REJECTED
    ]
    result = taken.result([_row(document) for document in rejected], with_audit=with_audit)
    return replace(result, waiting=sum(map(standing.waits, rejected)))


class _Taken:
    """Puts together what several batches found, under record ids of its own."""

    def __init__(self, workspace: Workspace, sha256s: list[str]) -> None:
        self.sha256s = sha256s
        self.records: dict[str, list[RecordSet]] = defaultdict(list)
        self._workspace = workspace
        self._audits: list[tuple[pa.Table, pa.Table]] = []
        self._next: dict[str, int] = defaultdict(int)

    def take(self, batch_id: str, documents: Sequence[Document]) -> None:
        """Take these documents from the batch that processed them last."""
        folder = self._workspace.archive.find_batch(batch_id)
        if folder is None:
            raise ConfigurationError(
                f"batch {batch_id} is not in the archive {self._workspace.archive.root}"
            )
        for kind in sorted({document.record_type for document in documents} & set(record_types())):
            records = read_records(folder, kind, self.sha256s)
            if records is None:
                continue
            ids = pa.array(
                sorted(each.record_id for each in documents if each.record_type == kind), pa.int64()
            )
            wanted = pc.is_in(records.main["record_id"], value_set=ids).combine_chunks()
            offset = self._next[kind]
            self._next[kind] += int(pc.max(ids).as_py()) + 1
            self.records[kind].append(records.select(wanted).with_record_offset(offset))
            if kind == INVOICE:
                self._take_audit(folder, ids, offset)

    def result(self, rejected: list[dict[str, Any]], *, with_audit: bool) -> Earlier:
        """All of it; the rejected rows get ids behind those of the records."""
        mapped = MappedBatch()
        for kind, parts in self.records.items():
            mapped.accepted[kind] = RecordSet.concat(parts)
        for row in rejected:
            kind = row["record_type"]
            row["record_id"] = self._next[kind]
            self._next[kind] += 1
        audit = None
        if with_audit and self._audits:
            invoices, lines = zip(*self._audits, strict=True)
            audit = Reconciliation(_joined(invoices), _joined(lines))
        return Earlier(mapped, audit, rejected)

    def _take_audit(self, folder: BatchFolder, ids: pa.Array, offset: int) -> None:
        invoices = folder.find_table("reconciliation")
        lines = folder.find_table("reconciliation_lines")
        if invoices is not None and lines is not None:
            self._audits.append((_moved(invoices, ids, offset), _moved(lines, ids, offset)))


def _joined(tables: Sequence[pa.Table]) -> pa.Table:
    """One table; the amounts of batches of long ago have fewer digits."""
    return pa.concat_tables(tables, promote_options="permissive")


def _moved(table: pa.Table, ids: pa.Array, offset: int) -> pa.Table:
    """The rows of some records, their ids behind those that were taken before."""
    rows = table.filter(pc.is_in(table["record_id"], value_set=ids))
    index = table.schema.get_field_index("record_id")
    moved = pc.add(rows["record_id"], offset)
    return rows.set_column(index, table.schema.field(index), moved)


def _row(document: Document) -> dict[str, Any]:
    """A document's row as the ledger has it, for another batch."""
    return {
        column.name: getattr(document, column.name)
        for column in table_of(Document).columns
        if column.name not in ("id", "batch_id")
    }
