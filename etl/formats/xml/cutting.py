"""Each record element of an XML document as a document of its own, in the bytes that it has.

What stands before the first record comes first (declaration, root, header), and of each element
around the record its start tag and what it has before its own first record; then the record; then
the end tags of the elements around it. Expat tells at which byte each element begins, which libxml2
does not.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import BinaryIO
from xml.parsers import expat

from etl.formats.cutting import PartInMaking
from etl.formats.padding import Unpadded
from etl.formats.refusal import RefusedError
from etl.formats.xml.declaration import Declaration
from etl.formats.xml.paths import Location
from etl.formats.xml.prolog import checked_prolog
from etl.raw import FilePart

_BLOCK = 64 * 1024
_NAME = re.compile(r"<([^\s/>]+)")
_EMPTY = re.compile(r"""<[^<>"']*(?:"[^"]*"[^<>"']*|'[^']*'[^<>"']*)*/>""")
"""An empty element, of which expat tells the end behind it."""


@dataclass
class _Around:
    """An element around records that was begun.

    Attributes:
        name: in Clark notation; empty: the document itself.
        start: the byte at which it begins.
        head: what it has before its first record; None: that one did not come yet.
    """

    name: str
    start: int
    head: bytes | None = None


@dataclass(frozen=True)
class Cutter:
    """Gives the records of one file.

    Attributes:
        wanted: numbers of those that are given with their content.
        largest: bytes of the longest one that is.
    """

    declaration: Declaration
    wanted: Collection[int]
    largest: int

    def documents(self, stream: BinaryIO) -> Iterator[FilePart]:
        """Every record, in order; raises :class:`RefusedError`."""
        walk = _Walk(self.declaration.row, self.wanted, self.largest)
        text = Unpadded(stream)
        block = checked_prolog(text)
        while True:
            try:
                walk.feed(block)
            except RefusedError:
                yield from walk.found()
                raise
            yield from walk.found()
            if walk.held > self.declaration.max_record_bytes:
                raise RefusedError("RECORD_TOO_LARGE", "a record does not end within the limit")
            if not block:
                return
            block = text.read(_BLOCK)


class _Walk:
    """Follows the tags of a document and cuts its records out of the bytes that came."""

    def __init__(self, row: Location, wanted: Collection[int], largest: int) -> None:
        self._row, self._wanted, self._largest = row, wanted, largest
        self._raw = bytearray()
        self._offset = 0
        self._last = 0
        self._wide: str | None = None
        self._around = [_Around("", 0)]
        self._inside = 0
        self._start = 0
        self._number = 0
        self._found: list[FilePart] = []
        self._parser = expat.ParserCreate(namespace_separator="}")
        self._parser.StartElementHandler = self._begin
        self._parser.EndElementHandler = self._end

    @property
    def held(self) -> int:
        """Bytes that are kept, for what was begun and not ended."""
        return len(self._raw)

    def feed(self, block: bytes) -> None:
        """Go on with the next bytes; none: the document ends."""
        if not self._raw and not self._offset:
            self._wide = _wide(block)
        self._raw += block
        try:
            self._parser.Parse(block, not block)
        except expat.ExpatError as error:
            raise RefusedError("MALFORMED_XML", f"no XML: {error}") from None
        needed = [around.start for around in self._around if around.head is None]
        needed.append(self._start if self._inside else self._last)
        del self._raw[: min(needed) - self._offset]
        self._offset = min(needed)

    def found(self) -> list[FilePart]:
        """The records that ended since it was last asked."""
        found, self._found = self._found, []
        return found

    def _begin(self, name: str, attributes: object) -> None:
        if self._inside:
            self._inside += 1
            return
        self._last = self._parser.CurrentByteIndex
        clark = "{" + name if "}" in name else name
        names = [around.name for around in self._around[1:]]
        if self._row.leads_to([*names, clark]):
            self._inside, self._start = 1, self._last
            self._number += 1
        else:
            self._around.append(_Around(clark, self._last))

    def _end(self, name: str) -> None:
        if self._inside > 1:
            self._inside -= 1
            return
        self._last = self._parser.CurrentByteIndex
        if self._inside:
            self._inside = 0
            self._last = self._after_tag(self._last)
            self._found.append(self._part(self._last))
        else:
            self._around.pop()

    def _part(self, end: int) -> FilePart:
        """The record that ended, with what stands around it."""
        starts = [*(around.start for around in self._around[1:]), self._start]
        for around, following in zip(self._around, starts, strict=True):
            if around.head is None:
                around.head = self._bytes(around.start, following)
        if self._number not in self._wanted:
            return FilePart(self._number, 0, None)
        making = PartInMaking(self._largest)
        for around in self._around:
            making.add(around.head or b"")
        making.add(self._bytes(self._start, end))
        for around in reversed(self._around[1:]):
            making.add(self._end_tag(around.head or b""))
        return making.part(self._number)

    def _bytes(self, start: int, end: int) -> bytes:
        return bytes(self._raw[start - self._offset : end - self._offset])

    def _after_tag(self, at: int) -> int:
        """Where the record ends: its end event stands at its end tag, or behind an empty one."""
        before = self._bytes(self._start, at)
        if before.endswith(self._encoded("/>")) and _EMPTY.fullmatch(self._decoded(before)):
            return at
        closing, begin = self._encoded(">"), at - self._offset
        found = self._raw.index(closing, begin)
        while (found - begin) % len(closing):
            found = self._raw.index(closing, found + 1)
        return found + len(closing) + self._offset

    def _end_tag(self, head: bytes) -> bytes:
        name = _NAME.match(self._decoded(head))
        assert name is not None
        return self._encoded(f"</{name[1]}>")

    def _decoded(self, data: bytes) -> str:
        """Text to look for tags in; bytes beyond ASCII stand for themselves."""
        return data.decode(self._wide or "latin-1")

    def _encoded(self, text: str) -> bytes:
        return text.encode(self._wide or "latin-1")


def _wide(block: bytes) -> str | None:
    """The codec of a document whose characters are wider than a byte; else None."""
    if block.startswith((b"\xff\xfe", b"<\0")):
        return "utf-16-le"
    if block.startswith((b"\xfe\xff", b"\0<")):
        return "utf-16-be"
    return None
