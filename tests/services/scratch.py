"""Temporary folders that servers of other users can enter, swept when their run is dead."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PREFIX = f"etl-service-{os.getuid()}-"
_MARKER = ".in-use"
_ROOM = 4 * 1024**3


@contextmanager
def scratch_folder(purpose: str) -> Iterator[Path]:
    """Give a folder that lives as long as the context.

    pytest's own temporary folders are closed to other users, so the `postgres` user could not
    reach them.  The folder is locked while in use; a later run removes what a killed run left.
    """
    parent = _parent()
    with locked(parent / f"{_PREFIX}lock"):
        _sweep(parent)
        folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{purpose}-", dir=parent))
        folder.chmod(0o711)
        mark = (folder / _MARKER).open("w")
        fcntl.flock(mark, fcntl.LOCK_EX)
    with mark:
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock between processes; a process that dies lets go of it."""
    with path.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _parent() -> Path:
    """Return the place for scratch folders: in memory where there is plenty of room.

    PostgreSQL copies a database about ten times as quick there.  TMPDIR overrules.
    """
    memory = Path("/dev/shm")
    usable = "TMPDIR" not in os.environ and os.access(memory, os.W_OK | os.X_OK)
    if usable and shutil.disk_usage(memory).free >= _ROOM:
        return memory
    return Path(tempfile.gettempdir())


def _sweep(parent: Path) -> None:
    """Remove the folders of runs that were killed: nobody holds their lock any more."""
    for marker in parent.glob(f"{_PREFIX}*/{_MARKER}"):
        try:
            with marker.open("r+") as mark:
                fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(marker.parent, ignore_errors=True)
        except OSError:
            continue  # in use, or already gone
