"""Reads records back from Parquet files, one a table, as a batch's ``records/`` folder has them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import PurePath

import pyarrow as pa
from pyarrow import parquet

from etl.defects import Defect, Position
from etl.formats.records.chunk import RecordsChunk, chunk_of
from etl.raw import Conditions, Crossing, DeclarationError, FilePart, SourceFile

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class RecordsReader:
    """The records format for records of the type `record`."""

    def __init__(self, record: str) -> None:
        self._record = record

    def check_path(self, path: str, row: str | None = None) -> None:
        """Raise :class:`etl.raw.DeclarationError` for what can be no column name.

        Whether the table has the column is known only with the tables."""
        if not _NAME.fullmatch(path):
            raise DeclarationError("path", repr(path), "a column name such as 'invoice_no'")

    def crossings(self, path: str, row: str | None = None) -> list[Crossing]:
        """Nothing: a row has a value once."""
        return []

    def conditions(self, row: str | None) -> Conditions:
        """Nothing: a row declaration is the name of a table."""
        return Conditions(row)

    def check_row(self, row: str | None) -> None:
        """Raise :class:`etl.raw.DeclarationError` for what can be no table name."""
        if row is not None and not _NAME.fullmatch(row):
            raise DeclarationError("row", repr(row), "a child table such as 'charge_line'")

    def chunk_of(self, tables: dict[str, pa.Table]) -> RecordsChunk:
        """The tables as a chunk, with this reader's record type as the main one."""
        return chunk_of(tables, self._record)

    def cut(self, file: SourceFile, wanted: Collection[int], largest: int) -> Iterator[FilePart]:
        """Nothing: the originals of our own records are the files that they first came from."""
        return iter(())

    def read(self, files: Sequence[SourceFile]) -> Iterator[RecordsChunk]:
        """Read ``<table>.parquet`` files as the tables of one set of records, in one chunk.

        A file that is no Parquet table of records, and a set without its main table, are defects.
        """
        tables: dict[str, pa.Table] = {}
        defects: list[tuple[SourceFile, str, str]] = []
        for file in files:
            name = PurePath(file.name).stem
            try:
                with file.open() as stream:
                    table = parquet.read_table(pa.BufferReader(stream.read()))
            except pa.ArrowException as error:
                defects.append((file, "NOT_PARQUET", f"no Parquet file ({error})"))
                continue
            if table.schema.names.count("record_id") != 1 or name in tables:
                defects.append((file, "NOT_RECORDS", "no table of records, or one given twice"))
            else:
                tables[name] = table
        if self._record not in tables:
            defects += [
                (file, "MISSING_TABLE", f"not read, for want of {self._record}.parquet")
                for file in files
            ]
            tables = {self._record: pa.table({"record_id": pa.array([], pa.int64())})}
        if files:
            yield _with_defects(self.chunk_of(tables), defects)


def _with_defects(
    chunk: RecordsChunk, defects: Sequence[tuple[SourceFile, str, str]]
) -> RecordsChunk:
    offset = len(chunk.files)
    found = [
        Defect(
            code,
            message,
            Position(file=file.name),
            expected="<table>.parquet with record_id",
            file=offset + index,
        )
        for index, (file, code, message) in enumerate(defects)
    ]
    return replace(chunk, files=[*chunk.files, *(file for file, _, _ in defects)], defects=found)
