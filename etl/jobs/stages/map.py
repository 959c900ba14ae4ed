"""Map: the files of a batch, through their partner's mappings, to canonical records."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

import numpy as np
import pyarrow as pa

from etl.canonical import RecordSet
from etl.config.partner import DocumentRule, Partner
from etl.defects import Defect, Position, Severity
from etl.formats.edi.reading.reader import EdiChunk
from etl.jobs.batch import BatchFile
from etl.jobs.edi.received import Reception
from etl.jobs.progress import Progress
from etl.jobs.workspace import Workspace
from etl.mapping import Assembly, Context, Finding, Mapped


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with one document, or with a whole file.

    Attributes:
        record_type: of the document; None: the whole file.
        record_id: of the document in the batch; None: the whole file.
        rejected: whether it keeps the document out; else it only tells.
        shared: the whole interchange is concerned, of which another trouble tells once.
    """

    file: BatchFile
    record_type: str | None
    record_id: int | None
    defects: tuple[Defect, ...]
    rejected: bool
    shared: bool = False


@dataclass
class MappedBatch:
    """What a batch's files say, in canonical form.

    Attributes:
        accepted: record sets by record type, of documents without a rejecting defect.
        refused: main tables by record type, of the documents that were rejected.
        troubles: defects by document or file.
        findings: what the mappings' business checks found, by record type.
        receptions: the interchanges of each file that has any, in the order of the files.
    """

    accepted: dict[str, RecordSet] = field(default_factory=dict)
    refused: dict[str, pa.Table] = field(default_factory=dict)
    troubles: list[Trouble] = field(default_factory=list)
    findings: dict[str, list[Finding]] = field(default_factory=dict)
    receptions: list[Reception] = field(default_factory=list)

    @property
    def read(self) -> int:
        """How many documents were found in the files."""
        accepted = sum(records.num_records for records in self.accepted.values())
        return accepted + sum(int(refused.num_rows) for refused in self.refused.values())

    @property
    def unreadable(self) -> list[BatchFile]:
        """Files of which no document could be read; each counts as one rejected document."""
        return [t.file for t in self.troubles if t.record_id is None and t.rejected]


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
        # a chunk names files by their bytes: the same bytes came once from each partner
        by_sha = {file.sha256: file for file in group}
        read: set[str] = set()
        assembly = Assembly(compiled.plan, context)
        for chunk in compiled.reader.read([file.source for file in group]):
            mapped = assembly.take(chunk)
            chunk_files = [by_sha[source.sha256] for source in chunk.files]
            collected.add(mapped, chunk_files)
            if isinstance(chunk, EdiChunk):
                collected.receive(chunk, chunk_files)
            progress.advance(len({file.id for file in chunk_files} - read))
            read.update(file.id for file in chunk_files)
    return collected.result()


class _Collected:
    """Puts the chunks of all files together."""

    def __init__(self) -> None:
        self.troubles: list[Trouble] = []
        self._parts: dict[str, list[RecordSet]] = defaultdict(list)
        self._refused: dict[str, list[pa.Table]] = defaultdict(list)
        self._findings: dict[str, list[Finding]] = defaultdict(list)
        self._next_id: dict[str, int] = defaultdict(int)
        self._receptions: dict[str, Reception] = {}

    def add(self, mapped: Mapped, files: Sequence[BatchFile]) -> None:
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

    def receive(self, chunk: EdiChunk, files: Sequence[BatchFile]) -> None:
        """Keep what the chunk tells of the interchanges of its files."""
        interchanges = chunk.receipts()
        inside = {
            id(defect)
            for one in interchanges
            for defects in (one.defects, *(group.defects for group in one.groups))
            for defect in defects
        }
        for number, file in enumerate(files):
            others = [
                defect
                for defect in chunk.defects
                if defect.file == number and defect.record is None and id(defect) not in inside
            ]
            own = [one for one in interchanges if one.sha256 == file.sha256]
            if own or others:
                self._receptions.setdefault(file.id, Reception(file)).take(own, others)

    def result(self) -> MappedBatch:
        return MappedBatch(
            accepted={kind: RecordSet.concat(parts) for kind, parts in self._parts.items()},
            refused={kind: pa.concat_tables(parts) for kind, parts in self._refused.items()},
            troubles=self.troubles,
            findings=dict(self._findings),
            receptions=list(self._receptions.values()),
        )


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
