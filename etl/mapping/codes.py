"""Code lists: what partners' codes mean, by client, carrier and code.

The most specific entry wins: client and carrier and code, carrier and code, carrier and pattern,
code, pattern.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from etl.errors import ConfigurationError, Problem
from etl.mapping.declaration import schema_named
from etl.yamlfile import YamlFile, did_you_mean, load_yaml

Codes = Mapping[tuple[str | None, str | None, str], str]
"""Value by client, carrier and code; None for any client, any carrier."""

_Owner = tuple[str | None, str | None]


@dataclass(frozen=True)
class CodeList:
    """One list.

    Attributes:
        name, version: as declared.
        shown_as: its file, for people.
        codes: value by client, carrier and code.
        patterns: patterns with their values by carrier, in the order of the file.
    """

    name: str
    version: int
    shown_as: str
    codes: Codes
    patterns: Mapping[str | None, list[tuple[re.Pattern[str], str]]] = field(repr=False)

    def value_of(
        self, code: str, carrier: str | None = None, client: str | None = None
    ) -> str | None:
        """What `code` means to this carrier and client; None where no entry says it."""
        for owner in ((client, carrier), (None, carrier)):
            found = self.codes.get((*owner, code))
            if found is not None:
                return found
        if carrier is not None:
            found = self._by_pattern(code, carrier)
            if found is not None:
                return found
        found = self.codes.get((None, None, code))
        return found if found is not None else self._by_pattern(code, None)

    @property
    def values(self) -> frozenset[str]:
        """Everything that a code of the list can mean."""
        by_pattern = (value for entries in self.patterns.values() for _, value in entries)
        return frozenset(self.codes.values()) | frozenset(by_pattern)

    def _by_pattern(self, code: str, carrier: str | None) -> str | None:
        for pattern, value in self.patterns.get(carrier, ()):
            if pattern.fullmatch(code):
                return value
        return None


class CodeLists(dict[str, CodeList]):
    """The code lists of a project by name."""


def load_code_lists(folder: Path, shown_as: str = "mappings/codes") -> CodeLists:
    """All lists in `folder` (``*.yaml``); none where there is no such folder.

    Raises:
        ConfigurationError: with the problems of all files.
    """
    lists = CodeLists()
    problems: list[Problem] = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            file = load_yaml(path, f"{shown_as}/{path.name}", schema_named("codes"))
        except ConfigurationError as error:
            problems += error.problems
            continue
        found = list(_problems(file, path.stem))
        problems += found
        if not found:
            lists[path.stem] = _code_list(file)
    if problems:
        raise ConfigurationError(problems)
    return lists


def _problems(file: YamlFile, stem: str) -> Iterator[Problem]:
    if file.data["list"] != stem:
        yield file.problem(["list"], file.data["list"], f"{stem}, the name of the file")
    allowed = [str(value) for value in file.data.get("values", [])]
    seen: dict[tuple[Any, ...], int] = {}
    for index, entry in enumerate(file.data["entries"]):
        key: list[str | int] = ["entries", index]
        value = str(entry["value"])
        if allowed and value not in allowed:
            hint = did_you_mean(value, allowed)
            yield file.problem([*key, "value"], value, "one of the list's values", hint)
        if ("code" in entry) == ("pattern" in entry):
            yield file.problem(key, entry, "either code or pattern")
            continue
        if "client" in entry and ("carrier" not in entry or "pattern" in entry):
            yield file.problem([*key, "client"], entry, "client only with carrier and code")
        if "pattern" in entry:
            yield from _pattern_problems(file, key, entry["pattern"])
        which = (*_owner(entry), str(entry.get("code")), entry.get("pattern"))
        if which in seen:
            first = file.line_of(["entries", seen[which]])
            yield file.problem(key, entry, f"one entry for it; line {first} has it already")
        seen.setdefault(which, index)


def _pattern_problems(file: YamlFile, key: list[str | int], pattern: str) -> Iterator[Problem]:
    try:
        re.compile(pattern)
    except re.error as error:
        yield file.problem([*key, "pattern"], pattern, f"a regular expression ({error})")


def _owner(entry: Mapping[str, Any]) -> _Owner:
    return entry.get("client"), entry.get("carrier")


def _code_list(file: YamlFile) -> CodeList:
    codes: dict[tuple[str | None, str | None, str], str] = {}
    patterns: dict[str | None, list[tuple[re.Pattern[str], str]]] = {}
    for entry in file.data["entries"]:
        client, carrier = _owner(entry)
        if "code" in entry:
            codes[client, carrier, str(entry["code"])] = str(entry["value"])
        else:
            pattern = re.compile(entry["pattern"])
            patterns.setdefault(carrier, []).append((pattern, str(entry["value"])))
    return CodeList(file.data["list"], file.data["version"], file.shown_as, codes, patterns)
