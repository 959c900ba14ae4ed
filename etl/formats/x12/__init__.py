"""ANSI X12: interchanges of logistics partners to columns, in NumPy and Arrow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from etl.formats.edi.reading.declaration import declaration_of
from etl.formats.edi.reading.reader import EdiReader
from etl.formats.x12.delimiters import USUAL
from etl.formats.x12.syntax import X12


class X12Format:
    """The format ``x12``; implements :class:`etl.raw.Format`."""

    name = "x12"

    def reader(self, source: Mapping[str, Any]) -> EdiReader:
        """The reader for a `source:` block; raises :class:`etl.raw.DeclarationError`."""
        return EdiReader(declaration_of(X12, source), USUAL)


FORMAT = X12Format()
