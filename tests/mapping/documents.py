"""Mappings and their sources written in place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import dedent, indent
from typing import Any

from etl.errors import Problem
from etl.formats import format_named
from etl.mapping import CodeLists, Context, Mapped, Plan, check, compile_mapping
from etl.mapping.declaration import Mapping as MappingFile
from etl.mapping.declaration import mapping_of, schema_named
from etl.yamlfile import parse_yaml, schema_problems
from tests.formats.source_files import source_file
from tests.mapping.memory import MemoryChunk, MemoryReader

CONTEXT = Context("acme-freight", carrier_scac="ACLT")
HEAD = "mapping: acme-freight/orders\nversion: 3\nrecord: {record}\nsource: {source}\n"

REQUIRED = {
    "invoice_no": "{const: A1}",
    "invoice_date": "{const: 2026-01-31}",
    "currency": "{const: USD}",
    "total": "{const: 10}",
}


def mapping(
    body: str, record: str = "freight_invoice", source: str = "{format: memory}"
) -> MappingFile:
    """The mapping with that body; its form must be right."""
    head = HEAD.format(record=record, source=source)
    file = parse_yaml(head + dedent(body), "orders.yaml")
    problems = list(schema_problems(file, schema_named("mapping")))
    assert problems == []
    return mapping_of(file)


def invoice_mapping(fields: str = "", rest: str = "") -> MappingFile:
    """A freight invoice mapping; required fields that `fields` does not have are constant."""
    written = dedent(fields)
    fill = "".join(
        f"{name}: {constant}\n"
        for name, constant in REQUIRED.items()
        if f"\n{name}:" not in f"\n{written}"
    )
    return mapping("fields:\n" + indent(fill + written, "  ") + "\n" + dedent(rest))


def apply(
    declared: MappingFile,
    rows: Sequence[Mapping[str, Any]],
    child_rows: Mapping[str | None, Sequence[Mapping[str, Any]]] | None = None,
    codes: CodeLists | None = None,
    context: Context = CONTEXT,
) -> Mapped:
    """The rows mapped."""
    plan = compile_mapping(declared, MemoryReader(), codes or CodeLists())
    return plan.apply(MemoryChunk(rows, child_rows or {}), context)


def problems(declared: MappingFile, codes: CodeLists | None = None) -> list[Problem]:
    """What is wrong with a mapping."""
    return check(declared, MemoryReader(), codes or CodeLists())


def read_by(
    declared: MappingFile, *contents: str, codes: CodeLists | None = None
) -> tuple[Plan, list[Mapped]]:
    """Files mapped by the format that the mapping names, and the plan that did it."""
    reader = format_named(declared.source["format"]).reader(declared.source)
    plan = compile_mapping(declared, reader, codes or CodeLists())
    files = [source_file(content, f"{number}.txt") for number, content in enumerate(contents)]
    return plan, [plan.apply(chunk, CONTEXT) for chunk in reader.read(files)]
