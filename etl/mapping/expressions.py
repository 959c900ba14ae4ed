"""The expressions of mappings: conditions, computed fields and rules.

An expression is Python's expression grammar cut down to a whitelist, with `{path}` for a value of
the source. What it means is in :mod:`etl.mapping.evaluation`.
"""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Sequence
from dataclasses import dataclass

NUMBER = "number"
"""Kind of the constants that are numbers; they are kept as written."""

_PARTS = re.compile(r"""('[^']*'|"[^"]*")|\{([^{}]*)\}""")
_PLACEHOLDER = re.compile(r"_path_(\d+)")
_COMPARISONS = (ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE)
_FUNCTIONS = {"abs": 1, "round": 2, "coalesce": 2, "sum": 1, "count": 1}


class ExpressionError(ValueError):
    """An expression that can't be read: what was found and what is expected instead."""

    def __init__(self, found: str, expected: str) -> None:
        self.found, self.expected = found, expected
        super().__init__(f"found {found}, expected {expected}")


@dataclass(frozen=True)
class Expression:
    """A parsed expression.

    Attributes:
        text: as written.
        paths: source paths that it reads, in the order of the text.
        fields: mapped fields that it reads.
        children: child tables that it adds up or counts, with the field added up.
        tree: the checked syntax tree, in which `_path_<n>` stands for the n-th path.
    """

    text: str
    paths: tuple[str, ...]
    fields: tuple[str, ...]
    children: tuple[tuple[str, str | None], ...]
    tree: ast.expr


def parse(text: str) -> Expression:
    """Read an expression.

    Raises:
        ExpressionError: it is no expression of the language.
    """
    paths: list[str] = []

    def placeholder(match: re.Match[str]) -> str:
        if match[1] is not None:
            return match[1]
        paths.append(match[2].strip())
        return f" _path_{len(paths) - 1} "

    if _PLACEHOLDER.search(_PARTS.sub("", text)):
        raise ExpressionError(repr(text), "names of fields, and source paths in braces")
    replaced = _PARTS.sub(placeholder, text)
    try:
        tree = ast.parse(replaced.strip(), mode="eval").body
    except (SyntaxError, ValueError):
        raise ExpressionError(
            repr(text), "an expression such as \"{B3.08} == 'CO'\" with source paths in braces"
        ) from None
    reader = _Reader(replaced.strip(), paths)
    tree = reader.checked(tree)
    return Expression(
        text,
        tuple(paths),
        tuple(dict.fromkeys(reader.fields)),
        tuple(dict.fromkeys(reader.children)),
        tree,
    )


class _Reader:
    """Holds a syntax tree against the whitelist; collects the names in it."""

    def __init__(self, text: str, paths: Sequence[str]) -> None:
        self._text, self._paths = text, paths
        self.fields: list[str] = []
        self.children: list[tuple[str, str | None]] = []

    def checked(self, node: ast.expr) -> ast.expr:
        match node:
            case ast.Constant(value=str()):
                return node
            case ast.Constant(value=int() | float()) if not isinstance(node.value, bool):
                written = ast.get_source_segment(self._text, node) or str(node.value)
                return ast.Constant(value=self._plain_number(written), kind=NUMBER)
            case ast.Name(id=name):
                if not name.startswith("_path_"):
                    self.fields.append(name)
                return node
            case ast.Attribute(value=ast.Name(id="parent"), attr=name):
                self.fields.append(f"parent.{name}")
                return ast.Name(id=f"parent.{name}")
            case ast.UnaryOp(op=ast.Not() | ast.USub() as op, operand=operand):
                return ast.UnaryOp(op, self.checked(operand))
            case ast.BoolOp(op=op, values=values):
                return ast.BoolOp(op, [self.checked(value) for value in values])
            case ast.BinOp(left=left, op=ast.Add() | ast.Sub() | ast.Mult() as op, right=right):
                return ast.BinOp(self.checked(left), op, self.checked(right))
            case ast.Compare(left=left, ops=ops, comparators=comparators):
                return ast.Compare(
                    self.checked(left),
                    ops,
                    [
                        self._side(op, comparator)
                        for op, comparator in zip(ops, comparators, strict=True)
                    ],
                )
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
                return self._call(node, name, args)
        raise ExpressionError(
            self._shown(node),
            "names, {paths}, texts and numbers with == != < <= > >= in + - * and or not, and "
            f"the functions {', '.join(_FUNCTIONS)}",
        )

    def _shown(self, node: ast.expr) -> str:
        """A part of the expression as it is written, its paths in braces."""
        return repr(ast.unparse(_InBraces(self._paths).visit(copy.deepcopy(node))))

    def _plain_number(self, written: str) -> str:
        if not re.fullmatch(r"\d{1,18}(\.\d{1,12})?", written):
            raise ExpressionError(written, "a plain number such as 12.50")
        return written

    def _side(self, op: ast.cmpop, node: ast.expr) -> ast.expr:
        if isinstance(op, (ast.In, ast.NotIn)):
            if not isinstance(node, (ast.Tuple, ast.List)):
                raise ExpressionError(self._shown(node), "in ('A', 'B')")
            return ast.Tuple([self.checked(element) for element in node.elts])
        if isinstance(op, _COMPARISONS):
            return self.checked(node)
        raise ExpressionError(type(op).__name__.lower(), "one of == != < <= > >= in")

    def _call(self, node: ast.Call, name: str, args: list[ast.expr]) -> ast.expr:
        if name not in _FUNCTIONS:
            raise ExpressionError(f"{name}()", f"one of the functions {', '.join(_FUNCTIONS)}")
        if len(args) != _FUNCTIONS[name]:
            raise ExpressionError(self._shown(node), f"{_FUNCTIONS[name]} argument(s) to {name}()")
        match name, args[0]:
            case "sum", ast.Attribute(value=ast.Name(id=child), attr=field):
                self.children.append((child, field))
                return node
            case "count", ast.Name(id=child) if not _PLACEHOLDER.fullmatch(child):
                self.children.append((child, None))
                return node
            case (("sum" | "count"), _):
                raise ExpressionError(
                    self._shown(node), "sum(charge_line.amount) or count(charge_line)"
                )
        if name == "round":
            places = args[1]
            if not isinstance(places, ast.Constant) or places.value not in range(7):
                raise ExpressionError(self._shown(node), "round(x, places), places 0 to 6")
            return ast.Call(node.func, [self.checked(args[0]), places], [])
        return ast.Call(node.func, [self.checked(arg) for arg in args], [])


class _InBraces(ast.NodeTransformer):
    """Puts the paths back that names stand for."""

    def __init__(self, paths: Sequence[str]) -> None:
        self._paths = paths

    def visit_Name(self, node: ast.Name) -> ast.Name:
        found = _PLACEHOLDER.fullmatch(node.id)
        return ast.Name(id=f"{{{self._paths[int(found[1])]}}}") if found else node
