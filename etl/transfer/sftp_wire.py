"""SFTP version 3 requests and replies over a channel, many under way at the same time.

paramiko's client asks for one thing and waits for its answer; the protocol does not need that
(draft-ietf-secsh-filexfer-02, section 6.1). Here a request is only queued, and replies are taken
as they come. The channel is the one of a `paramiko.SFTPClient`, reached by its public interface,
and both may be used in turn as long as nothing is under way: `Wire.drain` sees to it.

Names stay bytes here: paramiko's own listing fails on the first that is not UTF-8.
"""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from stat import S_IFMT, S_ISDIR, S_ISLNK, S_ISREG
from typing import NamedTuple

import paramiko

from etl.transfer.files import Entry, Kind

OPEN, CLOSE, READ, LSTAT, FSTAT, OPENDIR, READDIR = 3, 4, 5, 7, 8, 11, 12
REMOVE, MKDIR, RENAME, EXTENDED = 13, 14, 18, 200
STATUS, HANDLE, DATA, NAME, ATTRS = 101, 102, 103, 104, 105
STATUS_OK, STATUS_EOF, STATUS_NO_SUCH_FILE, STATUS_PERMISSION_DENIED = 0, 1, 2, 3
POSIX_RENAME = b"posix-rename@openssh.com"
NO_ATTRIBUTES = struct.pack(">I", 0)
OPEN_FOR_READING = struct.pack(">II", 1, 0)  # flag READ, no attributes

# Replies to requests that paramiko's client sent can be told from ours by their number.
_FIRST_NUMBER = 1 << 31
# paramiko takes the same limit: what claims to be longer is no SFTP.
_LONGEST_REPLY = 1 << 24
_RECEIVE_BYTES = 1 << 20
_LISTING_REQUESTS = 4

_HAS_SIZE, _HAS_OWNER, _HAS_MODE, _HAS_TIMES = 1, 2, 4, 8


class Reply(NamedTuple):
    """An answer: to which request, of what type, and its content after the request's number."""

    number: int
    type: int
    body: memoryview


@dataclass(frozen=True, slots=True)
class Attributes:
    """The attributes of a file that matter here; None where the server does not send one."""

    size: int | None
    mode: int | None
    modified_at: datetime | None

    @property
    def kind(self) -> Kind:
        """What the mode says; a server that sends none is taken to list regular files."""
        if self.mode is None or S_IFMT(self.mode) == 0 or S_ISREG(self.mode):
            return Kind.FILE
        if S_ISDIR(self.mode):
            return Kind.FOLDER
        return Kind.LINK if S_ISLNK(self.mode) else Kind.OTHER


class Wire:
    """Requests and replies on one channel."""

    def __init__(self, channel: paramiko.Channel) -> None:
        self._channel = channel
        self._outgoing = bytearray()
        self._incoming = bytearray()
        self._replies: deque[Reply] = deque()
        self._next_number = _FIRST_NUMBER
        self._under_way: set[int] = set()

    def ask(self, request: int, *fields: bytes) -> int:
        """Queue a request and return its number; it is sent when a reply is waited for."""
        number = self._next_number
        self._next_number += 1
        body = b"".join(fields)
        self._outgoing += struct.pack(">IBI", len(body) + 5, request, number) + body
        self._under_way.add(number)
        return number

    def next_reply(self) -> Reply:
        """Send what is queued and return the next reply to a request of ours.

        Raises:
            TimeoutError: nothing came within the channel's timeout.
            EOFError: the channel was closed.
            paramiko.SFTPError: what came is no SFTP.
        """
        while True:
            while not self._replies:
                self._receive()
            reply = self._replies.popleft()
            if reply.number in self._under_way:
                self._under_way.remove(reply.number)
                return reply
            if reply.number >= _FIRST_NUMBER:
                raise paramiko.SFTPError("an answer to what was not asked, or was answered before")

    def ask_all(self, request: int, fields: Sequence[bytes], window: int) -> list[Reply]:
        """Ask the same of many things, `window` at a time; returns the replies in their order."""
        replies: dict[int, Reply] = {}
        numbers: list[int] = []
        while len(replies) < len(fields):
            while len(numbers) < len(fields) and len(numbers) - len(replies) < window:
                numbers.append(self.ask(request, fields[len(numbers)]))
            reply = self.next_reply()
            replies[reply.number] = reply
        return [replies[number] for number in numbers]

    def drain(self) -> None:
        """Wait for the replies to all requests and forget them."""
        while self._under_way:
            self.next_reply()

    def _receive(self) -> None:
        if self._outgoing:
            self._channel.sendall(bytes(self._outgoing))
            self._outgoing.clear()
        received = self._channel.recv(_RECEIVE_BYTES)
        if not received:
            raise EOFError
        self._incoming += received
        end = 0
        while len(self._incoming) - end >= 4:
            (length,) = struct.unpack_from(">I", self._incoming, end)
            if not 5 <= length <= _LONGEST_REPLY:
                raise paramiko.SFTPError("a reply of impossible length")
            if len(self._incoming) - end < 4 + length:
                break
            frame = bytes(memoryview(self._incoming)[end + 4 : end + 4 + length])
            kind, number = struct.unpack_from(">BI", frame)
            self._replies.append(Reply(number, kind, memoryview(frame)[5:]))
            end += 4 + length
        del self._incoming[:end]


def string(raw: bytes) -> bytes:
    """Return a string field: its length in 32 bits, then its bytes."""
    return struct.pack(">I", len(raw)) + raw


def string_in(reply: Reply) -> memoryview:
    """Return the string that a HANDLE or DATA reply consists of."""
    (length,) = struct.unpack_from(">I", reply.body)
    return reply.body[4 : 4 + length]


def attributes_in(reply: Reply) -> Attributes:
    """Return the attributes of an ATTRS reply."""
    return _Fields(reply.body).attributes()


def status_code(reply: Reply) -> int:
    """Return the code of a STATUS reply."""
    code: int = struct.unpack_from(">I", reply.body)[0]
    return code


def is_ok(reply: Reply) -> bool:
    """Tell whether a request was done that has no other answer."""
    return reply.type == STATUS and status_code(reply) == STATUS_OK


def is_missing(reply: Reply) -> bool:
    """Tell whether what a request is about does not exist."""
    return reply.type == STATUS and status_code(reply) == STATUS_NO_SUCH_FILE


def error_in(reply: Reply) -> OSError | EOFError | paramiko.SFTPError:
    """Return what to raise for a reply that is not the one wished for."""
    if reply.type != STATUS:
        return paramiko.SFTPError(f"a reply of unexpected type {reply.type}")
    match status_code(reply):
        case code if code == STATUS_EOF:
            return EOFError()
        case code if code == STATUS_NO_SUCH_FILE:
            return FileNotFoundError()
        case code if code == STATUS_PERMISSION_DENIED:
            return PermissionError()
        case code:
            fields = _Fields(reply.body[4:])
            said = bytes(fields.string()) if len(reply.body) >= 8 else b""
            return OSError(f"status {code}: {said.decode('utf-8', errors='replace')}")


def list_folder(wire: Wire, folder: bytes) -> list[Entry]:
    """Return all entries of a folder but ``.`` and ``..``, by READDIR alone.

    Raises:
        FileNotFoundError, PermissionError, OSError: the server refuses.
        TimeoutError, EOFError, paramiko.SFTPError: as `Wire.next_reply`.
    """
    wire.ask(OPENDIR, string(folder or b"."))
    opened = wire.next_reply()
    if opened.type != HANDLE:
        raise error_in(opened)
    handle = bytes(string_in(opened))
    entries: list[Entry] = []
    at_end = False
    while not at_end:
        for _ in range(_LISTING_REQUESTS):
            wire.ask(READDIR, string(handle))
        for reply in [wire.next_reply() for _ in range(_LISTING_REQUESTS)]:
            if reply.type == NAME:
                entries += _entries_in(reply)
            elif reply.type == STATUS and status_code(reply) == STATUS_EOF:
                at_end = True
            elif not at_end:  # beyond the end some servers answer with a failure
                raise error_in(reply)
    wire.ask(CLOSE, string(handle))
    wire.drain()
    return entries


def _entries_in(reply: Reply) -> list[Entry]:
    fields = _Fields(reply.body)
    entries = []
    for _ in range(fields.number()):
        name, _long_name, attributes = bytes(fields.string()), fields.string(), fields.attributes()
        if name not in (b".", b".."):
            entry = Entry(name, attributes.kind, attributes.size, attributes.modified_at)
            entries.append(entry)
    return entries


class _Fields:
    """Reads the fields of a reply one after the other."""

    def __init__(self, body: memoryview) -> None:
        self._body = body
        self._at = 0

    def number(self) -> int:
        return self._unpack(">I")

    def string(self) -> memoryview:
        length = self.number()
        raw = self._body[self._at : self._at + length]
        if len(raw) < length:
            raise paramiko.SFTPError("a reply ends within a field")
        self._at += length
        return raw

    def attributes(self) -> Attributes:
        flags = self.number()
        size = self._unpack(">Q") if flags & _HAS_SIZE else None
        if flags & _HAS_OWNER:
            self._at += 8
        mode = self.number() if flags & _HAS_MODE else None
        modified_at = None
        if flags & _HAS_TIMES:
            self._at += 4  # last access
            modified_at = datetime.fromtimestamp(self.number(), UTC)
        if flags & 0x80000000:
            for _ in range(2 * self.number()):
                self.string()
        return Attributes(size, mode, modified_at)

    def _unpack(self, layout: str) -> int:
        try:
            value: int = struct.unpack_from(layout, self._body, self._at)[0]
        except struct.error:
            raise paramiko.SFTPError("a reply ends within a field") from None
        self._at += struct.calcsize(layout)
        return value
