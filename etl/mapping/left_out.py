"""Rows that the conditions of a child table leave out although nobody named what stands in them.

A condition that compares with values (``row: "[Class=FRT|FSC]"``, ``when: "{class} == 'FRT'"``)
says what counts. A row with a value that no block of the mapping names may be a charge that nobody
thought of: it is told, and where it holds money it refuses its record. A block with
``ignore: true`` names what is left out knowingly.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from etl.mapping.expressions import Expression
from etl.mapping.scope import PARENT, Cells, Mask, Scope
from etl.mapping.steps import as_text
from etl.mapping.values import Value
from etl.raw import Chunk


@dataclass(frozen=True)
class Choice:
    """A value by which blocks of a child table choose their rows.

    Attributes:
        base: the blocks' row declaration without its conditions.
        name: the path that they compare, or the field.
        is_path: whether it is a path of the source.
        values: the values that the mapping names.
        amounts: the table's fields that hold money and must be there.
        blocks: the blocks that choose by it, as indexes into the table's.
        others: the blocks whose rows are not left out either, since they read the same amounts.
    """

    base: str | None
    name: str
    is_path: bool
    values: frozenset[str]
    amounts: tuple[str, ...]
    blocks: tuple[int, ...]
    others: tuple[int, ...]


@dataclass(frozen=True)
class LeftOut:
    """Rows that were left out by a choice.

    Attributes:
        scope: the rows.
        values: what stands in each of them.
        money: in which of them an amount stands.
    """

    choice: Choice
    scope: Scope
    values: pa.Array
    money: Mask


def compared(expression: Expression) -> Iterator[tuple[str, bool, tuple[str, ...]]]:
    """The names that an expression compares with texts: name, whether it is a path, the texts."""
    for node in ast.walk(expression.tree):
        if not isinstance(node, ast.Compare):
            continue
        left = node.left
        for op, right in zip(node.ops, node.comparators, strict=True):
            if isinstance(op, (ast.Eq, ast.NotEq, ast.In, ast.NotIn)):
                for name, constants in ((left, right), (right, left)):
                    texts = _texts(constants)
                    if isinstance(name, ast.Name) and texts:
                        number = name.id.removeprefix("_path_")
                        is_path = number != name.id
                        shown = expression.paths[int(number)] if is_path else name.id
                        yield shown, is_path, texts
            left = right


def _texts(node: ast.expr) -> tuple[str, ...]:
    many = node.elts if isinstance(node, ast.Tuple) else [node]
    return tuple(str(each.value) for each in many if isinstance(each, ast.Constant))


def left_out(
    choice: Choice,
    scopes: Sequence[Scope],
    fields: Sequence[Mapping[str, Value]],
    chunk: Chunk,
) -> LeftOut | None:
    """What a choice left out of a chunk; None: nothing.

    Args:
        scopes: the rows that each block of the table took.
        fields: the fields of each block.
    """
    rows = chunk.children(choice.base)
    taken = [
        scopes[number].rows.key[scopes[number].row_indexes]
        for number in (*choice.blocks, *choice.others)
    ]
    if any(len(each) == len(rows) for each in taken):
        return None
    left = np.flatnonzero(~np.isin(rows.key, np.concatenate(taken)))
    if not len(left):
        return None
    one = scopes[choice.blocks[0]]
    scope = Scope(one.table, rows, one.context, parent=one.parent, picked=left)
    money = np.zeros(len(left), np.bool_)
    values = pa.nulls(len(left), pa.string())
    if choice.is_path or choice.name.startswith(PARENT):
        values = as_text(scope.source(choice.name))
    for number in choice.blocks:
        tried = Scope(one.table, rows, one.context, parent=one.parent, picked=left)
        for name, value in fields[number].items():
            tried.mapped[name] = value.column(Cells(tried, name))
        money |= _hold_money(choice.amounts, tried)
        if choice.name in tried.mapped:
            values = pc.coalesce(values, as_text(tried.mapped[choice.name]))
    named = pc.is_in(values, value_set=pa.array(sorted(choice.values), pa.string()))
    unnamed = pc.invert(named).to_numpy(zero_copy_only=False)
    told = unnamed & (values.is_valid().to_numpy(zero_copy_only=False) | money)
    if not told.any():
        return None
    scope.keep(pa.array(told))
    return LeftOut(choice, scope, values.filter(pa.array(told)).fill_null(""), money[told])


def _hold_money(amounts: Sequence[str], scope: Scope) -> Mask:
    """In which rows an amount stands, whether it can be read or not."""
    found = np.zeros(len(scope), np.bool_)
    for name in amounts:
        if name not in scope.mapped:
            continue
        values = scope.mapped[name]
        there = pc.not_equal(values, pa.scalar(Decimal(0), values.type)).fill_null(False)
        found |= there.to_numpy(zero_copy_only=False)
        for refusal in scope.refusals:
            if refusal.field == name:
                found |= np.isin(scope.row_indexes, refusal.rows)
    return found
