"""Reading files over SFTP one request after the other, by paramiko's public client only.

For a server that cannot cope with many requests under way (``pipelined: false``), and the
measure for the pipelined reader: both must behave the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import paramiko

from etl.errors import TechnicalError
from etl.transfer import failures
from etl.transfer.files import RemoteFile
from etl.transfer.store import Read, Receive, changed, vanished
from etl.transfer.writer import Writer

_BLOCK = 32 * 1024


class PlainReader:
    """Reads files over one SFTP session."""

    def __init__(self, client: paramiko.SFTPClient, shown: str) -> None:
        self._client = client
        self._shown = shown

    def read(self, files: Sequence[RemoteFile], receive: Receive) -> Iterator[Read]:
        """Read files, as `etl.transfer.store.Store.read` says."""
        for remote in files:
            try:
                opened = self._client.open(remote.raw_path, "rb")
            except OSError as error:
                yield Read(remote, None, self._refused(error, remote))
                continue
            with opened:
                yield self._read_open(remote, opened, receive(remote))

    def _read_open(self, remote: RemoteFile, opened: paramiko.SFTPFile, writer: Writer) -> Read:
        try:
            while writer.written <= remote.size and (block := opened.read(_BLOCK)):
                writer.write(block)
            problem = _difference(remote, writer.written, opened)
        except OSError as error:
            writer.abort()
            return Read(remote, None, self._refused(error, remote))
        except BaseException:
            writer.abort()
            raise
        if problem is not None:
            writer.abort()
            return Read(remote, None, changed(self._shown, remote, problem))
        return Read(remote, writer)

    def _refused(self, error: OSError, remote: RemoteFile) -> TechnicalError:
        """Return the error for one file; raises again what concerns the whole session."""
        channel = self._client.get_channel()
        # A status of the server comes without a number, but for these two.
        of_the_file = isinstance(error, FileNotFoundError | PermissionError) or error.errno is None
        if not of_the_file or isinstance(error, TimeoutError) or channel is None or channel.closed:
            raise error
        if isinstance(error, FileNotFoundError):
            return vanished(self._shown, remote)
        return failures.technical(error, self._shown, f"reading {remote.name}")


def _difference(remote: RemoteFile, got: int, opened: paramiko.SFTPFile) -> str | None:
    """Tell how the file differs from its listing, if it does."""
    if got != remote.size:
        return "grew" if got > remote.size else "became shorter"
    try:
        told = opened.stat()
    except (FileNotFoundError, PermissionError):
        # Some servers remove a file as soon as it was read, and then know nothing of it.
        return None
    if told.st_size not in (None, remote.size):
        return "changed its size"
    if told.st_mtime is not None and datetime.fromtimestamp(told.st_mtime, UTC) != (
        remote.modified_at
    ):
        return "changed its time"
    return None
