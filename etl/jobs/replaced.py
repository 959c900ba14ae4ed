"""Which documents of a batch a later file replaced, under the same business key.

What was rejected replaces nothing, nor does a mere repetition. Two versions in files that came
together do not replace each other: nobody can tell which one counts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from etl.jobs.batch import BatchFile
from etl.jobs.queues import counts_for_nothing
from etl.jobs.stages.map import MappedBatch
from etl.jobs.stages.reconcile import INVOICE
from etl.jobs.workspace import Workspace
from etl.ledger import Disposition
from etl.ledger.documents import Version

_FREIGHT = ("shipment_ref", "pro_no", "bol_no")


def replaced_records(
    workspace: Workspace, mapped: MappedBatch, files: Sequence[BatchFile]
) -> frozenset[int]:
    """The record ids of the batch's invoices that a later file replaced."""
    invoices = mapped.accepted.get(INVOICE)
    if invoices is None or not invoices.num_records:
        return frozenset()
    ids = [file.id for file in files]
    came = {(file.partner, file.sha256): file for file in files}
    columns = ["record_id", "business_key", "partner", "file_sha256", "record_hash", *_FREIGHT]
    with workspace.ledger.read() as ledger:
        later = ledger.files.any_after(min(file.sequence for file in files), but=ids)
        nights = {file.batch_id for file in files}
        if not later and len(nights) == 1:
            return frozenset()  # a night's new files: nothing can have come after them
        keys = invoices.main["business_key"].drop_null().unique().to_pylist()
        versions = ledger.documents.versions(INVOICE, keys, but_files=frozenset(ids))
    here: dict[str, list[_Own]] = defaultdict(list)
    rows = zip(*invoices.main.select(columns).to_pydict().values(), strict=True)
    for record_id, key, partner, sha256, record_hash, *freight in rows:
        if key is not None:
            here[key].append(_Own(record_id, came[partner, sha256], record_hash, freight))

    def is_replaced(key: str, own: _Own) -> bool:
        elsewhere = any(
            _counts(version)
            and version.sequence > own.file.sequence
            and version.record_hash != own.record_hash
            for version in versions.get(key, ())
        )
        return elsewhere or any(other.replaces(own) for other in here[key])

    return frozenset(
        own.record_id for key, owns in here.items() for own in owns if is_replaced(key, own)
    )


@dataclass(frozen=True, slots=True)
class _Own:
    """A version that the batch has itself; `freight`: the numbers of what it bills."""

    record_id: int
    file: BatchFile
    record_hash: str
    freight: list[str | None]

    def replaces(self, other: _Own) -> bool:
        """Whether it came on a later night and bills the same freight otherwise."""
        return (
            self.file.sequence > other.file.sequence
            and self.file.batch_id != other.file.batch_id
            and self.freight == other.freight
            and self.record_hash != other.record_hash
        )


def _counts(version: Version) -> bool:
    held_as_none = version.disposition == Disposition.HELD and counts_for_nothing(version.reasons)
    return version.disposition != Disposition.REJECTED and not held_as_none
