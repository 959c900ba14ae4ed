"""Documents: every main record of a batch and where it ended. Written in bulk."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.orm import Session

from etl.ledger.chunks import chunks
from etl.ledger.models import Batch, Disposition, Document, DocumentReference, File
from etl.ledger.upsert import execute_columns, insert_columns
from etl.ledger.views import table_of

Columns: TypeAlias = Mapping[str, Sequence[Any]]
Rows: TypeAlias = pa.Table | Columns | Sequence[Mapping[str, Any]]

_DOCUMENT = table_of(Document)
_REFERENCE = table_of(DocumentReference)
_NAMED = pa.schema([("record_id", pa.int64()), ("type", pa.string()), ("value_norm", pa.string())])
_GIVEN = frozenset(_DOCUMENT.columns.keys()) - {"id", "batch_id", "record_type"}


def document_id(batch_id: str, record_type: str, record_id: int) -> str:
    """The id of a document, known without asking the database."""
    return f"{batch_id}/{record_type}/{record_id}"


@dataclass(frozen=True, slots=True)
class Version:
    """A document as one file brought it; `sequence`: the file's arrival in the ledger's order."""

    sequence: int
    record_hash: str | None
    disposition: str | None
    reasons: Sequence[str]


class Documents:
    """The documents, within one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def record(self, batch_id: str, record_type: str, rows: Rows) -> int:
        """Add the documents of a batch; those there already get the columns given here.

        Args:
            rows: `record_id` and `partner`, and any other column of
                :class:`~etl.ledger.models.Document` but id, batch_id and record_type; as rows or
                by column.

        Returns:
            How many rows were given.

        Raises:
            ValueError: a column that the ledger does not have, or record_id is missing.
        """
        given = _columns(rows)
        size = len(given.get("record_id", ()))
        if not size:
            return 0
        columns = given | {
            "batch_id": [batch_id] * size,
            "record_type": [record_type] * size,
            "reasons": [list(some or ()) for some in given.get("reasons", [()] * size)],
            "id": _ids(batch_id, record_type, given["record_id"]),
        }
        fresh = self._none_of(batch_id, record_type) and len(set(given["record_id"])) == size
        update = None if fresh else sorted(given.keys() - {"record_id"})
        insert_columns(self._session, _DOCUMENT, columns, update)
        return size

    def _none_of(self, batch_id: str, record_type: str) -> bool:
        """Whether no try of this batch recorded documents of this type before."""
        of_batch = (Document.batch_id == batch_id, Document.record_type == record_type)
        return self._session.scalar(select(Document.id).where(*of_batch).limit(1)) is None

    def retain(self, batch_id: str, ids: Collection[str]) -> None:
        """Forget the documents of a batch but those of these ids: what an earlier, killed try
        found and this one did not."""
        known = self._session.scalars(select(Document.id).where(Document.batch_id == batch_id))
        for some in chunks(sorted(set(known) - set(ids))):
            self._session.execute(delete(Document).where(Document.id.in_(some)))

    def update(self, batch_id: str, record_type: str, rows: Rows) -> int:
        """Set columns of documents recorded before; rows as for :meth:`record`, less is enough."""
        given = _columns(rows)
        changed = sorted(given.keys() - {"record_id"})
        if not given or not changed:
            return 0
        statement = (
            update(_DOCUMENT)
            .where(_DOCUMENT.c.id == bindparam("of_id"))
            .values({name: bindparam(f"new_{name}") for name in changed})
        )
        kinds = {f"new_{name}": _DOCUMENT.c[name] for name in changed} | {"of_id": _DOCUMENT.c.id}
        columns = {f"new_{name}": given[name] for name in changed} | {
            "of_id": _ids(batch_id, record_type, given["record_id"])
        }
        execute_columns(self._session.connection(), statement, kinds, columns)
        return len(given["record_id"])

    def add_references(self, batch_id: str, record_type: str, rows: Rows) -> None:
        """Add numbers that documents name: `record_id`, `type`, `value_norm`; repeats are fine."""
        table = rows if isinstance(rows, pa.Table) else pa.Table.from_pylist(list(rows), _NAMED)
        named = table.filter(pc.field("value_norm") != "").sort_by("record_id")
        columns = {
            "document_id": _ids(batch_id, record_type, named["record_id"].to_pylist()),
            "type": named["type"].to_pylist(),
            "value_norm": named["value_norm"].to_pylist(),
        }
        insert_columns(self._session, _REFERENCE, columns, ())

    def of_files(self, file_ids: Sequence[str]) -> list[Document]:
        """All that was ever read from files, what was processed last at the end."""
        found: list[tuple[int, Document]] = []
        for some in chunks(list(file_ids)):
            query = (
                select(Batch.sequence, Document)
                .join(Batch, Batch.id == Document.batch_id)
                .where(Document.file_id.in_(some))
                .order_by(Batch.sequence, Document.record_type, Document.record_id)
            )
            found += [(row[0], row[1]) for row in self._session.execute(query)]
        return [document for _, document in sorted(found, key=lambda each: each[0])]

    def versions(
        self, record_type: str, business_keys: Sequence[str], but_files: Collection[str]
    ) -> dict[str, list[Version]]:
        """How documents came under business keys, by key; each file's as processed last.

        Args:
            but_files: files that are not looked at.
        """
        found: dict[tuple[str, str], Version] = {}
        for some in chunks(list(business_keys)):
            query = (
                select(
                    Document.business_key,
                    File.id,
                    File.sequence,
                    Document.record_hash,
                    Document.disposition,
                    Document.reasons,
                )
                .join(File, File.id == Document.file_id)
                .join(Batch, Batch.id == Document.batch_id)
                .where(Document.record_type == record_type, Document.business_key.in_(some))
                .order_by(Batch.sequence)
            )
            for key, file_id, sequence, record_hash, disposition, reasons in self._session.execute(
                query
            ):
                if key is not None and file_id not in but_files:
                    found[key, file_id] = Version(sequence, record_hash, disposition, reasons)
        by_key: dict[str, list[Version]] = {}
        for (key, _), version in found.items():
            by_key.setdefault(key, []).append(version)
        return by_key

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


def _ids(batch_id: str, record_type: str, record_ids: Sequence[int]) -> list[str]:
    """As :func:`document_id`, of many."""
    return [f"{batch_id}/{record_type}/{number}" for number in record_ids]


def _columns(rows: Rows) -> dict[str, Sequence[Any]]:
    """The rows by column; what a row does not give is None there."""
    columns: dict[str, Sequence[Any]]
    if isinstance(rows, pa.Table):
        columns = {name: rows[name].to_pylist() for name in rows.column_names}
    elif isinstance(rows, Mapping):
        columns = dict(rows)
    else:
        names = dict.fromkeys(name for row in rows for name in row)
        columns = {name: [row.get(name) for row in rows] for name in names}
    if columns and "record_id" not in columns:
        raise ValueError("documents need a record_id")
    if unknown := columns.keys() - _GIVEN:
        raise ValueError(f"the ledger has no document columns {sorted(unknown)}")
    return columns
