"""Cutting long lists to what one statement may carry (SQLite: 32,766 parameters)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

_T = TypeVar("_T")


def chunks(values: Sequence[_T], size: int = 1000) -> Iterator[Sequence[_T]]:
    """Yield `values` in pieces of `size`; none for an empty list."""
    for start in range(0, len(values), size):
        yield values[start : start + size]
