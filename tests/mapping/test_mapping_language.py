"""The examples of docs/mapping-language.md do what the page says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from etl.canonical import nested
from etl.mapping import CodeLists, check
from etl.mapping.codes import CodeList, load_code_lists
from etl.mapping.declaration import mapping_of, schema_named
from etl.yamlfile import parse_yaml, schema_problems
from tests.mapping.documents import apply, invoice_mapping, mapping
from tests.mapping.memory import MemoryReader

PAGE = Path(__file__).parents[2] / "docs" / "mapping-language.md"
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
FIELD_EXAMPLES = next(block for block in BLOCKS if "# {company" in block)


def examples() -> list[Any]:
    """(field as written, source row, expected value) of each line of the field examples."""
    found = []
    for part in FIELD_EXAMPLES.strip().split("\n\n"):
        field, *comments = part.splitlines()
        for comment in comments:
            match = re.fullmatch(r"# (\{.*\}) (?:gives (.*)|is (refused))", comment)
            assert match, comment
            row = yaml.safe_load(match[1])
            found.append(pytest.param(field, row, match[2] or match[3], id=comment[2:]))
    return found


@pytest.mark.parametrize(("field", "row", "expected"), examples())
def test_a_field_does_what_the_page_says(field: str, row: dict[str, str], expected: str) -> None:
    name = field.partition(":")[0]
    if name == "weight":
        line = "charge_code: {const: BASE}\n      amount: {const: 1}"
        rest = f"children:\n  charge_line:\n    fields:\n      {line}\n      {field}\n"
        mapped = apply(invoice_mapping("", rest), [{}], {None: [{**row, "record": 0}]})
        got = nested(mapped.records, 0)["charge_line"][0].get(name)
    elif name == "answered_at":
        rest = "acknowledgement_no: {const: A1}\n  level: {const: syntax}\n  result: {const: A}"
        mapped = apply(mapping(f"fields:\n  {rest}\n  {field}\n", "acknowledgement"), [row])
        got = nested(mapped.records, 0).get(name)
    else:
        mapped = apply(invoice_mapping(field), [row])
        got = nested(mapped.records, 0).get(name)
    if expected == "refused":
        assert mapped.rejected.tolist() == [True]
        assert mapped.defects[0].value in row.values()
    else:
        assert mapped.defects == []
        assert got == (None if expected == "nothing" else expected)


def test_the_whole_mapping_of_the_page_is_right() -> None:
    file = parse_yaml(next(b for b in BLOCKS if b.startswith("mapping:")), "page")
    assert list(schema_problems(file, schema_named("mapping"))) == []
    lists = ("charge_codes", "reference_types")
    codes = CodeLists({name: CodeList(name, 1, name, {}, {}) for name in lists})
    declared = mapping_of(file)
    assert check(declared, MemoryReader(), codes) == []


def test_the_children_of_the_page_give_a_line_for_each_column() -> None:
    block = next(b for b in BLOCKS if b.startswith("charge_line:"))
    rest = "children:\n" + "".join(f"  {line}\n" for line in block.splitlines())
    rows = [
        {"record": 0, "freight": "10.00", "fuel": "1.5"},
        {"record": 1, "freight": "20.00", "fuel": "0.00"},
        {"record": 1},
    ]
    mapped = apply(invoice_mapping("", rest), [{}, {}], {None: rows})
    assert mapped.defects == []
    lines = mapped.records.tables["charge_line"]
    assert lines["record_id"].to_pylist() == [0, 0, 1]
    assert lines["charge_code"].to_pylist() == ["BASE", "FUEL", "BASE"]


def test_what_the_conditions_of_the_page_leave_out_is_told() -> None:
    block = next(b for b in BLOCKS if "ignore: true" in b)
    rest = "children:\n" + "".join(f"  {line}\n" for line in block.splitlines())
    examples = re.findall(r"# (\{.*\}) is (\w+)", block)
    assert len(examples) == 3
    for written, becomes in examples:
        rows = [{**yaml.safe_load(written), "record": 0}]
        mapped = apply(invoice_mapping("", rest), [{}], {None: rows})
        lines = mapped.records.tables["charge_line"].num_rows
        assert (mapped.rejected.tolist(), lines) == (
            [becomes == "refused"],
            1 if becomes == "read" else 0,
        )


def test_the_code_list_of_the_page_has_its_precedence(tmp_path: Path) -> None:
    block = next(b for b in BLOCKS if b.startswith("list:"))
    (tmp_path / "charge_codes.yaml").write_text(block, "utf-8")
    codes = load_code_lists(tmp_path)["charge_codes"]
    assert codes.value_of("020", "UPSN", "GLOBEX") == "MISC"
    assert codes.value_of("020", "UPSN") == "ADJUSTMENT"
    assert codes.value_of("020") is None
