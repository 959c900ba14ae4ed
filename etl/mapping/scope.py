"""The rows of one table while they are mapped: their source values, what is mapped already, and
the cells that were refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from etl.defects import Severity
from etl.mapping import numbers
from etl.raw import Rows

PARENT = "parent."
"""Prefix of a path that is no path of the source but a mapped field of the parent."""

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Context:
    """What is known of the files beyond their content.

    Attributes:
        partner: who sent them.
        carrier_scac: the carrier that the partner is, where it is one.
        client: on whose behalf they are read; selects client entries of code lists.
        received_date: when they came.
    """

    partner: str
    carrier_scac: str | None = None
    client: str | None = None
    received_date: date | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Cells of one field that could not be mapped, all for the same reason.

    Attributes:
        field: the field.
        paths: where its values come from.
        rows: indexes into the source's rows, sorted.
        values: what stands there, one for each row.
        code, message, expected, severity: as in :class:`etl.defects.Defect`; of a ``warn`` the
            cells have a value all the same.
    """

    field: str
    paths: tuple[str, ...]
    rows: npt.NDArray[np.int64]
    values: pa.Array
    code: str
    message: str
    expected: str
    severity: Severity = Severity.REJECT


@dataclass
class Scope:
    """Rows being mapped to one table; implements the names that expressions read.

    Attributes:
        table: name of the table.
        rows: the source's rows.
        context: what is known of the files.
        parent: the scope of the main table, for child rows.
        picked: which rows are kept, as sorted indexes into `rows`; None for all.
        mapped: the fields mapped so far.
        paths: the source paths of the fields mapped so far.
        refusals: the cells refused so far.
        children: the mapped child tables, once there are.
    """

    table: str
    rows: Rows
    context: Context
    parent: Scope | None = None
    picked: npt.NDArray[np.int64] | None = None
    mapped: dict[str, pa.Array] = field(default_factory=dict)
    paths: dict[str, tuple[str, ...]] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)
    children: Mapping[str, pa.Table] = field(default_factory=dict)
    _columns: dict[str, pa.Array] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.rows) if self.picked is None else len(self.picked)

    @property
    def records(self) -> npt.NDArray[np.int64]:
        """For each row, the index of its record."""
        records = self.rows.record
        return records if self.picked is None else records[self.picked]

    @property
    def row_indexes(self) -> npt.NDArray[np.int64]:
        """For each row, its index in the source's rows."""
        return np.arange(len(self.rows)) if self.picked is None else self.picked

    @cached_property
    def lineage(self) -> pa.Table:
        """Where the source's rows come from, all of them."""
        return self.rows.lineage()

    def source(self, path: str) -> pa.Array:
        """The values of a path, or of `parent.<field>`; text unless the source is typed."""
        if self.parent is not None and path.startswith(PARENT):
            return self.field(path)
        if path not in self._columns:
            column = self.rows.column(path)
            if pa.types.is_null(column.type):
                column = column.cast(pa.string())
            if self.picked is not None:
                column = column.take(pa.array(self.picked))
            self._columns[path] = column
        return self._columns[path]

    def field(self, name: str) -> pa.Array:
        """The values of a mapped field, or of `parent.<field>`."""
        if self.parent is not None and name.startswith(PARENT):
            values = self.parent.mapped[name.removeprefix(PARENT)]
            return values.take(pa.array(self.records))
        return self.mapped[name]

    def sum(self, child: str, field: str) -> pa.Array:
        """For each record the sum over its child rows, 0 where it has none."""
        table = self.children[child]
        return sum_by_record(table["record_id"], table[field], len(self))

    def count(self, child: str) -> pa.Array:
        """For each record the number of its child rows."""
        return count_by_record(self.children[child]["record_id"], len(self))

    def carriers(self) -> pa.DictionaryArray | str | None:
        """The carrier of each row, or of all of them where it is the same."""
        own = self.context.carrier_scac
        main = self.parent or self
        mapped = main.mapped.get("carrier_scac")
        if mapped is None:
            return own
        distinct = mapped.unique().to_pylist()
        if len(distinct) == 1:
            return distinct[0] or own
        carriers = (mapped if own is None else mapped.fill_null(own)).dictionary_encode()
        return carriers if main is self else carriers.take(pa.array(self.records))

    def keep(self, kept: pa.Array) -> None:
        """Go on with the rows where `kept` holds only, and forget the refusals of the others."""
        if pc.all(kept).as_py() is not False:
            return
        mask = kept.to_numpy(zero_copy_only=False)
        self.picked = self.row_indexes[mask]
        self.mapped = {name: values.filter(kept) for name, values in self.mapped.items()}
        self._columns = {path: values.filter(kept) for path, values in self._columns.items()}
        refusals = []
        for refusal in self.refusals:
            stays = np.isin(refusal.rows, self.picked)
            if stays.any():
                rows, values = refusal.rows[stays], refusal.values.filter(pa.array(stays))
                refusals.append(replace(refusal, rows=rows, values=values))
        self.refusals = refusals


@dataclass(frozen=True)
class Cells:
    """The cells of one field while they are mapped.

    Attributes:
        scope: the rows.
        field: the field.
        paths: where its values come from.
        active: the rows that it is mapped for (`when`, `case`); None for all.
    """

    scope: Scope
    field: str
    paths: tuple[str, ...] = ()
    active: Mask | None = None

    def of(self, paths: tuple[str, ...]) -> Cells:
        """The same cells, their values coming from `paths`."""
        return Cells(self.scope, self.field, paths, self.active)

    def where(self, condition: Mask) -> Cells:
        """The same cells, of which only those count where `condition` holds."""
        active = condition if self.active is None else self.active & condition
        return Cells(self.scope, self.field, self.paths, active)

    def refuse(
        self,
        bad: Mask,
        values: pa.Array,
        code: str,
        message: str,
        expected: str,
        severity: Severity = Severity.REJECT,
    ) -> None:
        """Note the cells where `bad` as refused; `values` is what stands in all of them."""
        if self.active is not None:
            bad = bad & self.active
        if not bad.any():
            return
        self.scope.refusals.append(
            Refusal(
                field=self.field,
                paths=self.paths,
                rows=self.scope.row_indexes[bad],
                values=values.filter(pa.array(bad)).cast(pa.string()),
                code=code,
                message=message,
                expected=expected,
                severity=severity,
            )
        )


def sum_by_record(record_ids: pa.ChunkedArray, values: pa.ChunkedArray, records: int) -> pa.Array:
    """The exact sum for each record 0 ... `records`-1, which the ids are sorted by; 0 where there
    is nothing."""
    starts = np.searchsorted(record_ids.to_numpy(), np.arange(records + 1))
    return numbers.sums(values.combine_chunks(), starts)


def count_by_record(record_ids: pa.ChunkedArray, records: int) -> pa.Array:
    """How many rows each record 0 ... `records`-1 has."""
    return pa.array(np.bincount(record_ids.to_numpy(), minlength=records))
