"""Seal: the batch's folder is closed for ever and put at the end of the archive's chain."""

from __future__ import annotations

from etl import failpoints
from etl.archive import Manifest
from etl.jobs.batch import Batch
from etl.jobs.counts import Counts
from etl.jobs.workspace import Workspace
from etl.ledger.runs import RunEnd


def seal(workspace: Workspace, batch: Batch, counts: Counts, ends: RunEnd) -> None:
    """Write what the ledger says of the batch beside its records, and close the folder for ever.

    Args:
        ends: how the run ends, if nothing more happens: a rebuilt ledger has nothing else to
            know it by.
    """
    with workspace.ledger.begin() as ledger:
        ledger.runs.progress(ledger.batches.named(batch.id).run_id, ends.counts)
        sealed = ledger.sealed_content(batch.id, ends)
    for name, table in sealed.tables.items():
        batch.folder.write_table(name, table)
    manifest = batch.folder.seal(
        {
            **sealed.content,
            "counts": counts.as_dict(),
            "environment": workspace.project.environment,
            "target": workspace.project.target if "push" in batch.job.steps else None,
            "mappings": workspace.versions(),
        },
        ends.at,
    )
    failpoints.reached("seal.manifest_written")
    note_seal(workspace, batch, manifest)


def note_seal(workspace: Workspace, batch: Batch, manifest: Manifest) -> None:
    """Tell the ledger that the batch is in the archive's chain."""
    told = manifest.content["batch"].get("sealed_sequence")
    with workspace.ledger.begin() as ledger:
        ledger.batches.seal(batch.id, manifest.sha256, manifest.sealed_at, told)
    failpoints.reached("seal.ledger_written")
