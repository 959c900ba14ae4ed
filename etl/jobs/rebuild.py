"""The ledger made anew from the archive, which alone is the truth."""

from __future__ import annotations

from collections.abc import Iterator

from etl.jobs.workspace import Workspace
from etl.ledger import SealedBatch


def rebuild_ledger(workspace: Workspace) -> int:
    """Write what all sealed batches say; returns how many there are.

    Raises:
        TerminalError: the archive's chain is broken.
    """
    return workspace.ledger.rebuild(_sealed_batches(workspace))


def _sealed_batches(workspace: Workspace) -> Iterator[SealedBatch]:
    for manifest in workspace.archive.manifests():
        folder = workspace.archive.batch_of(manifest)
        yield SealedBatch(manifest.as_dict(), manifest.sha256, folder.find_table)
