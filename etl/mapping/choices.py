"""What the conditions of a mapping's child tables choose by, found when it is compiled."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from etl.canonical import Kind, RecordType, record_type
from etl.mapping.left_out import Choice, compared
from etl.mapping.plan import BlockPlan
from etl.raw import Reader

Base = str | None
"""A row declaration without its conditions."""


def choices_of(
    reader: Reader,
    kind: RecordType,
    children: Mapping[str, Sequence[BlockPlan]],
    paths: Iterable[str],
) -> dict[str, tuple[Choice, ...]]:
    """The choices of each child table.

    Args:
        reader: knows what its row declarations compare.
        kind: the record type.
        children: the blocks by table. A value that one of them names is known to all.
        paths: the paths of the top-level rows; a value in their conditions is known as well.
    """
    named: dict[tuple[Base, str], set[str]] = defaultdict(set)
    for path in paths:
        conditions = reader.conditions(path)
        for name, values in conditions.named:
            named[conditions.base, name].update(values)
    for blocks in children.values():
        for block in blocks:
            conditions = reader.conditions(block.row)
            for name, values in (*conditions.named, *conditions.known):
                named[conditions.base, name].update(values)
            for name, _, texts in _compared(block):
                named[conditions.base, name].update(texts)
    found = {
        name: tuple(_of_table(reader, record_type(kind.children[name]), blocks, named))
        for name, blocks in children.items()
    }
    of_money = {
        (choice.base, choice.name)
        for choices in found.values()
        for choice in choices
        if choice.amounts
    }
    read_whole = {
        reader.conditions(block.row).base
        for blocks in children.values()
        for block in blocks
        if not reader.conditions(block.row).named and not (block.before or block.after)
    }
    # what another table reads is not left out, and what a table of amounts tells is told once
    return {
        name: tuple(
            choice
            for choice in choices
            if choice.amounts
            or (choice.base not in read_whole and (choice.base, choice.name) not in of_money)
        )
        for name, choices in found.items()
    }


def _of_table(
    reader: Reader,
    table: RecordType,
    blocks: Sequence[BlockPlan],
    named: Mapping[tuple[Base, str], set[str]],
) -> Iterable[Choice]:
    amounts = tuple(
        field.name for field in table.fields.values() if field.required and field.kind is Kind.MONEY
    )
    conditions = [reader.conditions(block.row) for block in blocks]
    for base in dict.fromkeys(each.base for each in conditions):
        group = [number for number, each in enumerate(conditions) if each.base == base]
        of_rows = dict.fromkeys(name for number in group for name, _ in conditions[number].named)
        for name in of_rows:
            if not all(blocks[number].ignore for number in group):
                values = frozenset(named[base, name])
                yield Choice(base, name, True, values, amounts, tuple(group), ())
        comparing: dict[tuple[str, bool], list[int]] = defaultdict(list)
        for number in group:
            for name, is_path, _ in _compared(blocks[number]):
                comparing[name, is_path].append(number)
        for (name, is_path), numbers in comparing.items():
            choosing = tuple(dict.fromkeys(numbers))
            if all(blocks[number].ignore for number in choosing):
                continue
            read = {path for number in choosing for path in _read(blocks[number], amounts)}
            others = tuple(
                number
                for number in group
                if number not in choosing and _shares(blocks[number], amounts, read)
            )
            values = frozenset(named[base, name])
            yield Choice(base, name, is_path, values, amounts, choosing, others)


def _compared(block: BlockPlan) -> Iterable[tuple[str, bool, tuple[str, ...]]]:
    when = block.before or block.after
    return compared(when) if when is not None else ()


def _read(block: BlockPlan, amounts: Sequence[str]) -> set[str]:
    return {path for name in amounts if name in block.fields for path in block.fields[name].paths}


def _shares(block: BlockPlan, amounts: Sequence[str], read: set[str]) -> bool:
    """Whether a block reads the same amounts, as far as that can be known."""
    own = _read(block, amounts)
    return block.ignore or not own or not read or not own.isdisjoint(read)
