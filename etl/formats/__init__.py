"""Bytes to raw tables: X12, EDIFACT, delimited, XML, and tables of our own."""

from __future__ import annotations

from importlib import import_module

from etl.formats.source_block import nearest
from etl.raw import DeclarationError, Format

_MODULES = {
    "csv": "etl.formats.delimited",
    "edifact": "etl.formats.edifact",
    "records": "etl.formats.records",
    "x12": "etl.formats.x12",
    "xml": "etl.formats.xml",
}


def format_named(name: str) -> Format:
    """The format that a mapping names in ``source.format``: csv, edifact, records, x12 or xml.

    A format's code is loaded when it is first asked for. Raises :class:`DeclarationError` with
    the known names for any other.
    """
    if name not in _MODULES:
        raise DeclarationError(
            "source.format", repr(name), f"one of {', '.join(_MODULES)}{nearest(name, _MODULES)}"
        )
    found: Format = import_module(_MODULES[name]).FORMAT
    return found
