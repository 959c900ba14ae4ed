"""The reference for integration engineers shows only blocks that can be read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from etl.formats import format_named
from etl.formats.delimited.declaration import KEYS as CSV_KEYS

EDI_KEYS = ("document", "versions", "row", "charset", "envelope", "structure", "deviations")

PAGE = (Path(__file__).parents[2] / "docs" / "formats.md").read_text(encoding="utf-8")
EXAMPLES = [
    document
    for block in re.findall(r"^```yaml\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    for document in yaml.safe_load_all(block)
]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["source"]["format"])
def test_each_source_block_shown_is_accepted(example: dict[str, Any]) -> None:
    reader = format_named(example["source"]["format"]).reader(example["source"])
    for child in example.get("children", {}).values():
        reader.check_row(child["row"])
        for path in child["fields"].values():
            reader.check_path(path, child["row"])


def test_every_format_is_shown() -> None:
    assert {example["source"]["format"] for example in EXAMPLES} == {
        "csv",
        "edifact",
        "records",
        "x12",
        "xml",
    }


@pytest.mark.parametrize("key", [*CSV_KEYS, *EDI_KEYS, "namespaces", "max_record_mb", "record"])
def test_every_key_is_described(key: str) -> None:
    assert f"| `{key}` |" in PAGE
