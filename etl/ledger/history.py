"""Earlier documents that a batch's invoices may repeat: the duplicate audit's view."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa
from sqlalchemy import Select, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from etl.ledger.among import Condition, among
from etl.ledger.models import Batch, Document, DocumentReference, File

SCHEMA = pa.schema(
    [
        ("document_id", pa.string()),
        ("batch_id", pa.string()),
        ("file_id", pa.string()),
        ("arrived", pa.int64()),
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
        ("reasons", pa.list_(pa.string())),
    ]
)
"""`arrived` is the place of the document's file in the order of what happened."""

REFERENCES = pa.schema(
    [("document_id", pa.string()), ("type", pa.string()), ("value_norm", pa.string())]
)

_COLUMNS = (
    Document.id,
    Document.batch_id,
    Document.file_id,
    File.sequence,
    *(getattr(Document, name) for name in SCHEMA.names[4:]),
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
        business_keys: Iterable[str] = (),
    ) -> pa.Table:
        """The carrier's documents with one of these normalised numbers, and whoever's with one of
        these business keys; in the order in which they were processed, each once.

        A number is also found where a document only names it as a reference of type PRO or BOL.

        Returns:
            The columns of :data:`SCHEMA`.
        """
        rows: dict[str, tuple[Any, ...]] = {}
        of_carrier = Document.carrier_scac == carrier_scac
        for column, values, whose in (
            (Document.invoice_no_norm, invoice_no_norms, of_carrier),
            (Document.business_key, business_keys, Document.carrier_scac != carrier_scac),
            (Document.pro_norm, pros, of_carrier),
            (Document.bol_norm, bols, of_carrier),
        ):
            self._take(rows, self._among(column, values), whose)
        for kind, values in (("PRO", pros), ("BOL", bols)):
            naming = select(DocumentReference.document_id).where(
                DocumentReference.type == kind, self._among(DocumentReference.value_norm, values)
            )
            self._take(rows, Document.id.in_(naming), of_carrier)
        return _as_processed(rows)

    def of_documents(self, document_ids: Sequence[str]) -> pa.Table:
        """These documents; as :meth:`find`."""
        rows: dict[str, tuple[Any, ...]] = {}
        self._take(rows, self._among(Document.id, document_ids))
        return _as_processed(rows)

    def references_of(self, document_ids: Sequence[str]) -> pa.Table:
        """All numbers that documents name; columns of :data:`REFERENCES`."""
        columns = [getattr(DocumentReference, name) for name in REFERENCES.names]
        query = select(*columns).where(self._among(DocumentReference.document_id, document_ids))
        found = [dict(zip(REFERENCES.names, row, strict=True)) for row in self._execute(query)]
        return pa.Table.from_pylist(found, schema=REFERENCES)

    def _take(self, rows: dict[str, tuple[Any, ...]], *conditions: Condition) -> None:
        query = (
            select(*_COLUMNS, Batch.sequence, Document.record_id)
            .join(Batch, Batch.id == Document.batch_id)
            .outerjoin(File, File.id == Document.file_id)
            .where(*conditions)
        )
        rows |= {row[0]: tuple(row) for row in self._execute(query)}

    def _among(self, column: InstrumentedAttribute[Any], values: Iterable[str]) -> Condition:
        return among(self._session, column, filter(None, values))

    def _execute(self, query: Select[Any]) -> Iterable[Any]:
        return self._session.execute(query)


def _as_processed(rows: Mapping[str, tuple[Any, ...]]) -> pa.Table:
    ordered = sorted(rows.values(), key=lambda row: row[-2:])
    columns = zip(*ordered, strict=True) if ordered else ((),) * len(SCHEMA)
    return pa.table(
        [pa.array(values, field.type) for field, values in zip(SCHEMA, columns, strict=False)],
        schema=SCHEMA,
    )
