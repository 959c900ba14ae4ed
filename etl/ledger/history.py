"""Earlier documents that a batch's invoices may repeat: the duplicate audit's view."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import pyarrow as pa
from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from etl.ledger.chunks import chunks
from etl.ledger.models import Document, DocumentReference, File

SCHEMA = pa.schema(
    [
        ("document_id", pa.string()),
        ("batch_id", pa.string()),
        ("file_sha256", pa.string()),
        ("partner", pa.string()),
        ("record_type", pa.string()),
        ("business_key", pa.string()),
        ("record_hash", pa.string()),
        ("carrier_scac", pa.string()),
        ("invoice_no_norm", pa.string()),
        ("pro_norm", pa.string()),
        ("bol_norm", pa.string()),
        ("shipment_ref", pa.string()),
        ("document_date", pa.date32()),
        ("amount", pa.decimal128(18, 4)),
        ("currency", pa.string()),
        ("outcome", pa.string()),
        ("disposition", pa.string()),
    ]
)

_COLUMNS = (
    Document.id,
    Document.batch_id,
    File.sha256,
    *(
        getattr(Document, name)
        for name in SCHEMA.names
        if name not in ("document_id", "batch_id", "file_sha256")
    ),
)


class History:
    """Looks up earlier documents of a carrier, within one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def find(
        self,
        carrier_scac: str,
        *,
        invoice_no_norms: Iterable[str] = (),
        pros: Iterable[str] = (),
        bols: Iterable[str] = (),
        exclude_file_sha256s: Collection[str] = (),
        exclude_batch: str | None = None,
        received_until: int | None = None,
    ) -> pa.Table:
        """The carrier's documents with one of these normalised numbers; columns of :data:`SCHEMA`.

        A number is also found where a document only names it as a reference of type PRO or BOL:
        the row then carries that number in `pro_norm` or `bol_norm`, so a document may come in
        several rows.

        Args:
            exclude_file_sha256s: files whose own earlier processing is not history (a rerun).
            exclude_batch: the batch being worked on.
            received_until: a file's place in the ledger's order; what came later is no history: a
                bill that is processed again is not the duplicate of its own repetition.
        """
        hidden = frozenset(exclude_file_sha256s)
        rows: dict[tuple[Any, ...], dict[str, Any]] = {}
        for row in self._matches(carrier_scac, invoice_no_norms, pros, bols, received_until):
            if row["file_sha256"] not in hidden and row["batch_id"] != exclude_batch:
                rows[(row["document_id"], row["pro_norm"], row["bol_norm"])] = row
        ordered = sorted(rows.items(), key=lambda item: tuple(part or "" for part in item[0]))
        return pa.Table.from_pylist([row for _, row in ordered], schema=SCHEMA)

    def _matches(
        self,
        carrier_scac: str,
        invoice_no_norms: Iterable[str],
        pros: Iterable[str],
        bols: Iterable[str],
        received_until: int | None,
    ) -> Iterable[dict[str, Any]]:
        of_carrier = (
            select(*_COLUMNS)
            .outerjoin(File, File.id == Document.file_id)
            .where(Document.carrier_scac == carrier_scac)
        )
        if received_until is not None:
            came_before = or_(File.id.is_(None), File.sequence <= received_until)
            of_carrier = of_carrier.where(came_before)
        for column, values in (
            (Document.invoice_no_norm, invoice_no_norms),
            (Document.pro_norm, pros),
            (Document.bol_norm, bols),
        ):
            for some in chunks(_distinct(values)):
                yield from self._rows(of_carrier.where(column.in_(some)))
        for kind, name, values in (("PRO", "pro_norm", pros), ("BOL", "bol_norm", bols)):
            for some in chunks(_distinct(values)):
                yield from self._named(of_carrier, kind, name, some)

    def _rows(self, query: Select[Any]) -> Iterable[dict[str, Any]]:
        for row in self._session.execute(query):
            yield dict(zip(SCHEMA.names, row, strict=True))

    def _named(
        self, of_carrier: Select[Any], kind: str, name: str, values: Sequence[str]
    ) -> Iterable[dict[str, Any]]:
        """Documents that name one of `values` as a reference of the type `kind`."""
        query = (
            of_carrier.join(DocumentReference, DocumentReference.document_id == Document.id)
            .where(DocumentReference.type == kind, DocumentReference.value_norm.in_(values))
            .add_columns(DocumentReference.value_norm)
        )
        for *row, value in self._session.execute(query):
            yield dict(zip(SCHEMA.names, row, strict=True)) | {name: value}


def _distinct(values: Iterable[str]) -> list[str]:
    return sorted({value for value in values if value})
