"""The inbox: files as they arrived, each with a sidecar, under names of ours only.

A file becomes part of the inbox in steps of which each is durable before the next: bytes to
``<id>.part`` and fsync, sidecar ``<id>.json`` by temporary name, fsync and rename, then the data
renamed to ``<id>``. A killed run so leaves either nothing that counts, or a file that `pending`
finds whole. Nothing of a remote name gets into a local path.

Many small files are committed as a group: the steps are the same, but fsyncs of one step run side
by side, so that the file system's journal takes them together.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import re
import secrets
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from etl import failpoints
from etl.errors import TerminalError, TransientError

_ID = re.compile(r"\d{8}T\d{12}Z-[0-9a-f]{8}")
_PARTNER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_PARALLEL_FSYNCS = 16


@dataclass(frozen=True, slots=True)
class Received:
    """A whole file in the inbox.

    Attributes:
        id: time-ordered name of ours; also the file's name in the inbox.
        path: of the data.
        original_name, remote_path: printable (see `etl.transfer.names`).
        size: bytes, both here and at the endpoint.
        modified_at: at the endpoint, UTC.
        sha256: of the bytes, hex.
        received_at: UTC.
    """

    id: str
    partner: str
    path: Path
    original_name: str
    remote_path: str
    size: int
    modified_at: datetime
    sha256: str
    received_at: datetime


class Writer:
    """One file on its way into the inbox; ends by `Inbox.commit` or `abort`.

    Its ``.part`` file stays locked meanwhile, so that another process does not take it for a
    leftover.
    """

    def __init__(
        self,
        folder: Path,
        file_id: str,
        *,
        partner: str,
        original_name: str,
        remote_path: str,
        size: int,
        modified_at: datetime,
    ) -> None:
        self.id = file_id
        self.part = folder / f"{file_id}.part"
        self.partner = partner
        self.original_name = original_name
        self.remote_path = remote_path
        self.expected_size = size
        self.modified_at = modified_at
        self.written = 0
        self.progress: Callable[[int], None] | None = None
        self._digest = hashlib.sha256()
        with _disk(folder):
            self._file = os.open(self.part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            fcntl.flock(self._file, fcntl.LOCK_EX)

    def write(self, data: bytes | memoryview) -> None:
        """Append bytes; raises TerminalError when they cannot be stored (disk full)."""
        left = memoryview(data)
        with _disk(self.part.parent):
            while left:
                left = left[os.write(self._file, left) :]
        self._digest.update(data)
        self.written += len(data)
        if self.progress is not None:
            self.progress(len(data))

    def abort(self) -> None:
        """Drop what was written; does nothing after a commit or another abort."""
        if self._file >= 0:
            self.part.unlink(missing_ok=True)
            self.close()

    def close(self) -> None:
        """Let go of the file and its lock."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def fsync(self) -> None:
        """Make the bytes durable."""
        with _disk(self.part.parent):
            os.fsync(self._file)

    def received(self, at: datetime) -> Received:
        """Return what this file is once it is committed."""
        return Received(
            id=self.id,
            partner=self.partner,
            path=self.part.with_suffix(""),
            original_name=self.original_name,
            remote_path=self.remote_path,
            size=self.written,
            modified_at=self.modified_at,
            sha256=self._digest.hexdigest(),
            received_at=at,
        )


class Inbox:
    """A folder with one folder a partner.

    Args:
        folder: made when missing.
        clock: gives the current time, UTC.
    """

    def __init__(
        self, folder: Path, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.folder = folder
        self._clock = clock

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
        with _disk(self.folder):
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
        """Make written files durable parts of the inbox, in the given order.

        Raises:
            TransientError: a file has another size than listed; that file and all are dropped.
            TerminalError: the disk is full or cannot be written to; none of the files counts.
        """
        if not writers:
            return []
        at = self._clock()
        files = [writer.received(at) for writer in writers]
        try:
            for writer in writers:
                _require_whole(writer)
            _side_by_side([writer.fsync for writer in writers])
            _write_sidecars(files)
            for writer, file in zip(writers, files, strict=True):
                failpoints.reached("pull.fetched")
                _sidecar_part(file).rename(_sidecar(file))
                writer.part.rename(file.path)
                failpoints.reached("pull.received")
            for folder in {file.path.parent for file in files}:
                _fsync_folder(folder)
        except BaseException:
            for writer, file in zip(writers, files, strict=True):
                if not file.path.exists():
                    _sidecar(file).unlink(missing_ok=True)
                    writer.abort()
                _sidecar_part(file).unlink(missing_ok=True)
            raise
        finally:
            for writer in writers:
                writer.close()
        return files

    def pending(self, partner: str) -> list[Received]:
        """Return the files of a partner that are whole and not discarded yet, oldest first.

        Finishes the file whose last rename a killed run did not come to, and removes what never
        became whole. What another process is writing right now is left alone.

        Raises:
            TerminalError: a file does not have the size that its sidecar says.
        """
        folder = self._folder_of(partner)
        if not folder.is_dir():
            return []
        with _disk(folder):
            for file_id in sorted({part.name.partition(".")[0] for part in folder.glob("*.part")}):
                _finish_or_remove(folder / file_id)
            found = [_read_sidecar(sidecar) for sidecar in sorted(folder.glob("*.json"))]
            return [file for file in found if file is not None]

    def discard(self, received: Received) -> None:
        """Remove a file that is safe elsewhere; does nothing when it is gone already."""
        with _disk(received.path.parent):
            received.path.unlink(missing_ok=True)
            # The sidecar goes last: alone it is recognised as the rest of a discarded file.
            _sidecar(received).unlink(missing_ok=True)

    def _folder_of(self, partner: str) -> Path:
        if not _PARTNER.fullmatch(partner):
            raise ValueError(f"not a partner's name: {partner!r}")
        return self.folder / partner


def _require_whole(writer: Writer) -> None:
    if writer.written != writer.expected_size:
        raise TransientError(
            f"{writer.partner}: {writer.original_name}: got {writer.written} bytes where "
            f"{writer.expected_size} were listed; not taken, the next pull tries again"
        )


def _side_by_side(actions: Sequence[Callable[[], None]]) -> None:
    if len(actions) == 1:
        actions[0]()
        return
    with ThreadPoolExecutor(min(_PARALLEL_FSYNCS, len(actions))) as pool:
        for done in [pool.submit(action) for action in actions]:
            done.result()


def _write_sidecars(files: Sequence[Received]) -> None:
    with contextlib.ExitStack() as opened, _disk(files[0].path.parent):
        descriptors = []
        for file in files:
            handle = opened.enter_context(_sidecar_part(file).open("xb"))
            handle.write(_sidecar_text(file))
            handle.flush()
            descriptors.append(handle.fileno())
        _side_by_side([partial(os.fsync, number) for number in descriptors])


def _sidecar(file: Received) -> Path:
    return file.path.with_name(f"{file.id}.json")


def _sidecar_part(file: Received) -> Path:
    return file.path.with_name(f"{file.id}.json.part")


def _sidecar_text(file: Received) -> bytes:
    content = {
        "id": file.id,
        "partner": file.partner,
        "original_name": file.original_name,
        "remote_path": file.remote_path,
        "size": file.size,
        "modified_at": file.modified_at.isoformat(),
        "sha256": file.sha256,
        "received_at": file.received_at.isoformat(),
    }
    return json.dumps(content, ensure_ascii=False, indent=1).encode("utf-8") + b"\n"


def _read_sidecar(sidecar: Path) -> Received | None:
    """Return the file that a sidecar describes; None, and no sidecar any more, when it is gone."""
    data = sidecar.with_suffix("")
    if not _ID.fullmatch(data.name) or data.with_name(f"{data.name}.part").exists():
        return None
    try:
        size = data.stat().st_size
    except FileNotFoundError:
        sidecar.unlink(missing_ok=True)
        return None
    content = json.loads(sidecar.read_bytes())
    content["modified_at"] = datetime.fromisoformat(content["modified_at"])
    content["received_at"] = datetime.fromisoformat(content["received_at"])
    received = Received(path=data, **content)
    if received.size != size:
        raise TerminalError(
            f"{data}: has {size} bytes where its sidecar says {received.size}; somebody changed "
            f"it. Remove it and {sidecar.name} to pull it again"
        )
    return received


def _finish_or_remove(data: Path) -> None:
    """Bring the leftovers of a file that never got its name to their end, unless it is alive."""
    part, sidecar = data.with_name(f"{data.name}.part"), data.with_name(f"{data.name}.json")
    try:
        with part.open("rb") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if sidecar.exists():
                # The sidecar is renamed only after the data was made durable: it is whole.
                part.rename(data)
                _fsync_folder(data.parent)
                return
            part.unlink()
    except BlockingIOError:
        return
    except FileNotFoundError:
        pass
    data.with_name(f"{data.name}.json.part").unlink(missing_ok=True)


def _fsync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _disk(folder: Path) -> Iterator[None]:
    """Tell an error of the local disk as what it is: nothing that trying again would change."""
    try:
        yield
    except OSError as error:
        raise TerminalError(
            f"the inbox {folder} cannot be written to: {error.strerror or error}. "
            f"Nothing was changed at the partner; make room or give rights there and run again"
        ) from error
