"""What waits in files that are processed again: what was settled since is left alone."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from etl.jobs.batch import BatchFile
from etl.jobs.documents import REFERENCE_DATA
from etl.jobs.stages.map import MappedBatch
from etl.jobs.standing import Standing


def keep_waiting(mapped: MappedBatch, standing: Standing, files: Sequence[BatchFile]) -> None:
    """Take out of what was read from `files` the documents that are settled: taken in, replaced by
    a later one, or closed by a person. Reference data stays whole: the audit takes it as it is in
    the batch that read its file last."""
    ids = {(file.partner, file.sha256): file.id for file in files}

    def waits(kind: str, main: pa.Table) -> pa.Array:
        columns = (main[name].to_pylist() for name in ("partner", "file_sha256", "business_key"))
        return pa.array(
            [
                not standing.settled(kind, ids[partner, sha256], key)
                for partner, sha256, key in zip(*columns, strict=True)
            ],
            pa.bool_(),
        )

    gone: set[tuple[str | None, int | None]] = set()
    for kind, records in mapped.accepted.items():
        if kind in REFERENCE_DATA:
            continue
        kept = waits(kind, records.main)
        gone |= _gone(kind, records.main, kept)
        mapped.accepted[kind] = records.select(kept)
    for kind, main in mapped.refused.items():
        kept = waits(kind, main)
        gone |= _gone(kind, main, kept)
        mapped.refused[kind] = main.filter(kept)
    mapped.troubles = [t for t in mapped.troubles if (t.record_type, t.record_id) not in gone]
    mapped.findings = {
        kind: [finding for finding in found if (kind, finding.record) not in gone]
        for kind, found in mapped.findings.items()
    }


def _gone(kind: str, main: pa.Table, kept: pa.Array) -> set[tuple[str | None, int | None]]:
    ids = main["record_id"].filter(pc.invert(kept)).to_pylist()
    return {(kind, record_id) for record_id in ids}
