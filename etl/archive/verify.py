"""Checking an archive against its own chain, and against what is known of it outside.

Inside, every change shows unless all that follows was forged too, up to the head pointer. Who can
write everything can do that; only a hash kept outside of the archive shows it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from etl.archive import manifest as manifests
from etl.archive.batch_folder import files_in, measure
from etl.archive.chain import HEAD, MANIFEST_PATTERN, Chain
from etl.archive.manifest import Link, Manifest
from etl.errors import TerminalError

Progress = Callable[[int, int], None]


class Code(StrEnum):
    """What is wrong."""

    FILE_CHANGED = "FILE_CHANGED"
    FILE_MISSING = "FILE_MISSING"
    FILE_EXTRA = "FILE_EXTRA"
    MANIFEST_CHANGED = "MANIFEST_CHANGED"
    MANIFEST_UNREADABLE = "MANIFEST_UNREADABLE"
    MANIFEST_MISSING = "MANIFEST_MISSING"
    BATCH_MISSING = "BATCH_MISSING"
    BATCH_MOVED = "BATCH_MOVED"
    NOT_IN_CHAIN = "NOT_IN_CHAIN"
    HEAD_LOST = "HEAD_LOST"
    TAIL_CUT = "TAIL_CUT"
    WITNESS_DIFFERS = "WITNESS_DIFFERS"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong with the archive.

    Attributes:
        path: relative to the archive.
        message: what was found and what was expected.
    """

    code: Code
    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.code} {self.path}: {self.message}"


def verify(
    root: Path,
    *,
    expected_head: str | None = None,
    expected_manifests: Mapping[str, str] | None = None,
    progress: Progress | None = None,
) -> list[Finding]:
    """Check the whole archive; see :meth:`etl.archive.Archive.verify`."""
    return _Verification(root).run(expected_head, expected_manifests or {}, progress)


class _Verification:
    """One look at an archive, collecting findings."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._findings: list[Finding] = []
        self._by_folder: dict[str, Manifest] = {}
        self._by_hash: dict[str, tuple[str, Manifest]] = {}
        self._unreadable: set[str] = set()
        self._chained: dict[str, str] = {}  # folder as it lies there -> proven hash

    def run(
        self,
        expected_head: str | None,
        expected_manifests: Mapping[str, str],
        progress: Progress | None,
    ) -> list[Finding]:
        head, paths = self._snapshot()
        for path in paths:
            self._load(path)
        self._walk(head)
        self._report_unchained(head)
        self._compare_with_outside(expected_head, expected_manifests)
        for done, (folder, manifest) in enumerate(sorted(self._by_folder.items())):
            self._check_files(folder, manifest)
            if progress is not None:
                progress(done + 1, len(self._by_folder))
        return self._findings

    def _found(self, code: Code, path: str, message: str) -> None:
        self._findings.append(Finding(code, path, message))

    def _snapshot(self) -> tuple[Link | None, list[Path]]:
        """The head and all manifests at one moment, so that a batch being sealed does not show."""
        chain = Chain(self._root)
        try:
            with chain.locked(shared=True):
                return self._head(chain), self._manifests()
        except TerminalError:  # on a read-only medium nobody writes
            return self._head(chain), self._manifests()

    def _head(self, chain: Chain) -> Link | None:
        try:
            return chain.head()
        except TerminalError as error:
            self._found(Code.HEAD_LOST, HEAD, str(error))
            return None

    def _manifests(self) -> list[Path]:
        return sorted(self._root.glob(MANIFEST_PATTERN))

    def _load(self, path: Path) -> None:
        folder = path.parent.relative_to(self._root).as_posix()
        try:
            manifest = manifests.parse(path.read_bytes())
        except (OSError, ValueError) as error:
            self._unreadable.add(folder)
            self._found(Code.MANIFEST_UNREADABLE, f"{folder}/{manifests.NAME}", str(error))
            return
        self._by_folder[folder] = manifest
        if manifest.sha256 not in self._by_hash or folder == manifest.folder:  # not its copy
            self._by_hash[manifest.sha256] = (folder, manifest)

    def _walk(self, head: Link | None) -> None:
        """Follow the chain back from its head; where it is broken, go on with what is left."""
        link, named_by = head, HEAD
        while link is not None:
            manifest = self._follow(link, named_by)
            if manifest is None:
                manifest = self._latest_before(link.sequence)
                if manifest is None:
                    return
            link, named_by = manifest.previous, f"{manifest.folder}/{manifests.NAME}"

    def _follow(self, link: Link, named_by: str) -> Manifest | None:
        """The manifest that a link names, or the changed one in its place."""
        path = f"{link.folder}/{manifests.NAME}"
        if link.manifest_sha256 in self._by_hash:
            folder, manifest = self._by_hash[link.manifest_sha256]
            if folder in self._chained:
                return None
            self._chained[folder] = link.manifest_sha256
            if folder != link.folder:
                self._found(
                    Code.BATCH_MOVED, folder, f"this is the batch of {link.folder}, says its chain"
                )
            return manifest
        changed = self._by_folder.get(link.folder)
        if changed is not None and link.folder not in self._chained:
            self._chained[link.folder] = ""
            self._found(
                Code.MANIFEST_CHANGED,
                path,
                f"its sha256 is {changed.sha256}, expected {link.manifest_sha256} ({named_by})",
            )
            return changed
        if link.folder not in self._unreadable:
            self._report_missing(link, named_by)
        return None

    def _report_missing(self, link: Link, named_by: str) -> None:
        if named_by == HEAD:
            self._found(
                Code.TAIL_CUT,
                link.folder,
                f"the batch sealed last is gone, {HEAD} names it with manifest "
                f"{link.manifest_sha256}",
            )
        elif (self._root / link.folder).is_dir():
            self._found(
                Code.MANIFEST_MISSING,
                f"{link.folder}/{manifests.NAME}",
                f"named by {named_by} with sha256 {link.manifest_sha256}",
            )
        else:
            self._found(
                Code.BATCH_MISSING,
                link.folder,
                f"named by {named_by} with manifest {link.manifest_sha256}; how the batches "
                "before it hang on to it cannot be proven",
            )

    def _latest_before(self, sequence: int) -> Manifest | None:
        """Where the chain is broken: the last batch before the gap, taken at its own word."""
        left = [
            (manifest.sequence, folder)
            for folder, manifest in self._by_folder.items()
            if folder not in self._chained and manifest.sequence < sequence
        ]
        if not left:
            return None
        folder = max(left)[1]
        self._chained[folder] = self._by_folder[folder].sha256
        return self._by_folder[folder]

    def _report_unchained(self, head: Link | None) -> None:
        lost = head is None and not any(f.code == Code.HEAD_LOST for f in self._findings)
        if lost and self._by_folder:
            self._found(Code.HEAD_LOST, HEAD, "missing, though there are sealed batches")
            return
        for folder, manifest in sorted(self._by_folder.items()):
            if head is not None and folder not in self._chained:
                self._found(
                    Code.NOT_IN_CHAIN,
                    folder,
                    f"sealed as number {manifest.sequence}, but {HEAD} does not lead to it "
                    f"(its last batch is number {head.sequence}, {head.folder})",
                )

    def _compare_with_outside(self, head: str | None, by_batch: Mapping[str, str]) -> None:
        proven = set(self._chained.values())
        if head is not None and head not in proven:
            self._found(
                Code.TAIL_CUT,
                HEAD,
                f"no batch of the chain has the manifest {head}, which was noted outside as its "
                "head: batches were cut off or the chain was written anew",
            )
        there = {Path(folder).name: sha256 for folder, sha256 in self._chained.items()}
        for batch_id, expected in sorted(by_batch.items()):
            if expected in proven:
                continue
            found = there.get(batch_id)
            what = "is not in the chain" if found is None else f"has the manifest {found}"
            self._found(
                Code.WITNESS_DIFFERS,
                batch_id,
                f"{what}, expected the manifest {expected} that was noted outside",
            )

    def _check_files(self, folder: str, manifest: Manifest) -> None:
        present = files_in(self._root / folder)
        for file in manifest.files:
            path = present.pop(file.path, None)
            name = f"{folder}/{file.path}"
            if path is None:
                self._found(Code.FILE_MISSING, name, f"expected {file.size} bytes")
            elif path.is_symlink() or not path.is_file():
                self._found(Code.FILE_CHANGED, name, "a link or device, expected a plain file")
            else:
                self._compare(path, name, file.sha256, file.size)
        for extra in sorted(present):
            self._found(Code.FILE_EXTRA, f"{folder}/{extra}", "the manifest does not name it")

    def _compare(self, path: Path, name: str, sha256: str, size: int) -> None:
        try:
            found = measure(path, name)
        except OSError as error:
            self._found(Code.FILE_CHANGED, name, f"cannot be read: {error}")
            return
        if found.sha256 != sha256:
            self._found(
                Code.FILE_CHANGED,
                name,
                f"{found.size} bytes with sha256 {found.sha256}, "
                f"expected {size} bytes with sha256 {sha256}",
            )
