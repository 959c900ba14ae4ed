"""Tracing: from any name or number a person has to the whole chain of what happened."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from etl.ledger.chunks import chunks
from etl.ledger.interchange_models import Direction, Interchange, InterchangeGroup
from etl.ledger.interchanges import number_in
from etl.ledger.models import (
    Base,
    Batch,
    Document,
    DocumentReference,
    ExceptionItem,
    File,
    Push,
    Run,
)
from etl.ledger.types import storable
from etl.ledger.views import as_dict
from etl.reference_numbers import normalised_text

_HEX = re.compile(r"[0-9a-f]{8,64}")
_DATABASE_ID = re.compile(r"[0-9]{1,15}")

_Row = TypeVar("_Row", bound=Base)


@dataclass(frozen=True, slots=True)
class Trace:
    """Everything the ledger knows about a key; empty lists where it knows nothing.

    Attributes:
        matched: what the key was found to be, e.g. ``invoice number``, ``sha256``.
        files: the received files, earlier and later ones of the same bytes included.
        documents: those that match, and others of the same business key, by batch.
        interchanges: received in these files or batches, and sent in answer to them.
        truncated: there are more documents than `limit`.
    """

    key: str
    matched: tuple[str, ...]
    runs: tuple[Run, ...]
    batches: tuple[Batch, ...]
    files: tuple[File, ...]
    documents: tuple[Document, ...]
    exceptions: tuple[ExceptionItem, ...]
    pushes: tuple[Push, ...]
    interchanges: tuple[Interchange, ...]
    truncated: bool

    @property
    def found(self) -> bool:
        """Whether the ledger knows the key at all."""
        return bool(self.matched)

    def as_dict(self) -> dict[str, Any]:
        """The trace as JSON types."""
        rows: dict[str, Sequence[Base]] = {
            "runs": self.runs,
            "batches": self.batches,
            "files": self.files,
            "documents": self.documents,
            "exceptions": self.exceptions,
            "pushes": self.pushes,
            "interchanges": self.interchanges,
        }
        return {
            "key": self.key,
            "matched": list(self.matched),
            **{name: [as_dict(row) for row in some] for name, some in rows.items()},
            "truncated": self.truncated,
        }


def trace(session: Session, key: str, limit: int = 100) -> Trace:
    """Follow a key through the ledger.

    Args:
        key: a file's name, id or sha256 (8 digits of it at least), an invoice, PRO, BOL or other
            reference number however written, a business key, an external id, an Odoo id or
            number, the control number of an interchange or a group, the name of a file that we
            sent, or the id of a document, exception, batch or run.
        limit: how many documents at most.
    """
    return _Search(session, key.strip(), limit).run()


class _Search:
    """One search; collects what was matched on the way."""

    def __init__(self, session: Session, key: str, limit: int) -> None:
        self._session = session
        self._key = key
        self._limit = limit
        self._matched: list[str] = []

    def run(self) -> Trace:
        files = self._matching_files()
        batches = self._matching(Batch, {"batch": Batch.id == self._key})
        runs = self._matching(Run, {"run": Run.id == self._key})
        pushes = self._matching_pushes()
        interchanges = self._matching_interchanges()
        exceptions = self._matching(ExceptionItem, {"exception": ExceptionItem.id == self._key})
        batches = _joined(batches, self._by(Batch, Batch.run_id, (run.id for run in runs)))
        interchanges = _joined(
            interchanges, self._by(Interchange, Interchange.id, _origins(interchanges))
        )
        files = _joined(files, self._by(File, File.id, (row.file_id for row in interchanges)))

        documents = _joined(
            self._matching_documents(),
            self._by(Document, Document.id, (push.document_id for push in pushes)),
            self._by(Document, Document.business_key, (push.business_key for push in pushes)),
            self._by(Document, Document.id, (item.document_id for item in exceptions)),
            self._by(Document, Document.file_id, (file.id for file in files)),
            self._by(Document, Document.batch_id, (batch.id for batch in batches)),
        )[: self._limit + 1]
        truncated = len(documents) > self._limit
        documents = documents[: self._limit]
        keys = [document.business_key for document in documents]
        documents = _joined(documents, self._by(Document, Document.business_key, keys))

        exceptions = _joined(
            exceptions,
            self._by(ExceptionItem, ExceptionItem.business_key, keys),
            self._by(ExceptionItem, ExceptionItem.document_id, (row.id for row in documents)),
            self._by(ExceptionItem, ExceptionItem.file_id, (file.id for file in files)),
            self._by(ExceptionItem, ExceptionItem.batch_id, (batch.id for batch in batches)),
        )
        pushes = _joined(
            pushes,
            self._by(Push, Push.business_key, keys),
            self._by(Push, Push.document_id, (document.id for document in documents)),
        )
        files = self._with_duplicates(
            _joined(
                files,
                self._by(File, File.id, (document.file_id for document in documents)),
                self._by(File, File.id, (item.file_id for item in exceptions)),
                self._by(File, File.batch_id, (batch.id for batch in batches)),
            )
        )
        interchanges = _joined(
            interchanges,
            self._by(Interchange, Interchange.file_id, (file.id for file in files)),
            self._by(Interchange, Interchange.batch_id, (batch.id for batch in batches)),
        )
        interchanges = _joined(
            interchanges,
            self._by(Interchange, Interchange.made_from, (row.id for row in interchanges)),
        )
        batches = _joined(
            batches,
            self._by(Batch, Batch.id, (row.batch_id for row in interchanges)),
            self._by(Batch, Batch.id, (row.acknowledged_by for row in interchanges)),
            self._by(Batch, Batch.id, (document.batch_id for document in documents)),
            self._by(Batch, Batch.id, (file.batch_id for file in files)),
            self._by(Batch, Batch.id, (push.batch_id for push in pushes)),
            self._by(Batch, Batch.id, (item.batch_id for item in exceptions)),
        )
        runs = _joined(runs, self._by(Run, Run.id, (batch.run_id for batch in batches)))
        return Trace(
            key=self._key,
            matched=tuple(self._matched),
            runs=tuple(sorted(runs, key=lambda run: run.sequence)),
            batches=tuple(sorted(batches, key=lambda batch: batch.sequence)),
            files=tuple(sorted(files, key=lambda file: file.sequence)),
            documents=tuple(
                sorted(documents, key=lambda row: (row.batch_id, row.record_type, row.record_id))
            ),
            exceptions=tuple(sorted(exceptions, key=lambda item: (item.sequence, item.id))),
            pushes=tuple(sorted(pushes, key=lambda push: (push.target, push.external_id))),
            interchanges=tuple(sorted(interchanges, key=lambda row: (row.sequence, row.id))),
            truncated=truncated,
        )

    def _matching_files(self) -> list[File]:
        key = self._key
        wanted = {"file": File.id == key, "file name": File.original_name == key}
        digits = key.lower()
        if _HEX.fullmatch(digits):
            wanted["sha256"] = File.sha256.between(digits, digits + "g")
        return self._matching(File, wanted)

    def _matching_documents(self) -> list[Document]:
        key, plain = self._key, normalised_text(storable(self._key))
        named = select(DocumentReference.document_id).where(DocumentReference.value_norm == plain)
        return self._matching(
            Document,
            {
                "document": Document.id == key,
                "business key": Document.business_key == key,
                "document number": Document.document_no == key,
                "shipment": Document.shipment_ref == key,
            }
            | {
                name: column == plain
                for name, column in (
                    ("invoice number", Document.invoice_no_norm),
                    ("PRO", Document.pro_norm),
                    ("BOL", Document.bol_norm),
                )
                if plain
            }
            | ({"reference": Document.id.in_(named)} if plain else {}),
        )

    def _matching_pushes(self) -> list[Push]:
        key = self._key
        wanted: dict[str, ColumnElement[bool]] = {
            "external id": or_(Push.external_id == key, Push.external_id == f"etl.{key}"),
            "number in Odoo": Push.remote_ref == key,
        }
        if _DATABASE_ID.fullmatch(key):
            wanted["id in Odoo"] = Push.remote_id == int(key)
        return self._matching(Push, wanted)

    def _matching_interchanges(self) -> list[Interchange]:
        key, value = self._key, number_in(self._key)
        of_group = select(InterchangeGroup.interchange_id).where(InterchangeGroup.number == key)
        wanted: dict[str, ColumnElement[bool]] = {
            "interchange": Interchange.id == key,
            "control number": Interchange.control_no == key
            if value is None
            else Interchange.control_value == value,
            "group number": Interchange.id.in_(of_group),
            "file that we sent": and_(
                Interchange.file_name == key, Interchange.direction == Direction.OUT
            ),
        }
        return self._matching(Interchange, wanted)

    def _matching(self, model: type[_Row], wanted: dict[str, ColumnElement[bool]]) -> list[_Row]:
        """Rows that the key names in one way or another; each way that does is noted."""
        found: list[_Row] = []
        for name, condition in wanted.items():
            rows = self._session.scalars(select(model).where(condition).limit(self._limit + 1))
            some = list(rows)
            if some:
                self._matched.append(name)
                found = _joined(found, some)
        return found

    def _by(
        self, model: type[_Row], column: InstrumentedAttribute[Any], values: Iterable[str | None]
    ) -> list[_Row]:
        """Rows whose column has one of the values."""
        found: list[_Row] = []
        for some in chunks(sorted({value for value in values if value is not None})):
            left = self._limit + 1 - len(found) if model is Document else None
            found += self._session.scalars(select(model).where(column.in_(some)).limit(left))
        return found

    def _with_duplicates(self, files: list[File]) -> list[File]:
        """The files, and those that brought the same bytes before or after."""
        first = {file.duplicate_of or file.id for file in files}
        return _joined(
            files, self._by(File, File.id, first), self._by(File, File.duplicate_of, first)
        )


def _origins(interchanges: Iterable[Interchange]) -> list[str]:
    """Ids of the interchanges that those of ours answer."""
    return [row.made_from for row in interchanges if row.made_from is not None]


def _joined(*lists: Sequence[_Row]) -> list[_Row]:
    """All rows once, in the order they were found; a session gives one object a row."""
    return list(dict.fromkeys(row for rows in lists for row in rows))
