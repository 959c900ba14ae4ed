"""Rows that ``where`` leaves out although no ``ignore`` names what stands in them: they are told,
because a row that nobody thought of may be money."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from etl.defects import Defect, Position
from etl.formats.delimited.columns import listed
from etl.formats.delimited.declaration import Declaration
from etl.formats.delimited.flat import FlatTable, Part, cells, is_one_of

ANYTHING = "*"
"""In `ignore`: whatever `where` does not keep."""

_SEPARATOR = "\x1f"
_VALUES_SHOWN = 10


def chosen(
    part: Part, declaration: Declaration, broken: list[int]
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Which rows of a part are data, and which are left out without being named.

    Args:
        broken: rows whose cells could not all be read; an empty cell of theirs leaves nothing out.
    """
    kept = np.ones(part.table.num_rows, np.bool_)
    for condition in declaration.where:
        column = cells(part, part.columns.index(condition.path), declaration.trim)
        unknown = np.zeros(len(kept), np.bool_)
        unknown[broken] = column.is_null().to_numpy(zero_copy_only=False)[broken]
        kept &= is_one_of(column, condition) | unknown
    left_out = ~kept
    for condition in declaration.ignore:
        if ANYTHING in condition.values:
            left_out[:] = False
            continue
        column = cells(part, part.columns.index(condition.path), declaration.trim)
        named = is_one_of(column, condition)
        kept &= ~named
        left_out &= ~named
    return kept, left_out & _hold_anything(part) if left_out.any() else left_out


def _hold_anything(part: Part) -> npt.NDArray[np.bool_]:
    """Which rows of a part have a cell that is not empty."""
    filled = np.zeros(part.table.num_rows, np.bool_)
    for column in part.table.columns:
        filled |= column.combine_chunks().is_valid().to_numpy(zero_copy_only=False)
        if filled.all():
            break
    return filled


def left_out_defects(left: FlatTable, group_keys: pa.Array | None) -> Iterator[Defect]:
    """A defect for each record that lacks rows, and for each file with rows of no record.

    Args:
        left: the rows that were left out.
        group_keys: :func:`keys_of` a row of each record; None: every row is a record.
    """
    told = _told(left, group_keys)
    for (file, record), found in groupby(told, key=lambda row: (row["file"], row["record"])):
        values = list(found)
        rows = sum(row["row_count"] for row in values)
        first = min(values, key=lambda row: int(row["row_min"]))
        shown = ", ".join(
            f"{row['path']} {row['value']!r} {row['row_count']} times"
            if row["row_count"] > 1
            else f"{row['path']} {row['value']!r}"
            for row in values[:_VALUES_SHOWN]
        )
        more = len(values) - _VALUES_SHOWN
        also = f" and {more} more values" if more > 0 else ""
        allowed = next(c.values for c in left.declaration.where if c.path == first["path"])
        line = int(left.line[first["row_min"]])
        yield Defect(
            "LEFT_OUT",
            f"where leaves out {rows} {'row' if rows == 1 else 'rows'} that nobody named "
            f"({shown}{also}): add the value to where if such rows count, to ignore if they do not",
            Position(file=left.files[file].name, row=line, column=first["path"]),
            value=first["value"][:200],
            expected=f"one of {listed(allowed)}, or a value of ignore",
            record=record if record >= 0 else None,
            file=file,
        )


def _told(left: FlatTable, group_keys: pa.Array | None) -> list[dict[str, Any]]:
    """How often each value left rows out, by file and record (-1: of no record), in this order."""
    paths = [condition.path for condition in left.declaration.where]
    at = np.full(len(left), -1)
    for number, condition in reversed(list(enumerate(left.declaration.where))):
        at[~is_one_of(left.column(condition.path), condition)] = number
    values = pa.array([""] * len(left), pa.string())
    for number, path in enumerate(paths):
        found = left.column(path).fill_null("")
        values = pc.if_else(pa.array(at == number), found, values)
    record = pa.array(np.full(len(left), -1), pa.int64())
    if group_keys is not None:
        keys = keys_of(left, np.arange(len(left)))
        record = pc.index_in(keys, value_set=group_keys, skip_nulls=True)
        record = record.fill_null(-1).cast(pa.int64())
    table = pa.table(
        {
            "file": pa.array(left.file),
            "record": record,
            "path": pa.array(paths, pa.string()).take(pa.array(at)),
            "value": values,
            "row": pa.array(np.arange(len(left))),
        }
    )
    counted = table.group_by(["file", "record", "path", "value"]).aggregate(
        [("row", "count"), ("row", "min")]
    )
    order = [(name, "ascending") for name in ("file", "record", "row_min")]
    rows: list[dict[str, Any]] = counted.sort_by(order).to_pylist()
    return rows


def keys_of(flat: FlatTable, rows: npt.NDArray[np.int64]) -> pa.Array:
    """File and `group_by` values of some rows as one text; null where one of them is empty."""
    chosen_rows = pa.array(rows)
    parts = [flat.column(path).take(chosen_rows) for path in flat.declaration.group_by]
    file = pa.array(flat.file[rows]).cast(pa.string())
    return pc.binary_join_element_wise(file, *parts, _SEPARATOR)
