"""All rows of a chunk of delimited files: Arrow columns by path, file and line of each row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from etl.defects import Defect, Position
from etl.formats.delimited.columns import ColumnNotFoundError, Columns, Condition
from etl.formats.delimited.declaration import Declaration
from etl.formats.delimited.spreadsheets import Marks, without_marks
from etl.raw import LINEAGE, SourceFile, Unread


@dataclass(frozen=True, slots=True)
class Part:
    """Rows that have the same columns, of one file or several.

    `line` and `last_line` are where each one begins and ends in its file."""

    columns: Columns
    table: pa.Table
    file: npt.NDArray[np.int32]
    line: npt.NDArray[np.int64]
    last_line: npt.NDArray[np.int64]

    def where(self, chosen: npt.NDArray[np.bool_]) -> Part:
        """The rows that are `chosen`."""
        table = self.table.filter(pa.array(chosen))
        line = self.line[chosen]
        last_line = line if self.last_line is self.line else self.last_line[chosen]
        return Part(self.columns, table, self.file[chosen], line, last_line)


@dataclass
class FlatTable:
    """The rows of all `parts`, one after the other.

    A path that the files of a part lack gives nulls for its rows, and is kept in `missing` by
    file, so that the chunk can tell and reject. `rows_before` are those of the first file that were
    given in earlier chunks. `marks` has what a spreadsheet left in each column that was asked for.
    """

    files: Sequence[SourceFile]
    parts: Sequence[Part]
    declaration: Declaration
    rows_before: int = 0
    missing: dict[int, dict[str, ColumnNotFoundError]] = field(default_factory=dict)
    marks: dict[str, Marks] = field(default_factory=dict)
    _columns: dict[str, pa.Array] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.file = np.concatenate([np.empty(0, np.int32), *(part.file for part in self.parts)])
        self.line = np.concatenate([np.empty(0, np.int64), *(part.line for part in self.parts)])

    def __len__(self) -> int:
        return len(self.line)

    @property
    def last_line(self) -> npt.NDArray[np.int64]:
        """The line on which each row ends."""
        return np.concatenate([np.empty(0, np.int64), *(part.last_line for part in self.parts)])

    def column(self, path: str) -> pa.Array:
        """The cells of `path`, null where empty or where the file lacks the column."""
        if path not in self._columns:
            values = pa.concat_arrays(
                [pa.array([], pa.string()), *(self._cells(part, path) for part in self.parts)]
            )
            self._columns[path], self.marks[path] = without_marks(values)
        return self._columns[path]

    def holds(self, conditions: Sequence[Condition]) -> npt.NDArray[np.bool_]:
        """Which rows meet all `conditions`."""
        met = np.ones(len(self), np.bool_)
        for condition in conditions:
            met &= is_one_of(self.column(condition.path), condition)
        return met

    def lineage(self, rows: npt.NDArray[np.int64], number: npt.NDArray[np.int64]) -> pa.Table:
        """The lineage of `rows`, which belong to the records with the `number` in their files;
        position is the line."""
        nothing = pa.nulls(len(rows), pa.string())
        file, line = pa.array(self.file[rows]), pa.array(self.line[rows])
        columns = [file, nothing, nothing, nothing, line, nothing, pa.array(number)]
        return pa.Table.from_arrays(columns, schema=LINEAGE)

    def position(self, row: int, path: str | None) -> Position:
        """File and line of `row`, and the column."""
        name = self.files[int(self.file[row])].name
        return Position(file=name, row=int(self.line[row]), column=path)

    def unread(self) -> list[Unread]:
        """The columns with values that no path has read, nor the source block."""
        declared = self.declaration
        named = [each.path for each in (*declared.where, *declared.ignore, *declared.row)]
        paths = [*self._columns, *declared.group_by, *named]
        found: dict[str, Unread] = {}
        for part in self.parts:
            read = {part.columns.index(path) for path in paths if part.columns.has(path)}
            for index in sorted(set(range(part.columns.width)) - read):
                column = cells(part, index, declared.trim)
                filled = np.flatnonzero(column.is_valid().to_numpy(zero_copy_only=False))
                if not len(filled):
                    continue
                name = part.columns.name(index)
                row = int(filled[0])
                at = Position(self.files[int(part.file[row])].name, row=int(part.line[row]))
                new = Unread(name, len(filled), replace(at, column=name), column[row].as_py())
                before = found.get(name, replace(new, count=0))
                found[name] = replace(before, count=before.count + len(filled))
        return list(found.values())

    def missing_columns(self) -> list[Defect]:
        """One defect for each file and column that was asked for and is not there."""
        return [
            Defect(
                error.code,
                f"the mapping reads column {path!r}, which the file does not have so; ask the "
                "partner for it, change the mapping, or list it under optional_columns",
                Position(file=self.files[file].name, column=path),
                value=error.found,
                expected=error.expected,
                file=file,
            )
            for file, paths in sorted(self.missing.items())
            for path, error in paths.items()
        ]

    def _cells(self, part: Part, path: str) -> pa.Array:
        try:
            index = part.columns.index(path)
        except ColumnNotFoundError as error:
            if path not in self.declaration.optional:
                for file in np.unique(part.file).tolist():
                    self.missing.setdefault(file, {})[path] = error
            return pa.nulls(part.table.num_rows, pa.string())
        return cells(part, index, self.declaration.trim)


def cells(part: Part, index: int, trim: bool) -> pa.Array:
    """The cells of the column at `index` as one array."""
    column = part.table.column(index).combine_chunks()
    if trim:
        column = pc.utf8_trim_whitespace(column)
        column = pc.if_else(pc.equal(column, ""), None, column)
    return column


def is_one_of(column: pa.Array, condition: Condition) -> npt.NDArray[np.bool_]:
    """Which values of `column` the condition allows; null only where it lists the empty string."""
    allowed = pc.is_in(pc.fill_null(column, ""), value_set=pa.array(condition.values, pa.string()))
    found: npt.NDArray[np.bool_] = allowed.to_numpy(zero_copy_only=False)
    return found
