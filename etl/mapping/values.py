"""Where a field's values come from, and the whole of a field: source, steps, condition, default."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from etl.errors import ConfigurationError
from etl.mapping.evaluation import evaluate, holds
from etl.mapping.expressions import Expression
from etl.mapping.numbers import PLAIN
from etl.mapping.scope import Cells
from etl.mapping.steps import BAD_NUMBER, Step, as_text

Source = Callable[[Cells], pa.Array]
Function = Callable[..., pa.Array]


@dataclass(frozen=True)
class Value:
    """What makes the values of a field, or of one branch of a `case`.

    Attributes:
        source: gives the column to begin with.
        steps: what is done to it, the conversion to the field's type last.
        paths: source paths that it comes from, for the position of a refused cell.
        when: where it does not hold there is no value.
        default: the value where there is none.
    """

    source: Source
    steps: tuple[Step, ...]
    paths: tuple[str, ...] = ()
    when: Expression | None = None
    default: pa.Scalar | None = None

    def column(self, cells: Cells) -> pa.Array:
        """The values of all rows, in the field's Arrow type; null where there are none."""
        cells = cells.of(self.paths)
        holding = holds(self.when, cells.scope) if self.when else None
        if holding is not None:
            cells = cells.where(holding.to_numpy(zero_copy_only=False))
        values = self.source(cells)
        for step in self.steps:
            values = step(values, cells)
        if holding is not None:
            values = pc.if_else(holding, values, pa.scalar(None, values.type))
        return values if self.default is None else values.fill_null(self.default)


def from_paths(paths: Sequence[str]) -> Source:
    """The first path that has a value, row by row."""

    def source(cells: Cells) -> pa.Array:
        columns = [cells.scope.source(path) for path in paths]
        if len(columns) > 1 and len({column.type for column in columns}) > 1:
            columns = [as_text(column) for column in columns]
        return pc.coalesce(*columns) if len(columns) > 1 else columns[0]

    return source


def constant(value: pa.Scalar) -> Source:
    """The same value in all rows."""
    return lambda cells: pa.repeat(value, len(cells.scope))


def template(parts: Sequence[tuple[str, bool]]) -> Source:
    """Literal texts and paths joined; none where one of the paths has none."""

    def source(cells: Cells) -> pa.Array:
        columns = [
            as_text(cells.scope.source(part)) if is_path else pa.scalar(part)
            for part, is_path in parts
        ]
        return pc.binary_join_element_wise(*columns, "")

    return source


def template_parts(text: str) -> Iterator[tuple[str, bool]]:
    """The parts of a template in order: (literal text, False) and (path, True)."""
    end = 0
    for match in re.finditer(r"\{([^{}]*)\}", text):
        if match.start() > end:
            yield text[end : match.start()], False
        yield match[1].strip(), True
        end = match.end()
    if end < len(text):
        yield text[end:], False


def computed(expression: Expression) -> Source:
    """The value of an expression; text that it needs as a number and that is none is refused."""

    def source(cells: Cells) -> pa.Array:
        values, unreadable = evaluate(expression, cells.scope)
        for path, bad in unreadable.items():
            cells.of((path,)).refuse(
                bad,
                as_text(cells.scope.source(path)),
                BAD_NUMBER,
                f"the value can not be computed with in {expression.text}",
                PLAIN.expected(6),
            )
        return values

    return source


def called(function: Function, name: str, paths: Sequence[str]) -> Source:
    """What a Python function makes of the columns of `paths`."""

    def source(cells: Cells) -> pa.Array:
        count = len(cells.scope)
        try:
            result = function(*(cells.scope.source(path) for path in paths))
        except Exception as error:
            raise ConfigurationError(
                f"the function {name} of field {cells.field} failed with "
                f"{type(error).__name__}: {error}. Correct it, then run the file again"
            ) from error
        if not isinstance(result, pa.Array) or len(result) != count:
            raise ConfigurationError(
                f"the function {name} of field {cells.field} gave "
                f"{type(result).__name__}, expected a pyarrow.Array of {count} values"
            )
        return result

    return source


def case(branches: Sequence[tuple[Expression, Value]], otherwise: Value | None) -> Source:
    """The value of the first branch whose condition holds, else `otherwise`."""

    def source(cells: Cells) -> pa.Array:
        open_rows = np.ones(len(cells.scope), np.bool_)
        chosen: list[tuple[pa.Array, pa.Array]] = []
        for condition, value in branches:
            takes = holds(condition, cells.scope).to_numpy(zero_copy_only=False) & open_rows
            chosen.append((pa.array(takes), value.column(cells.where(takes))))
            open_rows = open_rows & ~takes
        if otherwise is not None:
            result = otherwise.column(cells.where(open_rows))
        else:
            result = pa.nulls(len(cells.scope), chosen[0][1].type)
        for takes, values in chosen:
            result = pc.if_else(takes, values, result)
        return result

    return source
