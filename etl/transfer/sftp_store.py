"""Folders and files on an SFTP server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import paramiko

from etl.errors import TechnicalError, TerminalError
from etl.transfer import failures, names, sftp_wire
from etl.transfer.files import Entry, RemoteFile
from etl.transfer.settings import SftpSettings
from etl.transfer.sftp_connection import SftpConnection
from etl.transfer.sftp_pipelined import WINDOW, PipelinedReader
from etl.transfer.sftp_plain import PlainReader
from etl.transfer.sftp_wire import Reply, Wire
from etl.transfer.store import Read, Receive


class SftpStore:
    """A partner's SFTP server; the methods are those of `etl.transfer.store.Store`."""

    def __init__(self, settings: SftpSettings) -> None:
        self.shown = settings.shown
        self._settings = settings
        self._connection = SftpConnection(settings)
        self._wire: Wire
        self._reader: PipelinedReader | PlainReader

    def open(self) -> None:
        """Connect, check the host key, log in; raises as `SftpConnection.open`."""
        self._connection.open()
        pipelined = PipelinedReader(self._client, self.shown)
        self._wire = pipelined.wire
        self._reader = (
            pipelined if self._settings.pipelined else PlainReader(self._client, self.shown)
        )

    def close(self) -> None:
        """End the session."""
        self._connection.close()

    def entries(self, folder: bytes) -> list[Entry]:
        """Return everything in a folder, by one listing."""
        with self._doing("listing", folder):
            return sftp_wire.list_folder(self._wire, folder)

    def entries_at(self, paths: Sequence[bytes]) -> list[Entry | TechnicalError | None]:
        """Return what each path stands for, or None."""
        with self._doing("looking at files", b""):
            replies = self._ask_all(sftp_wire.LSTAT, [sftp_wire.string(path) for path in paths])
            return [
                self._refusal(f"looking at {names.to_text(path)}", reply)
                if reply.type != sftp_wire.ATTRS and not sftp_wire.is_missing(reply)
                else _entry(path, reply)
                for path, reply in zip(paths, replies, strict=True)
            ]

    def read(self, files: Sequence[RemoteFile], receive: Receive) -> Iterator[Read]:
        """Read files, pipelined or plain."""
        with self._doing("reading files", b""):
            yield from self._reader.read(files, receive)

    def rename(self, pairs: Sequence[tuple[bytes, bytes]]) -> list[TechnicalError | None]:
        """Rename where the target is free, as SFTP version 3 has it (filexfer-02, 6.5)."""
        with self._doing("renaming files", b""):
            fields = [sftp_wire.string(old) + sftp_wire.string(new) for old, new in pairs]
            replies = self._ask_all(sftp_wire.RENAME, fields)
            return [
                None
                if sftp_wire.is_ok(reply)
                else self._refusal(f"renaming {names.to_text(old)} to {names.to_text(new)}", reply)
                for (old, new), reply in zip(pairs, replies, strict=True)
            ]

    def replace(self, source: bytes, target: bytes) -> TechnicalError | None:
        """Rename over the target, which only servers with OpenSSH's extension can do: others may
        end the session when they are asked."""
        doing = f"renaming {names.to_text(source)} over {names.to_text(target)}"
        if sftp_wire.POSIX_RENAME not in self._connection.client.extensions:
            return TerminalError(f"{self.shown}: {doing}: the server cannot do that at once")
        with self._doing("renaming", source):
            fields = b"".join(map(sftp_wire.string, (sftp_wire.POSIX_RENAME, source, target)))
            [reply] = self._ask_all(sftp_wire.EXTENDED, [fields])
            return None if sftp_wire.is_ok(reply) else self._refusal(doing, reply)

    def remove(self, paths: Sequence[bytes]) -> list[TechnicalError | None]:
        """Remove files, where they are there."""
        with self._doing("removing files", b""):
            replies = self._ask_all(sftp_wire.REMOVE, [sftp_wire.string(path) for path in paths])
            return [
                None
                if sftp_wire.is_ok(reply) or sftp_wire.is_missing(reply)
                else self._refusal(f"removing {names.to_text(path)}", reply)
                for path, reply in zip(paths, replies, strict=True)
            ]

    def make_folder(self, folder: bytes) -> TechnicalError | None:
        """Make a folder."""
        with self._doing("making the folder", folder):
            fields = sftp_wire.string(folder) + sftp_wire.NO_ATTRIBUTES
            [reply] = self._ask_all(sftp_wire.MKDIR, [fields])
            return (
                None
                if sftp_wire.is_ok(reply)
                else self._refusal(f"making the folder {names.to_text(folder)}", reply)
            )

    def create(self, path: bytes) -> None:
        """Make an empty file where there is nothing."""
        with self._doing("creating a file in", path.rpartition(b"/")[0]):
            self._client.open(path, "wx").close()

    def upload(self, local: Path, path: bytes) -> None:
        """Write a local file to a path and check the size it then has."""
        try:
            opened = local.open("rb")
        except OSError as error:
            raise TerminalError(f"{local} cannot be read: {error.strerror}") from None
        with opened, self._doing("writing", path):
            self._client.putfo(opened, path, confirm=True)

    def _refusal(self, doing: str, reply: Reply) -> TechnicalError:
        """What to tell of one thing that the server refuses; the session goes on."""
        return failures.technical(sftp_wire.error_in(reply), self.shown, doing)

    def _ask_all(self, request: int, fields: Sequence[bytes]) -> list[Reply]:
        return self._wire.ask_all(request, fields, WINDOW if self._settings.pipelined else 1)

    @property
    def _client(self) -> paramiko.SFTPClient:
        return self._connection.client

    @contextmanager
    def _doing(self, what: str, path: bytes) -> Iterator[None]:
        try:
            yield
        except failures.BREAKS as error:
            doing = f"{what} {names.to_text(path)}".rstrip()
            raise self._connection.explain(error, doing) from None


def _entry(path: bytes, reply: Reply) -> Entry | None:
    if sftp_wire.is_missing(reply):
        return None
    told = sftp_wire.attributes_in(reply)
    return Entry(path, told.kind, told.size, told.modified_at)
