"""Seal: the batch's folder is closed for ever and put at the end of the archive's chain."""

from __future__ import annotations

from etl import failpoints
from etl.jobs.batch import Batch
from etl.jobs.counts import Counts
from etl.jobs.workspace import Workspace


def seal(workspace: Workspace, batch: Batch, counts: Counts) -> None:
    """Write what the ledger says of the batch beside its records, and close the folder for ever."""
    with workspace.ledger.begin() as ledger:
        run = ledger.runs.named(ledger.batches.named(batch.id).run_id)
        # a rebuilt ledger has nothing but the manifests to count a run by
        so_far = Counts(**run.counts)
        so_far.add(counts)
        ledger.runs.progress(run.id, so_far.as_dict())
        sealed = ledger.sealed_content(batch.id)
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
        workspace.clock(),
    )
    failpoints.reached("seal.manifest_written")
    note_seal(workspace, batch, manifest.sha256)


def note_seal(workspace: Workspace, batch: Batch, manifest_sha256: str) -> None:
    """Tell the ledger that the batch is in the archive's chain."""
    with workspace.ledger.begin() as ledger:
        ledger.batches.seal(batch.id, manifest_sha256)
    failpoints.reached("seal.ledger_written")
