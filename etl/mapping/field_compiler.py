"""One declared field compiled: names, paths and options checked, problems told with their lines."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

import pyarrow as pa

from etl.canonical import Field, Kind
from etl.canonical.record_types import ARROW_TYPES
from etl.errors import Problem
from etl.mapping import dates, steps, units, values
from etl.mapping.codes import CodeList, CodeLists, Codes
from etl.mapping.expressions import Expression, ExpressionError, parse
from etl.mapping.lossy import TO_DO, may_lose
from etl.mapping.numbers import NumberFormat
from etl.mapping.scope import PARENT
from etl.mapping.surroundings import Surroundings
from etl.mapping.values import Value
from etl.raw import DeclarationError, Reader
from etl.yamlfile import KeyPath, YamlFile, did_you_mean, shown

SOURCES = ("from", "const", "template", "case", "compute", "function")
_WHOLE = ("const", "case", "compute")
"""Sources whose value is the field's already: no steps follow."""

_OF_KIND: Mapping[str, tuple[Kind, ...]] = {
    "decimal": (Kind.MONEY, Kind.QUANTITY),
    "implied_decimals": (Kind.MONEY, Kind.QUANTITY),
    "unit": (Kind.QUANTITY,),
    "date": (Kind.DATE, Kind.DATE_TIME),
    "time": (Kind.DATE_TIME,),
    "zone": (Kind.DATE_TIME,),
    "ambiguous": (Kind.DATE_TIME,),
    "nonexistent": (Kind.DATE_TIME,),
}
_PLACEHOLDER = Value(values.constant(pa.scalar(None, pa.string())), ())
"""Stands for what could not be compiled; the problems keep it from ever being applied."""


class FieldCompiler:
    """Compiles fields and expressions of one mapping; collects the problems."""

    def __init__(self, file: YamlFile, reader: Reader, codes: CodeLists) -> None:
        self._file, self._reader, self._codes = file, reader, codes
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []
        self.top_level: list[str] = []

    def problem(self, key: KeyPath, found: object, expected: str, hint: str = "") -> None:
        """Note a problem at a key of the mapping's file."""
        self.problems.append(self._file.problem(key, found, expected, hint))

    def value(self, key: KeyPath, declared: Any, target: Field, around: Surroundings) -> Value:
        """Compile a field as declared: a path, or a mapping."""
        if not isinstance(declared, dict):
            declared_path = self.path(key, declared, around, target)
            conversion = steps.conversion(target.kind, NumberFormat(), ())
            return Value(values.from_paths([declared_path]), (conversion,), (declared_path,))
        named = [name for name in SOURCES if name in declared]
        if "function" in named and "from" in named:
            named.remove("from")
        if len(named) != 1:
            found = " and ".join(named) or "none of them"
            self.problem(key, found, f"exactly one of {', '.join(SOURCES)}")
            return _PLACEHOLDER
        self._check_options(key, declared, named[0], target)
        source, paths = self._source(key, named[0], declared, target, around)
        when = None
        if "when" in declared:
            when = self.expression((*key, "when"), declared["when"], around)
        default = None
        if "default" in declared:
            default = self.constant((*key, "default"), declared["default"], target)
        chain = self._steps(key, named[0], declared, target, around)
        return Value(source, tuple(chain), paths, when, default)

    def path(
        self, key: KeyPath, declared: Any, around: Surroundings, target: Field | None = None
    ) -> str:
        """Check a path and give it as text; `target` is the field that its value goes into."""
        path = str(declared)
        if around.parent is not None and path.startswith(PARENT):
            self._known_name(key, path, around)
            return path
        try:
            self._reader.check_path(path, around.row)
            crossings = self._reader.crossings(path, around.row)
        except DeclarationError as error:
            self.problem(key, error.found, error.expected)
            return path
        if around.row is None and around.parent is None:
            self.top_level.append(path)
        of_money = target is not None and target.kind is Kind.MONEY
        if found := may_lose(path, crossings, of_money=of_money):
            self.warnings.append(self._file.problem(key, found, TO_DO))
        return path

    def expression(
        self, key: KeyPath, text: str, around: Surroundings, target: Field | None = None
    ) -> Expression | None:
        """Parse an expression and check every name in it."""
        try:
            parsed = parse(text)
        except ExpressionError as error:
            self.problem(key, error.found, error.expected)
            return None
        for path in parsed.paths:
            self.path(key, path, around, target)
        for name in parsed.fields:
            self._known_name(key, name, around)
        for child, name_in_child in parsed.children:
            self._known_child(key, child, name_in_child, around)
        return parsed

    def constant(self, key: KeyPath, declared: Any, target: Field) -> pa.Scalar:
        """A declared value as one of the field's kind that its schema allows."""
        scalar = steps.constant(target.kind, declared)
        if scalar is None:
            self.problem(key, shown(declared), f"a {target.kind}")
            return pa.scalar(None, ARROW_TYPES[target.kind])
        self._allowed(key, str(declared), target)
        return scalar

    def _known_name(self, key: KeyPath, name: str, around: Surroundings) -> None:
        known = set(around.known)
        if around.parent is not None:
            known |= {PARENT + field for field in around.parent}
        if name not in known:
            hint = did_you_mean(name, known) or "A path of the source stands in braces: {path}"
            self.problem(key, shown(name), "a field that is mapped above", hint)

    def _known_child(
        self, key: KeyPath, child: str, name: str | None, around: Surroundings
    ) -> None:
        if around.children is None:
            self.problem(
                key, f"the child table {child}", "sum and count in the record's own fields"
            )
        elif child not in around.children:
            hint = did_you_mean(child, around.children)
            self.problem(key, shown(child), f"one of {', '.join(around.children)}", hint)
        elif name is not None and name not in around.children[child]:
            hint = did_you_mean(name, around.children[child])
            self.problem(key, f"{child}.{name}", f"a number of {child}", hint)

    def _allowed(self, key: KeyPath, value: str, target: Field) -> None:
        """A text that will stand in the field must be one that the schema allows."""
        allowed = target.rules.get("enum")
        if allowed is not None and value not in allowed:
            self.problem(
                key, shown(value), f"one of {', '.join(allowed)}", did_you_mean(value, allowed)
            )
        pattern = target.rules.get("pattern")
        if pattern is not None and not re.search(pattern, value):
            self.problem(key, shown(value), target.description)

    def _check_options(
        self, key: KeyPath, declared: dict[str, Any], source: str, target: Field
    ) -> None:
        for option in declared:
            allowed = _OF_KIND.get(option)
            if source in _WHOLE and option not in (source, "else", "when", "default"):
                self.problem((*key, option), f"{option} with {source}", "when and default only")
            elif allowed is not None and target.kind not in allowed:
                expected = f"{option} for {' and '.join(allowed)} only"
                self.problem((*key, option), f"{option} for a {target.kind}", expected)
        for option in ("when_missing", "when_unknown"):
            if option in declared and not {"map", "lookup"} & set(declared):
                self.problem((*key, option), f"{option} alone", f"{option} with map or lookup")
        if {"map", "lookup"} <= set(declared):
            self.problem((*key, "map"), "map and lookup", "one of them")
        if "else" in declared and source != "case":
            self.problem((*key, "else"), "else alone", "else with case")
        if "implied_decimals" in declared and "decimal" in declared:
            self.problem((*key, "decimal"), "decimal and implied_decimals", "one of them")

    def _source(
        self,
        key: KeyPath,
        name: str,
        declared: dict[str, Any],
        target: Field,
        around: Surroundings,
    ) -> tuple[values.Source, tuple[str, ...]]:
        at = (*key, name)
        match name:
            case "from":
                paths = self._paths(at, declared["from"], around, target)
                return values.from_paths(paths), paths
            case "const":
                return values.constant(self.constant(at, declared["const"], target)), ()
            case "template":
                parts = list(values.template_parts(declared["template"]))
                paths = tuple(self.path(at, part, around) for part, is_path in parts if is_path)
                return values.template(parts), paths
            case "case":
                return self._case(key, declared, target, around)
            case "compute":
                expression = self.expression(at, declared["compute"], around, target)
                if expression is None:
                    return _PLACEHOLDER.source, ()
                return values.computed(expression), expression.paths
            case _:
                return self._function(at, declared, around)

    def _case(
        self, key: KeyPath, declared: dict[str, Any], target: Field, around: Surroundings
    ) -> tuple[values.Source, tuple[str, ...]]:
        branches = []
        for index, branch in enumerate(declared["case"]):
            at: KeyPath = (*key, "case", index)
            condition = self.expression((*at, "if"), branch["if"], around)
            outcome = self._outcome((*at, "then"), branch["then"], target, around)
            if condition is not None:
                branches.append((condition, outcome))
        otherwise = None
        if "else" in declared:
            otherwise = self._outcome((*key, "else"), declared["else"], target, around)
        return values.case(branches, otherwise), ()

    def _outcome(self, key: KeyPath, declared: Any, target: Field, around: Surroundings) -> Value:
        if isinstance(declared, dict):
            return self.value(key, declared, target, around)
        return Value(values.constant(self.constant(key, declared, target)), ())

    def _function(
        self, key: KeyPath, declared: dict[str, Any], around: Surroundings
    ) -> tuple[values.Source, tuple[str, ...]]:
        paths: tuple[str, ...] = ()
        if "from" in declared:
            paths = self._paths((*key[:-1], "from"), declared["from"], around)
        name = declared["function"]
        module, _, attribute = name.partition(":")
        try:
            function: Callable[..., pa.Array] = getattr(import_module(module), attribute)
        except (ImportError, AttributeError) as error:
            self.problem(key, shown(name), f"a function that can be imported ({error})")
            return _PLACEHOLDER.source, ()
        return values.called(function, name, paths), paths

    def _paths(
        self, key: KeyPath, declared: Any, around: Surroundings, target: Field | None = None
    ) -> tuple[str, ...]:
        if not isinstance(declared, list):
            return (self.path(key, declared, around, target),)
        return tuple(
            self.path((*key, index), path, around, target) for index, path in enumerate(declared)
        )

    def _steps(
        self,
        key: KeyPath,
        source: str,
        declared: dict[str, Any],
        target: Field,
        around: Surroundings,
    ) -> list[steps.Step]:
        if source in ("const", "case"):
            return []
        chain: list[steps.Step] = []
        if "absent_if" in declared:
            chain.append(steps.absent_if([str(value) for value in declared["absent_if"]]))
        if "text" in declared:
            operations = declared["text"]
            chain.append(steps.text([operations] if isinstance(operations, str) else operations))
        if "regex" in declared:
            chain += self._regex((*key, "regex"), declared["regex"])
        codes = self._code_list(key, declared)
        if codes is not None:
            chain.append(self._look_up(key, declared, codes, target))
        chain.append(self._conversion(key, declared, target, around))
        if "unit" in declared:
            chain += self._unit((*key, "unit"), declared["unit"], around)
        return chain

    def _regex(self, key: KeyPath, declared: Any) -> list[steps.Step]:
        written, group = (
            (declared["pattern"], declared.get("group", 0))
            if isinstance(declared, dict)
            else (declared, 0)
        )
        try:
            pattern = re.compile(written)
        except re.error as error:
            self.problem(key, shown(written), f"a regular expression ({error})")
            return []
        if group not in range(pattern.groups + 1) and group not in pattern.groupindex:
            groups = [*map(str, range(1, pattern.groups + 1)), *pattern.groupindex]
            self.problem(
                (*key, "group"), shown(group), f"a group of it: {', '.join(groups) or 'none'}"
            )
            return []
        return [steps.regex(pattern, group)]

    def _code_list(self, key: KeyPath, declared: dict[str, Any]) -> CodeList | None:
        if "map" in declared:
            place = self._file.place((*key, "map"))
            pairs = declared["map"].items()
            codes: Codes = {(None, None, str(code)): str(value) for code, value in pairs}
            return CodeList("map", 1, place, codes, patterns={})
        name = declared.get("lookup")
        if name is not None and name not in self._codes:
            hint = did_you_mean(name, self._codes) or "Lists stand in mappings/codes/<list>.yaml"
            self.problem((*key, "lookup"), shown(name), "the name of a code list", hint)
            return None
        return self._codes.get(name) if name is not None else None

    def _look_up(
        self, key: KeyPath, declared: dict[str, Any], codes: CodeList, target: Field
    ) -> steps.Step:
        missing = declared.get("when_missing")
        unknown = str(declared.get("when_unknown", "exception"))
        if target.kind is Kind.STRING:
            for value in sorted(codes.values):
                at = "map" if "map" in declared else "lookup"
                self._allowed((*key, at), value, target)
            if missing is not None:
                self._allowed((*key, "when_missing"), str(missing), target)
            if unknown not in ("exception", "keep"):
                self._allowed((*key, "when_unknown"), unknown, target)
        return steps.look_up(codes, None if missing is None else str(missing), unknown)

    def _conversion(
        self, key: KeyPath, declared: dict[str, Any], target: Field, around: Surroundings
    ) -> steps.Step:
        formats = declared.get("date", ())
        formats = [formats] if isinstance(formats, str) else list(formats)
        if target.kind is Kind.DATE_TIME:
            return self._time(key, declared, formats or list(dates.ISO_TIMES), around)
        written = declared.get("decimal", {})
        implied = declared.get("implied_decimals")
        if implied is not None and target.kind is Kind.MONEY and implied > 4:
            self.problem((*key, "implied_decimals"), implied, "at most 4, as money has")
            implied = None
        number_format = NumberFormat(
            comma=written.get("comma", False),
            thousands=written.get("thousands"),
            trailing_sign=written.get("trailing_sign", False),
            implied_decimals=implied,
        )
        mark = "," if number_format.comma else "."
        if number_format.thousands == mark:
            self.problem((*key, "decimal", "thousands"), mark, "not the mark of the decimals")
        return steps.conversion(target.kind, number_format, formats)

    def _time(
        self,
        key: KeyPath,
        declared: dict[str, Any],
        formats: Sequence[str],
        around: Surroundings,
    ) -> steps.Step:
        time, zone = declared.get("time"), declared.get("zone")
        clock = None
        if time is not None:
            clock = (self.path((*key, "time", "from"), time["from"], around), time["format"])
        zone_path = None
        if isinstance(zone, dict):
            zone_path = self.path((*key, "zone", "from"), zone["from"], around)
        elif zone is not None and not dates.is_zone(zone):
            self.problem((*key, "zone"), shown(zone), "a time zone such as Europe/Berlin")
        elif zone is None and not all("%z" in written for written in formats):
            self.problem(key, "no zone", "zone, or %z in every format of date")
        for option in ("ambiguous", "nonexistent"):
            if option in declared and zone is None:
                self.problem((*key, option), f"{option} without zone", "zone beside it")
        doubtful = dates.Doubtful(
            declared.get("ambiguous", dates.WARN), declared.get("nonexistent", dates.WARN)
        )
        named = zone if isinstance(zone, str) else None
        return steps.to_time(formats, clock, named, zone_path, doubtful)

    def _unit(
        self, key: KeyPath, declared: dict[str, Any], around: Surroundings
    ) -> list[steps.Step]:
        unit, to = declared.get("is"), declared["to"]
        known = f"one of {', '.join(sorted(units.UNITS))}"
        if to not in units.UNITS:
            self.problem((*key, "to"), shown(to), known)
        elif ("is" in declared) == ("from" in declared):
            self.problem(key, declared, "either is or from")
        elif unit is not None and units.factor(unit, to) is None:
            self.problem(
                (*key, "is"), shown(unit), f"a unit that can be converted to {to}: {known}"
            )
        elif unit is not None:
            return [steps.in_unit(to, unit, None)]
        else:
            path = self.path((*key, "from"), declared["from"], around)
            return [steps.in_unit(to, None, path)]
        return []
