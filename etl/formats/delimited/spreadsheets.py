"""What spreadsheets leave in the cells of a CSV file that they saved."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Rows = npt.NDArray[np.int64]

_FORMULA = '^="([^"]*)"$'
_ROUNDED = r"^[+-]?[0-9]([.,][0-9]+)?E\+[0-9]{2,3}$"


@dataclass(frozen=True, slots=True)
class Marks:
    """The rows of a column that a spreadsheet left its marks in.

    Attributes:
        formulas: ``="000123"``, by which zeros in front are kept: the text in it is the value.
        rounded: ``7.94641E+11``, of which the digits behind are lost.
    """

    formulas: Rows
    rounded: Rows


def without_marks(values: pa.StringArray) -> tuple[pa.StringArray, Marks]:
    """The values as they were meant, and where they were not written so."""
    formulas = rounded = np.empty(0, np.int64)
    if _any(pc.starts_with(values, '="')):
        found = pc.match_substring_regex(values, _FORMULA)
        formulas = _rows(found)
        inside = pc.replace_substring_regex(values, _FORMULA, r"\1")
        values = pc.if_else(pc.equal(inside, ""), None, inside)
    if _any(pc.match_substring(values, "E+")):
        rounded = _rows(pc.match_substring_regex(values, _ROUNDED))
    return values, Marks(formulas, rounded)


def _any(found: pa.BooleanArray) -> bool:
    return bool(pc.any(found).as_py())


def _rows(found: pa.BooleanArray) -> Rows:
    rows: Rows = np.flatnonzero(pc.fill_null(found, False).to_numpy(zero_copy_only=False))
    return rows
