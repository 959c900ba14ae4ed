"""Values that XPath expressions did not give, because they take the first of several nodes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from etl.defects import Position
from etl.formats.xml.paths import Node, source_line
from etl.formats.xml.rows import XmlRows
from etl.raw import PassedOver


def passed_over(asked: Sequence[XmlRows]) -> Iterator[PassedOver]:
    """What all paths of a chunk's rows passed over, by path and file.

    A value that another path read, such as that of the rows of a child table, is not lost; nor is
    one that is the same as the one that was taken.
    """
    if not any(several for rows in asked for several in rows.several.values()):
        return
    read = nodes_read(asked)
    for rows in asked:
        for path, several in rows.several.items():
            yield from _of_path(rows, path, several, read)


def nodes_read(asked: Sequence[XmlRows]) -> set[Node]:
    """The nodes that any path took its value from."""
    read: set[Node] = set()
    for rows in asked:
        for path in rows.several:
            for element in rows.elements:
                found = rows.paths.nodes(path, element)
                read.update(found[:1] if rows.paths.takes_first(path) else found)
    return read


def _of_path(
    rows: XmlRows, path: str, several: Sequence[int], read: set[Node]
) -> Iterator[PassedOver]:
    lost: dict[int, list[Node]] = {}
    places: dict[int, int] = {}
    for row in several:
        taken, *others = rows.paths.nodes(path, rows.elements[row])
        found = [
            node for node in others if node not in read and node.value not in ("", taken.value)
        ]
        if found:
            file = rows.records[int(rows.record[row])].file
            lost.setdefault(file, []).extend(found)
            places[file] = places.get(file, 0) + 1
    for file, nodes in lost.items():
        at = Position(file=rows.files[file].name, row=source_line(nodes[0].element), xpath=path)
        yield PassedOver(path, len(nodes), places[file], file, at, nodes[0].value)
