"""Files that are whole or not there: temporary name, fsync, rename, fsync of the folder."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from etl.errors import TechnicalError, TerminalError


def write_durably(path: Path, content: bytes) -> None:
    """Write a file, making its folder, so that it is whole even after a power cut.

    Raises:
        TerminalError: the disk is full, or the folder may not be written.
        TechnicalError: any other error of the disk.
    """
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with part.open("wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            part.replace(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            message = f"no space left in {path.parent}; free some and run again"
            raise TerminalError(message) from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            message = f"{path.parent} may not be written; give this user the right to"
            raise TerminalError(message) from error
        raise TechnicalError(f"{path}: {error}") from error


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
