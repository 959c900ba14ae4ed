"""The path language of XML sources: XPath 1.0 relative to a row, compiled once."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lxml import etree

from etl.formats.source_block import nearest
from etl.raw import Conditions, DeclarationError

_LITERAL = re.compile(r"'[^']*'|\"[^\"]*\"")
_PREFIX = re.compile(r"(?<![\w.-])([A-Za-z_][\w.-]*):(?=[A-Za-z_*])")
_STEP = r"(?:[A-Za-z_][\w.-]*:)?[A-Za-z_][\w.-]*"
_COMPUTED = re.compile(r"[a-z][a-z-]*\((.*)\)", re.DOTALL)
_PREDICATE = re.compile(r"(?P<base>[^\[\]]+)\[(?P<inner>[^\[\]]+)\]")
_EQUALS = re.compile(r"\s*(?P<path>[\w.:@/-]+)\s*=\s*(?P<text>'[^']*'|\"[^\"]*\")\s*")
_LOCATION = re.compile(rf"(//?)?({_STEP}(?:/{_STEP})*)")


@dataclass(frozen=True, slots=True)
class Node:
    """An element, an attribute or a text of a document; the same one is equal.

    Attributes:
        element: the element, or the one that bears it.
        name: of an attribute ``@`` and its name, of a text ``text()``; else empty.
    """

    element: etree._Element
    name: str = ""

    @property
    def value(self) -> str:
        """Its string value, stripped."""
        if not self.name:
            return "".join(map(str, self.element.itertext())).strip()
        if self.name.startswith("@"):
            return str(self.element.get(self.name[1:], "")).strip()
        return (self.element.text or "").strip()


class Paths:
    """The XPath expressions of one mapping under its declared namespaces."""

    def __init__(self, namespaces: Mapping[str, str]) -> None:
        self.namespaces = dict(namespaces)
        self._nothing = etree.Element("nothing")
        self._values: dict[str, etree.XPath] = {}
        self._nodes: dict[str, etree.XPath | None] = {}
        self._rows: dict[str, etree.XPath] = {}

    def check_value(self, path: str) -> None:
        """Raise :class:`DeclarationError` for what is no XPath, or has an undeclared prefix."""
        if path not in self._values:
            nodes = self._compiled("path", path, path)
            self._nodes[path] = nodes if isinstance(nodes(self._nothing), list) else None
            self._values[path] = self._compiled("path", path, f"string({path})")

    def check_row(self, row: str) -> None:
        """The same for a row declaration, which must find nodes."""
        if row not in self._rows:
            compiled = self._compiled("row", row, row)
            if not isinstance(compiled(self._nothing), list):
                raise DeclarationError("row", repr(row), "an XPath that finds elements")
            self._rows[row] = compiled

    def values(
        self, path: str, rows: Sequence[etree._Element]
    ) -> tuple[list[str | None], list[int]]:
        """For each row the string value of the first node `path` finds, stripped; None if empty.

        Returns:
            The values, and the rows in which it finds several nodes.
        """
        self.check_value(path)
        value, nodes = self._values[path], self._nodes[path]
        if nodes is None:
            return [str(value(row)).strip() or None for row in rows], []
        values: list[str | None] = []
        several: list[int] = []
        for row in rows:
            found: Any = nodes(row)
            if not found:
                values.append(None)
                continue
            if len(found) > 1:
                several.append(len(values))
            node = found[0]
            if isinstance(node, str):
                text = node
            elif len(found) == 1 and not len(node):
                text = node.text or ""
            else:
                # the first is the first in the document, its value all text in it
                text = str(value(row))
            values.append(text.strip() or None)
        return values, several

    def takes_first(self, path: str) -> bool:
        """Whether a path gives the value of the first of the nodes that it finds."""
        self.check_value(path)
        return self._nodes[path] is not None

    def nodes(self, path: str, row: etree._Element) -> list[Node]:
        """All that `path` finds in `row`, in the order of the document; slow, for reports only.

        Of an expression such as ``sum(cac:InvoiceLine/cbc:Amount)``, what it is computed from."""
        computed = _COMPUTED.fullmatch(path)
        try:
            found = etree.XPath(path, namespaces=self.namespaces)(row)
            if computed is not None and not isinstance(found, list):
                found = etree.XPath(computed[1], namespaces=self.namespaces)(row)
        except etree.XPathError:
            return []
        return [node for each in _listed(found) if (node := _node(each)) is not None]

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


def compared(row: str | None) -> Conditions:
    """What the predicate at the end of an XPath compares with texts: ``cac:AllowanceCharge[
    cbc:ChargeIndicator = 'true']`` has a base without it; other predicates stay in the base."""
    match = _PREDICATE.fullmatch(row) if row is not None else None
    if match is None:
        return Conditions(row)
    alternatives = [_EQUALS.fullmatch(part) for part in re.split(r"\s+or\s+", match["inner"])]
    names = {part["path"] for part in alternatives if part is not None}
    if None in alternatives or len(names) != 1:
        return Conditions(row)
    values = tuple(part["text"][1:-1] for part in alternatives if part is not None)
    return Conditions(match["base"], ((names.pop(), values),))


def source_line(element: etree._Element) -> int | None:
    """The line where the start tag ends (above 65,535: where the first text in it does)."""
    line: object = element.sourceline
    return line if isinstance(line, int) else None


def _node(found: object) -> Node | None:
    if isinstance(found, etree._Element):
        return Node(found)
    if not isinstance(found, etree._ElementUnicodeResult):
        return None
    bearer = found.getparent()
    if bearer is None:
        return None
    name: object = found.attrname
    return Node(bearer, f"@{name}" if found.is_attribute else "text()")


def _listed(found: object) -> list[object]:
    return found if isinstance(found, list) else []


def _clark(name: str, namespaces: Mapping[str, str]) -> str:
    prefix, colon, local = name.rpartition(":")
    return f"{{{namespaces[prefix]}}}{local}" if colon else local
