"""The physical lines of a file in the bytes that it has, whatever its encoding."""

from __future__ import annotations

import codecs
import io
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

_MARKS = (
    ("utf-8", codecs.BOM_UTF8),
    ("utf-32", codecs.BOM_UTF32_LE),
    ("utf-32", codecs.BOM_UTF32_BE),
    ("utf-16", codecs.BOM_UTF16_LE),
    ("utf-16", codecs.BOM_UTF16_BE),
)


class Lines(io.RawIOBase):
    """A stream that keeps what was read of it as lines, to be taken out by their numbers.

    Line ends are LF, CR LF and CR, as in the decoded text: none of the encodings that are read has
    one of their bytes inside of another character, but for UTF-16 and UTF-32, which are looked at
    unit by unit.
    """

    def __init__(self, stream: BinaryIO, encoding: str) -> None:
        super().__init__()
        self._stream, self._encoding = stream, encoding
        self._fresh: list[bytes] = []
        self._raw = b""
        self._first = 1
        self._starts: npt.NDArray[np.int64] = np.zeros(1, np.int64)
        self._begun = False
        self._mark = b""
        self._unit = "<u1"

    def read(self, size: int = -1) -> bytes:
        """The next bytes, which are kept."""
        data = self._stream.read(size)
        self._fresh.append(data)
        return data

    @property
    def mark(self) -> bytes:
        """The byte order mark, which stands before the first line."""
        self._settled()
        return self._mark

    def take(self, first: int, last: int) -> bytes:
        """Some lines with their ends; what was read has to go beyond them, or to the end."""
        starts = self._settled()
        return self._raw[starts[first - self._first] : starts[last - self._first + 1]]

    def drop(self, before: int) -> None:
        """Forget the lines before one that was read."""
        start = int(self._settled()[before - self._first])
        self._raw, self._first = self._raw[start:], before
        self._starts = self._starts_of(self._raw)

    def _settled(self) -> npt.NDArray[np.int64]:
        """Where each line starts in what is kept, and where the last one ends."""
        if self._fresh:
            if not self._begun:
                self._begin()
            self._raw = b"".join([self._raw, *self._fresh])
            self._fresh = []
            self._starts = self._starts_of(self._raw)
        return self._starts

    def _begin(self) -> None:
        """Take the byte order mark off; it belongs to the file and not to its first line."""
        raw = b"".join(self._fresh)
        for encoding, mark in _MARKS:
            if self._encoding.startswith(encoding) and raw.startswith(mark):
                self._mark, raw = mark, raw[len(mark) :]
                break
        self._fresh, self._begun = [raw], True
        big = self._encoding.endswith("-be") or self._mark in {
            codecs.BOM_UTF16_BE,
            codecs.BOM_UTF32_BE,
        }
        width = {"utf-16": 2, "utf-32": 4}.get(self._encoding[:6], 1)
        self._unit = f"{'>' if big else '<'}u{width}"

    def _starts_of(self, raw: bytes) -> npt.NDArray[np.int64]:
        width = int(self._unit[-1])
        units = np.frombuffer(raw[: len(raw) // width * width], self._unit)
        feed, ret = self._line_ends()
        feeds, returns = np.flatnonzero(units == feed), np.flatnonzero(units == ret)
        if len(returns):
            following = units[np.minimum(returns + 1, len(units) - 1)]
            feeds = np.union1d(feeds, returns[following != feed])
        ends = (feeds + 1) * width
        unended = [len(raw)] if not len(ends) or ends[-1] < len(raw) else []
        return np.concatenate([[0], ends, unended]).astype(np.int64)

    def _line_ends(self) -> tuple[int, int]:
        """Line feed and carriage return as units of the encoding."""
        if not self._unit.endswith("1"):
            return 10, 13
        feed, ret = ("\n".encode(self._encoding), "\r".encode(self._encoding))
        return feed[-1], ret[-1]
