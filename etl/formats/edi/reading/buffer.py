"""Pieces of one or many files joined to one buffer, so that small files are read together."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
import numpy.typing as npt

from etl.formats.edi.delimiters import Delimiters
from etl.formats.edi.reading.framing import Piece
from etl.formats.edi.reading.scan import released
from etl.raw import SourceFile


@dataclass(frozen=True)
class Buffer:
    """Pieces with the same separators.

    Attributes:
        data: their texts, each one ending with a segment terminator.
        delimiters: their separators.
        pieces: the pieces, and beside them
        starts: where each one starts in `data`, and
        numbers: to which of `files` each one belongs.
    """

    data: bytes
    delimiters: Delimiters
    pieces: Sequence[Piece]
    starts: Sequence[int]
    numbers: Sequence[int]
    files: Sequence[SourceFile]

    @property
    def undecodable(self) -> npt.NDArray[np.int64]:
        """Offsets of the bytes that the charset does not have."""
        return self._places([piece.text.undecodable for piece in self.pieces])

    @property
    def unprintable(self) -> npt.NDArray[np.int64]:
        """Offsets of control characters that are no separators."""
        return self._places([piece.text.unprintable for piece in self.pieces])

    @property
    def look_alike(self) -> npt.NDArray[np.int64]:
        """Offsets of text that is as good UTF-8 as it is of its charset."""
        return self._places([piece.text.look_alike for piece in self.pieces])

    @property
    def unassigned(self) -> npt.NDArray[np.int64]:
        """Offsets of bytes that ISO 8859 has no letters for."""
        return self._places([piece.text.unassigned for piece in self.pieces])

    def _places(self, offsets: Sequence[npt.NDArray[np.int64]]) -> npt.NDArray[np.int64]:
        found = [start + inside for start, inside in zip(self.starts, offsets, strict=True)]
        return np.concatenate([np.empty(0, np.int64), *found])

    def piece(self, offset: int) -> int:
        """The piece that the byte at `offset` comes from."""
        return bisect_right(self.starts, offset) - 1

    def origin(self, offset: int) -> tuple[int, int]:
        """The file that the byte at `offset` comes from, and its offset there."""
        number = self.piece(offset)
        piece = self.pieces[number]
        inside = min(offset - self.starts[number], len(piece.text.data))
        return self.numbers[number], piece.offset + piece.text.origin(inside)


def joined(
    pieces: Sequence[Piece],
    numbers: Sequence[int],
    files: Sequence[SourceFile],
    usual: Delimiters,
) -> Buffer:
    """Join pieces that have the same separators; a text that breaks off gets its terminator.

    `usual` are the separators of a buffer without text. A piece that goes on with a transaction
    comes after that transaction's head.
    """
    every: list[tuple[Piece, int]] = []
    for piece, number in zip(pieces, numbers, strict=True):
        if piece.head is not None:
            every.append((piece.head, number))
        every.append((piece, number))
    delimiters = pieces[0].header.delimiters if pieces else usual
    texts = [whole_segments(piece) for piece, _ in every]
    lengths = accumulate((len(text) for text in texts), initial=0)
    data = b"".join(texts)
    return Buffer(
        data,
        delimiters,
        [piece for piece, _ in every],
        list(lengths)[:-1],
        [number for _, number in every],
        files,
    )


def whole_segments(piece: Piece) -> bytes:
    """The text of a piece; one that breaks off gets a terminator that nothing releases."""
    data, delimiters = piece.text.data, piece.header.delimiters.in_text
    if not piece.unterminated:
        return data
    end = bytes((delimiters.terminator,))
    if delimiters.release and released(data, len(data), delimiters.release):
        end = bytes((delimiters.release,)) + end
    return data + end
