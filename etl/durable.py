"""Files that are whole or not there: temporary name, fsync, rename, fsync of the folder."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from etl.errors import EtlError, TechnicalError, TerminalError

PART = ".part"
_FULL = (errno.ENOSPC, errno.EDQUOT)
_NOT_ALLOWED = (errno.EACCES, errno.EPERM, errno.EROFS)


@contextmanager
def written_whole(final: Path) -> Iterator[Path]:
    """Give a temporary path to write to; afterwards it is `final`, safe against a power cut.

    When the body fails, the temporary file is removed and `final` is what it was.

    Raises:
        TerminalError: the disk is full, or the folder may not be written.
        TechnicalError: any other error of the disk.
    """
    part = final.with_name(final.name + PART)
    with disk_errors(final.parent):
        try:
            yield part
            fsync(part)
            part.replace(final)
            fsync(final.parent)
        except BaseException:
            part.unlink(missing_ok=True)
            raise


def write_whole(final: Path, content: bytes) -> None:
    """Write a small file whole; errors as for :func:`written_whole`."""
    with written_whole(final) as part:
        part.write_bytes(content)


def make_folder(folder: Path) -> None:
    """Make a folder with its parents, each one safe against a power cut."""
    with disk_errors(folder):
        missing = []
        while not folder.is_dir():
            missing.append(folder)
            folder = folder.parent
        for each in reversed(missing):
            each.mkdir(exist_ok=True)
            fsync(each.parent)


def fsync(path: Path) -> None:
    """Bring a file or folder to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def disk_errors(folder: Path) -> Iterator[None]:
    """Turn the system's errors into ours, naming the folder and what to do."""
    try:
        yield
    except EtlError:
        raise
    except OSError as error:
        if error.errno in _FULL:
            raise TerminalError(f"no space left in {folder}; free some and run again") from error
        if error.errno in _NOT_ALLOWED:
            raise TerminalError(
                f"{folder} may not be written ({error.strerror}); give this user the right to"
            ) from error
        raise TechnicalError(f"{folder}: {error}") from error
