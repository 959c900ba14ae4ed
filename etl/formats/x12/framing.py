"""Bytes of a file to pieces: text with one set of separators that holds whole transactions.

A small file is one piece. A large one is read in blocks, each cut before its last ``ST``, so that
memory stays bounded by the block and the largest transaction. A piece also ends where an
interchange with other separators begins.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from etl.defects import Position
from etl.formats.refusal import RefusedError, shortened
from etl.formats.x12.delimiters import BLANKS, ISA_LENGTH, Delimiters, Header, headers
from etl.formats.x12.text import Text, text_of

BLOCK = 5 << 20
"""Bytes read at once, and about the size of a chunk."""

LARGEST_TRANSACTION = 256 << 20
"""Bytes without a transaction boundary after which the rest of a file is given up."""

_TAIL = 4096
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Piece:
    """Part of one file.

    Attributes:
        offset: where its text starts in the file.
        text: starts at an ISA, or at the ST where the piece before was cut.
        header: the ISA whose separators hold here.
        opens, closes: whether it is the first, the last piece of its file.
        junk: what stands before the first ISA of the file, blanks aside.
        unterminated: whether the text breaks off inside a segment.
    """

    offset: int
    text: Text
    header: Header
    opens: bool
    closes: bool
    junk: bytes
    unterminated: bool


def pieces(
    stream: BinaryIO, charset: str, block: int = BLOCK, largest: int = LARGEST_TRANSACTION
) -> Iterator[Piece]:
    """Cut a file into pieces, in order; the last one has `closes`.

    Raises :class:`RefusedError` where no ISA can be read, and where the file has no transaction
    boundary for `largest` bytes; what came before has been given by then.
    """
    source = _Source(stream, block)
    header = _first_header(source.raw)
    junk = source.raw[: header.start].removeprefix(_BYTE_ORDER_MARK).strip(BLANKS)
    source.drop(header.start)
    opens = True
    while True:
        text = text_of(source.raw, header.delimiters, charset)
        cut, following = _cut(text.data, header.delimiters, source.ended)
        if cut is None and not source.ended:
            source.grow(largest)
            continue
        if cut is not None:
            text = text.until(cut)
        unterminated = _unterminated(text.data, header.delimiters)
        yield Piece(source.offset, text, header, opens, cut is None, junk, unterminated)
        if cut is None:
            return
        source.drop(len(text.raw))
        header, opens, junk = following or header, False, b""


class _Source:
    """A window that moves over a stream: `raw` stands at `offset` of the file."""

    def __init__(self, stream: BinaryIO, block: int) -> None:
        self._stream, self._block = stream, block
        self.raw, self.offset, self.ended = b"", 0, False
        self._read(block)

    def drop(self, count: int) -> None:
        """Move on by `count` bytes and read up to a block again."""
        self.raw = self.raw[count:]
        self.offset += count
        self._read(self._block - len(self.raw))

    def grow(self, largest: int) -> None:
        """Double the window, up to `largest` bytes; raises :class:`RefusedError` beyond."""
        if len(self.raw) >= largest:
            raise RefusedError(
                "TRANSACTION_TOO_LARGE",
                "no new transaction set starts within the largest size that is read; the rest of "
                "the file is not read: ask the partner to split it, or look for a lost terminator",
                at=Position(byte_offset=self.offset),
                value=shortened(self.raw[:80].decode("ascii", "replace")),
                expected=f"an ST segment within {largest} bytes",
            )
        self._read(len(self.raw))

    def _read(self, wanted: int) -> None:
        parts = [self.raw]
        while wanted > 0 and not self.ended:
            part = self._stream.read(wanted)
            self.ended = not part
            wanted -= len(part)
            parts.append(part)
        self.raw = b"".join(parts)


def _first_header(raw: bytes) -> Header:
    if not raw.removeprefix(_BYTE_ORDER_MARK).strip(BLANKS):
        raise RefusedError(
            "EMPTY_FILE", "the file is empty; ask the partner to send it again", expected="an ISA"
        )
    for header in headers(raw):
        before = raw[: header.start].removeprefix(_BYTE_ORDER_MARK).strip(BLANKS)
        if header.exact or not before:
            return header
    isa = raw.find(b"ISA")
    raise RefusedError(
        "ISA_UNREADABLE" if isa >= 0 else "NOT_X12",
        "the ISA segment is cut or broken, so that its separators are not known; ask the partner "
        "to send the file again"
        if isa >= 0
        else "this is no X12 file: no ISA segment; check which mapping its name leads to",
        at=Position(byte_offset=max(isa, 0)),
        value=shortened(raw[max(isa, 0) :][:ISA_LENGTH].decode("ascii", "replace")),
        expected="an ISA segment of 16 elements and 106 bytes",
    )


def _cut(data: bytes, delimiters: Delimiters, ended: bool) -> tuple[int | None, Header | None]:
    """Where the piece at the head of `data` ends, and the ISA that starts there if it brings
    other separators; None: it goes on to the end of what was read."""
    for header in headers(data, start=1):
        regular = _starts_segment(data, header.start, delimiters.terminator)
        if (header.exact or regular) and not (regular and header.delimiters == delimiters):
            return header.start, header
    return (None if ended else _last_transaction(data, delimiters)), None


def _last_transaction(data: bytes, delimiters: Delimiters) -> int | None:
    trigger = b"ST" + bytes((delimiters.element,))
    start = data.rfind(trigger)
    while start > 0:
        if _starts_segment(data, start, delimiters.terminator):
            return start
        start = data.rfind(trigger, 0, start)
    return None


def _unterminated(data: bytes, delimiters: Delimiters) -> bool:
    end = bytes((delimiters.terminator,))
    blanks = BLANKS.replace(end, b"")
    tail = data[-_TAIL:].rstrip(blanks) or data.rstrip(blanks)
    return not tail.removesuffix(_BYTE_ORDER_MARK).rstrip(blanks).endswith(end)


def _starts_segment(data: bytes, start: int, terminator: int) -> bool:
    at = start - 1
    while at >= 0 and data[at] != terminator and data[at] in BLANKS:
        at -= 1
    return at < 0 or data[at] == terminator
