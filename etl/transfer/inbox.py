"""The inbox: files as they arrived, told of in sidecars, under names of ours only.

Files become part of the inbox as a group, in steps of which each is durable before the next:
bytes to ``<id>.part`` and fsync; one sidecar ``<id of the first>.json`` that tells of all of them,
by temporary name, fsync and rename; then each file renamed to ``<id>``. A killed run so leaves
either nothing that counts, or files that `pending` finds whole. Nothing of a remote name gets into
a local path.

Groups are for speed: fsyncs that run side by side share the file system's journal, and a file is
the only one made for itself (making files is slow where many were removed a moment ago).
"""

from __future__ import annotations

import fcntl
import re
import secrets
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from etl import failpoints
from etl.durable import fsync
from etl.errors import TerminalError
from etl.transfer.received import Received, read_sidecar, write_sidecar
from etl.transfer.writer import Writer, local_disk

__all__ = ["Inbox", "Received", "Writer"]

_ID = re.compile(r"\d{8}T\d{12}Z-[0-9a-f]{8}")
_PARTNER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_PARALLEL_FSYNCS = 16


@dataclass(frozen=True, slots=True)
class _Group:
    """The files of one sidecar that are not discarded yet, by their ids."""

    sidecar: Path
    left: set[str]


class Inbox:
    """A folder with one folder a partner. Use from one thread.

    Args:
        folder: made when missing.
        clock: gives the current time, UTC.
    """

    def __init__(
        self, folder: Path, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.folder = folder
        self._clock = clock
        self._groups: dict[str, _Group] = {}

    def receive(
        self,
        partner: str,
        original_name: str,
        remote_path: str,
        size: int,
        modified_at: datetime,
    ) -> Writer:
        """Begin to receive a file; names are printable (see `names`), `size` as listed.

        Raises:
            TerminalError: the inbox cannot be written to.
        """
        folder = self._folder_of(partner)
        with local_disk(self.folder):
            folder.mkdir(parents=True, exist_ok=True)
        file_id = f"{self._clock():%Y%m%dT%H%M%S%fZ}-{secrets.token_hex(4)}"
        return Writer(
            folder,
            file_id,
            partner=partner,
            original_name=original_name,
            remote_path=remote_path,
            size=size,
            modified_at=modified_at,
        )

    def commit(self, writers: Sequence[Writer]) -> list[Received]:
        """Make written files of one partner durable parts of the inbox, in the given order.

        Raises:
            TransientError: a file has another size than listed; that file and all are dropped.
            TerminalError: the disk is full or cannot be written to; none of the files counts.
        """
        if not writers:
            return []
        at = self._clock()
        files = [writer.received(at) for writer in writers]
        folder = files[0].path.parent
        sidecar = folder / f"{files[0].id}.json"
        try:
            for writer in writers:
                writer.require_whole()
                failpoints.reached("pull.fetched")
            _fsync_all(writers)
            with local_disk(folder):
                write_sidecar(sidecar, files)
        except BaseException:
            for writer in writers:
                writer.abort()
            raise
        # From here on the files count: `pending` would do the rest of this.
        with local_disk(folder):
            for writer, file in zip(writers, files, strict=True):
                writer.part.rename(file.path)
                writer.close()
                failpoints.reached("pull.received")
            fsync(folder)
        self._note(sidecar, files)
        return files

    def pending(self, partner: str) -> list[Received]:
        """Return the files of a partner that are whole and not discarded yet, oldest first.

        Finishes the files whose last rename a killed run did not come to, and removes what never
        became whole. What another process is writing right now is left alone.

        Raises:
            TerminalError: a file does not have the size that its sidecar says.
        """
        folder = self._folder_of(partner)
        if not folder.is_dir():
            return []
        found: list[Received] = []
        with local_disk(folder):
            told = {path: read_sidecar(path) for path in _sidecars(folder)}
            whole = {file.id for files in told.values() for file in files}
            for file_id in sorted({path.name.partition(".")[0] for path in folder.glob("*.part")}):
                _finish_or_remove(folder / file_id, whole=file_id in whole)
            for sidecar, files in told.items():
                there = [file for file in files if _is_there(file)]
                self._note(sidecar, there)
                found += there
                if files and not there and not _is_alive(files):
                    sidecar.unlink(missing_ok=True)
        return sorted(found, key=lambda file: file.id)

    def discard(self, received: Received) -> None:
        """Remove a file that is safe elsewhere; does nothing when it is gone already.

        Its sidecar goes with the last file that it tells of, here or at the next `pending`.
        """
        with local_disk(received.path.parent):
            received.path.unlink(missing_ok=True)
            group = self._groups.pop(received.id, None)
            if group is not None:
                group.left.discard(received.id)
                if not group.left:
                    group.sidecar.unlink(missing_ok=True)

    def _note(self, sidecar: Path, files: Sequence[Received]) -> None:
        group = _Group(sidecar, {file.id for file in files})
        self._groups.update(dict.fromkeys(group.left, group))

    def _folder_of(self, partner: str) -> Path:
        if not _PARTNER.fullmatch(partner):
            raise ValueError(f"not a partner's name: {partner!r}")
        return self.folder / partner


def _fsync_all(writers: Sequence[Writer]) -> None:
    if len(writers) == 1:
        writers[0].fsync()
        return
    with ThreadPoolExecutor(min(_PARALLEL_FSYNCS, len(writers))) as pool:
        for done in [pool.submit(writer.fsync) for writer in writers]:
            done.result()


def _sidecars(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.glob("*.json")) if _ID.fullmatch(path.stem)]


def _is_there(file: Received) -> bool:
    """Tell whether a file has its name, and check that nobody changed it."""
    try:
        size = file.path.stat().st_size
    except FileNotFoundError:
        return False
    if size != file.size:
        raise TerminalError(
            f"{file.path}: has {size} bytes where its sidecar says {file.size}; somebody changed "
            f"it. Remove it to pull it again"
        )
    return True


def _is_alive(files: Sequence[Received]) -> bool:
    """Tell whether another process is about to give these files their names."""
    return any(file.path.with_name(f"{file.id}.part").exists() for file in files)


def _finish_or_remove(data: Path, *, whole: bool) -> None:
    """Bring the leftovers of a file that never got its name to their end, unless it is alive."""
    part = data.with_name(f"{data.name}.part")
    try:
        with part.open("rb") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if whole:
                # A sidecar tells of a file only after its bytes were made durable.
                part.rename(data)
                fsync(data.parent)
            else:
                part.unlink()
    except BlockingIOError:
        return
    except FileNotFoundError:
        pass
    data.with_name(f"{data.name}.json.part").unlink(missing_ok=True)
