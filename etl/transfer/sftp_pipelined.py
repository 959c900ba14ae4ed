"""Reading files over SFTP with a window of requests under way, across small and large files alike.

Small files cost two round trips each that overlap with those of the others; large ones are read
in blocks that do not wait for each other. One file holds at most the window in memory.

Several open files need handles of their own. Erlang's ssh_sftpd gives all of them the same one and
reads from the file opened last, so whatever comes under a handle that was given twice is doubted.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from struct import pack
from typing import ClassVar

import paramiko

from etl.errors import TechnicalError, TerminalError
from etl.transfer import failures, sftp_wire
from etl.transfer.files import RemoteFile
from etl.transfer.sftp_wire import Attributes, Reply, Wire
from etl.transfer.store import DoubtfulError, Read, Receive, changed, vanished
from etl.transfer.writer import Writer

# As many as OpenSSH's own sftp keeps under way.
WINDOW = 64
# OpenSSH's longest READ is 255 KiB; 32 KiB is what every server must take (filexfer-02, 3).
_LONGEST_BLOCK = 255 * 1024
_SAFE_BLOCK = 32 * 1024


@dataclass(slots=True, eq=False)
class _Pull:
    """One file under way.

    Attributes:
        gaps: byte ranges still to be asked for, in order. The first ends one byte beyond the
            listed size, so that a file that grows shows itself.
        early: blocks that came before those in front of them, by offset.
        reads: READs under way.
        stat: number of the last FSTAT, which must be answered after all reads.
    """

    remote: RemoteFile
    gaps: deque[tuple[int, int]]
    handle: bytes = b""
    writer: Writer | None = None
    early: dict[int, memoryview] = field(default_factory=dict)
    reads: int = 0
    stat: int | None = None
    stat_answered: bool = False
    attributes: Attributes | None = None
    error: TechnicalError | None = None

    @property
    def complete(self) -> bool:
        return not self.gaps and self.reads == 0 and self.stat_answered


@dataclass(frozen=True, slots=True)
class _Open:
    answer: ClassVar[int] = sftp_wire.HANDLE
    pull: _Pull


@dataclass(frozen=True, slots=True)
class _Block:
    answer: ClassVar[int] = sftp_wire.DATA
    pull: _Pull
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Stat:
    answer: ClassVar[int] = sftp_wire.ATTRS
    pull: _Pull


class _MixedUpError(paramiko.SFTPError):
    """An answer that cannot be one to what was asked."""


class PipelinedReader:
    """Reads files over one SFTP session; what it finds out of the server (the length of blocks,
    whether several files may be open at a time) is kept for the session."""

    def __init__(self, client: paramiko.SFTPClient, shown: str) -> None:
        channel = client.get_channel()
        if channel is None:
            raise EOFError
        self.wire = Wire(channel)
        self._shown = shown
        self._block = _LONGEST_BLOCK
        self._one_at_a_time = False

    def read(self, files: Sequence[RemoteFile], receive: Receive) -> Iterator[Read]:
        """Read files, as `etl.transfer.store.Store.read` says."""
        if self._one_at_a_time:
            for file in files:
                yield from self._read_together([file], receive)
            return
        try:
            yield from self._read_together(files, receive)
        except _MixedUpError as error:
            self._one_at_a_time = True
            raise DoubtfulError(f"{self._shown}: reading several files at once: {error}") from None

    def _read_together(self, files: Sequence[RemoteFile], receive: Receive) -> Iterator[Read]:
        pulling = _Pulling(self, files, receive)
        try:
            while pulling.busy:
                pulling.ask_more()
                pull = pulling.take(self.wire.next_reply())
                if pull is not None:
                    yield Read(pull.remote, None if pull.error else pull.writer, pull.error)
            self.wire.drain()
        except _MixedUpError:
            pulling.close_all()
            raise
        except TerminalError:
            # The local disk: the session is sound, so leave no reply in the channel.
            with suppress(*failures.BREAKS):
                self.wire.drain()
            raise
        finally:
            pulling.abort()

    def shorten_blocks(self, length: int) -> None:
        """Ask for no more than the server has shown to give."""
        self._block = min(self._block, max(_SAFE_BLOCK, length))

    @property
    def block(self) -> int:
        """Bytes to ask for in one READ."""
        return self._block

    @property
    def shown(self) -> str:
        """The endpoint as errors name it."""
        return self._shown


class _Pulling:
    """The state of one call of `read`."""

    def __init__(
        self, reader: PipelinedReader, files: Sequence[RemoteFile], receive: Receive
    ) -> None:
        self._reader = reader
        self._wire = reader.wire
        self._receive = receive
        self._waiting = deque(files)
        self._pulls: set[_Pull] = set()
        self._readable: deque[_Pull] = deque()
        self._asked: dict[int, _Open | _Block | _Stat] = {}
        self._open: set[bytes] = set()
        self._closed: dict[bytes, int] = {}

    @property
    def busy(self) -> bool:
        """Whether any file is not told of yet."""
        return bool(self._waiting or self._pulls)

    def ask_more(self) -> None:
        """Fill the window: blocks of open files first, then files not opened yet."""
        while len(self._asked) < WINDOW:
            if self._readable:
                self._ask_block(self._readable[0])
            elif self._waiting and len(self._pulls) < WINDOW:
                self._ask_open(self._waiting.popleft())
            else:
                return

    def take(self, reply: Reply) -> _Pull | None:
        """Work a reply in; returns the file that it brought to its end, if it did."""
        asked = self._asked.pop(reply.number, None)
        if asked is None or asked.pull.error is not None:
            return None
        pull = asked.pull
        if reply.type not in (asked.answer, sftp_wire.STATUS):
            raise _MixedUpError("an answer of a type that does not belong to the question")
        match asked:
            case _Open():
                self._opened(pull, reply)
            case _Block(_, start, end):
                self._got_block(pull, start, end, reply)
            case _Stat() if reply.number == pull.stat:
                pull.stat_answered = True
                # Without it the bytes still have the listed length: some servers remove a file
                # as soon as it was read, and then know nothing of it.
                if reply.type == sftp_wire.ATTRS:
                    pull.attributes = sftp_wire.attributes_in(reply)
        if pull.error is None and pull.complete:
            self._judge(pull)
        elif pull.error is None:
            return None
        self._finish(pull)
        return pull

    def close_all(self) -> None:
        """Close whatever is open or still being opened, so that the session begins anew."""
        for pull in self._pulls:
            if pull.handle:
                self._wire.ask(sftp_wire.CLOSE, sftp_wire.string(pull.handle))
        while self._asked:
            reply = self._wire.next_reply()
            asked = self._asked.pop(reply.number, None)
            if isinstance(asked, _Open) and reply.type == sftp_wire.HANDLE:
                handle = bytes(sftp_wire.string_in(reply))
                self._wire.ask(sftp_wire.CLOSE, sftp_wire.string(handle))
        self._wire.drain()

    def abort(self) -> None:
        """Drop every file that did not come to its end."""
        for pull in self._pulls:
            if pull.writer is not None:
                pull.writer.abort()

    def _ask_open(self, remote: RemoteFile) -> None:
        pull = _Pull(remote, deque([(0, remote.size + 1)]))
        self._pulls.add(pull)
        path = sftp_wire.string(remote.raw_path)
        number = self._wire.ask(sftp_wire.OPEN, path, sftp_wire.OPEN_FOR_READING)
        self._asked[number] = _Open(pull)

    def _ask_block(self, pull: _Pull) -> None:
        start, limit = pull.gaps.popleft()
        end = min(limit, start + self._reader.block)
        if end < limit:
            pull.gaps.appendleft((end, limit))
        place = pack(">QI", start, end - start)
        number = self._wire.ask(sftp_wire.READ, sftp_wire.string(pull.handle), place)
        self._asked[number] = _Block(pull, start, end)
        pull.reads += 1
        if not pull.gaps:
            self._readable.popleft()
            pull.stat = self._wire.ask(sftp_wire.FSTAT, sftp_wire.string(pull.handle))
            pull.stat_answered = False
            self._asked[pull.stat] = _Stat(pull)

    def _ask_again(self, pull: _Pull, start: int, end: int) -> None:
        if not pull.gaps:
            # In front: what is behind it in the same file has to be held until it comes.
            self._readable.appendleft(pull)
        pull.gaps.appendleft((start, end))

    def _opened(self, pull: _Pull, reply: Reply) -> None:
        if reply.type != sftp_wire.HANDLE:
            self._fail(pull, reply)
            return
        pull.handle = bytes(sftp_wire.string_in(reply))
        # A handle is free again for files that we asked for after we had closed the one before.
        if pull.handle in self._open or reply.number < self._closed.get(pull.handle, 0):
            raise _MixedUpError("the server gave one handle to several open files")
        self._open.add(pull.handle)
        pull.writer = self._receive(pull.remote)
        self._readable.append(pull)

    def _got_block(self, pull: _Pull, start: int, end: int, reply: Reply) -> None:
        pull.reads -= 1
        size = pull.remote.size
        if reply.type == sftp_wire.DATA:
            data = sftp_wire.string_in(reply)
            if len(data) > end - start:
                raise _MixedUpError("more bytes came than were asked for")
            reached = start + len(data)
            if reached > size:
                pull.error = changed(self._reader.shown, pull.remote, "grew")
                return
            if not data:
                pull.error = changed(self._reader.shown, pull.remote, "gave no bytes")
                return
            if reached < min(end, size):
                self._reader.shorten_blocks(len(data))
                self._ask_again(pull, reached, end)
            _write_in_order(pull, start, data)
        elif reply.type == sftp_wire.STATUS and (
            sftp_wire.status_code(reply) == sftp_wire.STATUS_EOF
        ):
            if start < size:
                pull.error = changed(self._reader.shown, pull.remote, "became shorter")
        elif end - start > _SAFE_BLOCK:
            self._reader.shorten_blocks(_SAFE_BLOCK)
            self._ask_again(pull, start, end)
        else:
            self._fail(pull, reply)

    def _judge(self, pull: _Pull) -> None:
        told, listed = pull.attributes, pull.remote
        if told is None:
            return
        if told.size not in (None, listed.size):
            pull.error = changed(self._reader.shown, listed, "changed its size")
        elif told.modified_at not in (None, listed.modified_at):
            pull.error = changed(self._reader.shown, listed, "changed its time")

    def _fail(self, pull: _Pull, reply: Reply) -> None:
        error = sftp_wire.error_in(reply)
        if isinstance(error, FileNotFoundError):
            pull.error = vanished(self._reader.shown, pull.remote)
        else:
            pull.error = failures.technical(
                error, self._reader.shown, f"reading {pull.remote.name}"
            )

    def _finish(self, pull: _Pull) -> None:
        self._pulls.discard(pull)
        if pull.gaps and pull in self._readable:
            self._readable.remove(pull)
        if pull.handle:
            self._open.discard(pull.handle)
            closing = self._wire.ask(sftp_wire.CLOSE, sftp_wire.string(pull.handle))
            self._closed[pull.handle] = closing
        if pull.error is not None and pull.writer is not None:
            pull.writer.abort()


def _write_in_order(pull: _Pull, start: int, data: memoryview) -> None:
    """Write a block when all before it is written; servers may answer in any order."""
    writer = pull.writer
    if writer is None:
        raise AssertionError("a block came for a file that was not opened")
    pull.early[start] = data
    while (block := pull.early.pop(writer.written, None)) is not None:
        writer.write(block)
