"""What the ledger says of a batch, to be sealed with it; and the ledger rebuilt from that.

With a batch is sealed besides what changed elsewhere since the last one was sealed: how runs ended,
what people closed and why, files that were picked up late.

The two directions stand side by side: :func:`restore` reads what :func:`content_of` gives.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import pyarrow as pa
from sqlalchemy import ColumnElement, and_, or_, select, type_coerce
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.types import NullType

from etl.errors import TerminalError
from etl.ledger.chunks import chunks
from etl.ledger.control_numbers import ControlNumbers
from etl.ledger.interchange_models import (
    ControlNumber,
    Direction,
    Interchange,
    InterchangeGroup,
)
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
from etl.ledger.numbering import Numbers
from etl.ledger.order import Order
from etl.ledger.runs import RunEnd
from etl.ledger.upsert import insert_or_update
from etl.ledger.views import (
    Values,
    as_dict,
    from_arrow,
    from_dict,
    schema_of,
    table_of,
    to_arrow,
)

DOCUMENTS = "documents"
REFERENCES = "document_references"
EXCEPTIONS = "exceptions"
PUSHES = "pushes"
INTERCHANGES = "interchanges"
GROUPS = "interchange_groups"
RUNS = "runs"
FILES = "files"

_READ_AT_ONCE = 10_000
"""Rows, of which Python's values take ten times what Arrow's do."""

_Row = TypeVar("_Row", bound=Base)


@dataclass(frozen=True, slots=True)
class SealedContent:
    """What is to be sealed of a batch.

    Attributes:
        content: JSON for the manifest: ``run``, ``batch``, ``files``, ``control_numbers``.
        tables: by name: ``documents``, ``document_references``, ``exceptions``, ``pushes``,
            ``interchanges``, ``interchange_groups``, and ``runs`` and ``files`` of other batches.
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


def content_of(
    session: Session, order: Order, batch_id: str, since: int, ends: RunEnd | None
) -> SealedContent:
    """All that the ledger says of a batch, and what changed elsewhere; raises KeyError for an
    unknown one.

    Of the exceptions those that the batch met last, and those that it closed; of the interchanges
    those that it read or wrote last, and those that it brought the answer to.

    Args:
        since: a place in the ledger's order; what changed after it is sealed too.
        ends: how the batch's run ends, if nothing more happens.
    """
    until = order.take()  # whoever has an earlier number has committed
    batch = session.get(Batch, batch_id)
    run = session.get(Run, batch.run_id) if batch is not None else None
    if batch is None or run is None:
        raise KeyError(batch_id)
    told = as_dict(run)
    if ends is not None:
        told |= {"state": str(ends.state), "counts": dict(ends.counts), "error": ends.error}
        told["finished_at"] = ends.at.isoformat()
    of_batch = select(Document.id).where(Document.batch_id == batch_id)
    exceptions = or_(
        ExceptionItem.batch_id == batch_id,
        ExceptionItem.closed_by == batch_id,
        ExceptionItem.changed > since,
    )
    concerned = or_(
        Interchange.batch_id == batch_id,
        Interchange.acknowledged_by == batch_id,
        Interchange.changed > since,
    )
    interchanges = select(Interchange.id).where(concerned)
    files = session.scalars(select(File).where(File.batch_id == batch_id).order_by(File.sequence))
    return SealedContent(
        content={
            "run": told,
            "batch": as_dict(batch) | {"sealed_sequence": until},
            "files": [as_dict(file) for file in files],
            "control_numbers": [as_dict(counter) for counter in _counters(session, batch)],
        },
        tables={
            DOCUMENTS: _table(session, Document, Document.batch_id == batch_id),
            REFERENCES: _table(
                session, DocumentReference, DocumentReference.document_id.in_(of_batch)
            ),
            EXCEPTIONS: _table(session, ExceptionItem, exceptions),
            PUSHES: _table(session, Push, Push.batch_id == batch_id),
            INTERCHANGES: _table(session, Interchange, concerned),
            GROUPS: _table(
                session, InterchangeGroup, InterchangeGroup.interchange_id.in_(interchanges)
            ),
            RUNS: _table(session, Run, and_(Run.changed > since, Run.id != run.id)),
            FILES: _table(session, File, and_(File.changed > since, File.batch_id != batch_id)),
        },
    )


def restore(session: Session, order: Order, sealed: SealedBatch) -> None:
    """Write what a sealed batch says; where the ledger knows something later, that stays.

    Batches must come in the order they were sealed in. Doing it again changes nothing.

    Raises:
        TerminalError: the manifest does not say what the ledger needs.
    """
    run, batch, files = _head(sealed)
    numbers = Numbers(session, order, batch)
    exceptions = _rows(sealed, ExceptionItem, EXCEPTIONS)
    if run["state"] == RunState.RUNNING:  # by an etl that did not tell how the run would end
        _tell_end(session, run, batch, exceptions)
    runs = numbers.given(Run, [*_rows(sealed, Run, RUNS), run])
    _write(session, Run, _news(session, Run, Run.id, runs, _changed_later))
    _write(session, Batch, [batch])
    _restore_files(session, numbers.given(File, [*files, *_rows(sealed, File, FILES)]))
    documents = _rows(sealed, Document, DOCUMENTS)
    _forget_absent(session, documents, "file_id", File.id)
    _write(session, Document, documents)
    _write(session, DocumentReference, _rows(sealed, DocumentReference, REFERENCES))
    _restore_exceptions(session, numbers.given(ExceptionItem, exceptions))
    pushes = numbers.given(Push, _rows(sealed, Push, PUSHES))
    pushes = _news(session, Push, Push.external_id, pushes, _push_is_later)
    _forget_absent(session, pushes, "document_id", Document.id)
    _write(session, Push, pushes)
    _restore_interchanges(session, sealed, numbers)
    _restore_counters(session, sealed)
    order.used(numbers.highest)


def _tell_end(session: Session, run: Values, batch: Values, exceptions: list[Values]) -> None:
    waiting = any(row["state"] != ExceptionState.CLOSED for row in exceptions)
    run["state"] = RunState.EXCEPTIONS if waiting else RunState.OK
    run["finished_at"] = batch["sealed_at"]
    known = session.get(Run, run["id"])
    if known is not None:  # restored from a batch that the same run sealed before this one
        run["state"] = max(run["state"], known.state, key=list(RunState).index)


def _counters(session: Session, batch: Batch) -> Iterable[ControlNumber]:
    """Those of the batch's partners; what we sent does not show all of them."""
    query = select(ControlNumber).where(ControlNumber.partner.in_(batch.partners))
    return session.scalars(query.order_by(*table_of(ControlNumber).primary_key))


def _table(session: Session, model: type[Base], condition: ColumnElement[bool]) -> pa.Table:
    """All columns of the rows that meet a condition, by primary key."""
    table = table_of(model)
    unread = (type_coerce(column, NullType()).label(column.name) for column in table.columns)
    query = select(*unread).where(condition).order_by(*table.primary_key.columns)
    session.flush()
    found = session.connection().execute(query)
    told = [column[1] for column in found.cursor.description]
    dialect = session.get_bind().dialect
    parts = [to_arrow(model, rows, dialect, told) for rows in found.partitions(_READ_AT_ONCE)]
    return pa.concat_tables([schema_of(model).empty_table(), *parts])


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
    """Files whose batch is not sealed yet come with it."""
    _forget_absent(session, files, "batch_id", Batch.id)
    files = [file for file in files if file["batch_id"] is not None]
    files = _news(session, File, File.id, files, _changed_later)
    _forget_absent(session, files, "duplicate_of", File.id, {file["id"] for file in files})
    first = [file for file in files if file["duplicate_of"] is None]
    again = [file for file in files if file["duplicate_of"] is not None]
    for some in (first, again):
        _write(session, File, some)


def _restore_exceptions(session: Session, rows: list[Values]) -> None:
    rows = _news(session, ExceptionItem, ExceptionItem.id, rows, _changed_later)
    _forget_absent(session, rows, "batch_id", Batch.id)
    _forget_absent(session, rows, "closed_by", Batch.id)
    _forget_absent(session, rows, "file_id", File.id)
    _forget_absent(session, rows, "document_id", Document.id)
    _close_superseded(session, rows)
    # one item of a fingerprint is open at a time: what was closed makes room first
    rows.sort(key=lambda row: row["state"] != ExceptionState.CLOSED)
    _write(session, ExceptionItem, rows)


def _close_superseded(session: Session, rows: list[Values]) -> None:
    """Of two open items of one fingerprint, the earlier one must have been closed by a person: an
    etl that did not count did not seal it."""
    opened = {row["fingerprint"]: row for row in rows if row["state"] != ExceptionState.CLOSED}
    for some in chunks(sorted(opened)):
        query = select(ExceptionItem).where(
            ExceptionItem.state != ExceptionState.CLOSED, ExceptionItem.fingerprint.in_(some)
        )
        for known in session.scalars(query):
            row = opened[known.fingerprint]
            if any(each["id"] == known.id for each in rows):
                continue
            if known.id == row["id"]:
                continue
            if known.sequence > row["sequence"]:
                row |= {"state": ExceptionState.CLOSED, "closed_at": known.first_at}
            else:
                known.state, known.closed_at = ExceptionState.CLOSED, row["first_at"]
    session.flush()


def _restore_interchanges(session: Session, sealed: SealedBatch, numbers_of: Numbers) -> None:
    """Interchanges with their groups; the numbers of those that we sent are never given again."""
    rows = numbers_of.given(Interchange, _rows(sealed, Interchange, INTERCHANGES))
    rows = _news(session, Interchange, Interchange.id, rows, _changed_later)
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


def _restore_counters(session: Session, sealed: SealedBatch) -> None:
    """An etl that did not seal its counters left no more than the numbers of what it sent."""
    numbers = ControlNumbers(session)
    for told in sealed.manifest["content"].get("control_numbers", ()):
        row = from_dict(ControlNumber, told)
        numbers.used(row["partner"], row["syntax"], row["kind"], row["next"] - 1)


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


def _changed_later(known: Any, row: Values) -> bool:
    return bool(known.changed > row["changed"])


def _push_is_later(known: Push, row: Values) -> bool:
    return known.target == row["target"] and bool(known.sequence > row["sequence"])


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
