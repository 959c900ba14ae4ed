"""What a rerun does again: from which stage on, and for which files.

It is written into the batch's folder, so that a rerun that was killed goes on as it was meant.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from etl.archive import BatchFolder
from etl.errors import ConfigurationError
from etl.jobs.batch import Batch
from etl.jobs.earlier import Earlier, earlier_results
from etl.jobs.workspace import Workspace
from etl.ledger.models import File

STAGES = ("map", "reconcile", "push")
_NAME = "scope"


@dataclass(frozen=True, slots=True)
class Scope:
    """What a batch processes.

    Attributes:
        stage: the first stage done again; what comes before is taken over from `of_batch`.
        files: ids of the files; None: all.
        of_batch: the batch whose records and audit are taken over.
        waiting: only what waits in the files is done again, not what was settled since.
    """

    stage: str = "map"
    files: tuple[str, ...] | None = None
    of_batch: str | None = None
    waiting: bool = False

    def earlier(
        self, workspace: Workspace, files: Sequence[File], batch_id: str = ""
    ) -> Earlier | None:
        """What is taken over by the batch `batch_id`; None where everything is done again.

        Raises:
            ConfigurationError: the earlier batch is not in the archive any more.
        """
        if self.stage == "map" or self.of_batch is None:
            return None
        folder = workspace.archive.find_batch(self.of_batch)
        if folder is None:
            raise ConfigurationError(
                f"batch {self.of_batch} is not in the archive {workspace.archive.root}"
            )
        return earlier_results(
            workspace, folder, files, with_audit=self.stage == "push", batch_id=batch_id
        )


def write_scope(folder: BatchFolder, scope: Scope) -> None:
    """Keep the scope with the batch."""
    folder.write_json(_NAME, asdict(scope))


def read_scope(batch: Batch) -> Scope:
    """The batch's scope: that of a rerun, or everything."""
    return _read(batch.folder) if batch.rerun_of is not None else Scope()


def files_of(workspace: Workspace, batch_id: str) -> list[File]:
    """The ledger's files of a batch; of a rerun those that it did again."""
    with workspace.ledger.read() as ledger:
        batch = ledger.batches.named(batch_id)
        if batch.rerun_of is None:
            return ledger.files.of_batches([batch.id])
    folder = workspace.archive.find_batch(batch_id)
    if folder is None:
        raise ConfigurationError(f"batch {batch_id} is not in the archive {workspace.archive.root}")
    files = _read(folder).files
    if files is None:
        return files_of(workspace, batch.rerun_of)
    with workspace.ledger.read() as ledger:
        return ledger.files.of_ids(files)


def _read(folder: BatchFolder) -> Scope:
    content = folder.read_json(_NAME)
    files = content["files"]
    return Scope(
        content["stage"],
        tuple(files) if files is not None else None,
        content["of_batch"],
        content.get("waiting", False),
    )
