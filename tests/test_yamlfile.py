from decimal import Decimal
from pathlib import Path

import pytest

from etl.errors import ConfigurationError
from etl.yamlfile import load_yaml, parse_yaml, schema_problems

SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["name"],
    "properties": {
        "name": {"type": "string"},
        "mode": {"enum": ["move", "delete"]},
        "ports": {"type": "array", "items": {"type": "integer", "minimum": 1}},
        "source": {
            "anyOf": [
                {"type": "string"},
                {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["from"],
                    "properties": {"from": {"type": "string"}, "default": {}},
                },
            ]
        },
    },
}


def problems(text: str) -> list[str]:
    return [str(p) for p in schema_problems(parse_yaml(text, "a.yaml"), SCHEMA)]


def test_scalars_keep_what_was_written() -> None:
    data = parse_yaml(
        "a: 02:30\nb: 2026-11-23\nc: 020\nd: NO\ne: 1.50\nf: 12\ng: true\nh:\ni: 1e3\n", "a.yaml"
    ).data
    assert data == {
        "a": "02:30",
        "b": "2026-11-23",
        "c": "020",
        "d": "NO",
        "e": Decimal("1.50"),
        "f": 12,
        "g": True,
        "h": None,
        "i": "1e3",
    }
    assert isinstance(data["e"], Decimal)
    assert str(data["e"]) == "1.50"


def test_syntax_error_names_file_and_line() -> None:
    with pytest.raises(ConfigurationError) as raised:
        parse_yaml("a: 1\nb: [1, 2\nc: 3\n", "jobs.yaml")
    [problem] = raised.value.problems
    assert problem.file == "jobs.yaml"
    assert problem.line == 3
    assert "valid YAML" in str(problem)


def test_duplicate_key_is_refused_with_the_line_of_the_second() -> None:
    with pytest.raises(ConfigurationError) as raised:
        parse_yaml("x:\n  a: 1\n  b: 2\n  a: 3\n", "a.yaml")
    [problem] = raised.value.problems
    assert (problem.line, problem.key) == (4, "x.a")


def test_tagged_objects_are_refused() -> None:
    with pytest.raises(ConfigurationError):
        parse_yaml("a: !!python/object/apply:os.system ['true']\n", "a.yaml")


def test_unknown_key_gets_a_suggestion() -> None:
    assert problems("name: x\nmodee: move\n") == [
        "a.yaml:2: modee: found an unknown key, expected one of name, mode, ports, source. "
        "Did you mean 'mode'?"
    ]


def test_missing_key_wrong_type_and_wrong_choice_are_all_reported() -> None:
    found = problems("mode: copy\nports: [0]\n")
    assert len(found) == 3
    assert any("a.yaml:1: name: found nothing" in line for line in found)
    assert any("mode: found 'copy', expected one of move, delete" in line for line in found)
    assert any("a.yaml:2: ports[0]: found 0, expected at least 1" in line for line in found)


def test_a_number_where_text_is_meant_says_to_quote_it() -> None:
    assert problems("name: 400\n") == [
        "a.yaml:1: name: found 400, expected text (put it in quotes)"
    ]


def test_alternatives_report_the_branch_that_was_meant() -> None:
    assert problems("name: x\nsource: {from: a, defalt: b}\n") == [
        "a.yaml:2: source.defalt: found an unknown key, expected one of from, default. "
        "Did you mean 'default'?"
    ]


def test_missing_file_and_wrong_encoding_are_configuration_errors(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="expected a readable file"):
        load_yaml(tmp_path / "none.yaml", "none.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"a: \xe4\n")
    with pytest.raises(ConfigurationError, match="byte 3 that is not UTF-8"):
        load_yaml(tmp_path / "latin.yaml", "latin.yaml")
