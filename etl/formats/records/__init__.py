"""Records of our own as a source: typed Arrow tables joined by record_id, lineage carried over.

With it the mapping language also maps canonical records to what a target takes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from etl.formats.records.chunk import RecordsChunk, chunk_of
from etl.formats.records.reader import RecordsReader
from etl.formats.source_block import SourceBlock

__all__ = ["FORMAT", "Records", "RecordsChunk", "RecordsReader", "chunk_of"]


class Records:
    """The format named ``records``."""

    name = "records"

    def reader(self, source: Mapping[str, Any]) -> RecordsReader:
        """Raise :class:`etl.raw.DeclarationError` where the block is wrong."""
        return RecordsReader(SourceBlock(source, ("record",)).text("record"))


FORMAT = Records()
