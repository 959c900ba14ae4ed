"""The chain of sealed batches, and the pointer to its head.

Sealing takes three renames, each one whole: SEALING.json names the manifest to come, then the
manifest takes its name, then HEAD.json names it. Whoever comes after a crash knows from
SEALING.json whether the manifest made it, and either finishes the seal or forgets it.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

from etl.archive import manifest as manifests
from etl.archive.manifest import Link, Manifest
from etl.durable import disk_errors, make_folder, write_whole
from etl.errors import TerminalError

HEAD = "HEAD.json"
SEALING = "SEALING.json"
LOCK = ".lock"
MANIFEST_PATTERN = "[0-9][0-9][0-9][0-9]/[0-9][0-9]/[0-9][0-9]/*/" + manifests.NAME


class Chain:
    """The chain of one archive."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def head(self) -> Link | None:
        """The batch sealed last; None in an archive without sealed batches.

        Raises:
            TerminalError: the pointer cannot be read.
        """
        written, unfinished = self._read(HEAD), self._read(SEALING)
        if unfinished is not None and self._follows(unfinished, written):
            return unfinished
        return written

    def append(self, folder: str, build: Callable[[Link | None], Manifest]) -> Manifest:
        """Write the manifest that `build` makes for a folder, behind the present head.

        A folder that has its manifest already is left as it is.

        Raises:
            TerminalError: the head is lost; disk full.
        """
        with self.locked():
            head = self._settle()
            path = self._root / folder / manifests.NAME
            if path.exists():
                return read_manifest(path)
            self._refuse_second_chain(head)
            manifest = build(head)
            data = manifest.to_bytes()
            manifest = replace(manifest, sha256=hashlib.sha256(data).hexdigest())
            self._write(SEALING, manifest.link)
            write_whole(path, data)
            self._settle()
            return manifest

    def links(self) -> list[Link]:
        """All links, oldest first, each proven by the hash in the one after it.

        Raises:
            TerminalError: the chain is broken; `verify` tells all that is wrong.
        """
        found: list[Link] = []
        link = self.head()
        while link is not None:
            found.append(link)
            link = self.manifest_at(link).previous
        return found[::-1]

    def manifest_at(self, link: Link) -> Manifest:
        """The manifest that a link names; raises TerminalError if it is not there unchanged."""
        manifest = read_manifest(self._root / link.folder / manifests.NAME)
        if manifest.sha256 != link.manifest_sha256:
            raise TerminalError(
                f"the manifest of {link.folder} was changed; run `etl archive verify`"
            )
        return manifest

    @contextmanager
    def locked(self, *, shared: bool = False) -> Iterator[None]:
        """Hold the archive's lock; `shared` excludes writers only."""
        make_folder(self._root)
        with disk_errors(self._root):
            handle = os.open(self._root / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
            try:
                fcntl.flock(handle, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
                yield
            finally:
                os.close(handle)

    def _settle(self) -> Link | None:
        """Finish or forget a seal that was interrupted; returns the head. Needs the lock."""
        written, unfinished = self._read(HEAD), self._read(SEALING)
        if unfinished is None:
            return written
        follows = self._follows(unfinished, written)
        if follows:
            self._write(HEAD, unfinished)
        (self._root / SEALING).unlink()
        return unfinished if follows else written

    def _follows(self, link: Link, written: Link | None) -> bool:
        """Whether the manifest of `link` is in place, and later than the head that is written."""
        if written is not None and link.sequence <= written.sequence:
            return False
        path = self._root / link.folder / manifests.NAME
        try:
            return hashlib.sha256(path.read_bytes()).hexdigest() == link.manifest_sha256
        except FileNotFoundError:
            return False

    def _refuse_second_chain(self, head: Link | None) -> None:
        if head is None and next(self._root.glob(MANIFEST_PATTERN), None) is not None:
            raise TerminalError(
                f"{self._root / HEAD} is missing, but there are sealed batches; restore it from "
                "a backup, or see `etl archive verify`. Nothing was sealed"
            )

    def _read(self, name: str) -> Link | None:
        path = self._root / name
        try:
            return Link(**json.loads(path.read_bytes()))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError) as error:
            raise TerminalError(
                f"{path} cannot be read ({error}); restore it from a backup"
            ) from error

    def _write(self, name: str, link: Link) -> None:
        write_whole(self._root / name, manifests.encode(asdict(link)))


def read_manifest(path: Path) -> Manifest:
    """Read a manifest file; raises TerminalError when it is missing or damaged."""
    try:
        return manifests.parse(path.read_bytes())
    except (OSError, ValueError) as error:
        raise TerminalError(f"{path} cannot be read: {error}; run `etl archive verify`") from error
