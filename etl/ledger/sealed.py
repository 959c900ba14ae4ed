"""What the ledger says of a batch, to be sealed with it; and the ledger rebuilt from that.

The two directions stand side by side: :func:`restore` reads what :func:`content_of` gives.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import pyarrow as pa
from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from etl.errors import TerminalError
from etl.ledger.chunks import chunks
from etl.ledger.control_numbers import ControlNumbers
from etl.ledger.interchange_models import Direction, Interchange, InterchangeGroup
from etl.ledger.models import (
    Base,
    Batch,
    BatchState,
    Document,
    DocumentReference,
    ExceptionItem,
    ExceptionState,
    File,
    Push,
    Run,
    RunState,
)
from etl.ledger.upsert import insert_or_update
from etl.ledger.views import Values, as_dict, from_arrow, from_dict, table_of, to_arrow

DOCUMENTS = "documents"
REFERENCES = "document_references"
EXCEPTIONS = "exceptions"
PUSHES = "pushes"
INTERCHANGES = "interchanges"
GROUPS = "interchange_groups"

_Row = TypeVar("_Row", bound=Base)


@dataclass(frozen=True, slots=True)
class SealedContent:
    """What is to be sealed of a batch.

    Attributes:
        content: JSON for the manifest: ``run``, ``batch``, ``files``.
        tables: by name: ``documents``, ``document_references``, ``exceptions``, ``pushes``,
            ``interchanges``, ``interchange_groups``.
    """

    content: dict[str, Any]
    tables: dict[str, pa.Table]


@dataclass(frozen=True, slots=True)
class SealedBatch:
    """A sealed batch as the archive has it.

    Attributes:
        manifest: the manifest as a dict; its `content` and `sealed_at` are read.
        manifest_sha256: the hash of its file.
        tables: gives a table of the batch by name, or None.
    """

    manifest: Mapping[str, Any]
    manifest_sha256: str
    tables: Callable[[str], pa.Table | None]


def content_of(session: Session, batch_id: str) -> SealedContent:
    """All that the ledger says of a batch; raises KeyError for an unknown one.

    Of the exceptions those that the batch met last, and those that it closed; of the interchanges
    those that it read or wrote last, and those that it brought the answer to.
    """
    batch = session.get(Batch, batch_id)
    run = session.get(Run, batch.run_id) if batch is not None else None
    if batch is None or run is None:
        raise KeyError(batch_id)
    of_batch = select(Document.id).where(Document.batch_id == batch_id)
    met_or_closed = or_(ExceptionItem.batch_id == batch_id, ExceptionItem.closed_by == batch_id)
    read_or_answered = or_(
        Interchange.batch_id == batch_id, Interchange.acknowledged_by == batch_id
    )
    interchanges = select(Interchange.id).where(read_or_answered)
    files = session.scalars(
        select(File).where(File.batch_id == batch_id).order_by(File.received_at, File.id)
    )
    return SealedContent(
        content={
            "run": as_dict(run),
            "batch": as_dict(batch),
            "files": [as_dict(file) for file in files],
        },
        tables={
            DOCUMENTS: _table(session, Document, Document.batch_id == batch_id),
            REFERENCES: _table(
                session, DocumentReference, DocumentReference.document_id.in_(of_batch)
            ),
            EXCEPTIONS: _table(session, ExceptionItem, met_or_closed),
            PUSHES: _table(session, Push, Push.batch_id == batch_id),
            INTERCHANGES: _table(session, Interchange, read_or_answered),
            GROUPS: _table(
                session, InterchangeGroup, InterchangeGroup.interchange_id.in_(interchanges)
            ),
        },
    )


def restore(session: Session, sealed: SealedBatch) -> None:
    """Write what a sealed batch says; where the ledger knows something later, that stays.

    Batches must come in the order they were sealed in. Doing it again changes nothing.

    Raises:
        TerminalError: the manifest does not say what the ledger needs.
    """
    run, batch, files = _head(sealed)
    exceptions = _rows(sealed, ExceptionItem, EXCEPTIONS)
    if run["state"] == RunState.RUNNING:  # it was sealing this very batch
        waiting = any(row["state"] != ExceptionState.CLOSED for row in exceptions)
        run["state"] = RunState.EXCEPTIONS if waiting else RunState.OK
        run["finished_at"] = batch["sealed_at"]
    known = session.get(Run, run["id"])
    if known is None:
        _write(session, Run, [run])
    elif known.finished_at is not None and known.finished_at < batch["sealed_at"]:
        # restored from a batch that the same run sealed before this one
        run["state"] = max(run["state"], known.state, key=list(RunState).index)
        _write(session, Run, [run])
    _write(session, Batch, [batch])
    _restore_files(session, files)
    documents = _rows(sealed, Document, DOCUMENTS)
    _forget_absent(session, documents, "file_id", File.id)
    _write(session, Document, documents)
    _write(session, DocumentReference, _rows(sealed, DocumentReference, REFERENCES))
    _restore_exceptions(session, exceptions)
    pushes = _news(session, Push, Push.external_id, _rows(sealed, Push, PUSHES), _push_is_later)
    _forget_absent(session, pushes, "document_id", Document.id)
    _write(session, Push, pushes)
    _restore_interchanges(session, sealed)


def _table(session: Session, model: type[Base], condition: ColumnElement[bool]) -> pa.Table:
    """All columns of the rows that meet a condition, by primary key."""
    table = table_of(model)
    query = select(*table.columns).where(condition).order_by(*table.primary_key.columns)
    return to_arrow(model, [tuple(row) for row in session.execute(query)])


def _head(sealed: SealedBatch) -> tuple[Values, Values, list[Values]]:
    """Run, batch and files as the manifest's content tells them."""
    try:
        content = sealed.manifest["content"]
        batch = from_dict(Batch, content["batch"]) | {
            "state": BatchState.SEALED,
            "manifest_sha256": sealed.manifest_sha256,
            "sealed_at": datetime.fromisoformat(sealed.manifest["sealed_at"]),
        }
        files = [from_dict(File, file) for file in content["files"]]
        return from_dict(Run, content["run"]), batch, files
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise TerminalError(
            f"the manifest of batch {sealed.manifest.get('batch_id')} does not say what the "
            f"ledger needs ({type(error).__name__}: {error}); run `etl archive verify`"
        ) from error


def _rows(sealed: SealedBatch, model: type[Base], name: str) -> list[Values]:
    table = sealed.tables(name)
    return [] if table is None else from_arrow(model, table)


def _write(
    session: Session, model: type[Base], rows: list[Values], but: Collection[str] = ()
) -> None:
    """Insert rows, or bring those that are there up to date in all columns `but` some."""
    table = table_of(model)
    changing = [
        column.name for column in table.columns if not column.primary_key and column.name not in but
    ]
    insert_or_update(session, table, rows, changing)


def _restore_files(session: Session, files: list[Values]) -> None:
    """A pickup that the ledger knows of may have come after the seal, so it stays."""
    _forget_absent(session, files, "duplicate_of", File.id, {file["id"] for file in files})
    first = [file for file in files if file["duplicate_of"] is None]
    again = [file for file in files if file["duplicate_of"] is not None]
    for some in (first, again):
        _write(session, File, some, but=("picked_up_at",))


def _restore_exceptions(session: Session, rows: list[Values]) -> None:
    rows = _news(session, ExceptionItem, ExceptionItem.id, rows, _exception_is_later)
    _forget_absent(session, rows, "batch_id", Batch.id)
    _forget_absent(session, rows, "closed_by", Batch.id)
    _forget_absent(session, rows, "file_id", File.id)
    _forget_absent(session, rows, "document_id", Document.id)
    _close_superseded(session, rows)
    _write(session, ExceptionItem, rows)


def _close_superseded(session: Session, rows: list[Values]) -> None:
    """Of two open items of one fingerprint, the earlier one must have been closed by a person."""
    opened = {row["fingerprint"]: row for row in rows if row["state"] != ExceptionState.CLOSED}
    for some in chunks(sorted(opened)):
        query = select(ExceptionItem).where(
            ExceptionItem.state != ExceptionState.CLOSED, ExceptionItem.fingerprint.in_(some)
        )
        for known in session.scalars(query):
            row = opened[known.fingerprint]
            if known.id == row["id"]:
                continue
            if known.first_at > row["first_at"]:
                row |= {"state": ExceptionState.CLOSED, "closed_at": known.first_at}
            else:
                known.state, known.closed_at = ExceptionState.CLOSED, row["first_at"]
    session.flush()


def _restore_interchanges(session: Session, sealed: SealedBatch) -> None:
    """Interchanges with their groups; the numbers of those that we sent are never given again."""
    rows = _rows(sealed, Interchange, INTERCHANGES)
    rows = _news(session, Interchange, Interchange.id, rows, _interchange_is_later)
    _forget_absent(session, rows, "file_id", File.id)
    _forget_absent(session, rows, "batch_id", Batch.id)
    _forget_absent(session, rows, "acknowledged_by", Batch.id)
    _write(session, Interchange, rows)
    by_id = {row["id"]: row for row in rows}
    groups = [
        group
        for group in _rows(sealed, InterchangeGroup, GROUPS)
        if group["interchange_id"] in by_id
    ]
    _write(session, InterchangeGroup, groups)
    numbers = ControlNumbers(session)
    for row in rows:
        if row["direction"] == Direction.OUT and row["control_value"] is not None:
            numbers.used(row["partner"], row["syntax"], "interchange", row["control_value"])
    for group in groups:
        sent = by_id[group["interchange_id"]]
        if sent["direction"] == Direction.OUT and group["number"].isdecimal():
            numbers.used(sent["partner"], sent["syntax"], "group", int(group["number"]))


def _news(
    session: Session,
    model: type[_Row],
    key: InstrumentedAttribute[str],
    rows: list[Values],
    is_later: Callable[[_Row, Values], bool],
) -> list[Values]:
    """The rows of which the ledger knows nothing later."""
    news = []
    for some in chunks(rows):
        known = defaultdict(list)
        for row in session.scalars(select(model).where(key.in_([row[key.key] for row in some]))):
            known[getattr(row, key.key)].append(row)
        news += [row for row in some if not any(is_later(old, row) for old in known[row[key.key]])]
    return news


def _exception_is_later(known: ExceptionItem, row: Values) -> bool:
    if known.last_at != row["last_at"]:
        return bool(known.last_at > row["last_at"])
    return known.closed_at is not None and row["closed_at"] is None


def _interchange_is_later(known: Interchange, row: Values) -> bool:
    """A delivery or an answer that the ledger knows of may have come after the seal."""
    for name in ("acknowledged_at", "delivered_at"):
        before, after = getattr(known, name), row[name]
        if before != after:
            return after is None or (before is not None and bool(before > after))
    return False


def _push_is_later(known: Push, row: Values) -> bool:
    return known.target == row["target"] and bool(known.pushed_at > row["pushed_at"])


def _forget_absent(
    session: Session,
    rows: list[Values],
    name: str,
    key: InstrumentedAttribute[str],
    coming: Collection[str] = (),
) -> None:
    """Clear references to what the ledger does not have: the batch it came with is not sealed."""
    wanted = {row[name] for row in rows if row[name] is not None} - set(coming)
    present = set(coming)
    for some in chunks(sorted(wanted)):
        present |= set(session.scalars(select(key).where(key.in_(some))))
    for row in rows:
        if row[name] not in present:
            row[name] = None
