"""Reads XML documents: small ones together in a chunk, large ones in several."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from etl.formats.cutting import cut
from etl.formats.refusal import RefusedError
from etl.formats.xml.chunk import XmlChunk
from etl.formats.xml.cutting import Cutter
from etl.formats.xml.declaration import Declaration
from etl.formats.xml.paths import compared
from etl.formats.xml.records import batches
from etl.formats.xml.rows import Record
from etl.raw import Conditions, Crossing, FilePart, SourceFile

_CHUNK = 2 * 1024 * 1024


class XmlReader:
    """The xml format with one mapping's ``source:`` block taken in."""

    def __init__(self, declaration: Declaration) -> None:
        self._declaration = declaration

    def check_path(self, path: str, row: str | None = None) -> None:
        """Raise :class:`etl.raw.DeclarationError` for what is no XPath, or has a prefix that is
        not declared."""
        self._declaration.paths.check_value(path)

    def crossings(self, path: str, row: str | None = None) -> list[Crossing]:
        """Nothing: which elements may be repeated is in no mapping; the documents show it."""
        return []

    def conditions(self, row: str | None) -> Conditions:
        """What the predicate at the end of an XPath compares with texts."""
        return compared(row)

    def check_row(self, row: str | None) -> None:
        """Raise :class:`etl.raw.DeclarationError` for an XPath that finds no elements."""
        if row is not None:
            self._declaration.paths.check_row(row)

    def cut(self, file: SourceFile, wanted: Collection[int], largest: int) -> Iterator[FilePart]:
        """The wanted records of a document, each one in the elements around it."""
        cutter = Cutter(self._declaration, wanted, largest)
        return cut(file, wanted, largest, cutter.documents)

    def read(self, files: Sequence[SourceFile]) -> Iterator[XmlChunk]:
        """Read the documents in order; what is wrong with one is a defect in its chunk."""
        chunk = XmlChunk(self._declaration)
        for file in files:
            number = 0
            doubts: list[RefusedError] = []
            try:
                with file.open() as stream:
                    for elements, size in batches(stream, self._declaration, _CHUNK, doubts):
                        if chunk.size + size > _CHUNK and chunk.size:
                            yield chunk
                            chunk = XmlChunk(self._declaration)
                        index = chunk.index(file)
                        chunk.found += [
                            Record(element, index, number + nth)
                            for nth, element in enumerate(elements, start=1)
                        ]
                        chunk.size += size
                        number += len(elements)
            except RefusedError as refused:
                doubts.append(refused)
            chunk.defects += [each.defect(file.name, chunk.index(file)) for each in doubts]
        if chunk.files:
            yield chunk
