from pathlib import Path
from textwrap import dedent

import pytest

from etl.errors import ConfigurationError
from etl.mapping.codes import CodeLists, load_code_lists


def load(tmp_path: Path, entries: str, head: str = "") -> CodeLists:
    text = f"list: charges\nversion: 1\n{head}entries:\n{dedent(entries)}"
    (tmp_path / "charges.yaml").write_text(text, "utf-8")
    return load_code_lists(tmp_path)


PRECEDENCE = r"""
- {code: X1, value: GLOBAL}
- {pattern: "X.*", value: GLOBAL_PATTERN}
- {carrier: UPSN, pattern: "X[0-9]", value: CARRIER_PATTERN}
- {carrier: UPSN, code: X1, value: CARRIER}
- {carrier: UPSN, client: GLOBEX, code: X1, value: CLIENT}
"""


@pytest.mark.parametrize(
    ("code", "carrier", "client", "expected"),
    [
        ("X1", "UPSN", "GLOBEX", "CLIENT"),
        ("X1", "UPSN", "OTHER", "CARRIER"),
        ("X1", "UPSN", None, "CARRIER"),
        ("X2", "UPSN", "GLOBEX", "CARRIER_PATTERN"),
        ("X1", "FDEG", "GLOBEX", "GLOBAL"),
        ("X1", None, None, "GLOBAL"),
        ("X22", "UPSN", None, "GLOBAL_PATTERN"),
        ("Y1", "UPSN", "GLOBEX", None),
        ("AX1", "UPSN", None, None),
    ],
)
def test_the_most_specific_entry_wins(
    tmp_path: Path, code: str, carrier: str | None, client: str | None, expected: str | None
) -> None:
    assert load(tmp_path, PRECEDENCE)["charges"].value_of(code, carrier, client) == expected


def test_no_folder_has_no_lists(tmp_path: Path) -> None:
    assert load_code_lists(tmp_path / "nowhere") == {}


@pytest.mark.parametrize(
    ("entries", "line", "expected"),
    [
        ("- {code: A, value: BSAE}", 5, "Did you mean 'BASE'?"),
        ("- {code: A, pattern: B, value: BASE}", 5, "either code or pattern"),
        ("- {value: BASE}", 5, "either code or pattern"),
        ("- {carrier: UPSN, pattern: '(', value: BASE}", 5, "a regular expression"),
        ("- {client: GLOBEX, code: A, value: BASE}", 5, "only with carrier and code"),
        ("- {code: A, value: BASE}\n- {code: A, value: FUEL}", 6, "line 5 has it already"),
        ("- {cod: A, value: BASE}", 5, "Did you mean 'code'?"),
    ],
)
def test_a_wrong_entry_is_told_with_its_line(
    tmp_path: Path, entries: str, line: int, expected: str
) -> None:
    with pytest.raises(ConfigurationError) as raised:
        load(tmp_path, entries, "values: [BASE, FUEL]\n")
    assert raised.value.problems[0].file == "mappings/codes/charges.yaml"
    assert raised.value.problems[0].line == line
    assert expected in str(raised.value)


def test_a_list_is_named_after_its_file_and_all_files_are_told(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.yaml").write_text("list: other\nversion: 1\nentries: []\n", "utf-8")
    with pytest.raises(ConfigurationError) as raised:
        load_code_lists(tmp_path)
    assert [problem.file for problem in raised.value.problems] == [
        "mappings/codes/one.yaml",
        "mappings/codes/two.yaml",
    ]
