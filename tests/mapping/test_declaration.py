from pathlib import Path

import pytest

from etl.errors import ConfigurationError
from etl.mapping import load_mapping

GOOD = """\
mapping: acme/orders
version: 3
record: freight_invoice
source: {format: csv}
fields:
  invoice_no: number
"""


def load(tmp_path: Path, text: str) -> list[str]:
    (tmp_path / "acme").mkdir(exist_ok=True)
    path = tmp_path / "acme" / "orders.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigurationError) as raised:
        load_mapping(path, "mappings/acme/orders.yaml")
    return [str(problem) for problem in raised.value.problems]


def test_a_mapping_is_loaded_with_name_and_version(tmp_path: Path) -> None:
    (tmp_path / "acme").mkdir()
    path = tmp_path / "acme" / "orders.yaml"
    path.write_text(GOOD, "utf-8")
    mapping = load_mapping(path, "orders.yaml")
    assert (mapping.label, mapping.record, mapping.source["format"]) == (
        "acme/orders@3",
        "freight_invoice",
        "csv",
    )


@pytest.mark.parametrize(
    ("old", "new", "line", "expected"),
    [
        ("mapping: acme/orders", "mapping: acme/other", 1, "acme/orders"),
        ("version: 3", "version: three", 2, "a whole number from 1"),
        ("source: {format: csv}", "source: {}", 4, "the format, such as x12 or csv"),
        ("invoice_no: number", "invoice_no: {form: number}", 6, "Did you mean 'from'?"),
        ("invoice_no: number", "invoice_no: {from: n, text: uper}", 6, "Did you mean 'upper'?"),
        ("invoice_no: number", "invoice_no: [a, b]", 6, "a path, or a mapping"),
        ("invoice_no: number", "invoice_no: a\n  invoice_no: b", 7, "each key once"),
        ("invoice_no: number", "invoice_no: a\nchecks: [{rule: total}]", 7, "a reason"),
        ("invoice_no: number", "invoice_no: {from: n, decimal: {komma: true}}", 6, "comma"),
    ],
)
def test_a_wrong_form_is_told_with_line_and_what_is_expected(
    tmp_path: Path, old: str, new: str, line: int, expected: str
) -> None:
    told = load(tmp_path, GOOD.replace(old, new))
    assert told[0].startswith(f"mappings/acme/orders.yaml:{line}:")
    assert expected in told[0]
