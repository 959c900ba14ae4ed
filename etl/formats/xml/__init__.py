"""XML documents: records by location path, values by XPath 1.0, no DTD and no entities."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from etl.formats.xml.declaration import declared
from etl.formats.xml.reader import XmlReader


class Xml:
    """The format named ``xml`` (XML 1.0 with namespaces)."""

    name = "xml"

    def reader(self, source: Mapping[str, Any]) -> XmlReader:
        """Raise :class:`etl.raw.DeclarationError` where the block is wrong."""
        return XmlReader(declared(source))


FORMAT = Xml()
