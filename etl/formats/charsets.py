"""Text that is not what its declared charset makes of it, which no decoder finds: UTF-8 where each
byte is a letter of its own (mojibake), and letters that were lost before the file came."""

from __future__ import annotations

import codecs
import io
import re
from functools import lru_cache
from typing import BinaryIO, cast

import numpy as np
import numpy.typing as npt

from etl.defects import Position, Severity
from etl.formats.refusal import RefusedError

Offsets = npt.NDArray[np.int64]

_REPLACED = "\N{REPLACEMENT CHARACTER}".encode()
_NO_LETTER = re.compile(rb"[\x80-\x9f]")
_HIGH = range(0x80, 0x100)
_NOWHERE: Offsets = np.empty(0, np.int64)


def utf8_look_alikes(data: bytes, line_end: int = 10) -> tuple[Offsets, Offsets]:
    """Where runs of bytes beyond ASCII begin and end that are characters of UTF-8.

    Of a line, or segment, only where all of its runs are: real Latin-1 such as ``É»`` has others
    beside it. ASCII and text without any such run cost one pass.

    Args:
        line_end: the byte that ends lines or segments.
    """
    if data.isascii():
        return _NOWHERE, _NOWHERE
    bytes_ = np.frombuffer(data, np.uint8)
    high = np.flatnonzero((bytes_ >= 0x80) & (bytes_ != line_end))
    if not len(high):
        return _NOWHERE, _NOWHERE
    breaks = np.flatnonzero(np.diff(high) != 1)
    begins = high[np.concatenate([[0], breaks + 1])]
    ends = high[np.concatenate([breaks, [len(high) - 1]])] + 1
    first, second = bytes_[begins], bytes_[np.minimum(begins + 1, len(bytes_) - 1)]
    good = (ends - begins > 1) & (first >= 0xC2) & (first <= 0xF4) & (second < 0xC0)
    for at in np.flatnonzero(good).tolist():
        good[at] = _is_utf8(data[begins[at] : ends[at]])
    if not good.any():
        return _NOWHERE, _NOWHERE
    lines = np.searchsorted(np.flatnonzero(bytes_ == line_end), begins)
    good &= ~np.isin(lines, lines[~good])
    return begins[good], ends[good]


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


class CharsetWatch:
    """Looks at the bytes of a file while they are read, whether they may be of another charset.

    Attributes:
        doubt: what to warn of, once; None so far.
    """

    def __init__(self, encoding: str) -> None:
        """`encoding` is the declared one, a name that Python knows."""
        self.doubt: RefusedError | None = None
        self._encoding = encoding
        self._of_one_byte = _of_one_byte(encoding)
        self._utf8 = codecs.lookup(encoding).name == "utf-8"
        self._iso_8859 = codecs.lookup(encoding).name.startswith("iso8859")
        self._offset, self._line = 0, 1

    def see(self, data: bytes) -> None:
        """Look at the bytes that come next."""
        if self.doubt is None:
            if self._of_one_byte:
                begins, ends = utf8_look_alikes(data)
                if len(begins):
                    self._doubt_letters(data, int(begins[0]), int(ends[0]))
                elif self._iso_8859 and (found := _NO_LETTER.search(data)):
                    self._doubt_no_letter(data, found.start())
            elif self._utf8 and _REPLACED in data:
                self._doubt_replaced(data, data.index(_REPLACED))
        self._offset += len(data)
        self._line += data.count(b"\n")

    def reading(self, stream: BinaryIO) -> BinaryIO:
        """The stream, looked at as it is read."""
        return cast(BinaryIO, _Watched(stream, self))

    def _doubt_letters(self, data: bytes, begin: int, end: int) -> None:
        text = data[begin:end].decode("utf-8")
        self.doubt = RefusedError(
            "SUSPECT_CHARSET",
            f"this text is UTF-8 but is declared {self._encoding}, so that its letters are wrong; "
            "if the partner sends UTF-8, declare that",
            at=self._position(data, begin),
            value=f"{data[begin:end].decode(self._encoding, 'replace')} for {text}",
            expected=f"text in {self._encoding}",
            severity=Severity.WARN,
        )

    def _doubt_no_letter(self, data: bytes, begin: int) -> None:
        self.doubt = RefusedError(
            "SUSPECT_CHARSET",
            f"this byte is no letter in {self._encoding}, but one in Windows-1252; ask the partner "
            "what they send, and declare cp1252 if it is that",
            at=self._position(data, begin),
            value=f"0x{data[begin]:02x}",
            expected=f"text in {self._encoding}",
            severity=Severity.WARN,
        )

    def _doubt_replaced(self, data: bytes, begin: int) -> None:
        self.doubt = RefusedError(
            "SUSPECT_CHARSET",
            "U+FFFD stands here: whoever wrote the file has put it for a letter that could not be "
            "read there; ask the partner to send the file with its letters",
            at=self._position(data, begin),
            value="\N{REPLACEMENT CHARACTER}",
            expected="letters",
            severity=Severity.WARN,
        )

    def _position(self, data: bytes, begin: int) -> Position:
        line = self._line + data[:begin].count(b"\n")
        return Position(byte_offset=self._offset + begin, row=line)


class _Watched(io.RawIOBase):
    def __init__(self, stream: BinaryIO, watch: CharsetWatch) -> None:
        super().__init__()
        self._stream, self._watch = stream, watch

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        data = self._stream.read(size)
        self._watch.see(data)
        return data


@lru_cache
def _of_one_byte(encoding: str) -> bool:
    """Whether no byte waits for another one to be a character."""
    decoder = codecs.getincrementaldecoder(encoding)
    return all(
        decoder("ignore").decode(bytes((byte,))) or _is_none(byte, encoding) for byte in _HIGH
    )


def _is_none(byte: int, encoding: str) -> bool:
    """Whether a byte is no character, nor the beginning of one."""
    try:
        codecs.getincrementaldecoder(encoding)().decode(bytes((byte,)))
    except UnicodeDecodeError:
        return True
    return False
