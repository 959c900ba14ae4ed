"""ANSI X12: interchanges of logistics partners to columns, in NumPy and Arrow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from etl.formats.x12.declaration import declaration_of
from etl.formats.x12.reader import X12Reader


class X12Format:
    """The format ``x12``; implements :class:`etl.raw.Format`."""

    name = "x12"

    def reader(self, source: Mapping[str, Any]) -> X12Reader:
        """The reader for a `source:` block; raises :class:`etl.raw.DeclarationError`."""
        return X12Reader(declaration_of(source))


FORMAT = X12Format()
