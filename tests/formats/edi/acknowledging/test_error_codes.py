"""Every defect that the reader tells of what it received has a code in the acknowledgements."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from etl.formats import edi
from etl.formats.edi.syntax import Syntax
from etl.formats.edifact import error_codes as edifact_codes
from etl.formats.edifact.syntax import EDIFACT
from etl.formats.x12 import error_codes as x12_codes
from etl.formats.x12.syntax import X12

READER = (
    "checks/elements",
    "checks/segments",
    "checks/transactions",
    "checks/values",
    "reading/envelope",
    "reading/envelope_faults",
    "reading/framing",
)
"""The modules that tell defects."""

TELLING = {"tell", "_tell", "add", "RefusedError", "ValueFault"}

NO_INTERCHANGE = {"EMPTY_FILE", "X_UNREADABLE", "NOT_X"}
"""Of files that nobody can be answered for: what is wrong there is the header itself."""


NOT_TOLD = {"SUSPECT_CHARSET", "UNA_MISSING"}
"""Warnings that concern us and not the partner's syntax."""


def told() -> Iterator[str]:
    """The first arguments of the calls that tell defects, ``X`` where a name is filled in."""
    for name in READER:
        tree = ast.parse((Path(edi.__path__[0]) / f"{name}.py").read_text("utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                function = node.func
                called = function.attr if isinstance(function, ast.Attribute) else None
                called = function.id if isinstance(function, ast.Name) else called
                if called in TELLING and node.args:
                    yield from codes_in(node.args[0])
            elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple):
                names = [getattr(each, "id", "") for each in node.targets[0].elts]
                if names[0] == "code" and isinstance(node.value, ast.Tuple):
                    yield from codes_in(node.value.elts[0])
            elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "code":
                yield from codes_in(node.value)
            elif isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
                yield from codes_in(node.value.elts[0])


def codes_in(node: ast.expr) -> Iterator[str]:
    """The codes that an expression can be."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        if node.value.isupper():
            yield node.value
    elif isinstance(node, ast.JoinedStr):
        parts = [str(part.value) if isinstance(part, ast.Constant) else "X" for part in node.values]
        if "".join(parts).isupper():
            yield "".join(parts)
    elif isinstance(node, ast.IfExp):
        yield from codes_in(node.body)
        yield from codes_in(node.orelse)


def test_the_codes_are_found() -> None:
    found = set(told())
    wanted = {"TRUNCATED", "UNKNOWN_SEGMENT", "BAD_DATE", "X_COUNT", "DUPLICATE_X", "JUNK"}
    wanted |= {"CONDITION_EXCLUDED", "TRANSACTION_TOO_LARGE", "EMPTY_SEGMENT", "NO_MAPPING"}
    assert wanted <= found


CODES = {
    X12: {*x12_codes.INTERCHANGE, *x12_codes.GROUP, *x12_codes.SYNTAX},
    EDIFACT: {*edifact_codes.INTERCHANGE, *edifact_codes.GROUP, *edifact_codes.SYNTAX},
}


@pytest.mark.parametrize(
    ("syntax", "codes"),
    list(CODES.items()),
    ids=[syntax.name for syntax in CODES],
)
def test_each_has_a_code(syntax: Syntax, codes: set[str]) -> None:
    for code in set(told()) - NO_INTERCHANGE - NOT_TOLD:
        if "X" not in code.split("_"):
            assert code in codes
            continue
        of_segments = {code.replace("X", segment_id) for segment_id in syntax.control}
        assert of_segments & codes, code


def test_the_docs_name_each() -> None:
    page = (Path(edi.__path__[0]).parents[2] / "docs" / "edi.md").read_text("utf-8")
    assert sorted(code for codes in CODES.values() for code in codes if code not in page) == []
