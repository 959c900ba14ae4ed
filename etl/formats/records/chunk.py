"""Tables joined by `record_id` seen as raw rows: columns keep their types, lineage is theirs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from etl.defects import Defect, Position
from etl.formats.source_block import nearest
from etl.raw import LINEAGE, DeclarationError, PassedOver, SourceFile, Unread

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class RecordsRows:
    """Rows of one table, each belonging to the record at index `record` of the main table."""

    name: str
    table: pa.Table
    record: Indices
    files: Sequence[SourceFile]

    @property
    def key(self) -> Indices:
        """For each row, its number."""
        return np.arange(len(self))

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def column(self, path: str) -> pa.Array:
        """The column named `path` with its type; raises :class:`DeclarationError` if there is
        none, since the columns of our own tables do not depend on any file."""
        names = self.table.column_names
        if path not in names:
            raise DeclarationError(
                "path",
                repr(path),
                f"a column of {self.name}: {', '.join(names)}{nearest(path, names)}",
            )
        return self.table[path].combine_chunks()

    def lineage(self) -> pa.Table:
        """Where the rows first came from, by the lineage columns of the table."""
        known = pa.array([f"{file.sha256}\n{file.name}" for file in self.files], pa.string())
        file = pc.index_in(_origins(self.table), value_set=known)
        position = _cells(self.table, "position", pa.int64()).fill_null(0)
        numbers = [
            _cells(self.table, name, pa.string())
            for name in ("interchange_no", "group_no", "document_no")
        ]
        structure = _cells(self.table, "structure", pa.string())
        number = _cells(self.table, "number_in_file", pa.int64())
        columns = [file, *numbers, position, structure, number]
        return pa.Table.from_arrays(columns, schema=LINEAGE)

    def position(self, index: int, path: str | None = None) -> Position:
        """Where row `index` first came from, and the column."""
        (row,) = (
            RecordsRows(
                self.name, self.table.slice(index, 1), self.record[index : index + 1], self.files
            )
            .lineage()
            .to_pylist()
        )
        return Position(
            file=self.files[row["file"]].name,
            interchange=row["interchange_no"],
            group=row["group_no"],
            document=row["document_no"],
            row=row["position"],
            column=path,
        )


@dataclass(frozen=True)
class RecordsChunk:
    """The tables of records of one type.

    Attributes:
        record: name of the main table.
        tables: the main table and its children; child rows of other records are left out.
        files: the files the records first came from.
        defects: what is wrong with the tables as a source.
    """

    record: str
    tables: Mapping[str, pa.Table]
    files: Sequence[SourceFile]
    defects: Sequence[Defect] = field(default=())

    @property
    def breaks_off(self) -> bool:
        """Records are never cut."""
        return False

    def records(self) -> RecordsRows:
        """The rows of the main table."""
        main = self.tables[self.record]
        return RecordsRows(self.record, main, np.arange(main.num_rows), self.files)

    def children(self, row: str | None) -> RecordsRows:
        """The rows of the table named `row`, by record; None: the main table again.

        Raises :class:`DeclarationError` for a table that is not there."""
        if row is None or row == self.record:
            return self.records()
        if row not in self.tables:
            children = [name for name in self.tables if name != self.record]
            raise DeclarationError(
                "row", repr(row), f"one of {', '.join(children)}{nearest(row, children)}"
            )
        table = self.tables[row]
        of_record = pc.index_in(table["record_id"], self.tables[self.record]["record_id"])
        of_record = of_record.combine_chunks().fill_null(-1).to_numpy(zero_copy_only=False)
        kept = np.argsort(of_record, kind="stable")
        kept = kept[of_record[kept] >= 0]
        owners = of_record[kept].astype(np.int64)
        return RecordsRows(row, table.take(pa.array(kept)), owners, self.files)

    def unread(self) -> list[Unread]:
        """Nothing: our own records are no partner's."""
        return []

    def passed_over(self) -> list[PassedOver]:
        """Nothing: a row has a value once."""
        return []


def chunk_of(tables: Mapping[str, pa.Table], record: str | None = None) -> RecordsChunk:
    """The tables as a chunk to map.

    `tables` holds the main table and its children, each with an int64 `record_id`; lineage
    columns are carried over where there are any. The main table is `record`, or else the first.
    Child rows whose record is not in the main table are left out, so it is enough to select the
    main table. Raises :class:`DeclarationError` for tables without the main one or without
    `record_id`.
    """
    name = record or next(iter(tables), "")
    if name not in tables:
        raise DeclarationError(
            "source.record", repr(name), f"one of {', '.join(tables) or 'some tables'}"
        )
    for table_name, table in tables.items():
        if "record_id" not in table.column_names:
            raise DeclarationError(table_name, "a table without record_id", "the column record_id")
    origins = pc.unique(pa.concat_arrays([_origins(table) for table in tables.values()]))
    files = [
        SourceFile(file, sha256, 0, _in_the_archive)
        for sha256, _, file in (origin.partition("\n") for origin in origins.to_pylist())
    ]
    return RecordsChunk(name, tables, files)


def _origins(table: pa.Table) -> pa.Array:
    """Hash and name, in two lines, of the file each row first came from; empty if not known."""
    sha256 = _cells(table, "file_sha256", pa.string()).fill_null("")
    name = _cells(table, "file_name", pa.string()).fill_null("")
    return pc.binary_join_element_wise(sha256, name, "\n")


def _cells(table: pa.Table, name: str, kind: pa.DataType) -> pa.Array:
    if name not in table.column_names:
        return pa.nulls(table.num_rows, kind)
    return table[name].combine_chunks()


def _in_the_archive() -> BinaryIO:
    raise OSError("the original that a record came from is in the archive, by its sha256")
