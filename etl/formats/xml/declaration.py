"""The ``source:`` block of an XML source, typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from etl.formats.source_block import SourceBlock
from etl.formats.xml.paths import Location, Paths


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a mapping says of its XML files.

    Attributes:
        row: the elements that make one record each.
        paths: XPath expressions under the declared namespaces.
        max_record_bytes: a longer record is refused, since it is held in memory.
    """

    row: Location
    paths: Paths
    max_record_bytes: int


def declared(source: Mapping[str, Any]) -> Declaration:
    """Read the block; raises :class:`etl.raw.DeclarationError`."""
    block = SourceBlock(source, ("row", "namespaces", "max_record_mb"))
    namespaces = block.value("namespaces", {})
    if not isinstance(namespaces, Mapping) or not all(
        isinstance(part, str) and part for pair in namespaces.items() for part in pair
    ):
        raise block.wrong("namespaces", "prefixes with a namespace URI each")
    paths = Paths(namespaces)
    return Declaration(
        row=Location(block.text("row"), paths),
        paths=paths,
        max_record_bytes=block.whole_number("max_record_mb", 64, at_least=1) * 1024 * 1024,
    )
