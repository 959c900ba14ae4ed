"""Map: the files of a batch, through their partner's mappings, to canonical records."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from io import BytesIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from etl.canonical import RecordSet
from etl.config.partner import DocumentRule, Partner
from etl.defects import Defect, Position, Severity
from etl.errors import ConfigurationError, TransientError
from etl.fence import Caught, fault_defect, fenced
from etl.formats.edi.reading.reader import EdiChunk
from etl.jobs.batch import BatchFile
from etl.jobs.edi.received import Reception
from etl.jobs.progress import Progress
from etl.jobs.workspace import CompiledMapping, Workspace
from etl.mapping import Assembly, Context, Finding, KeptOut, Mapped
from etl.raw import FilePart

_NOT_OF_A_FILE = (ConfigurationError, TransientError)
"""What a file is not to blame for; a damaged original is."""

_MANY = 1_000_000
"""More documents than a file has."""

_LONGEST = 64 * 1024 * 1024
"""Bytes of a document that is still read apart from its file."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with one document, or with a whole file.

    Attributes:
        record_type: of the document; None: the whole file.
        record_id: of the document in the batch; None: the whole file.
        rejected: whether it keeps the document out; else it only tells.
        shared: the whole interchange is concerned, of which another trouble tells once.
        fault: it is ours, not the document's: the code raised for it.
    """

    file: BatchFile
    record_type: str | None
    record_id: int | None
    defects: tuple[Defect, ...]
    rejected: bool
    shared: bool = False
    fault: bool = False


@dataclass
class MappedBatch:
    """What a batch's files say, in canonical form.

    Attributes:
        accepted: record sets by record type, of documents without a rejecting defect.
        refused: main tables by record type, of the documents that were rejected.
        troubles: defects by document or file.
        findings: what the mappings' business checks found, by record type.
        receptions: the interchanges of each file that has any, in the order of the files.
        replaced: record ids of the invoices that a later file has anew; neither audited nor pushed.
    """

    accepted: dict[str, RecordSet] = field(default_factory=dict)
    refused: dict[str, pa.Table] = field(default_factory=dict)
    troubles: list[Trouble] = field(default_factory=list)
    findings: dict[str, list[Finding]] = field(default_factory=dict)
    receptions: list[Reception] = field(default_factory=list)
    replaced: frozenset[int] = frozenset()

    @property
    def read(self) -> int:
        """How many documents were found in the files."""
        accepted = sum(records.num_records for records in self.accepted.values())
        return accepted + sum(int(refused.num_rows) for refused in self.refused.values())

    @property
    def unreadable(self) -> list[BatchFile]:
        """Files of which no document could be read; each counts as one rejected document."""
        return [t.file for t in self.troubles if t.record_id is None and t.rejected]

    def keep_out(self, kind: str, record_ids: Sequence[int], troubles: Sequence[Trouble]) -> None:
        """Move documents from what was accepted to what was refused; `troubles` say why."""
        records = self.accepted[kind]
        out = pc.is_in(records.main["record_id"], value_set=pa.array(record_ids, pa.int64()))
        refused = [
            *([self.refused[kind]] if kind in self.refused else []),
            records.main.filter(out),
        ]
        self.refused[kind] = pa.concat_tables(refused)
        self.accepted[kind] = records.select(pc.invert(out).combine_chunks())
        gone = set(record_ids)
        self.findings[kind] = [
            each for each in self.findings.get(kind, ()) if each.record not in gone
        ]
        self.troubles += troubles


def map_files(workspace: Workspace, files: Sequence[BatchFile], progress: Progress) -> MappedBatch:
    """Read and map every file.

    Record ids number the documents of each record type in the order of `files`, so that the same
    files give the same ids. Raises ConfigurationError for a mapping that is wrong.
    """
    progress.stage("map", len(files))
    collected = _Collected()
    for partner, rule, group in _by_mapping(workspace, files):
        if rule is None:
            for file in group:
                collected.troubles.append(_unmatched(partner, file))
            progress.advance(len(group))
            continue
        compiled = workspace.compiled(rule.path)
        context = Context(
            partner=partner.id,
            carrier_scac=partner.identity.scac,
            client=partner.client,
            received_date=min(file.received_at for file in group).date(),
        )
        reading = _Reading(compiled, context, group, progress)
        for ended in fenced(group, reading.attempt, passing=_NOT_OF_A_FILE):
            if isinstance(ended, Caught):
                for file in ended.items:
                    pieces, trouble = reading.documents_apart(file, ended.error)
                    collected.add_all(pieces)
                    collected.troubles.append(trouble)
                progress.advance(reading.not_told(ended.items))
            else:
                collected.add_all(ended)
    return collected.result()


@dataclass(frozen=True, slots=True)
class _Piece:
    """What a chunk gave.

    Attributes:
        files: the chunk's.
        kept_out: documents that could not be mapped.
        receptions: what it tells of the interchanges of each of its files.
    """

    mapped: Mapped
    files: Sequence[BatchFile]
    kept_out: Sequence[KeptOut]
    receptions: Sequence[Reception]


class _Reading:
    """The files of one mapping, read in attempts: all of them, or some where all together raise."""

    def __init__(
        self,
        compiled: CompiledMapping,
        context: Context,
        files: Sequence[BatchFile],
        progress: Progress,
    ) -> None:
        self._compiled, self._context, self._progress = compiled, context, progress
        # a chunk names files by their bytes: the same bytes came once from each partner
        self._by_sha = {file.sha256: file for file in files}
        self._told: set[str] = set()

    def attempt(self, files: Sequence[BatchFile]) -> list[_Piece]:
        """Read and map `files`; leaves nothing behind where it raises."""
        assembly = Assembly(self._compiled.plan, self._context)
        pieces = []
        for chunk in self._compiled.reader.read([file.source for file in files]):
            mapped, kept_out = assembly.take_fenced(chunk)
            chunk_files = [self._by_sha[source.sha256] for source in chunk.files]
            received = _received(chunk, chunk_files) if isinstance(chunk, EdiChunk) else []
            pieces.append(_Piece(mapped, chunk_files, kept_out, received))
            self._progress.advance(self.not_told(chunk_files))
        return pieces

    def documents_apart(self, file: BatchFile, error: Exception) -> tuple[list[_Piece], Trouble]:
        """Read a file that raises as a whole document by document, as far as it can be cut.

        Its interchanges are not taken for received: they are answered when all of it can be read.

        Returns:
            What its other documents gave; and the trouble with those that raise, or the file.
        """
        pieces: list[_Piece] = []
        defects = []
        try:
            for part in self._compiled.reader.cut(file.source, range(1, _MANY), _LONGEST):
                what = f"reading or mapping document {part.number} of it"
                try:
                    pieces += self._of_part(file, part)
                except _NOT_OF_A_FILE:
                    raise
                except Exception as of_part:
                    position = Position(file=file.name)
                    defects.append(fault_defect(what, of_part, position, file.name))
        except _NOT_OF_A_FILE:
            raise
        except Exception:
            pieces, defects = [], []  # it can't even be cut
        if not pieces or not defects:
            return [], _faulty(file, error)
        return pieces, Trouble(file, None, None, tuple(defects), rejected=True, fault=True)

    def _of_part(self, file: BatchFile, part: FilePart) -> list[_Piece]:
        """Read and map one document of `file`, under its number there."""
        content = part.content
        if content is None:
            raise MemoryError(f"it has {part.size:,} bytes")
        alone = replace(file, size=part.size, open=lambda: BytesIO(content))
        return [
            replace(piece, mapped=_numbered(piece.mapped, part.number), receptions=())
            for piece in self.attempt([alone])
        ]

    def not_told(self, files: Sequence[BatchFile]) -> int:
        """How many of `files` the progress has not been told of; they are told now."""
        news = {file.id for file in files} - self._told
        self._told |= news
        return len(news)


class _Collected:
    """Puts the chunks of all files together."""

    def __init__(self) -> None:
        self.troubles: list[Trouble] = []
        self._parts: dict[str, list[RecordSet]] = defaultdict(list)
        self._refused: dict[str, list[pa.Table]] = defaultdict(list)
        self._findings: dict[str, list[Finding]] = defaultdict(list)
        self._next_id: dict[str, int] = defaultdict(int)
        self._receptions: dict[str, Reception] = {}

    def add_all(self, pieces: Sequence[_Piece]) -> None:
        for piece in pieces:
            self._add(piece.mapped, piece.files)
            self.troubles += [
                _faulty(piece.files[each.file], each.error, each.position)
                for each in piece.kept_out
            ]
            for received in piece.receptions:
                reception = self._receptions.setdefault(received.file.id, Reception(received.file))
                reception.take(received.interchanges, received.others)

    def _add(self, mapped: Mapped, files: Sequence[BatchFile]) -> None:
        kind = mapped.records.record_type
        offset = self._next_id[kind]
        self._next_id[kind] += mapped.records.num_records
        records = mapped.records.with_record_offset(offset)
        self._parts[kind].append(records.select(~mapped.rejected))
        if mapped.rejected.any():
            self._refused[kind].append(records.main.filter(pa.array(mapped.rejected)))
        self._findings[kind] += [
            Finding(
                finding.record + offset,
                finding.reason,
                finding.message,
                finding.value,
                finding.expected,
            )
            for finding in mapped.findings
        ]
        with_records = set(np.unique(records.main["file_sha256"].to_numpy(zero_copy_only=False)))
        by_subject: dict[tuple[int, int | None], list[Defect]] = defaultdict(list)
        for defect in mapped.defects:
            by_subject[defect.file, defect.record].append(defect)
        for (file, record), defects in by_subject.items():
            rejecting = any(defect.severity is Severity.REJECT for defect in defects)
            self.troubles.append(
                Trouble(
                    file=files[file],
                    record_type=kind if record is not None else None,
                    record_id=record + offset if record is not None else None,
                    defects=tuple(defects),
                    # a file whose documents came through all the same only has something to tell
                    rejected=rejecting
                    and (record is not None or files[file].sha256 not in with_records),
                )
            )

    def result(self) -> MappedBatch:
        return MappedBatch(
            accepted={kind: RecordSet.concat(parts) for kind, parts in self._parts.items()},
            refused={kind: pa.concat_tables(parts) for kind, parts in self._refused.items()},
            troubles=self.troubles,
            findings=dict(self._findings),
            receptions=list(self._receptions.values()),
        )


def _numbered(mapped: Mapped, number: int) -> Mapped:
    """The records under another number in their file."""
    tables = {
        name: table.set_column(
            table.schema.get_field_index("number_in_file"),
            table.schema.field("number_in_file"),
            pa.repeat(pa.scalar(number, pa.int64()), table.num_rows),
        )
        for name, table in mapped.records.tables.items()
    }
    return replace(mapped, records=mapped.records.with_tables(tables))


def _received(chunk: EdiChunk, files: Sequence[BatchFile]) -> list[Reception]:
    """What the chunk tells of the interchanges of its files."""
    interchanges = chunk.receipts()
    inside = {
        id(defect)
        for one in interchanges
        for defects in (one.defects, *(group.defects for group in one.groups))
        for defect in defects
    }
    receptions = []
    for number, file in enumerate(files):
        others = [
            defect
            for defect in chunk.defects
            if defect.file == number and defect.record is None and id(defect) not in inside
        ]
        own = [one for one in interchanges if one.sha256 == file.sha256]
        if own or others:
            receptions.append(Reception(file, own, others))
    return receptions


def _by_mapping(
    workspace: Workspace, files: Sequence[BatchFile]
) -> Iterator[tuple[Partner, DocumentRule | None, list[BatchFile]]]:
    """Files in groups that one mapping reads, in a fixed order."""
    groups: dict[tuple[str, int], list[BatchFile]] = defaultdict(list)
    for file in files:
        rules = workspace.partner_of(file.partner).documents
        matching = (
            number for number, rule in enumerate(rules) if fnmatchcase(file.name, rule.pattern)
        )
        groups[file.partner, next(matching, len(rules))].append(file)
    for (name, number), group in sorted(groups.items()):
        partner = workspace.partner_of(name)
        rule = partner.documents[number] if number < len(partner.documents) else None
        yield partner, rule, group


def _unmatched(partner: Partner, file: BatchFile) -> Trouble:
    patterns = ", ".join(rule.pattern for rule in partner.documents) or "none"
    defect = Defect(
        code="NO_MAPPING",
        message="no mapping is declared for this file name; add a pattern to documents: in "
        f"mappings/{partner.id}/partner.yaml and rerun the batch",
        position=Position(file=file.name),
        value=file.name,
        expected=f"one of the patterns {patterns}",
    )
    return Trouble(file, None, None, (defect,), rejected=True)


def _faulty(file: BatchFile, error: Exception, position: Position | None = None) -> Trouble:
    """A file, or the document of it at `position`, that the code raised for."""
    what = "reading or mapping " + ("it" if position is None else "this document")
    defect = fault_defect(what, error, position or Position(file=file.name), file.name)
    return Trouble(file, None, None, (defect,), rejected=True, fault=True)
