"""Write transactions that stand in JSON or YAML as an interchange to a partner, and send it.

The file is kept in a batch of its own, sealed like any other, so that what was sent and its control
numbers can be found again from the archive alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from pathlib import Path

from etl.config.edi import EdiId, EdiReading
from etl.config.partner import Partner
from etl.config.project import Job
from etl.defects import Severity
from etl.errors import ConfigurationError, DataError, TechnicalError
from etl.formats import format_named
from etl.formats.edi.delimiters import Delimiters
from etl.formats.edi.outgoing import OutgoingInterchange, OutgoingTransaction
from etl.formats.edi.structures.files import documents
from etl.formats.edi.writing.document_form import SCHEMA, transactions
from etl.formats.edi.writing.writer import written
from etl.formats.edifact.syntax import EDIFACT
from etl.formats.x12.syntax import X12
from etl.jobs.batch import Batch, open_batch
from etl.jobs.counts import Counts
from etl.jobs.edi.delivery import deliver_waiting
from etl.jobs.edi.outbox import Numbers, Sending, put_into_outbox
from etl.jobs.edi.outgoing import group_count
from etl.jobs.edi.source import source_with_defaults
from etl.jobs.lock import exclusive
from etl.jobs.progress import Progress, Silent
from etl.jobs.result import RunResult
from etl.jobs.run import lock_path, started, today
from etl.jobs.stages.seal import note_seal, seal
from etl.jobs.workspace import Workspace
from etl.ledger import Interchange, InterchangeState, Purpose
from etl.ledger.models import RunKind
from etl.raw import SourceFile
from etl.yamlfile import load_yaml

JOB = "edi write"
"""The name of its runs; no declared job can have it."""

_CHECKED_STRICTLY = (
    "unknown",
    "missing",
    "misplaced",
    "order",
    "repeats",
    "elements",
    "lengths",
    "types",
)
"""Where we are lenient with what others send, but not with what we do."""

_DEFECTS_SHOWN = 10


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """What was written.

    Attributes:
        interchange: as the ledger has it.
        path: where the file lies: in the outbox, or below ``sent`` once it is delivered.
        error: why it could not be delivered; it stays in the outbox for the next run.
    """

    interchange: Interchange
    path: Path
    error: TechnicalError | None = None


def write_file(
    workspace: Workspace,
    path: Path,
    partner_name: str,
    *,
    deliver: bool = False,
    progress: Progress | None = None,
) -> WrittenFile:
    """Write the transactions of a file to the partner's outbox.

    Killed anywhere, the same command again finishes it, under the same control number; once it is
    written, the same command sends it anew.

    Args:
        deliver: put it on the partner's server now; else the next run of a job with the step
            acknowledge does.

    Raises:
        ConfigurationError: the file, the partner or its ids are wrong; nothing was written.
        DataError: a value that cannot be written, or what was written breaks its structure.
        TransientError: another process is writing.
    """
    partner = workspace.project.partner(partner_name)
    content = transactions(load_yaml(path, str(path), SCHEMA).data)
    syntax = _syntax(content, path)
    sending = _sending(workspace, partner, syntax, content, _digest(path))
    _check(partner, syntax, written(sending.make(Numbers(1, 1, 0, workspace.clock()))))
    job = Job(JOB, "", (partner.id,), (), None, None)
    with (
        exclusive(lock_path(workspace, job), "etl edi write"),
        started(workspace, job, today(workspace, job), RunKind.RUN) as result,
    ):
        batch = _batch(workspace, job, result)
        sent = put_into_outbox(workspace, batch, sending)
        error = None
        if deliver:
            deliveries = deliver_waiting(workspace, [partner.id], progress or Silent())
            error = deliveries.get(partner.id)
        if error is not None:
            result.errors.append(str(error))
        result.sealed = result.end(workspace.clock())
        seal(workspace, batch, Counts(), result.sealed)
    with workspace.ledger.read() as ledger:
        interchange = ledger.interchanges.get(sent.id)
    assert interchange is not None
    delivered = interchange.state == InterchangeState.DELIVERED
    where = sent.path.parent / "sent" / sent.path.name if delivered else sent.path
    return WrittenFile(interchange, where, error)


def _digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


def _syntax(content: Sequence[OutgoingTransaction], path: Path) -> str:
    """``x12`` or ``edifact``, by what the documents are."""
    known = {document: syntax.name for syntax in (X12, EDIFACT) for document in documents(syntax)}
    found = {known.get(each.document) for each in content}
    if None in found:
        unknown = next(each.document for each in content if each.document not in known)
        raise ConfigurationError(
            f"{path}: found document {unknown!r}, expected one of {', '.join(known)}"
        )
    if len(found) > 1:
        raise ConfigurationError(
            f"{path}: found X12 and EDIFACT documents, expected one of them in an interchange"
        )
    (syntax,) = found
    assert syntax is not None
    return syntax


def _sending(
    workspace: Workspace,
    partner: Partner,
    syntax: str,
    content: tuple[OutgoingTransaction, ...],
    digest: str,
) -> Sending:
    make = _x12 if syntax == "x12" else _edifact
    with workspace.ledger.read() as ledger:
        before = ledger.interchanges.made_from(partner.id, digest, Purpose.DOCUMENT)
    ids = _ids(partner, syntax)
    return Sending(
        partner=partner.id,
        syntax=syntax,
        purpose=Purpose.DOCUMENT,
        make=lambda numbers: make(partner, ids, content, numbers),
        made_from=digest,
        file=partner.edi.write.file,
        # behind what was sent before stands what a killed command only planned
        place=sum(row.state != InterchangeState.PLANNED for row in before),
        groups=group_count(syntax, content),
        expect=partner.edi.expect,
    )


_Ids = tuple[EdiId, EdiId]
"""Ours and theirs."""


def _ids(partner: Partner, syntax: str) -> _Ids:
    us, them = partner.edi.us, partner.edi.them
    key, ours, theirs = ("isa", us.isa, them.isa) if syntax == "x12" else ("unb", us.unb, them.unb)
    file = f"mappings/{partner.id}/partner.yaml"
    if ours is None:
        raise ConfigurationError(f"{file}: edi.us.{key}: found nothing, expected our own id")
    if theirs is None:
        raise ConfigurationError(
            f"{file}: identity.{key}: found nothing, expected the partner's id"
        )
    return ours, theirs


def _x12(
    partner: Partner, ids: _Ids, content: tuple[OutgoingTransaction, ...], numbers: Numbers
) -> OutgoingInterchange:
    declared, (ours, theirs) = partner.edi.write.x12, ids
    return OutgoingInterchange(
        syntax="x12",
        sender=(ours.id, ours.qualifier),
        receiver=(theirs.id, theirs.qualifier),
        number=numbers.interchange,
        created=numbers.created,
        version=declared.version[:5],
        delimiters=Delimiters(
            ord(declared.element),
            ord(declared.component),
            ord(declared.repetition),
            ord(declared.terminator),
        ),
        transactions=content,
        group_sender=partner.edi.us.gs,
        group_receiver=partner.edi.them.gs,
        group_number=numbers.group,
        charset=declared.charset,
        line_ends=declared.line_ends,
        test=declared.test,
        acknowledgement=_expects(partner, "transport"),
    )


def _edifact(
    partner: Partner, ids: _Ids, content: tuple[OutgoingTransaction, ...], numbers: Numbers
) -> OutgoingInterchange:
    declared, (ours, theirs) = partner.edi.write.edifact, ids
    return OutgoingInterchange(
        syntax="edifact",
        sender=(ours.id, ours.qualifier),
        receiver=(theirs.id, theirs.qualifier),
        number=numbers.interchange,
        created=numbers.created,
        version=declared.syntax,
        delimiters=Delimiters(
            ord(declared.element),
            ord(declared.component),
            ord(declared.repetition),
            ord(declared.terminator),
            ord(declared.release),
            declared.decimal == ",",
        ),
        transactions=content,
        line_ends=declared.line_ends,
        una=declared.una,
        test=declared.test,
        acknowledgement=_expects(partner, "transport", "syntax"),
    )


def _expects(partner: Partner, *levels: str) -> bool:
    expect = partner.edi.expect
    return expect.within_hours is not None and expect.level in levels


def _check(partner: Partner, syntax: str, content: bytes) -> None:
    """Read back what would be written, by the structures and the partner's deviations.

    Raises DataError, with what is wrong; nothing is sent that the partner would reject.
    """
    own = EdiReading(charset=partner.edi.read.charset, deviations=partner.edi.read.deviations)
    strict = dict.fromkeys(_CHECKED_STRICTLY, "reject")
    source = source_with_defaults({"format": syntax, "structure": strict}, own)
    reader = format_named(syntax).reader(source)
    file = SourceFile("what would be written", "", len(content), lambda: BytesIO(content))
    defects = [
        defect
        for chunk in reader.read([file])
        for defect in chunk.defects
        if defect.severity is Severity.REJECT
    ]
    if defects:
        more = len(defects) - _DEFECTS_SHOWN
        also = [f"and {more} more"] if more > 0 else []
        raise DataError("\n".join([*map(str, defects[:_DEFECTS_SHOWN]), *also]))


def _batch(workspace: Workspace, job: Job, result: RunResult) -> Batch:
    """The batch that a killed command left open, or a new one."""
    with workspace.ledger.read() as ledger:
        left = ledger.batches.unsealed(job.name)
    for row in left:
        batch = open_batch(workspace, job, result.run_id, row.nominal_date, batch_id=row.id)
        if not batch.folder.sealed:
            result.batches.append(batch.id)
            return batch
        note_seal(workspace, batch, batch.folder.manifest())
    batch = open_batch(workspace, job, result.run_id, result.nominal_date)
    result.batches.append(batch.id)
    return batch
