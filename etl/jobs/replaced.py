"""Which documents of a batch a later file replaced, under the same business key.

What was rejected replaces nothing, nor does a mere repetition. Two versions in files that are
processed together do not replace each other: nobody can tell which one counts.
"""

from __future__ import annotations

from collections.abc import Sequence

from etl.jobs.batch import BatchFile
from etl.jobs.queues import counts_for_nothing
from etl.jobs.stages.map import MappedBatch
from etl.jobs.stages.reconcile import INVOICE
from etl.jobs.workspace import Workspace
from etl.ledger import Disposition
from etl.ledger.documents import Version


def replaced_records(
    workspace: Workspace, mapped: MappedBatch, files: Sequence[BatchFile]
) -> frozenset[int]:
    """The record ids of the batch's invoices that a later file replaced."""
    invoices = mapped.accepted.get(INVOICE)
    if invoices is None or not invoices.num_records:
        return frozenset()
    ids = [file.id for file in files]
    arrival = {(file.partner, file.sha256): file.sequence for file in files}
    with workspace.ledger.read() as ledger:
        if not ledger.files.any_after(min(arrival.values()), but=ids):
            return frozenset()  # a night's new files: nothing can have come after them
        keys = invoices.main["business_key"].drop_null().unique().to_pylist()
        versions = ledger.documents.versions(INVOICE, keys, but_files=frozenset(ids))
    columns = ["record_id", "business_key", "partner", "file_sha256", "record_hash"]
    names = invoices.main.select(columns).to_pydict().values()
    return frozenset(
        record_id
        for record_id, key, partner, sha256, record_hash in zip(*names, strict=True)
        if any(
            _counts(version)
            and version.sequence > arrival[partner, sha256]
            and version.record_hash != record_hash
            for version in versions.get(key, ())
        )
    )


def _counts(version: Version) -> bool:
    held_as_none = version.disposition == Disposition.HELD and counts_for_nothing(version.reasons)
    return version.disposition != Disposition.REJECTED and not held_as_none
