"""How answers are printed: tables for people, JSON for scripts."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

_WIDTH_OF_FILES = 240
# a file or a pipe has no width: there nothing is wrapped or cut to fit
console = Console(highlight=False, width=None if sys.stdout.isatty() else _WIDTH_OF_FILES)

_STYLES = {
    "ok": "green",
    "pushed": "green",
    "closed": "green",
    "AUTO_APPROVE": "green",
    "APPROVE_WITH_VARIANCE": "green",
    "exceptions": "yellow",
    "held": "yellow",
    "open": "yellow",
    "retried": "yellow",
    "REVIEW": "yellow",
    "DISPUTE": "yellow",
    "failed": "red",
    "killed": "red",
    "rejected": "red",
}


def print_json(value: object) -> None:
    """One JSON document on standard output; decimals as text, times in ISO 8601."""
    click.echo(json.dumps(value, default=_jsonable, ensure_ascii=False, indent=2))


def print_table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], empty: str = "none"
) -> None:
    """A table with one line a row; columns whose name starts with ``>`` are right-aligned."""
    listed = list(rows)
    if not listed:
        console.print(f"{title}: {empty}" if title else empty)
        return
    table = Table(title=title or None, title_justify="left", box=None, pad_edge=False)
    for column in columns:
        table.add_column(
            column.removeprefix(">"),
            justify="right" if column.startswith(">") else "left",
            overflow="fold",
        )
    for row in listed:
        table.add_row(*[Text(text := cell(value), style=_STYLES.get(text, "")) for value in row])
    console.print(table)


def print_fields(fields: Mapping[str, object]) -> None:
    """Names and values, one a line; values that are None are left out."""
    width = max((len(name) for name in fields), default=0)
    for name, value in fields.items():
        if value is not None:
            click.echo(f"  {name.ljust(width)}  {cell(value)}")


def cell(value: object) -> str:
    """A value as it stands in a table."""
    match value:
        case None:
            return ""
        case datetime():
            return value.strftime("%Y-%m-%d %H:%M:%S")
        case Enum():
            return str(value.value)
        case list() | tuple():
            return ", ".join(cell(item) for item in value)
        case Decimal():
            return money(value)
        case _:
            return printable(str(value))


def printable(text: str) -> str:
    """Text with its control characters written out: what a partner sent must not reach the
    terminal as commands to it."""
    return "".join(
        character if character.isprintable() or character == "\n" else ascii(character)[1:-1]
        for character in text
    )


def money(value: Decimal) -> str:
    """An amount with at least two decimal places, and no more than it has."""
    exact = value.normalize()
    places = max(2, -int(exact.as_tuple().exponent))
    return f"{value:,.{places}f}"


def _jsonable(value: Any) -> object:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, (Decimal, Path)):
        return str(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (set, frozenset, tuple)):
        return list(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
