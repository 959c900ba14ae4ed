"""YAML files of the declared project: parsed strictly, checked by JSON Schema, errors with lines.

Stricter than YAML 1.1, so that what an engineer writes is what the tool reads: duplicate keys are
refused; only ``true`` and ``false`` are booleans (``NO`` is Norway); ``02:30`` and ``2026-11-23``
and ``020`` stay text; numbers with a point are :class:`decimal.Decimal`, never floats.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from etl.errors import ConfigurationError, Problem

KeyPath = tuple[str | int, ...]
_SHOWN = 80


@dataclass(frozen=True)
class YamlFile:
    """A parsed file and the line of each of its keys and items."""

    data: Any
    shown_as: str
    lines: Mapping[KeyPath, int] = field(default_factory=dict, repr=False)

    def line_of(self, key: Sequence[str | int]) -> int | None:
        """The 1-based line of `key`, or of the nearest key above it that is there."""
        path = tuple(key)
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path)

    def problem(
        self, key: Sequence[str | int], found: object, expected: str, hint: str = ""
    ) -> Problem:
        """A problem at `key`, with file and line filled in."""
        return Problem(
            file=self.shown_as,
            line=self.line_of(key),
            key=dotted(key),
            found=found if isinstance(found, str) else shown(found),
            expected=expected,
            hint=hint,
        )

    def place(self, key: Sequence[str | int]) -> str:
        """File, line and key, as they stand before the colon of an error."""
        line = self.line_of(key)
        return f"{self.shown_as}:{line} {dotted(key)}" if line else f"{self.shown_as} {dotted(key)}"


def load_yaml(path: Path, shown_as: str, schema: Mapping[str, Any] | None = None) -> YamlFile:
    """Read `path` and check it against `schema` (JSON Schema 2020-12).

    Raises:
        ConfigurationError: unreadable, not UTF-8, not YAML, duplicate keys, or against the
            schema; all problems found are in it, each with file, line and key.
    """
    try:
        text = path.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            [Problem(shown_as, None, "", f"byte {error.start} that is not UTF-8", "UTF-8 text")]
        ) from None
    except OSError as error:
        raise ConfigurationError(
            [Problem(shown_as, None, "", error.strerror or str(error), "a readable file")]
        ) from None
    file = parse_yaml(text, shown_as)
    if schema is not None:
        problems = list(schema_problems(file, schema))
        if problems:
            raise ConfigurationError(problems)
    return file


def parse_yaml(text: str, shown_as: str) -> YamlFile:
    """Parse `text`; raises ConfigurationError for bad syntax or duplicate keys."""
    try:
        node = yaml.compose(text, Loader=_StrictLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f" at column {mark.column + 1}" if mark else ""
        found = (error.problem or "unreadable text") + place
        raise ConfigurationError(
            [Problem(shown_as, mark.line + 1 if mark else None, "", found, "valid YAML")]
        ) from None
    except yaml.YAMLError as error:
        raise ConfigurationError([Problem(shown_as, None, "", str(error), "valid YAML")]) from None
    lines: dict[KeyPath, int] = {(): 1}
    problems: list[Problem] = []
    if node is not None:
        for duplicate in _record_lines(node, (), lines):
            line = duplicate[1]
            problems.append(
                Problem(shown_as, line, dotted(duplicate[0]), "the key twice", "each key once")
            )
    if problems:
        raise ConfigurationError(problems)
    loader = _StrictLoader("")
    try:
        data = loader.construct_document(node) if node is not None else None
    except yaml.constructor.ConstructorError as error:
        mark = error.problem_mark
        raise ConfigurationError(
            [
                Problem(
                    shown_as,
                    mark.line + 1 if mark else None,
                    "",
                    error.problem or "a value that can't be built",
                    "plain text, numbers, lists and mappings",
                )
            ]
        ) from None
    return YamlFile(data, shown_as, lines)


def schema_problems(file: YamlFile, schema: Mapping[str, Any]) -> Iterator[Problem]:
    """What in `file` is against `schema`, in the order of the file."""
    errors = sorted(
        Draft202012Validator(schema).iter_errors(file.data),
        key=lambda error: file.line_of(list(error.absolute_path)) or 0,
    )
    for error in errors:
        yield from _problems_of(file, error)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint such as ``Did you mean 'carrier_scac'?``, or the empty string."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"Did you mean {close[0]!r}?" if close else ""


def dotted(key: Sequence[str | int]) -> str:
    """``("jobs", "nightly", "partners", 0)`` as ``jobs.nightly.partners[0]``."""
    text = ""
    for part in key:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def shown(value: object) -> str:
    """`value` as a person may read it in an error, shortened."""
    if isinstance(value, Mapping):
        return f"a mapping with {', '.join(map(str, value)) or 'no keys'}"[:_SHOWN]
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value) if isinstance(value, (int, Decimal)) else repr(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


class _StrictLoader(yaml.SafeLoader):
    """SafeLoader with the scalar rules of YAML 1.2's core schema, numbers as decimals."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012


for _tag, _pattern, _first in (
    ("bool", r"^(?:true|false)$", "tf"),
    ("int", r"^[-+]?(?:0|[1-9][0-9]*)$", "-+0123456789"),
    ("float", r"^[-+]?(?:0|[1-9][0-9]*)\.[0-9]+$", "-+0123456789"),
    ("null", r"^(?:~|null|)$", ["~", "n", ""]),
    ("merge", r"^<<$", "<"),
):
    _StrictLoader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), list(_first)
    )


def _decimal(loader: _StrictLoader, node: yaml.ScalarNode) -> Decimal:
    return Decimal(str(loader.construct_scalar(node)))


_StrictLoader.add_constructor("tag:yaml.org,2002:float", _decimal)


def _record_lines(
    node: yaml.Node, path: KeyPath, lines: dict[KeyPath, int]
) -> Iterator[tuple[KeyPath, int]]:
    """Fill `lines`; yield the path and line of each key that stands twice."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            name = getattr(key, "value", None)
            if not isinstance(name, str):
                continue
            child = (*path, name)
            line = key.start_mark.line + 1
            if child in lines and key.tag != "tag:yaml.org,2002:merge":
                yield child, line
            lines[child] = line
            yield from _record_lines(value, child, lines)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            child = (*path, index)
            lines[child] = item.start_mark.line + 1
            yield from _record_lines(item, child, lines)


def _problems_of(file: YamlFile, error: ValidationError) -> Iterator[Problem]:
    path = list(error.absolute_path)
    schema: Any = error.schema
    rule: Any = error.validator_value
    instance: Any = error.instance
    if error.validator in ("anyOf", "oneOf") and error.context:
        yield from _problems_of_alternatives(file, error)
    elif error.validator == "additionalProperties":
        known = list(schema.get("properties", {}))
        patterns = list(schema.get("patternProperties", {}))
        for name in instance:
            if name not in known and not any(re.search(p, str(name)) for p in patterns):
                yield file.problem(
                    [*path, name],
                    "an unknown key",
                    f"one of {', '.join(known)}" if known else "no key here",
                    did_you_mean(str(name), known),
                )
    elif error.validator == "required":
        for name in rule:
            if name not in instance:
                meaning = schema.get("properties", {}).get(name, {}).get("description", "")
                yield file.problem([*path, name], "nothing", meaning or f"the key {name}")
    elif error.validator == "enum":
        allowed = [str(value) for value in rule]
        yield file.problem(
            path,
            shown(instance),
            f"one of {', '.join(allowed)}",
            did_you_mean(str(instance), allowed),
        )
    else:
        # writeOnly marks secrets in our schemas: what stands in their place is never shown
        found = "a value that is not shown" if schema.get("writeOnly") else shown(instance)
        yield file.problem(path, found, _expected(error))


def _problems_of_alternatives(file: YamlFile, error: ValidationError) -> Iterator[Problem]:
    """The problems of the alternative that was most likely meant: right type, fewest errors."""
    branches: dict[int, list[ValidationError]] = {}
    for cause in error.context or []:
        branches.setdefault(int(cause.relative_schema_path[0]), []).append(cause)

    def unlikeliness(causes: list[ValidationError]) -> tuple[bool, int]:
        wrong_type = any(
            cause.validator in ("type", "const") and len(cause.absolute_path) <= len(error.path)
            for cause in causes
        )
        return wrong_type, len(causes)

    likeliest = min(branches.values(), key=unlikeliness)
    schema: Any = error.schema
    alternatives: Any = error.validator_value
    described = schema.get("description")
    if unlikeliness(likeliest)[0]:
        kinds = described or " or ".join(
            str(branch.get("description") or branch.get("type") or "another form")
            for branch in alternatives
        )
        yield file.problem(list(error.absolute_path), shown(error.instance), kinds)
        return
    for cause in likeliest:
        yield from _problems_of(file, cause)


def _expected(error: ValidationError) -> str:
    schema: Any = error.schema
    rule: Any = error.validator_value
    if "description" in schema:
        return str(schema["description"])
    match error.validator:
        case "type":
            text = " or ".join(rule) if isinstance(rule, list) else str(rule)
            text = text.replace("object", "a mapping").replace("array", "a list")
            text = text.replace("string", "text")
            if "text" in text and isinstance(error.instance, (int, Decimal)):
                text += " (put it in quotes)"
            return text
        case "pattern":
            return f"text of the form {rule}"
        case "minimum":
            return f"at least {rule}"
        case "maximum":
            return f"at most {rule}"
        case "const":
            return f"{rule}"
        case "minItems":
            return f"at least {rule} item(s)"
        case "minLength":
            return "text that is not empty"
        case _:
            return str(error.message)
