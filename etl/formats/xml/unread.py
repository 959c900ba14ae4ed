"""Elements and attributes that no path read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from lxml import etree

from etl.defects import Position
from etl.formats.xml.passed_over import nodes_read
from etl.formats.xml.paths import Node, source_line
from etl.formats.xml.rows import Record, XmlRows
from etl.raw import SourceFile, Unread


def unread(
    records: Sequence[Record], files: Sequence[SourceFile], asked: Sequence[XmlRows]
) -> Iterator[Unread]:
    """The nodes with values that no path took its value from, by their names from the root."""
    read = {replace(node, name=node.name.removeprefix("text()")) for node in nodes_read(asked)}
    prefixes = {uri: name for rows in asked for name, uri in rows.paths.namespaces.items()}
    found: dict[str, Unread] = {}
    roots = {record.element.getroottree().getroot(): record.file for record in records}
    for root, file in roots.items():
        for element in root.iter("*"):
            attributes = [Node(element, f"@{name!s}") for name in map(str, element.attrib)]
            own = [Node(element)] if (element.text or "").strip() else []
            for node in (*own, *attributes):
                if node in read or not node.value:
                    continue
                name = _location(node, prefixes)
                at = Position(file=files[file].name, row=source_line(element), xpath=name)
                before = found.get(name, Unread(name, 0, at, node.value))
                found[name] = replace(before, count=before.count + 1)
    yield from found.values()


def _location(node: Node, prefixes: dict[str, str]) -> str:
    around = [*reversed(list(node.element.iterancestors())), node.element]
    steps = [_named(str(element.tag), prefixes) for element in around]
    if node.name:
        steps.append(f"@{_named(node.name[1:], prefixes)}")
    return "/" + "/".join(steps)


def _named(tag: str, prefixes: dict[str, str]) -> str:
    name = etree.QName(tag)
    if not name.namespace:
        return name.localname
    return f"{prefixes.get(name.namespace, '*')}:{name.localname}"
