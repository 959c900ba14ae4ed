"""Delimited text (CSV, TSV, semicolons): cells as strings, true line numbers, no guesses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from etl.formats.delimited.declaration import declared
from etl.formats.delimited.reader import DelimitedReader


class Delimited:
    """The format named ``csv`` (RFC 4180 with a declared delimiter, quote and encoding)."""

    name = "csv"

    def reader(self, source: Mapping[str, Any]) -> DelimitedReader:
        """Raise :class:`etl.raw.DeclarationError` where the block is wrong."""
        return DelimitedReader(declared(source))


FORMAT = Delimited()
