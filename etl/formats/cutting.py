"""What the cutting of all formats shares: a file with one document is given as it stands."""

from __future__ import annotations

import io
from collections.abc import Callable, Collection, Iterator
from itertools import chain
from typing import BinaryIO, cast

from etl.formats.refusal import RefusedError
from etl.raw import FilePart, SourceFile

Documents = Callable[[BinaryIO], Iterator[FilePart]]
"""Gives every document of a stream in order; those that nobody wants without content."""


class PartInMaking:
    """The bytes of a document as they come; what grows above `largest` is only counted."""

    def __init__(self, largest: int) -> None:
        self._largest = largest
        self._pieces: list[bytes] = []
        self._size = 0

    def add(self, piece: bytes) -> None:
        """Take what comes next."""
        self._size += len(piece)
        if self._size > self._largest:
            self._pieces.clear()
        else:
            self._pieces.append(piece)

    def part(self, number: int, *, whole: bool = False) -> FilePart:
        """What was taken, as document `number` of its file."""
        content = b"".join(self._pieces) if self._size <= self._largest else None
        return FilePart(number, self._size, content, whole)


def cut(
    file: SourceFile,
    wanted: Collection[int],
    largest: int,
    documents: Documents,
    *,
    whole: bool = True,
) -> Iterator[FilePart]:
    """The wanted documents of a file, in one pass; the only one is the file itself.

    Args:
        whole: whether a file with one document holds nothing else that is anybody's.
    """
    with file.open() as stream:
        kept = _Kept(stream, largest)
        found = documents(cast(BinaryIO, kept))
        try:
            first = next(found, None)
            if first is None:
                return
            try:
                second = next(found, None)
            except RefusedError:
                # what could not be read may be others' documents
                second, whole = None, False
            if second is None:
                if first.number in wanted:
                    yield kept.all(first.number) if whole else first
                return
            kept.forget()
            for part in chain((first, second), found):
                if part.number in wanted:
                    yield part
        except RefusedError:
            return


class _Kept(io.RawIOBase):
    """A stream that keeps what was read of it, until it is told to forget."""

    def __init__(self, stream: BinaryIO, largest: int) -> None:
        super().__init__()
        self._stream = stream
        self._so_far: PartInMaking | None = PartInMaking(largest)

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        data = self._stream.read(size)
        if self._so_far is not None:
            self._so_far.add(data)
        return data

    def forget(self) -> None:
        """Nothing is kept from here on."""
        self._so_far = None

    def all(self, number: int) -> FilePart:
        """The whole stream, as document `number`."""
        while self.read(1 << 20):
            pass
        assert self._so_far is not None
        return self._so_far.part(number, whole=True)
