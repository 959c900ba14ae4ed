"""The path language of delimited files: a column by its name, or by its position from 1."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from etl.formats.source_block import nearest
from etl.raw import DeclarationError

_POSITION = re.compile(r"#?([1-9][0-9]*)")
_CONDITION = re.compile(r"\[\s*([^\[\]=]+?)\s*=\s*([^\[\]]*?)\s*\]")


def position_of(path: str) -> int | None:
    """The 1-based position that ``#3`` or ``3`` names, None for a column name."""
    match = _POSITION.fullmatch(path)
    return int(match[1]) if match else None


@dataclass(frozen=True, slots=True)
class Condition:
    """The column of `path` holds one of `values`."""

    path: str
    values: tuple[str, ...]


def conditions_of(key: str, row: str) -> tuple[Condition, ...]:
    """Read ``[Line Type=S][Country=DE|AT]``: all must hold. Raises DeclarationError."""
    found = _CONDITION.findall(row)
    if not found or _CONDITION.sub("", row).strip():
        raise DeclarationError(key, repr(row), "conditions such as '[Line Type=S]'")
    return tuple(Condition(path, tuple(values.split("|"))) for path, values in found)


class ColumnNotFoundError(Exception):
    """A path that names no column, or more than one, of a file."""

    def __init__(self, code: str, found: str, expected: str) -> None:
        self.code, self.found, self.expected = code, found, expected
        super().__init__(f"{found}, expected {expected}")


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of one file: its `width` and, where it has or is given a header, `names`."""

    width: int
    names: tuple[str, ...]
    aliases: tuple[tuple[str, str], ...] = ()

    def has(self, path: str) -> bool:
        """Whether a path names one of them."""
        try:
            return self.index(path) >= 0
        except ColumnNotFoundError:
            return False

    def name(self, index: int) -> str:
        """A path of the column at a 0-based index."""
        own = self.names[index] if index < len(self.names) else ""
        return own if own and self.names.count(own) == 1 else f"#{index + 1}"

    def index(self, path: str) -> int:
        """The 0-based index of the column that `path` names; else :class:`ColumnNotFoundError`."""
        target = dict(self.aliases).get(path, path)
        position = position_of(target)
        if position is not None:
            if position > self.width:
                raise ColumnNotFoundError(
                    "MISSING_COLUMN",
                    f"column {position}",
                    f"at most {self.width}, the file's width",
                )
            return position - 1
        places = [index for index, name in enumerate(self.names) if name == target]
        if len(places) == 1:
            return places[0]
        if places:
            numbers = ", ".join(f"#{index + 1}" for index in places)
            raise ColumnNotFoundError(
                "AMBIGUOUS_COLUMN", f"column {target!r} {len(places)} times", f"one of {numbers}"
            )
        raise ColumnNotFoundError(
            "MISSING_COLUMN",
            f"no column {target!r}",
            f"one of {listed(self.names)}{nearest(target, self.names)}",
        )


def listed(names: Sequence[str], most: int = 40) -> str:
    """The names for an error text, the first `most` of them."""
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(repr(name) for name in names[:most]) + rest
