"""The archive's front door: batches by day, the chain of the sealed ones, and reading them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc

from etl.archive import scan as scanning
from etl.archive import verify as verifying
from etl.archive.batch_folder import ORIGINALS, BatchFolder, plain
from etl.archive.chain import MANIFEST_PATTERN, Chain
from etl.archive.manifest import Link, Manifest, sequence_in
from etl.archive.originals import StoredOriginal
from etl.archive.verify import Finding, Progress
from etl.errors import TerminalError

_DAY = "[0-9][0-9][0-9][0-9]/[0-9][0-9]/[0-9][0-9]"


class Archive:
    """Batch folders below one root: ``YYYY/MM/DD/<batch id>/``."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._last_found: Path | None = None

    def open_batch(self, batch_id: str, on: date) -> BatchFolder:
        """The folder of a batch of that day, made if it is not there; the same again is fine.

        Raises:
            ValueError: a batch id that is not plain letters, digits, '.', '_' and '-'.
            TerminalError: disk full, or no right to write.
        """
        batch = BatchFolder(self.root, f"{on.isoformat().replace('-', '/')}/{plain(batch_id)}")
        batch.prepare()
        return batch

    def batch_of(self, manifest: Manifest) -> BatchFolder:
        """The folder of a sealed batch."""
        return BatchFolder(self.root, manifest.folder)

    def find_batch(self, batch_id: str) -> BatchFolder | None:
        """The folder of a batch of whatever day, if there is one."""
        found = sorted(self.root.glob(f"{_DAY}/{plain(batch_id)}"))
        return self._batch(found[-1]) if found else None

    def find_original(self, sha256: str) -> StoredOriginal | None:
        """An original by the hash of its bytes, in whatever batch has it."""
        batch = self._batch_with(sha256)
        return batch.find_original(sha256) if batch is not None else None

    def open_original(self, sha256: str) -> BinaryIO:
        """The bytes of an original as a stream, proven at its end.

        Raises:
            TerminalError: no batch has it, or its bytes were changed.
        """
        batch = self._batch_with(sha256)
        if batch is None:
            raise TerminalError(
                f"the archive {self.root} has no original with sha256 {sha256}; "
                "run `etl archive verify`"
            )
        return batch.open_original(sha256)

    def head(self) -> Link | None:
        """The batch sealed last, by its manifest's hash; noted outside, it proves all before it.

        Raises:
            TerminalError: the pointer cannot be read.
        """
        return Chain(self.root).head()

    def manifests(self) -> Iterator[Manifest]:
        """The manifests of all sealed batches, oldest first.

        Raises:
            TerminalError: the chain is broken.
        """
        chain = Chain(self.root)
        for link in chain.links():
            yield chain.manifest_at(link)

    def verify(
        self,
        *,
        expected_head: str | None = None,
        expected_manifests: Mapping[str, str] | None = None,
        progress: Progress | None = None,
    ) -> list[Finding]:
        """Check every sealed batch and the chain; no finding means that all is as it was sealed.

        Changes nothing. Batches still open are not looked at.

        Args:
            expected_head: a manifest hash noted outside when it was the head: it must be in the
                chain still, as the head or before it.
            expected_manifests: batch id -> manifest hash, as the ledger keeps them.
            progress: called with (batches done, batches in all).
        """
        return verifying.verify(
            self.root,
            expected_head=expected_head,
            expected_manifests=expected_manifests,
            progress=progress,
        )

    def scan(
        self,
        name: str,
        *,
        since: date | None = None,
        columns: Sequence[str] | None = None,
        where: pc.Expression | None = None,
        schema: pa.Schema | None = None,
        own: BatchFolder | None = None,
    ) -> pa.Table:
        """Read one kind of records over the sealed batches, in the order they were sealed in.

        A column `batch_id` is added. A record that came again in a later batch comes again here:
        the last one counts.

        Args:
            name: of the table, e.g. ``expected_charge``.
            since: only batches of this day or later.
            columns: only these.
            where: only rows that it is true for.
            schema: the columns and types to give; without it, those that the files have.
            own: a batch to read besides, though it is not sealed yet; it comes last.

        Raises:
            TerminalError: a file is damaged, or its columns do not fit the schema.
        """
        batches = [batch for batch in self._sealed(since) if own is None or batch.id != own.id]
        if own is not None:
            batches.append(own)
        return scanning.scan(batches, name, columns=columns, where=where, schema=schema)

    def _sealed(self, since: date | None) -> list[BatchFolder]:
        """The sealed batches of a day and later, in the order they were sealed in."""
        try:
            paths = sorted(self.root.glob(MANIFEST_PATTERN), key=sequence_in)
        except (OSError, ValueError) as error:
            raise TerminalError(f"{error}; run `etl archive verify`") from error
        batches = [self._batch(path.parent) for path in paths]
        return [batch for batch in batches if since is None or batch.day >= since]

    def _batch_with(self, sha256: str) -> BatchFolder | None:
        """A batch that has the original of this hash.

        The originals of a batch are asked for one after the other, so the batch that had the last
        one is looked into first: searching all of them for each would take long.
        """
        name = f"{ORIGINALS}/{plain(sha256)}.zst"
        if self._last_found is None or not (self._last_found / name).is_file():
            found = sorted(self.root.glob(f"{_DAY}/*/{name}"))
            if not found:
                return None
            self._last_found = found[-1].parent.parent
        return self._batch(self._last_found)

    def _batch(self, path: Path) -> BatchFolder:
        return BatchFolder(self.root, path.relative_to(self.root).as_posix())
