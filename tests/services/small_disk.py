"""A file system that is soon full: a small tmpfs, or a limit on files where none is allowed."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

SIZE = 1_000_000


@contextmanager
def small_disk(folder: Path, size: int = SIZE) -> Iterator[Callable[[], None]]:
    """Make `folder` a file system of `size` bytes; gives what makes it large enough.

    Without root and sudo nothing can be mounted: then no file of this process and of those that
    it starts may become larger than that.
    """
    folder.mkdir(parents=True, exist_ok=True)
    owner = f"uid={os.getuid()},gid={os.getgid()}"
    if _as_root("mount", "-t", "tmpfs", "-o", f"size={size},{owner}", "tmpfs", str(folder)):

        def grow() -> None:
            assert _as_root("mount", "-o", "remount,size=200m", str(folder))

        try:
            yield grow
        finally:
            # lazily: a test's own ledger may still be open there
            assert _as_root("umount", "--lazy", str(folder))
        return
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)


def _as_root(*command: str) -> bool:
    """Whether the command could be done, as root or with a sudo that asks nothing."""
    sudo = [] if os.getuid() == 0 else ["sudo", "--non-interactive"]
    try:
        done = subprocess.run([*sudo, *command], capture_output=True, check=False)
    except FileNotFoundError:
        return False
    return done.returncode == 0
