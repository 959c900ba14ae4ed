"""Typed reading of a mapping's ``source:`` block: each value checked, each unknown key named."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from etl.raw import DeclarationError


def nearest(word: str, known: Iterable[str]) -> str:
    """``; did you mean 'X'?`` for the known word nearest to `word` by spelling, else nothing."""
    by_folded = {candidate.casefold(): candidate for candidate in known}
    close = get_close_matches(word.casefold(), by_folded, n=1, cutoff=0.6)
    return f"; did you mean {by_folded[close[0]]!r}?" if close else ""


class SourceBlock:
    """One ``source:`` block; every getter raises :class:`DeclarationError` naming key, found
    and expected."""

    def __init__(self, block: Mapping[str, Any], keys: Collection[str]) -> None:
        """`keys` are all the keys this format takes, besides ``format``."""
        for key in block:
            if key != "format" and key not in keys:
                raise DeclarationError(
                    f"source.{key}",
                    "an unknown key",
                    f"one of {', '.join(sorted(keys))}{nearest(str(key), keys)}",
                )
        self._block = block

    def __contains__(self, key: str) -> bool:
        return key in self._block

    def value(self, key: str, default: Any = None) -> Any:
        """What stands under `key`, unchecked."""
        return self._block.get(key, default)

    def text(self, key: str, default: str | None = None) -> str:
        """A string that is not empty."""
        found = self._block.get(key, default)
        if not isinstance(found, str) or not found:
            raise self.wrong(key, "a string that is not empty")
        return found

    def flag(self, key: str, default: bool) -> bool:
        """True or false."""
        found = self._block.get(key, default)
        if not isinstance(found, bool):
            raise self.wrong(key, "true or false")
        return found

    def whole_number(self, key: str, default: int, at_least: int) -> int:
        """An integer of `at_least` or more."""
        found = self._block.get(key, default)
        if not isinstance(found, int) or isinstance(found, bool) or found < at_least:
            raise self.wrong(key, f"a whole number of {at_least} or more")
        return found

    def choice(self, key: str, choices: Collection[str], default: str) -> str:
        """One of `choices`."""
        found = self._block.get(key, default)
        if found not in choices:
            raise self.wrong(key, f"one of {', '.join(choices)}")
        return str(found)

    def texts(self, key: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        """A list of strings; one alone may stand without a list, numbers are taken as written."""
        found = self._block.get(key, default)
        many = found if isinstance(found, list | tuple) else [found]
        if any(isinstance(one, bool) or not isinstance(one, str | int) for one in many):
            raise self.wrong(key, "a string or a list of strings")
        return tuple(str(one) for one in many)

    def wrong(self, key: str, expected: str) -> DeclarationError:
        """The error for what stands under `key`."""
        found = repr(self._block[key]) if key in self._block else "nothing"
        return DeclarationError(f"source.{key}", found[:200], expected)
