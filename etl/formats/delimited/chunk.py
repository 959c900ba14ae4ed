"""A chunk of delimited files: their rows, the records made of them, and what is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np

from etl.defects import Defect, Severity
from etl.formats.delimited.body import BrokenRow
from etl.formats.delimited.columns import conditions_of
from etl.formats.delimited.flat import FlatTable
from etl.formats.delimited.left_out import keys_of, left_out_defects
from etl.formats.delimited.rows import (
    FlatRows,
    GroupRows,
    Groups,
    Indices,
    grouped,
    numbers_in_file,
)
from etl.raw import PassedOver, SourceFile, Unread


class DelimitedChunk:
    """Whole records of one or many files."""

    def __init__(
        self,
        flat: FlatTable,
        broken: Sequence[tuple[int, BrokenRow]],
        file_defects: Sequence[Defect],
        left_out: FlatTable,
    ) -> None:
        """`broken` gives the index of the row in `flat` with each broken row, `left_out` are the
        rows that ``where`` left out and nobody named."""
        self._flat = flat
        self._left_out = left_out
        self._broken = broken
        self._file_defects = file_defects

    @property
    def files(self) -> Sequence[SourceFile]:
        """The files that have rows or defects here."""
        return self._flat.files

    @property
    def defects(self) -> Sequence[Defect]:
        """What is wrong with the files and the records, as far as columns were asked for.

        A column that the file lacks, or that differs inside a group, is known only once it was
        asked for: read this after the columns.
        """
        return [
            *self._file_defects,
            *self._flat.missing_columns(),
            *self._records_without_column(),
            *(self._broken_row(row, broken) for row, broken in self._broken),
            *self._group_defects(),
            *self._rows_left_out(),
            *self._spreadsheet_marks(),
        ]

    @property
    def breaks_off(self) -> bool:
        """Records are never cut."""
        return False

    def records(self) -> FlatRows | GroupRows:
        """The rows of the file, or its groups under ``group_by``."""
        if self._flat.declaration.group_by:
            return self._group_rows
        every = np.arange(len(self._flat))
        return FlatRows(self._flat, every, every, self._numbers)

    def children(self, row: str | None) -> FlatRows:
        """The flat rows by record, in the order of the file; `row` such as ``[Line Type=S]``
        keeps those that meet it."""
        if self._groups is None:
            record = np.arange(len(self._flat))
            rows = record
        else:
            record = self._groups.of_row
            rows = np.argsort(record, kind="stable")
        if row is not None:
            rows = rows[self._flat.holds(conditions_of("row", row))[rows]]
        return FlatRows(self._flat, rows, record[rows], self._numbers)

    def unread(self) -> list[Unread]:
        """The columns that no path has read so far, and the source block does not name."""
        return self._flat.unread()

    def passed_over(self) -> list[PassedOver]:
        """Nothing: where rows of a record differ in a column of the record, that is a defect."""
        return []

    @cached_property
    def _groups(self) -> Groups | None:
        paths = self._flat.declaration.group_by
        return grouped(self._flat, paths) if paths else None

    @cached_property
    def _group_rows(self) -> GroupRows:
        assert self._groups is not None
        heading = np.flatnonzero(self._flat.holds(self._flat.declaration.row))
        return GroupRows(self._flat, self._groups, heading, self._numbers)

    @cached_property
    def _numbers(self) -> Indices:
        """Which of its file each record is."""
        if self._groups is None:
            first = np.arange(len(self._flat))
        else:
            first = np.unique(self._groups.of_row, return_index=True)[1]
        return numbers_in_file(self._flat, first)

    def _record_of(self, row: int) -> int:
        return row if self._groups is None else int(self._groups.of_row[row])

    def _broken_row(self, row: int, broken: BrokenRow) -> Defect:
        return Defect(
            broken.code,
            broken.message,
            self._flat.position(row, None),
            value=broken.text,
            expected=broken.expected,
            record=self._record_of(row),
            file=int(self._flat.file[row]),
        )

    def _spreadsheet_marks(self) -> Iterator[Defect]:
        """Numbers that a spreadsheet rounded, each rejecting its record; and for each file and
        column that cells were written as formulas."""
        flat = self._flat
        for path, marks in flat.marks.items():
            values = flat.column(path)
            for row in marks.rounded.tolist():
                yield Defect(
                    "ROUNDED_NUMBER",
                    "a spreadsheet has rounded this number, and its last digits are lost; ask the "
                    "partner for the file as it was before it was opened there",
                    flat.position(row, path),
                    value=values[row].as_py(),
                    expected="all digits",
                    record=self._record_of(row),
                    file=int(flat.file[row]),
                )
            files, first = np.unique(flat.file[marks.formulas], return_index=True)
            for file, at in zip(files.tolist(), first.tolist(), strict=True):
                row = int(marks.formulas[at])
                yield Defect(
                    "FORMULA_TEXT",
                    "cells of this column are formulas of a spreadsheet; the text in them was "
                    "taken",
                    flat.position(row, path),
                    value=f'="{values[row].as_py() or ""}"',
                    expected="the text alone",
                    file=file,
                    severity=Severity.WARN,
                )

    def _records_without_column(self) -> list[Defect]:
        """The mark on each record of a file that lacks a column."""
        records = self.records()
        files = records.lineage().column("file").to_numpy()
        found = []
        for file, paths in self._flat.missing.items():
            names = ", ".join(repr(path) for path in paths)
            found += [
                Defect(
                    "MISSING_COLUMN",
                    f"not taken, because the file lacks {names}",
                    records.position(record),
                    record=record,
                    file=file,
                )
                for record in np.flatnonzero(files == file).tolist()
            ]
        return found

    def _rows_left_out(self) -> Iterator[Defect]:
        if not len(self._left_out):
            return iter(())
        if self._groups is None:
            return left_out_defects(self._left_out, None)
        _, first = np.unique(self._groups.of_row, return_index=True)
        return left_out_defects(self._left_out, keys_of(self._flat, first))

    def _group_defects(self) -> list[Defect]:
        if self._groups is None:
            return []
        group_by = ", ".join(self._flat.declaration.group_by)
        keyless = [
            Defect(
                "NO_GROUP_KEY",
                f"a row without {group_by} belongs to no record; ask the partner, or leave such "
                "rows out with where or ignore_lines",
                self._flat.position(row, group_by),
                expected="a value",
                record=self._record_of(row),
                file=int(self._flat.file[row]),
            )
            for row in self._groups.keyless.tolist()
        ]
        headless = [
            Defect(
                "NO_HEADING_ROW",
                "a record none of whose rows meets source.row, so its own columns are not known",
                self._group_rows.position(record),
                expected=" and ".join(
                    f"{condition.path} = {'|'.join(condition.values)}"
                    for condition in self._flat.declaration.row
                ),
                record=record,
                file=self._group_rows.file(record),
            )
            for record in self._group_rows.headless.tolist()
        ]
        return [*keyless, *headless, *self._group_rows.inconsistencies()]
