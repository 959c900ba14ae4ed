"""What became of the documents of an interchange, as it is told to the partner.

Told is what is decided: taken into Odoo or kept; or rejected by our mapping, by the audit as
disputed or duplicate, or by Odoo. What waits for us ourselves, a missing rate or master data, is
told once it is decided, by the rerun that takes the document up again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from etl.formats.edi.acknowledging.application import DocumentResult, Reason
from etl.formats.edi.receipt import ReceivedInterchange
from etl.jobs.documents import BatchDocuments
from etl.jobs.edi.exceptions import ACKNOWLEDGEMENT
from etl.jobs.queues import ACCOUNTS_PAYABLE, DISPUTES, DUPLICATES
from etl.jobs.stages.map import MappedBatch
from etl.ledger import Disposition, NewException, document_id

_ACCEPTED = (Disposition.PUSHED, Disposition.UNCHANGED, Disposition.STORED)
_DECIDED_AGAINST = (DISPUTES, DUPLICATES, ACCOUNTS_PAYABLE)
ORIGIN = ("record_id", "partner", "file_sha256", "interchange_no", "group_no", "document_no")
"""Columns of a record that say which transaction it came in."""

_MOST_REASONS = 20

_Interchange = tuple[str, str, str]
"""Partner, sha256 of the file, control number."""


@dataclass(frozen=True, slots=True)
class _Record:
    """A record and the transaction that it came in."""

    kind: str
    record_id: int
    group: str
    transaction: str


class DocumentResults:
    """The decided documents of a batch."""

    def __init__(
        self,
        batch_id: str,
        mapped: MappedBatch,
        documents: BatchDocuments,
        exceptions: Sequence[NewException],
    ) -> None:
        self._batch_id = batch_id
        self._rows = {
            (kind, row["record_id"]): row for kind, rows in documents.rows.items() for row in rows
        }
        self._exceptions: dict[str, list[NewException]] = defaultdict(list)
        for item in exceptions:
            if item.document_id is not None:
                self._exceptions[item.document_id].append(item)
        self._records: dict[_Interchange, list[_Record]] = defaultdict(list)
        for kind, records in mapped.accepted.items():
            self._add(kind, records.main)
        for kind, refused in mapped.refused.items():
            self._add(kind, refused)

    def of(
        self, partner: str, sha256: str, received: ReceivedInterchange
    ) -> Iterator[DocumentResult]:
        """Those of one interchange; not those that are wrong as EDI, which the partner is told of
        by the acknowledgement of the syntax."""
        transactions = {
            (group.number, transaction.number): transaction
            for group in received.groups
            for transaction in group.transactions
        }
        for record in self._records.get((partner, sha256, received.number), ()):
            transaction = transactions.get((record.group, record.transaction))
            if transaction is None or transaction.rejected:
                continue
            row = self._rows.get((record.kind, record.record_id))
            decided = self._decided(record, row)
            if decided is None:
                continue
            accepted, reasons = decided
            yield DocumentResult(
                document=transaction.document,
                number=str((row or {}).get("document_no") or record.transaction),
                accepted=accepted,
                group=record.group,
                transaction=record.transaction,
                reasons=reasons,
            )

    def _add(self, kind: str, main: pa.Table) -> None:
        if kind == ACKNOWLEDGEMENT:
            return  # an answer is not answered
        for row in main.select(list(ORIGIN)).to_pylist():
            interchange = (row["partner"], row["file_sha256"], row["interchange_no"] or "")
            self._records[interchange].append(
                _Record(kind, row["record_id"], row["group_no"] or "", row["document_no"] or "")
            )

    def _decided(
        self, record: _Record, row: Mapping[str, Any] | None
    ) -> tuple[bool, tuple[Reason, ...]] | None:
        """Whether it was accepted, and why not; None: that is not decided yet."""
        if row is None or row["disposition"] in _ACCEPTED:
            return True, ()
        found = self._exceptions[document_id(self._batch_id, record.kind, record.record_id)]
        if row["disposition"] == Disposition.HELD:
            found = [item for item in found if item.queue in _DECIDED_AGAINST]
            if not found:
                return None
        elif row["disposition"] != Disposition.REJECTED:
            return None
        reasons = [Reason(item.code, item.message) for item in found[:_MOST_REASONS]]
        return False, tuple(reasons or [Reason(code, code) for code in row["reasons"]])


def told_as(result: DocumentResult) -> str:
    """The name under which the ledger keeps that a document was told of."""
    return f"{result.group}/{result.transaction}/{result.number}"
