"""What expressions mean: evaluation over whole columns.

Numbers are decimals throughout; a text that is compared or computed with a number is read as one,
and has no value where it is none. No value (null) equals no value, differs from every value, and
is neither smaller nor greater than anything; so a condition is always true or false.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from etl.mapping.dates import read_dates
from etl.mapping.expressions import NUMBER, Expression
from etl.mapping.numbers import read_decimals

_DECIMAL = pa.decimal256(37, 12)
"""Room for 25 digits before and 12 behind the point; a product of two fits decimal256."""

_PLACES = 12
_LIMIT = pa.scalar(Decimal(10) ** 25, pa.decimal256(38, 12))
"""A result of this size has no value: no amount of anything is so large."""

_COMPARISONS: dict[type[ast.cmpop], Callable[..., Any]] = {
    ast.Lt: pc.less,
    ast.LtE: pc.less_equal,
    ast.Gt: pc.greater,
    ast.GtE: pc.greater_equal,
}
_ARITHMETIC: dict[type[ast.operator], Callable[..., Any]] = {
    ast.Add: pc.add,
    ast.Sub: pc.subtract,
    ast.Mult: pc.multiply,
}


Unreadable = npt.NDArray[np.bool_]


class Names(Protocol):
    """What an expression reads its values from; every column has one value a row."""

    def __len__(self) -> int: ...

    def source(self, path: str) -> pa.Array:
        """The values of a path of the source."""
        ...

    def field(self, name: str) -> pa.Array:
        """The values of a mapped field, `parent.<field>` for one of the parent's."""
        ...

    def sum(self, child: str, field: str) -> pa.Array:
        """For each record the sum over its rows of a child table, 0 where it has none."""
        ...

    def count(self, child: str) -> pa.Array:
        """For each record the number of its rows in a child table."""
        ...


def holds(expression: Expression, names: Names, tolerance: Decimal = Decimal(0)) -> pa.Array:
    """For each row whether a condition holds, without nulls.

    Args:
        expression: any; one that is no comparison holds where it has a value.
        names: the values.
        tolerance: how far apart two numbers may be and still be equal.
    """
    result = _Evaluation(names, expression.paths, tolerance).truth(expression.tree)
    return _broadcast(result, len(names))


def evaluate(expression: Expression, names: Names) -> tuple[pa.Array, Mapping[str, Unreadable]]:
    """The value for each row: decimal256, string, boolean or date32.

    Returns:
        The values, and for each source path that was read as a number a mask of the rows in which
        its text is none; they have no value, but should be told.
    """
    evaluation = _Evaluation(names, expression.paths, Decimal(0))
    result = _broadcast(evaluation.value(expression.tree), len(names))
    return result, evaluation.unreadable


def sides(expression: Expression, names: Names) -> tuple[pa.Array, pa.Array] | None:
    """What stands left and right of the comparison, where it is a single one; for reports."""
    tree = expression.tree
    if not isinstance(tree, ast.Compare) or len(tree.comparators) != 1:
        return None
    if isinstance(tree.ops[0], (ast.In, ast.NotIn)):
        return None
    evaluation = _Evaluation(names, expression.paths, Decimal(0))
    left, right = evaluation.value(tree.left), evaluation.value(tree.comparators[0])
    return _broadcast(left, len(names)), _broadcast(right, len(names))


class _Evaluation:
    def __init__(self, names: Names, paths: tuple[str, ...], tolerance: Decimal) -> None:
        self._names, self._paths, self._tolerance = names, paths, tolerance
        self.unreadable: dict[str, Unreadable] = {}

    def value(self, node: ast.expr) -> Any:
        """An array, or a scalar for what is the same in all rows."""
        match node:
            case ast.Constant(value=constant, kind=kind):
                return (
                    pa.scalar(Decimal(str(constant)), _DECIMAL)
                    if kind == NUMBER
                    else pa.scalar(constant)
                )
            case ast.Name(id=name):
                if name.startswith("_path_"):
                    return self._names.source(self._paths[int(name.removeprefix("_path_"))])
                return self._names.field(name)
            case ast.BinOp(left=left, op=op, right=right):
                operate = _ARITHMETIC[type(op)]
                return _fitted(operate(self.number(left), self.number(right)))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return pc.negate(self.number(operand))
            case ast.Call(func=ast.Name(id=name), args=args):
                return self._call(name, args)
        return self.truth(node)

    def truth(self, node: ast.expr) -> Any:
        match node:
            case ast.BoolOp(op=connective, values=values):
                combine = pc.and_ if isinstance(connective, ast.And) else pc.or_
                result = self.truth(values[0])
                for value in values[1:]:
                    result = combine(result, self.truth(value))
                return result
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return pc.invert(self.truth(operand))
            case ast.Compare(left=left, ops=ops, comparators=comparators):
                result = None
                for op, right in zip(ops, comparators, strict=True):
                    holds = self._compare(op, left, right)
                    result = holds if result is None else pc.and_(result, holds)
                    left = right
                return result
        value = self.value(node)
        return value if pa.types.is_boolean(value.type) else pc.is_valid(value)

    def number(self, node: ast.expr) -> Any:
        return self._number(node, self.value(node))

    def _number(self, node: ast.expr, value: Any) -> Any:
        """The value of `node` as decimal256; text that is no plain number has no value."""
        if not isinstance(value, pa.Array) or not pa.types.is_string(value.type):
            return _number(value)
        numbers, bad = read_decimals(value, 6)
        if bad.any() and isinstance(node, ast.Name) and node.id.startswith("_path_"):
            self.unreadable[self._paths[int(node.id.removeprefix("_path_"))]] = bad
        return numbers.cast(_DECIMAL)

    def _comparable(self, one: ast.expr, other: ast.expr) -> tuple[Any, Any]:
        """Two values as one type: numbers if one is a number, then dates, else text."""
        first, second = self.value(one), self.value(other)
        kinds = (first.type, second.type)
        if any(pa.types.is_decimal(kind) or pa.types.is_integer(kind) for kind in kinds):
            return self._number(one, first), self._number(other, second)
        if any(pa.types.is_date(kind) for kind in kinds):
            return _date(first), _date(second)
        if kinds[0] == kinds[1]:
            return first, second
        return first.cast(pa.string()), second.cast(pa.string())

    def _compare(self, op: ast.cmpop, left: ast.expr, right: ast.expr) -> Any:
        if isinstance(op, (ast.In, ast.NotIn)):
            assert isinstance(right, ast.Tuple)
            found: Any = pa.scalar(False)
            for element in right.elts:
                found = pc.or_(found, self._equal(left, element))
            return pc.invert(found) if isinstance(op, ast.NotIn) else found
        if isinstance(op, ast.Eq):
            return self._equal(left, right)
        if isinstance(op, ast.NotEq):
            return pc.invert(self._equal(left, right))
        one, other = self._comparable(left, right)
        return pc.fill_null(_COMPARISONS[type(op)](one, other), False)

    def _equal(self, left: ast.expr, right: ast.expr) -> Any:
        one, other = self._comparable(left, right)
        if self._tolerance and pa.types.is_decimal(one.type):
            apart = pc.abs(_fitted(pc.subtract(one, other)))
            equal = pc.less_equal(apart, pa.scalar(self._tolerance).cast(_DECIMAL))
        else:
            equal = pc.equal(one, other)
        both_absent = pc.and_(pc.is_null(one), pc.is_null(other))
        return pc.coalesce(equal, both_absent)

    def _call(self, name: str, args: list[ast.expr]) -> Any:
        match name, args:
            case "abs", [operand]:
                return pc.abs(self.number(operand))
            case "round", [operand, ast.Constant(value=int() as places)]:
                mode = "half_towards_infinity"  # away from zero, as invoices are rounded
                return _fitted(pc.round(self.number(operand), places, round_mode=mode))
            case "coalesce", [first, second]:
                return pc.coalesce(*self._comparable(first, second))
            case "sum", [ast.Attribute(value=ast.Name(id=child), attr=field)]:
                return _number(self._names.sum(child, field))
            case _, [ast.Name(id=child)]:
                return _number(self._names.count(child))
        raise AssertionError(name)


def _number(value: Any) -> Any:
    if isinstance(value, pa.Scalar) and pa.types.is_string(value.type):
        return read_decimals(pa.array([value.as_py()], pa.string()), 6)[0].cast(_DECIMAL)[0]
    if pa.types.is_null(value.type) or pa.types.is_integer(value.type):
        return value.cast(pa.decimal256(37, 0)).cast(_DECIMAL)
    return value.cast(_DECIMAL)


def _fitted(number: Any) -> Any:
    """A result of arithmetic brought back to the room that numbers have here."""
    if number.type.scale > _PLACES:
        number = pc.round(number, _PLACES, round_mode="half_to_even")
    fits = pc.less(pc.abs(number), _LIMIT)
    if isinstance(number, pa.Scalar) or pc.all(fits).as_py() is False:
        number = pc.if_else(fits, number, pa.scalar(None, number.type))
    return number.cast(_DECIMAL)


def _date(value: Any) -> Any:
    if pa.types.is_date(value.type):
        return value
    if isinstance(value, pa.Scalar):
        return read_dates(pa.array([value.as_py()], pa.string()))[0][0]
    return read_dates(value.cast(pa.string()))[0]


def _broadcast(result: Any, length: int) -> pa.Array:
    return pa.repeat(result, length) if isinstance(result, pa.Scalar) else result
