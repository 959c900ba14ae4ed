"""A mapping checked against its record type, its source and the code lists, and compiled."""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from typing import Any

from etl.canonical import Kind, RecordType, record_type, record_types
from etl.errors import ConfigurationError, Problem
from etl.mapping.checking import CheckPlan
from etl.mapping.choices import choices_of
from etl.mapping.codes import CodeLists
from etl.mapping.declaration import ChildBlock, Mapping
from etl.mapping.expressions import Expression, ExpressionError, parse
from etl.mapping.field_compiler import FieldCompiler
from etl.mapping.plan import BlockPlan, Plan
from etl.mapping.surroundings import Surroundings
from etl.mapping.values import Value
from etl.raw import DeclarationError, Reader
from etl.yamlfile import KeyPath, did_you_mean, shown

_NUMERIC = (Kind.MONEY, Kind.QUANTITY, Kind.INTEGER)


def check(mapping: Mapping, reader: Reader, codes: CodeLists) -> list[Problem]:
    """Everything that is wrong with a mapping, with file, line and key; empty where it is right.

    Args:
        mapping: as declared.
        reader: the reader of its `source:` block, which knows what its paths may be.
        codes: the project's code lists.
    """
    return _Compiler(mapping, reader, codes).compiled()[1]


def compile_mapping(mapping: Mapping, reader: Reader, codes: CodeLists) -> Plan:
    """The plan of a mapping; arguments as for :func:`check`.

    Raises:
        ConfigurationError: with everything that :func:`check` finds.
    """
    plan, problems = _Compiler(mapping, reader, codes).compiled()
    if plan is None or problems:
        raise ConfigurationError(problems)
    return plan


class _Compiler:
    def __init__(self, mapping: Mapping, reader: Reader, codes: CodeLists) -> None:
        self._mapping = mapping
        self._reader = reader
        self._fields = FieldCompiler(mapping.file, reader, codes)

    def compiled(self) -> tuple[Plan | None, list[Problem]]:
        """The plan, None where there is no such record type, and the problems."""
        mapping, problem = self._mapping, self._fields.problem
        documents = [name for name, kind in record_types().items() if kind.is_main]
        if mapping.record not in documents:
            hint = did_you_mean(mapping.record, documents)
            problem(("record",), shown(mapping.record), f"one of {', '.join(documents)}", hint)
            return None, self._fields.problems
        kind = record_type(mapping.record)
        late = _late_fields(mapping.fields)
        early = [name for name in mapping.fields if name not in late]

        around = Surroundings()
        fields = self._table(("fields",), kind, {n: mapping.fields[n] for n in early}, around)
        self._require(("fields",), kind, set(mapping.fields))
        from_context = {field.name for field in kind.fields.values() if field.from_context}
        available = set(fields) | from_context
        children = {
            name: tuple(self._block(block, kind, name, available) for block in blocks)
            for name, blocks in mapping.children.items()
            if self._is_child(kind, name)
        }
        with_children = Surroundings(
            known=available,
            children={
                name: {field for block in blocks for field in block.fields}
                & _numeric_fields(record_type(kind.children[name]))
                for name, blocks in children.items()
            },
        )
        late_fields = self._table(
            ("fields",), kind, {name: mapping.fields[name] for name in late}, with_children
        )
        checks = self._checks(kind)
        choices = choices_of(self._reader, kind, children, self._fields.top_level)
        warnings = tuple(self._fields.warnings)
        plan = Plan(mapping.label, kind, fields, children, late_fields, checks, choices, warnings)
        return plan, self._fields.problems

    def _table(
        self, key: KeyPath, kind: RecordType, declared: MappingOf[str, Any], around: Surroundings
    ) -> dict[str, Value]:
        compiled = {}
        for name, value in declared.items():
            if name not in kind.fields:
                hint = did_you_mean(name, kind.fields)
                self._fields.problem(
                    (*key, name), "an unknown field", f"a field of {kind.name}", hint
                )
                continue
            compiled[name] = self._fields.value((*key, name), value, kind.fields[name], around)
            around.known.add(name)
        return compiled

    def _require(self, key: KeyPath, kind: RecordType, mapped: set[str]) -> None:
        """Tell of required fields that nothing fills."""
        for name in kind.required:
            if name not in mapped and not kind.fields[name].fills_itself:
                description = kind.fields[name].description
                self._fields.problem(
                    key, f"no {name}", f"the field {name} ({description})", f"{kind.name} needs it"
                )

    def _is_child(self, kind: RecordType, name: str) -> bool:
        if name in kind.children:
            return True
        hint = did_you_mean(name, kind.children)
        expected = f"a child table of {kind.name}: {', '.join(kind.children) or 'it has none'}"
        self._fields.problem(("children", name), "an unknown table", expected, hint)
        return False

    def _block(
        self, block: ChildBlock, kind: RecordType, name: str, parent_fields: set[str]
    ) -> BlockPlan:
        child = record_type(kind.children[name])
        try:
            self._reader.check_row(block.row)
        except DeclarationError as error:
            key = (*block.key, "row") if block.row is not None else block.key
            self._fields.problem(key, error.found, error.expected)
            return BlockPlan(block.row, {}, None, None)
        around = Surroundings(row=block.row, parent=parent_fields)
        fields = self._table((*block.key, "fields"), child, block.fields, around)
        if block.ignore and fields:
            self._fields.problem((*block.key, "fields"), "fields with ignore", "one of them")
        elif not block.ignore:
            self._require((*block.key, "fields"), child, set(fields))
        when = None
        if block.when is not None:
            when = self._fields.expression((*block.key, "when"), block.when, around)
        mapped_first = when is not None and any("." not in field for field in when.fields)
        before, after = (None, when) if mapped_first else (when, None)
        return BlockPlan(block.row, fields, before, after, block.ignore)

    def _checks(self, kind: RecordType) -> tuple[CheckPlan, ...]:
        around = Surroundings(
            known=set(kind.fields),
            children={
                name: _numeric_fields(record_type(child)) for name, child in kind.children.items()
            },
        )
        plans = []
        for declared in self._mapping.checks:
            rule: Expression | None = self._fields.expression(
                (*declared.key, "rule"), declared.rule, around
            )
            if rule is not None:
                plans.append(CheckPlan(declared, rule))
        return tuple(plans)


def _numeric_fields(kind: RecordType) -> set[str]:
    return {field.name for field in kind.fields.values() if field.kind in _NUMERIC}


def _late_fields(fields: MappingOf[str, Any]) -> list[str]:
    """Fields computed from the children, and fields computed from those."""
    late: list[str] = []
    for name, declared in fields.items():
        expressions = list(_expressions(declared))
        if any(
            expression.children or set(expression.fields) & set(late) for expression in expressions
        ):
            late.append(name)
    return late


def _expressions(declared: Any) -> list[Expression]:
    """The expressions in a field as declared; those that can't be parsed are told elsewhere."""
    if not isinstance(declared, dict):
        return []
    texts = [declared[name] for name in ("when", "compute") if name in declared]
    nested = [declared["else"]] if "else" in declared else []
    for branch in declared.get("case", []):
        texts.append(branch["if"])
        nested.append(branch["then"])
    found = []
    for text in texts:
        try:
            found.append(parse(text))
        except ExpressionError:
            continue
    for inner in nested:
        found += _expressions(inner)
    return found
