"""UN/EDIFACT: interchanges of logistics partners to columns, in NumPy and Arrow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from etl.formats.edi.reading.declaration import declaration_of
from etl.formats.edi.reading.reader import EdiReader
from etl.formats.edifact.delimiters import USUAL
from etl.formats.edifact.syntax import EDIFACT


class EdifactFormat:
    """The format ``edifact``; implements :class:`etl.raw.Format`."""

    name = "edifact"

    def reader(self, source: Mapping[str, Any]) -> EdiReader:
        """The reader for a `source:` block; raises :class:`etl.raw.DeclarationError`."""
        return EdiReader(declaration_of(EDIFACT, source), USUAL)


FORMAT = EdifactFormat()
