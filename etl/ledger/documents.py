"""Documents: every main record of a batch and where it ended. Written in bulk."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeAlias

import pyarrow as pa
from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.orm import Session

from etl.ledger.chunks import chunks
from etl.ledger.models import Disposition, Document, DocumentReference
from etl.ledger.upsert import insert_or_update
from etl.ledger.views import table_of

Rows: TypeAlias = pa.Table | Sequence[Mapping[str, Any]]

_DOCUMENT = table_of(Document)
_REFERENCE = table_of(DocumentReference)
_GIVEN = frozenset(_DOCUMENT.columns.keys()) - {"id", "batch_id", "record_type"}


def document_id(batch_id: str, record_type: str, record_id: int) -> str:
    """The id of a document, known without asking the database."""
    return f"{batch_id}/{record_type}/{record_id}"


class Documents:
    """The documents, within one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def record(self, batch_id: str, record_type: str, rows: Rows) -> int:
        """Add the documents of a batch; those there already get the columns given here.

        Args:
            rows: `record_id` and `partner`, and any other column of
                :class:`~etl.ledger.models.Document` but id, batch_id and record_type.

        Returns:
            How many rows were given.

        Raises:
            ValueError: a column that the ledger does not have, or record_id is missing.
        """
        given, names = _rows(rows)
        complete = dict.fromkeys(names) | {"batch_id": batch_id, "record_type": record_type}
        values = [
            {
                **complete,
                **row,
                "reasons": list(row.get("reasons") or ()),
                "id": document_id(batch_id, record_type, row["record_id"]),
            }
            for row in given
        ]
        insert_or_update(self._session, _DOCUMENT, values, sorted(names - {"record_id"}))
        return len(values)

    def retain(self, batch_id: str, ids: Collection[str]) -> None:
        """Forget the documents of a batch but those of these ids: what an earlier, killed try
        found and this one did not."""
        known = self._session.scalars(select(Document.id).where(Document.batch_id == batch_id))
        for some in chunks(sorted(set(known) - set(ids))):
            self._session.execute(delete(Document).where(Document.id.in_(some)))

    def update(self, batch_id: str, record_type: str, rows: Rows) -> int:
        """Set columns of documents recorded before; rows as for :meth:`record`, less is enough."""
        given, names = _rows(rows)
        changed = sorted(names - {"record_id"})
        if not given or not changed:
            return 0
        statement = (
            update(_DOCUMENT)
            .where(_DOCUMENT.c.id == bindparam("of_id"))
            .values({name: bindparam(f"new_{name}") for name in changed})
        )
        values = [
            {f"new_{name}": row.get(name) for name in changed}
            | {"of_id": document_id(batch_id, record_type, row["record_id"])}
            for row in given
        ]
        self._session.connection().execute(statement, values)
        return len(values)

    def add_references(self, batch_id: str, record_type: str, rows: Rows) -> None:
        """Add numbers that documents name: `record_id`, `type`, `value_norm`; repeats are fine."""
        given = rows.to_pylist() if isinstance(rows, pa.Table) else rows
        values = [
            {
                "document_id": document_id(batch_id, record_type, row["record_id"]),
                "type": row["type"],
                "value_norm": row["value_norm"],
            }
            for row in given
            if row["value_norm"]
        ]
        insert_or_update(self._session, _REFERENCE, values, ())

    def get(self, of_id: str) -> Document | None:
        """The document of this id, if there is one."""
        return self._session.get(Document, of_id, populate_existing=True)

    def of_batch(
        self,
        batch_id: str,
        record_type: str | None = None,
        disposition: Disposition | None = None,
        limit: int | None = None,
    ) -> list[Document]:
        """Documents of a batch in the order of their records."""
        query = (
            select(Document)
            .where(Document.batch_id == batch_id)
            .order_by(Document.record_type, Document.record_id)
            .limit(limit)
            .execution_options(populate_existing=True)
        )
        if record_type is not None:
            query = query.where(Document.record_type == record_type)
        if disposition is not None:
            query = query.where(Document.disposition == disposition)
        return list(self._session.scalars(query))


def _rows(rows: Rows) -> tuple[Sequence[Mapping[str, Any]], set[str]]:
    """The rows as mappings, and all columns that they give."""
    if isinstance(rows, pa.Table):
        given, names = rows.to_pylist(), set(rows.column_names)
    else:
        given, names = rows, {name for row in rows for name in row}
    if given and "record_id" not in names:
        raise ValueError("documents need a record_id")
    if unknown := names - _GIVEN:
        raise ValueError(f"the ledger has no document columns {sorted(unknown)}")
    return given, names
