"""A chunk of XML documents: record elements, their children, and what is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from lxml import etree

from etl.defects import Defect
from etl.formats.xml.declaration import Declaration
from etl.formats.xml.rows import Record, XmlRows
from etl.raw import SourceFile


@dataclass
class XmlChunk:
    """Whole records of one or many documents; filled by the reader before it is given out."""

    declaration: Declaration
    files: list[SourceFile] = field(default_factory=list)
    defects: list[Defect] = field(default_factory=list)
    found: list[Record] = field(default_factory=list)
    size: int = 0

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
        return self._rows([record.element for record in self.found], range(len(self.found)))

    def children(self, row: str | None) -> XmlRows:
        """The elements that the XPath `row` finds in each record; None: the record itself.

        Raises :class:`etl.raw.DeclarationError` where it finds anything but elements."""
        if row is None:
            return self.records()
        elements: list[etree._Element] = []
        owners: list[int] = []
        for index, record in enumerate(self.found):
            inside = self.declaration.paths.elements(row, record.element)
            elements += inside
            owners += [index] * len(inside)
        return self._rows(elements, owners)

    def _rows(self, elements: list[etree._Element], owners: Sequence[int]) -> XmlRows:
        return XmlRows(
            elements,
            np.array(owners, np.int64),
            self.found,
            self.files,
            self.declaration.row,
            self.declaration.paths,
        )
