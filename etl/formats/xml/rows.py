"""The rows that a mapping asks of XML documents: elements, with values by XPath."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from lxml import etree

from etl.defects import Position
from etl.formats.xml.paths import Location, Paths, source_line
from etl.raw import LINEAGE, SourceFile


@dataclass(frozen=True, slots=True)
class Record:
    """A record element: the index of its file in the chunk, its number in the file from 1."""

    element: etree._Element
    file: int
    number: int


@dataclass(frozen=True)
class XmlRows:
    """`elements`, each of the `records` at index `record`.

    `several` holds the paths that were asked for, each with the rows where it finds several nodes.
    """

    elements: Sequence[etree._Element]
    record: npt.NDArray[np.int64]
    records: Sequence[Record]
    files: Sequence[SourceFile]
    row: Location
    paths: Paths
    several: dict[str, list[int]] = field(default_factory=dict)

    @property
    def key(self) -> npt.NDArray[np.int64]:
        """For each row, a number of its element."""
        return np.array([id(element) for element in self.elements], np.int64)

    def __len__(self) -> int:
        return len(self.elements)

    def column(self, path: str) -> pa.Array:
        """The string value of the first node that `path` finds, stripped; null if none or empty."""
        values, self.several[path] = self.paths.values(path, self.elements)
        return pa.array(values, pa.string())

    def lineage(self) -> pa.Table:
        """File and source line of each row, and the number of its record."""
        file = np.array([record.file for record in self.records], np.int32)[self.record]
        number = np.array([record.number for record in self.records], np.int64)[self.record]
        nothing = pa.nulls(len(self), pa.string())
        lines = pa.array([source_line(element) or 0 for element in self.elements], pa.int64())
        columns = [pa.array(file), nothing, nothing, nothing, lines, nothing, pa.array(number)]
        return pa.Table.from_arrays(columns, schema=LINEAGE)

    def position(self, index: int, path: str | None = None) -> Position:
        """File, line and XPath of row `index`, or of the node that `path` finds in it."""
        record = self.records[int(self.record[index])]
        element = self.elements[index]
        xpath = f"({self.row.text})[{record.number}]" + self._below(record.element, element)
        at = element
        if path is not None:
            xpath += f"/{path}"
            at = self.paths.first(path, element)
        return Position(file=self.files[record.file].name, row=source_line(at), xpath=xpath)

    def _below(self, record: etree._Element, element: etree._Element) -> str:
        """The location of `element` from its record, by declared prefixes."""
        steps: list[str] = []
        for at in (element, *element.iterancestors()):
            if at is record:
                return "".join(steps)
            nth = len(list(at.itersiblings(at.tag, preceding=True))) + 1
            steps.insert(0, f"/{self._named(at)}[{nth}]")
        return " " + "".join(steps)

    def _named(self, element: etree._Element) -> str:
        name = etree.QName(element)
        prefixes = {uri: prefix for prefix, uri in self.paths.namespaces.items()}
        if not name.namespace:
            return name.localname
        return f"{prefixes.get(name.namespace, '*')}:{name.localname}"
