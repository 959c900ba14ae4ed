"""Folders and files of this machine, by the same interface as a partner's server."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from errno import EEXIST
from pathlib import Path
from stat import S_ISDIR, S_ISLNK, S_ISREG

from etl.errors import TechnicalError, TerminalError
from etl.transfer import names
from etl.transfer.files import Entry, Kind, RemoteFile
from etl.transfer.settings import LocalSettings
from etl.transfer.store import Read, Receive, changed, vanished
from etl.transfer.writer import Writer

_BLOCK = 2**20


class LocalStore:
    """Local folders; the methods are those of `etl.transfer.store.Store`."""

    def __init__(self, settings: LocalSettings) -> None:
        self.shown = settings.shown

    def open(self) -> None:
        """Nothing to connect to."""

    def close(self) -> None:
        """Nothing to end."""

    def entries(self, folder: bytes) -> list[Entry]:
        """Return everything in a folder."""
        found = []
        with self._doing("listing", folder), os.scandir(folder) as scan:
            for entry in scan:
                with suppress(FileNotFoundError):  # gone meanwhile
                    found.append(_entry(entry.name, entry.stat(follow_symlinks=False)))
        return found

    def entries_at(self, paths: Sequence[bytes]) -> list[Entry | TechnicalError | None]:
        """Return what each path stands for, or None."""
        return [self._entry_at(path) for path in paths]

    def read(self, files: Sequence[RemoteFile], receive: Receive) -> Iterator[Read]:
        """Read files one after the other."""
        for remote in files:
            path = remote.raw_path
            try:
                descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
            except FileNotFoundError:
                yield Read(remote, None, vanished(self.shown, remote))
            except OSError as error:
                yield Read(remote, None, self._refusal("reading", path, error))
            else:
                writer = _receive_or_close(receive, remote, descriptor)
                yield self._read_open(remote, descriptor, writer)

    def rename(self, pairs: Sequence[tuple[bytes, bytes]]) -> list[TechnicalError | None]:
        """Rename where the target is free."""
        return [self._renamed(source, target) for source, target in pairs]

    def replace(self, source: bytes, target: bytes) -> TechnicalError | None:
        """Rename over the target."""
        try:
            os.replace(source, target)
        except OSError as error:
            return self._refusal(f"renaming over {names.to_text(target)}:", source, error)
        return None

    def remove(self, paths: Sequence[bytes]) -> list[TechnicalError | None]:
        """Remove files, where they are there."""
        return [self._removed(path) for path in paths]

    def make_folder(self, folder: bytes) -> TechnicalError | None:
        """Make a folder."""
        try:
            os.mkdir(folder)
        except OSError as error:
            return self._refusal("making the folder", folder, error)
        return None

    def create(self, path: bytes) -> None:
        """Make an empty file where there is nothing."""
        with self._doing("creating a file in", os.path.dirname(path)), open(path, "xb"):
            pass

    def upload(self, local: Path, path: bytes) -> None:
        """Copy a local file to a path, durably."""
        with self._doing("writing", path), local.open("rb") as source, open(path, "wb") as target:
            shutil.copyfileobj(source, target, _BLOCK)
            target.flush()
            os.fsync(target.fileno())

    def _entry_at(self, path: bytes) -> Entry | TechnicalError | None:
        try:
            return _entry(path, os.lstat(path))
        except FileNotFoundError:
            return None
        except OSError as error:
            return self._refusal("looking at", path, error)

    def _renamed(self, source: bytes, target: bytes) -> TechnicalError | None:
        try:
            if os.path.lexists(target):
                raise FileExistsError(EEXIST, os.strerror(EEXIST))
            os.rename(source, target)
        except OSError as error:
            return self._refusal(f"renaming to {names.to_text(target)}:", source, error)
        return None

    def _removed(self, path: bytes) -> TechnicalError | None:
        try:
            os.unlink(path)
        except FileNotFoundError:
            return None
        except OSError as error:
            return self._refusal("removing", path, error)
        return None

    def _read_open(self, remote: RemoteFile, descriptor: int, writer: Writer) -> Read:
        error: TerminalError | None = None
        try:
            while writer.written <= remote.size and (block := os.read(descriptor, _BLOCK)):
                writer.write(block)
            told = _entry(b"", os.fstat(descriptor))
        except OSError as failure:
            error = self._refusal("reading", remote.raw_path, failure)
        except BaseException:
            writer.abort()
            raise
        finally:
            os.close(descriptor)
        if error is not None:
            writer.abort()
            return Read(remote, None, error)
        if (writer.written, told.size, told.modified_at) != (
            remote.size,
            remote.size,
            remote.modified_at,
        ):
            writer.abort()
            return Read(remote, None, changed(self.shown, remote, "changed its size or time"))
        return Read(remote, writer)

    def _refusal(self, what: str, path: bytes, error: OSError) -> TerminalError:
        return TerminalError(
            f"{self.shown}: {what} {names.to_text(path)}: {error.strerror or error}; check "
            f"endpoint.folders, and the rights of the user who runs this"
        )

    @contextmanager
    def _doing(self, what: str, path: bytes) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise self._refusal(what, path, error) from None


def _receive_or_close(receive: Receive, remote: RemoteFile, descriptor: int) -> Writer:
    """Open the writer for a file that is open already; closes that file when it fails."""
    try:
        return receive(remote)
    except BaseException:
        os.close(descriptor)
        raise


def _entry(name: bytes, told: os.stat_result) -> Entry:
    mode = told.st_mode
    if S_ISREG(mode):
        kind = Kind.FILE
    elif S_ISDIR(mode):
        kind = Kind.FOLDER
    else:
        kind = Kind.LINK if S_ISLNK(mode) else Kind.OTHER
    modified_at = datetime.fromtimestamp(told.st_mtime, UTC)
    return Entry(name, kind, told.st_size, modified_at)
