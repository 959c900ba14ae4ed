"""The path language of XML sources: XPath 1.0 relative to a row, compiled once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from lxml import etree

from etl.formats.source_block import nearest
from etl.raw import DeclarationError

_LITERAL = re.compile(r"'[^']*'|\"[^\"]*\"")
_PREFIX = re.compile(r"(?<![\w.-])([A-Za-z_][\w.-]*):(?=[A-Za-z_*])")
_STEP = r"(?:[A-Za-z_][\w.-]*:)?[A-Za-z_][\w.-]*"
_LOCATION = re.compile(rf"(//?)?({_STEP}(?:/{_STEP})*)")


class Paths:
    """The XPath expressions of one mapping under its declared namespaces."""

    def __init__(self, namespaces: Mapping[str, str]) -> None:
        self.namespaces = dict(namespaces)
        self._nothing = etree.Element("nothing")
        self._values: dict[str, etree.XPath] = {}
        self._rows: dict[str, etree.XPath] = {}

    def check_value(self, path: str) -> None:
        """Raise :class:`DeclarationError` for what is no XPath, or has an undeclared prefix."""
        if path not in self._values:
            self._compiled("path", path, path)
            self._values[path] = self._compiled("path", path, f"string({path})")

    def check_row(self, row: str) -> None:
        """The same for a row declaration, which must find nodes."""
        if row not in self._rows:
            compiled = self._compiled("row", row, row)
            if not isinstance(compiled(self._nothing), list):
                raise DeclarationError("row", repr(row), "an XPath that finds elements")
            self._rows[row] = compiled

    def values(self, path: str, rows: Iterable[etree._Element]) -> list[str | None]:
        """For each row the string value of the first node `path` finds, stripped; None if empty."""
        self.check_value(path)
        compiled = self._values[path]
        return [str(compiled(row)).strip() or None for row in rows]

    def elements(self, row: str, within: etree._Element) -> list[etree._Element]:
        """What the row declaration finds within an element; raises DeclarationError if it finds
        attributes or text."""
        self.check_row(row)
        found = self._rows[row](within)
        elements = [node for node in _listed(found) if isinstance(node, etree._Element)]
        if len(elements) < len(_listed(found)):
            raise DeclarationError("row", repr(row), "an XPath that finds elements")
        return elements

    def first(self, path: str, row: etree._Element) -> etree._Element:
        """The element that `path` first finds in `row`, or that bears what it finds; else `row`."""
        for node in _listed(etree.XPath(path, namespaces=self.namespaces)(row)):
            if isinstance(node, etree._Element):
                return node
            bearer = node.getparent() if isinstance(node, etree._ElementUnicodeResult) else None
            return row if bearer is None else bearer
        return row

    def check_prefixes(self, key: str, path: str) -> None:
        """Raise :class:`DeclarationError` for a namespace prefix that is not declared."""
        for prefix in _PREFIX.findall(_LITERAL.sub("''", path).replace("::", " ")):
            if prefix not in self.namespaces:
                raise DeclarationError(
                    key,
                    f"prefix {prefix!r} in {path!r}",
                    f"a prefix of source.namespaces ({', '.join(self.namespaces) or 'none'})"
                    + nearest(prefix, self.namespaces),
                )

    def _compiled(self, key: str, written: str, expression: str) -> etree.XPath:
        self.check_prefixes(key, written)
        try:
            compiled = etree.XPath(expression, namespaces=self.namespaces, smart_strings=False)
            compiled(self._nothing)
        except etree.XPathError as error:
            raise DeclarationError(
                key, f"{written!r} ({str(error).lower()})", "an XPath 1.0 expression"
            ) from None
        return compiled


class Location:
    """A location path such as ``/fi:FreightInvoice`` or ``//cac:Shipment``: names only.

    Attributes:
        text: as declared.
        steps: names in Clark notation (``{uri}local``).
        absolute: from the root; otherwise at any depth.
    """

    def __init__(self, text: str, paths: Paths) -> None:
        match = _LOCATION.fullmatch(text)
        if match is None:
            raise DeclarationError(
                "source.row",
                repr(text),
                "names divided by '/', such as '/inv:Invoices/inv:Invoice'",
            )
        paths.check_prefixes("source.row", text)
        self.text = text
        self.absolute = match[1] == "/"
        self.steps = tuple(_clark(step, paths.namespaces) for step in match[2].split("/"))

    @property
    def tag(self) -> str:
        """The name of the elements it finds."""
        return self.steps[-1]

    def finds(self, element: etree._Element) -> bool:
        """Whether `element` is found, and no element around it is."""
        return self._fits(element) and not any(map(self._fits, element.iterancestors(self.tag)))

    def leads_to(self, names: Sequence[str]) -> bool:
        """Whether an element fits, given by the names from the root down to its own."""
        count = len(self.steps)
        if self.absolute and len(names) != count:
            return False
        return tuple(names[-count:]) == self.steps

    def _fits(self, element: etree._Element) -> bool:
        at: etree._Element | None = element
        for step in reversed(self.steps):
            if at is None or at.tag != step:
                return False
            at = at.getparent()
        return not self.absolute or at is None


def source_line(element: etree._Element) -> int | None:
    """The line where the start tag ends (above 65,535: where the first text in it does)."""
    line: object = element.sourceline
    return line if isinstance(line, int) else None


def _listed(found: object) -> list[object]:
    return found if isinstance(found, list) else []


def _clark(name: str, namespaces: Mapping[str, str]) -> str:
    prefix, colon, local = name.rpartition(":")
    return f"{{{namespaces[prefix]}}}{local}" if colon else local
