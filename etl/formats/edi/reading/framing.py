"""Bytes of a file to pieces: text with one set of separators that holds whole transactions.

A small file is one piece. A large one is read in blocks, each cut before its last transaction, so
that memory stays bounded. A transaction larger than a block is cut into parts before one of its
outermost loops; each part comes with the transaction's head again, so that it
reads like a transaction of its own. A piece also ends where an interchange with other separators
begins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO

from etl.defects import Position
from etl.formats.edi.delimiters import BLANKS, Delimiters, Header
from etl.formats.edi.reading.scan import released
from etl.formats.edi.reading.text import Text, text_of
from etl.formats.edi.syntax import Syntax
from etl.formats.file_kinds import is_text, refuse_other_kinds
from etl.formats.padding import PADDING
from etl.formats.refusal import RefusedError, shortened

LARGEST_TRANSACTION = 256 << 20
"""Bytes without a boundary after which the rest of a file is given up."""

LARGEST_HEAD = 1 << 20
"""Bytes from ST or UNH to the first outermost loop that are read again with each part."""

_TAIL = 4096
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

Cuts = Callable[[str], tuple[str, ...]]
"""For a transaction's header segment, the ids of segments that it may be cut before."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Part of one file.

    Attributes:
        offset: where its text starts in the file.
        text: starts at an ISA or UNB, or at the transaction where the piece before was cut.
        header: the interchange header whose separators hold here.
        opens, closes: whether it is the first, the last piece of its file.
        junk: what stands before the first interchange of the file, blanks aside.
        unterminated: whether the text breaks off inside a segment.
        head: the head of the transaction that this piece goes on with: its segments up to the
            first outermost loop, as a piece of its own; None: it begins with a new one.
        breaks_off: whether its last transaction goes on in the next piece.
    """

    offset: int
    text: Text
    header: Header
    opens: bool
    closes: bool
    junk: bytes
    unterminated: bool
    head: Piece | None = None
    breaks_off: bool = False


def pieces(
    stream: BinaryIO,
    syntax: Syntax,
    charset: str | None,
    cuts: Cuts = lambda _: (),
    *,
    block: int | None = None,
    large: int | None = None,
    largest: int = LARGEST_TRANSACTION,
) -> Iterator[Piece]:
    """Cut a file into pieces, in order; the last one has `closes`.

    Args:
        charset: Python codec; None: the one that each interchange declares, else UTF-8.
        cuts: where a large transaction may be cut.
        block: bytes read at once; None: as many as suit the syntax.
        large: a transaction of more bytes is cut; None: one that is larger than a block.

    Raises :class:`RefusedError` where no interchange header can be read, and where the file has
    no boundary for `largest` bytes; what came before has been given by then.
    """
    block = block or syntax.block
    large = large or block
    source = _Source(stream, block)
    header = _first_header(source.raw, syntax)
    junk = source.raw[: header.start].removeprefix(_BYTE_ORDER_MARK).strip(BLANKS)
    source.drop(header.body)
    opens, head = True, None
    while True:
        text = text_of(source.raw, header.delimiters, charset or header.charset or "utf-8")
        delimiters = header.delimiters.in_text
        whole = source.ended or head is not None
        cut, following = _cut(text.data, delimiters, whole, syntax)
        if head is not None:
            end = _end_of_part(text.data, delimiters, syntax)
            if end is not None and (cut is None or end < cut):
                cut, following = end, None
        breaks_off, next_head = False, None
        if cut is None and not source.ended and (head or len(source.raw) >= large):
            cut = _inside(text.data, delimiters, syntax, cuts, head)
            if cut is not None:
                breaks_off = True
                next_head = head or _head(text, source.offset, header, syntax, cuts)
                cut, breaks_off = (None, False) if next_head is None else (cut, True)
        if cut is None and not source.ended:
            source.grow(largest, syntax)
            continue
        if cut is not None:
            text = text.until(cut)
        closes, length = cut is None, len(text.raw)
        if closes or following:
            text = text.until(_without_padding(text.data, delimiters))
        unterminated = _unterminated(text.data, delimiters)
        yield Piece(
            source.offset, text, header, opens, closes, junk, unterminated, head, breaks_off
        )
        if closes:
            return
        source.drop(length)
        if following:
            following = _as_in_file(source.raw, following, syntax)
            source.drop(following.body - following.start)
        header, opens, junk, head = following or header, False, b"", next_head


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

    def grow(self, largest: int, syntax: Syntax) -> None:
        """Double the window, up to `largest` bytes; raises :class:`RefusedError` beyond."""
        if len(self.raw) >= largest:
            raise RefusedError(
                "TRANSACTION_TOO_LARGE",
                f"no new {syntax.transaction.name} starts within the largest size that is read; "
                "the rest of the file is not read: ask the partner to split it, or look for a "
                "lost terminator",
                at=Position(byte_offset=self.offset),
                value=shortened(self.raw[:80].decode("ascii", "replace")),
                expected=f"an {syntax.transaction.header} segment within {largest} bytes",
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


def _first_header(raw: bytes, syntax: Syntax) -> Header:
    mark = syntax.interchange.header
    if not raw.removeprefix(_BYTE_ORDER_MARK).strip(BLANKS + PADDING):
        raise RefusedError(
            "EMPTY_FILE",
            "the file is empty; ask the partner to send it again",
            expected=f"a file that starts with {mark}",
        )
    if not is_text(raw):
        refuse_other_kinds(raw, f"{syntax.standard} file")
    for header in syntax.headers(raw, 0):
        if _several_bytes(raw, header):
            continue
        before = raw[: header.start].removeprefix(_BYTE_ORDER_MARK).strip(BLANKS)
        if header.exact or not before or before.endswith(bytes((header.delimiters.terminator,))):
            return header
    found = raw.find(mark.encode())
    if found < 0:
        refuse_other_kinds(raw, f"{syntax.standard} file")
    raise RefusedError(
        f"{mark}_UNREADABLE" if found >= 0 else f"NOT_{syntax.standard}",
        f"the {mark} segment is cut or broken, or its separators are alike, letters, digits, or "
        "characters of several bytes, so that they are not known; ask the partner to send the file "
        "again"
        if found >= 0
        else f"this is no {syntax.standard} file: no {mark} segment; check which mapping its name "
        "leads to, and whether the file is whole",
        at=Position(byte_offset=max(found, 0)),
        value=shortened(raw[max(found, 0) :][:106].decode("ascii", "replace")),
        expected=syntax.header_form,
    )


def _several_bytes(raw: bytes, header: Header) -> bool:
    """Whether a terminator is a character of UTF-8 that has several bytes: its file was converted
    from a charset where 0x85 and 0xA7 are one byte each."""
    at = raw.find(header.delimiters.terminator, header.body)
    if header.delimiters.terminator < 0x80 or at < 0:
        return False
    first = raw[at : at + 4].decode("utf-8", "replace")[:1]
    return first > "\x7f" and first != "\ufffd"


def _as_in_file(raw: bytes, following: Header, syntax: Syntax) -> Header:
    """The header found in the text before, which starts at the head of `raw`, with the separators
    that it has in the file: in the text those beyond ASCII are others."""
    found = next(syntax.headers(raw, 0), None)
    return found if found is not None and found.start == 0 else following


def _cut(
    data: bytes, delimiters: Delimiters, ended: bool, syntax: Syntax
) -> tuple[int | None, Header | None]:
    """Where the piece at the head of `data` ends, and the interchange that starts there if it
    brings other separators; None: it goes on to the end of what was read."""
    for header in syntax.headers(data, 1):
        regular = _starts_segment(data, header.start, delimiters)
        if (header.exact or regular) and not (regular and header.delimiters == delimiters):
            return header.start, header
    if ended:
        return None, None
    return _last(data, delimiters, (syntax.transaction.header,), 1), None


def _end_of_part(data: bytes, delimiters: Delimiters, syntax: Syntax) -> int | None:
    """Where the transaction that goes on in `data` is over and something new begins."""
    ends = [
        _first(data, delimiters, segment_id, 1)
        for segment_id in (syntax.transaction.header, syntax.interchange.header)
    ]
    return min((end for end in ends if end is not None), default=None)


def _inside(
    data: bytes, delimiters: Delimiters, syntax: Syntax, cuts: Cuts, head: Piece | None
) -> int | None:
    """Where the transaction at the start of `data` may be cut: before its last outermost loop."""
    opening = data if head is None else head.text.data
    ids = cuts(_opening(opening, delimiters, syntax))
    cut = _last(data, delimiters, ids, 1) if ids else None
    return cut if cut is not None and cut > len(data) // 2 else None


def _head(text: Text, offset: int, header: Header, syntax: Syntax, cuts: Cuts) -> Piece | None:
    """The segments of the transaction at the start of `text` up to its first outermost loop."""
    delimiters = header.delimiters.in_text
    ids = cuts(_opening(text.data, delimiters, syntax))
    starts = [_first(text.data, delimiters, segment_id, 1) for segment_id in ids]
    first = min((start for start in starts if start is not None), default=LARGEST_HEAD)
    if first >= LARGEST_HEAD:
        return None
    head = text.until(first)
    return Piece(offset, head, replace(header), False, False, b"", False)


def _opening(data: bytes, delimiters: Delimiters, syntax: Syntax) -> str:
    """The transaction header at the start of `data`; empty where it starts with another."""
    end = data.find(bytes((delimiters.terminator,)), 0, 1000)
    opening = data[: max(end, 0)].decode("utf-8", "replace").lstrip()
    return opening if opening.startswith(syntax.transaction.header) else ""


def _last(
    data: bytes, delimiters: Delimiters, segment_ids: tuple[str, ...], least: int
) -> int | None:
    """Where the last segment with one of some ids starts, at `least` or after."""
    found = None
    for segment_id in segment_ids:
        trigger = segment_id.encode() + bytes((delimiters.element,))
        start = data.rfind(trigger, found or least)
        while start >= least and not _starts_segment(data, start, delimiters):
            start = data.rfind(trigger, found or least, start)
        if start >= least:
            found = start
    return found


def _first(data: bytes, delimiters: Delimiters, segment_id: str, least: int) -> int | None:
    """Where the first segment with an id starts, at `least` or after."""
    trigger = segment_id.encode() + bytes((delimiters.element,))
    start = data.find(trigger, least)
    while start >= 0 and not _starts_segment(data, start, delimiters):
        start = data.find(trigger, start + 1)
    return start if start >= 0 else None


def _without_padding(data: bytes, delimiters: Delimiters) -> int:
    """Where text ends, what fills up its last block or marks the end of a file left out."""
    separators = bytes((delimiters.element, delimiters.component, delimiters.terminator))
    padding = (PADDING + BLANKS).translate(None, separators)
    end = len(data.rstrip(padding))
    return end if set(data[end:]).intersection(PADDING) else len(data)


def _unterminated(data: bytes, delimiters: Delimiters) -> bool:
    end = bytes((delimiters.terminator,))
    blanks = BLANKS.replace(end, b"")
    tail = data[-_TAIL:].rstrip(blanks) or data.rstrip(blanks)
    tail = tail.removesuffix(_BYTE_ORDER_MARK).rstrip(blanks)
    return not tail.endswith(end) or released(tail, len(tail) - 1, delimiters.release)


def _starts_segment(data: bytes, start: int, delimiters: Delimiters) -> bool:
    at = start - 1
    while at >= 0 and data[at] != delimiters.terminator and data[at] in BLANKS:
        at -= 1
    if at < 0:
        return True
    return data[at] == delimiters.terminator and not released(data, at, delimiters.release)
