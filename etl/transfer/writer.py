"""One file on its way into the inbox."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from etl.errors import TerminalError, TransientError
from etl.transfer.received import Received


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
        with local_disk(folder):
            self._file = os.open(self.part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            fcntl.flock(self._file, fcntl.LOCK_EX)

    def write(self, data: bytes | memoryview) -> None:
        """Append bytes; raises TerminalError when they cannot be stored (disk full)."""
        left = memoryview(data)
        with local_disk(self.part.parent):
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
        with local_disk(self.part.parent):
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

    def require_whole(self) -> None:
        """Check that as many bytes came as were listed; raises TransientError."""
        if self.written != self.expected_size:
            raise TransientError(
                f"{self.partner}: {self.original_name}: got {self.written} bytes where "
                f"{self.expected_size} were listed; not taken, the next pull tries again"
            )


@contextlib.contextmanager
def local_disk(folder: Path) -> Iterator[None]:
    """Tell an error of the local disk as what it is: nothing that trying again would change."""
    try:
        yield
    except OSError as error:
        raise TerminalError(
            f"the inbox {folder} cannot be written to: {error.strerror or error}. "
            f"Nothing was changed at the partner; make room or give rights there and run again"
        ) from error
