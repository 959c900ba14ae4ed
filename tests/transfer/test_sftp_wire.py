from __future__ import annotations

import contextlib
import struct
from datetime import UTC, datetime

import paramiko
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.transfer import failures, sftp_wire
from etl.transfer.files import Entry, Kind
from etl.transfer.sftp_wire import Wire, list_folder, string


class Channel:
    """A channel that gives prepared bytes in pieces, and keeps what is sent."""

    def __init__(self, incoming: bytes = b"", piece: int = 1 << 20) -> None:
        self.incoming = incoming
        self.piece = piece
        self.sent = b""

    def sendall(self, data: bytes) -> None:
        self.sent += data

    def recv(self, length: int) -> bytes:
        taken = min(length, self.piece)
        piece, self.incoming = self.incoming[:taken], self.incoming[taken:]
        return piece


def wire_with(incoming: bytes, piece: int = 1 << 20) -> Wire:
    return Wire(Channel(incoming, piece))  # type: ignore[arg-type]


def frame(kind: int, number: int, body: bytes) -> bytes:
    return struct.pack(">IBI", len(body) + 5, kind, number) + body


def status(code: int, message: bytes = b"") -> bytes:
    return struct.pack(">I", code) + string(message) + string(b"")


FIRST = 1 << 31


@pytest.mark.parametrize("piece", [1, 3, 7, 1000])
def test_replies_are_put_together_from_any_pieces(piece: int) -> None:
    wire = wire_with(frame(103, FIRST, string(b"abc")) + frame(103, FIRST + 1, string(b"")), piece)
    wire.ask(sftp_wire.READ, b"")
    wire.ask(sftp_wire.READ, b"")
    assert bytes(sftp_wire.string_in(wire.next_reply())) == b"abc"
    assert bytes(sftp_wire.string_in(wire.next_reply())) == b""


def test_replies_may_come_in_any_order() -> None:
    wire = wire_with(b"".join(frame(101, FIRST + n, status(n)) for n in (2, 0, 1)))
    replies = wire.ask_all(sftp_wire.REMOVE, [b"", b"", b""], window=3)
    assert [sftp_wire.status_code(reply) for reply in replies] == [0, 1, 2]


def test_replies_to_strangers_are_passed_over() -> None:
    wire = wire_with(frame(101, 5, status(0)) + frame(101, FIRST, status(3)))
    wire.ask(sftp_wire.REMOVE, b"")
    assert sftp_wire.status_code(wire.next_reply()) == 3


def test_requests_are_framed_as_the_protocol_says() -> None:
    channel = Channel(frame(101, FIRST, status(0)))
    wire = Wire(channel)  # type: ignore[arg-type]
    wire.ask(sftp_wire.REMOVE, string(b"a.edi"))
    wire.drain()
    assert channel.sent == b"\0\0\0\x0e" + b"\x0d" + b"\x80\0\0\0" + b"\0\0\0\x05a.edi"


def test_a_closed_channel_is_an_end_of_file() -> None:
    wire = wire_with(b"\0\0")
    wire.ask(sftp_wire.REMOVE, b"")
    with pytest.raises(EOFError):
        wire.next_reply()


@pytest.mark.parametrize("length", [0, 4, 1 << 24 | 1, 0xFFFFFFFF])
def test_an_impossible_length_is_refused_before_it_is_waited_for(length: int) -> None:
    wire = wire_with(struct.pack(">I", length))
    wire.ask(sftp_wire.REMOVE, b"")
    with pytest.raises(paramiko.SFTPError):
        wire.next_reply()


@pytest.mark.parametrize(
    ("code", "error"),
    [(1, EOFError), (2, FileNotFoundError), (3, PermissionError), (4, OSError), (99, OSError)],
)
def test_a_status_becomes_the_error_it_means(code: int, error: type[Exception]) -> None:
    reply = sftp_wire.Reply(FIRST, 101, memoryview(status(code, b"said")))
    assert type(sftp_wire.error_in(reply)) is error


def test_a_status_without_a_message_is_understood() -> None:
    reply = sftp_wire.Reply(FIRST, 101, memoryview(struct.pack(">I", 4)))
    assert "status 4" in str(sftp_wire.error_in(reply))


def test_attributes_are_read_whichever_are_sent() -> None:
    full = struct.pack(">IQIIIII", 0x8000000F, 5, 0, 0, 0o120777, 1, 1_700_000_000)
    full += struct.pack(">I", 1) + string(b"vendor") + string(b"x")
    names = string(b".") + string(b"") + full
    names += string(b"link") + string(b"long") + full
    names += string(b"bare") + string(b"long") + struct.pack(">I", 0)
    incoming = frame(102, FIRST, string(b"h"))
    incoming += frame(104, FIRST + 1, struct.pack(">I", 3) + names)
    # What comes after the end may be told as an end again, or as a failure.
    incoming += b"".join(frame(101, FIRST + n, status(n if n == 4 else 1)) for n in (2, 3, 4))
    incoming += frame(101, FIRST + 5, status(0))
    assert list_folder(wire_with(incoming), b"in") == [
        Entry(b"link", Kind.LINK, 5, datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)),
        Entry(b"bare", Kind.FILE, None, None),
    ]


@given(body=st.binary(max_size=200), kind=st.sampled_from([101, 102, 103, 104, 105, 7]))
def test_garbage_in_a_listing_is_an_error_that_is_foreseen(body: bytes, kind: int) -> None:
    incoming = frame(102, FIRST, string(b"h"))
    incoming += b"".join(frame(kind, FIRST + n, body) for n in range(1, 10))
    with contextlib.suppress(*failures.BREAKS):
        list_folder(wire_with(incoming), b"in")
