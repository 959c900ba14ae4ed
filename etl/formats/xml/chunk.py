"""A chunk of XML documents: record elements, their children, and what is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from lxml import etree

from etl.defects import Defect
from etl.formats.xml.declaration import Declaration
from etl.formats.xml.passed_over import passed_over
from etl.formats.xml.rows import Record, XmlRows
from etl.formats.xml.unread import unread
from etl.raw import PassedOver, SourceFile, Unread


@dataclass
class XmlChunk:
    """Whole records of one or many documents; filled by the reader before it is given out."""

    declaration: Declaration
    files: list[SourceFile] = field(default_factory=list)
    defects: list[Defect] = field(default_factory=list)
    found: list[Record] = field(default_factory=list)
    size: int = 0
    _asked: dict[str | None, XmlRows] = field(default_factory=dict)

    def index(self, file: SourceFile) -> int:
        """The number of `file` in this chunk."""
        if not self.files or self.files[-1] is not file:
            self.files.append(file)
        return len(self.files) - 1

    @property
    def breaks_off(self) -> bool:
        """Records are never cut."""
        return False

    def records(self) -> XmlRows:
        """The record elements."""
        return self.children(None)

    def children(self, row: str | None) -> XmlRows:
        """The elements that the XPath `row` finds in each record; None: the record itself.

        Raises :class:`etl.raw.DeclarationError` where it finds anything but elements."""
        if row not in self._asked:
            elements: list[etree._Element] = []
            owners: list[int] = []
            for index, record in enumerate(self.found):
                inside = [record.element]
                if row is not None:
                    inside = self.declaration.paths.elements(row, record.element)
                elements += inside
                owners += [index] * len(inside)
            self._asked[row] = self._rows(elements, owners)
        return self._asked[row]

    def unread(self) -> list[Unread]:
        """The elements and attributes that no path has read so far."""
        return list(unread(self.found, self.files, list(self._asked.values())))

    def passed_over(self) -> list[PassedOver]:
        """The values that the paths asked for so far did not give."""
        return list(passed_over(list(self._asked.values())))

    def _rows(self, elements: list[etree._Element], owners: Sequence[int]) -> XmlRows:
        return XmlRows(
            elements,
            np.array(owners, np.int64),
            self.found,
            self.files,
            self.declaration.row,
            self.declaration.paths,
        )
