"""Transactions as engineers write them in JSON or YAML."""

from __future__ import annotations

import json

import pytest

from etl.formats.edi.outgoing import OutgoingTransaction, SegmentValue, segment
from etl.formats.edi.writing.document_form import SCHEMA, transactions
from etl.yamlfile import parse_yaml, schema_problems

ANSWER = """\
document: "990"
version: "004010"
segments:
  - [B1, SCAC, 4711, 20261125, A]
  - [N9, CN, "0012", null, [a, b], [[a, b], [c]]]
"""


def test_elements_are_texts_components_and_repetitions() -> None:
    file = parse_yaml(ANSWER, "answer.yaml")
    assert list(schema_problems(file, SCHEMA)) == []
    [found] = transactions(file.data)
    assert found == OutgoingTransaction(
        "990",
        "004010",
        (
            segment("B1", "SCAC", "4711", "20261125", "A"),
            SegmentValue(
                "N9",
                ((("CN",),), (("0012",),), (("",),), (("a", "b"),), (("a", "b"), ("c",))),
            ),
        ),
    )


def test_numbers_stay_as_they_are_written() -> None:
    file = parse_yaml(ANSWER.replace("4711", "1.50"), "answer.yaml")
    assert transactions(file.data)[0].segments[0].elements[1] == (("1.50",),)


def test_a_file_may_have_several_transactions_and_be_json() -> None:
    one = {"document": "990", "version": "004010", "segments": [["B1", "A"]]}
    other = {**one, "number": "0009", "convention": "X"}
    file = parse_yaml(json.dumps([one, other]), "answers.json")
    assert list(schema_problems(file, SCHEMA)) == []
    assert [(each.number, each.convention) for each in transactions(file.data)] == [
        ("", ""),
        ("0009", "X"),
    ]


@pytest.mark.parametrize(
    ("before", "after", "line", "key"),
    [
        ('version: "004010"\n', "", 1, "version"),
        ('"990"', "990", 1, "document"),
        ("[B1,", "[7,", 4, "segments[0][0]"),
        ("A]", "{a: b}]", 4, "segments[0][4]"),
        ("A]", "[]]", 4, "segments[0][4]"),
        ("version", "verson", 2, "verson"),
        ("[[a, b], [c]]", "[[a, b], c]", 5, "segments[1][5]"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(before: str, after: str, line: int, key: str) -> None:
    file = parse_yaml(ANSWER.replace(before, after), "answer.yaml")
    problems = list(schema_problems(file, SCHEMA))
    assert any(each.line == line and each.key.startswith(key) for each in problems), problems
