"""Where the documents of files stand today, whatever batch processed them last."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from etl.jobs.batch import BatchFile
from etl.jobs.workspace import Workspace
from etl.ledger import Disposition, Document, ExceptionItem

DocumentKey = tuple[str | None, str, str]
"""File, record type, business key."""


@dataclass(frozen=True)
class Standing:
    """What the ledger says today of the documents of some files.

    Attributes:
        documents: by key, as they were processed last; where one key stands on several, the last
            of them.
        copies: by key, all of them, in the order of their file.
        nameless: those without a business key, of the last batch that had their file.
        waiting: the exceptions that wait; `open`: the same by file and business key.
    """

    documents: Mapping[DocumentKey, Document] = field(default_factory=dict)
    copies: Mapping[DocumentKey, Sequence[Document]] = field(default_factory=dict)
    nameless: Sequence[Document] = ()
    open: Mapping[tuple[str | None, str | None], ExceptionItem] = field(default_factory=dict)
    waiting: Sequence[ExceptionItem] = ()

    def waits(self, document: Document) -> bool:
        """Whether somebody has to look at it still, or its batch is not finished."""
        waiting = (document.file_id, document.business_key) in self.open
        return waiting or document.disposition is None or self._kept_out_together(document)

    def _kept_out_together(self, document: Document) -> bool:
        """Whether it was kept out with its whole interchange, of which one exception tells, and
        that waits."""
        told = self._told_of_files.get(document.file_id)
        rejected = document.disposition == Disposition.REJECTED
        return rejected and told is not None and not told.isdisjoint(document.reasons)

    @cached_property
    def _told_of_files(self) -> Mapping[str | None, set[str]]:
        """Codes of what waits of files and names no document, by file."""
        codes: dict[str | None, set[str]] = defaultdict(set)
        for item in self.waiting:
            if not item.business_key:
                codes[item.file_id].add(item.code)
        return codes

    def settled(self, kind: str, file_id: str | None, business_key: str | None) -> bool:
        """Whether it was decided: taken in, replaced, or closed by a person."""
        document = self.documents.get((file_id, kind, business_key or ""))
        return document is not None and not self.waits(document)


def standing_of(workspace: Workspace, files: Sequence[BatchFile], but_batch: str = "") -> Standing:
    """How the documents of files stand.

    Args:
        but_batch: what a killed try of this batch noted and closed does not count.
    """
    ids = [file.id for file in files]
    with workspace.ledger.read() as ledger:
        found = [each for each in ledger.documents.of_files(ids) if each.batch_id != but_batch]
        waiting = ledger.exceptions.waiting_of_files(ids, but_batch)
    last_batch = {document.file_id: document.batch_id for document in found}
    copies = _as_processed_last(found)
    return Standing(
        documents={key: documents[-1] for key, documents in copies.items()},
        copies=copies,
        nameless=[
            document
            for document in found
            if not document.business_key and document.batch_id == last_batch[document.file_id]
        ],
        open={(item.file_id, item.business_key): item for item in waiting},
        waiting=waiting,
    )


def _as_processed_last(found: Sequence[Document]) -> dict[DocumentKey, list[Document]]:
    """By key the documents of the last batch that has them; a bill may be in a file twice."""
    copies: dict[DocumentKey, list[Document]] = {}
    for document in found:
        if document.business_key:
            key = (document.file_id, document.record_type, document.business_key)
            earlier = copies.get(key)
            if earlier and earlier[0].batch_id == document.batch_id:
                earlier.append(document)
            else:
                copies[key] = [document]
    return copies


def told_of(document: Mapping[str, Any]) -> str | None:
    """How a document stands, in a word: what the audit said, or where it ended."""
    outcome, disposition = document.get("outcome"), document["disposition"]
    if outcome is None or disposition in (Disposition.SUPERSEDED, Disposition.REJECTED):
        return str(disposition) if disposition else None
    return str(outcome)
