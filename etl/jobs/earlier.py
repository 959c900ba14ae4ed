"""What an earlier batch found out, taken over by a rerun that starts at a later stage."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from etl.archive import BatchFolder
from etl.canonical import record_types
from etl.jobs.record_files import read_records
from etl.jobs.stages.map import MappedBatch
from etl.reconcile import Reconciliation


@dataclass(frozen=True)
class Earlier:
    """Records of an earlier batch and, where it is not to be done again, its audit."""

    mapped: MappedBatch
    reconciliation: Reconciliation | None


def earlier_results(
    folder: BatchFolder, file_sha256s: Collection[str], *, with_audit: bool
) -> Earlier:
    """Read back what a batch found for some of its files.

    Args:
        with_audit: take over the audit's outcomes too, to push only.
    """
    mapped = MappedBatch()
    for kind in record_types().values():
        records = read_records(folder, kind.name, file_sha256s) if kind.is_main else None
        if records is not None:
            mapped.accepted[kind.name] = records
    return Earlier(mapped, _audit(folder, mapped) if with_audit else None)


def _audit(folder: BatchFolder, mapped: MappedBatch) -> Reconciliation | None:
    invoices, lines = folder.find_table("reconciliation"), folder.find_table("reconciliation_lines")
    records = mapped.accepted.get("freight_invoice")
    if invoices is None or lines is None or records is None:
        return None
    ids = pa.array(np.asarray(records.main["record_id"]))
    return Reconciliation(
        invoices.filter(pc.is_in(invoices["record_id"], value_set=ids)),
        lines.filter(pc.is_in(lines["record_id"], value_set=ids)),
    )
