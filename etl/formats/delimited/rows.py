"""The rows that a mapping asks of delimited files: flat ones, and records made of groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from etl.defects import Defect, Position
from etl.formats.delimited.flat import FlatTable

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class FlatRows:
    """Rows of the file as they are, `rows` of `flat`, each belonging to a `record`.

    `numbers` says of each record which of its file it is."""

    flat: FlatTable
    rows: Indices
    record: Indices
    numbers: Indices

    @property
    def key(self) -> Indices:
        """For each row, its place among all rows."""
        return self.rows

    def __len__(self) -> int:
        return len(self.rows)

    def column(self, path: str) -> pa.Array:
        """The cells of `path` as strings, null where empty."""
        column = self.flat.column(path)
        return column if self._is_all else column.take(pa.array(self.rows))

    def lineage(self) -> pa.Table:
        """File and line of each row, and the number of its record."""
        return self.flat.lineage(self.rows, self.numbers[self.record])

    def position(self, index: int, path: str | None = None) -> Position:
        """File, line and column of row `index`."""
        return self.flat.position(int(self.rows[index]), path)

    @property
    def _is_all(self) -> bool:
        return len(self.rows) == len(self.flat) and bool(np.all(np.diff(self.rows) == 1))


@dataclass(frozen=True)
class Groups:
    """Rows of the same key in the same file, numbered in order of first appearance.

    Attributes:
        of_row: for each flat row, its group.
        count: the number of groups.
        keyless: the rows with an empty key cell, each a group of its own.
    """

    of_row: Indices
    count: int
    keyless: Indices


def grouped(flat: FlatTable, paths: Sequence[str]) -> Groups:
    """Group the rows of `flat` by the cells of `paths`."""
    key = flat.file.astype(np.int64)
    keyless = np.zeros(len(flat), np.bool_)
    for path in paths:
        column = flat.column(path)
        codes = _codes(column)
        keyless |= codes < 0
        key = np.unique(key * (len(flat) + 1) + codes + 1, return_inverse=True)[1].astype(np.int64)
    key[keyless] = len(flat) + np.flatnonzero(keyless)
    _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return Groups(rank[inverse], len(first), np.flatnonzero(keyless))


def numbers_in_file(flat: FlatTable, first: Indices) -> Indices:
    """Which of its file each record is, from 1; `first` is a row of each, in order."""
    file = flat.file[first]
    number = np.arange(1, len(file) + 1) - np.searchsorted(file, file)
    number[file == 0] += flat.rows_before
    return number


@dataclass
class GroupRows:
    """One row a group: each column's first filled cell among the group's `heading` rows.

    Columns that are asked for here should not differ inside a group; where one does, it is kept
    for :meth:`inconsistencies`.
    """

    flat: FlatTable
    groups: Groups
    heading: Indices
    numbers: Indices
    _columns: dict[str, pa.Array] = field(default_factory=dict)
    _differing: dict[str, Indices] = field(default_factory=dict)

    def __post_init__(self) -> None:
        everywhere = np.arange(len(self.flat))
        self._first = self._first_by_group(everywhere)
        of_heading = self._first_by_group(self.heading)
        self.headless = np.flatnonzero(of_heading < 0)
        self._first = np.where(of_heading < 0, self._first, of_heading)

    @property
    def record(self) -> Indices:
        """Each group is a record."""
        return np.arange(self.groups.count)

    @property
    def key(self) -> Indices:
        """For each group, its number."""
        return self.record

    def __len__(self) -> int:
        return self.groups.count

    def column(self, path: str) -> pa.Array:
        """The value of `path` in each group, null where no row has one."""
        if path not in self._columns:
            self._columns[path] = self._constant(path)
        return self._columns[path]

    def lineage(self) -> pa.Table:
        """File and line of each group's first heading row, and the group's number."""
        return self.flat.lineage(self._first, self.numbers)

    def position(self, index: int, path: str | None = None) -> Position:
        """File and line of the group's first heading row, and the column."""
        return self.flat.position(int(self._first[index]), path)

    def file(self, index: int) -> int:
        """The number of the file that group `index` stands in."""
        return int(self.flat.file[self._first[index]])

    def inconsistencies(self) -> list[Defect]:
        """A defect for each group in which a column that was asked for has several values."""
        of_row = self.groups.of_row[self.heading]
        order = np.argsort(of_row, kind="stable")
        bounds = np.searchsorted(of_row[order], np.arange(self.groups.count + 1))
        by_group = self.heading[order]
        return [
            self._inconsistency(path, record, by_group[bounds[record] : bounds[record + 1]])
            for path, records in self._differing.items()
            for record in records.tolist()
        ]

    def _constant(self, path: str) -> pa.Array:
        values = self.flat.column(path)
        codes = _codes(values)
        filled = self.heading[codes[self.heading] >= 0]
        first = self._first_by_group(filled)
        of_row = self.groups.of_row[filled]
        differing = np.unique(of_row[codes[filled] != codes[first[of_row]]])
        if len(differing):
            self._differing[path] = differing
        return values.take(pa.array(first, mask=first < 0))

    def _first_by_group(self, rows: Indices) -> Indices:
        """The first of `rows` in each group, -1 where it has none."""
        first = np.full(self.groups.count, -1, np.int64)
        found, places = np.unique(self.groups.of_row[rows], return_index=True)
        first[found] = rows[places]
        return first

    def _inconsistency(self, path: str, record: int, rows: Indices) -> Defect:
        values = self.flat.column(path)
        first_line: dict[str, int] = {}
        for row in rows.tolist():
            if (value := values[row].as_py()) is not None:
                first_line.setdefault(value, int(self.flat.line[row]))
        (expected, _), (other, line) = list(first_line.items())[:2]
        seen = ", ".join(f"line {at}: {value!r}" for value, at in list(first_line.items())[:5])
        return Defect(
            "INCONSISTENT_GROUP",
            f"column {path!r} belongs to the whole record but differs between its rows ({seen}); "
            "ask the partner, or map it in the children",
            replace(self.position(record, path), row=line),
            value=other[:200],
            expected=repr(expected)[:200],
            record=record,
            file=self.file(record),
        )


def _codes(column: pa.Array) -> Indices:
    """A number for each distinct value, -1 for null."""
    codes = pc.fill_null(column.dictionary_encode().indices, -1)
    return np.asarray(codes.to_numpy(zero_copy_only=False), np.int64)
