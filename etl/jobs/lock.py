"""One run at a time: a lock that the operating system drops when its process dies."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from etl.durable import disk_errors
from etl.errors import TransientError


@contextmanager
def exclusive(path: Path, what: str) -> Iterator[None]:
    """Hold the lock file `path` while the block runs.

    Args:
        what: what is locked, for the error: ``job nightly``.

    Raises:
        TransientError: another process holds it; its process id is named.
        TerminalError: the lock file cannot be made.
    """
    with disk_errors(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        # unbuffered: what a full disk does not take is not tried again when the file is closed
        file = path.open("ab+", buffering=0)
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().decode("ascii") or "unknown"
            raise TransientError(
                f"{what} is being run by another process (pid {holder}); "
                "wait until it ends, then run again"
            ) from None
        file.truncate(0)
        with suppress(OSError):  # a full disk: who holds it is only told, the lock counts without
            file.write(str(os.getpid()).encode("ascii"))
        yield
