"""Which structure a message is read by, what the lineage says of it, and a partner's deviations."""

from __future__ import annotations

from typing import Any

import pytest

from tests.formats.edifact.interchanges import (
    BODY,
    codes,
    column,
    defects,
    interchange,
    message,
    read,
    written,
)


def of(*versions: str, body: Any = BODY) -> bytes:
    """An interchange with a message in each of some versions, ``D:96A``."""
    return written(
        interchange(*(message(str(n), body, f"INVOIC:{v}:UN") for n, v in enumerate(versions)))
    )


@pytest.mark.parametrize(
    ("version", "structure"),
    [
        ("D:93A", "INVOIC D96A"),
        ("D:96A", "INVOIC D96A"),
        ("D:96B", "INVOIC D96B"),
        ("D:97B", "INVOIC D96B"),
        ("D:99B", "INVOIC D99B"),
        ("D:00A", "INVOIC D99B"),
        ("D:00B", "INVOIC D00B"),
        ("D:01B", "INVOIC D00B"),
        ("D:21B", "INVOIC D00B"),
    ],
)
def test_a_version_is_read_by_the_nearest_structure_and_the_lineage_says_which(
    version: str, structure: str
) -> None:
    (chunk,) = read(of(version))
    assert chunk.defects == ()
    assert chunk.records().lineage().column("structure").to_pylist() == [structure]
    assert column([chunk], "UNS/MOA[01.1=77].01.2") == ["207.50"]
    (interchange_,) = chunk.receipts()
    (transaction,) = interchange_.transactions
    assert (transaction.version, transaction.structure) == (
        version.replace(":", ""),
        structure[-4:],
    )


def test_messages_of_several_versions_are_read_together_each_by_its_own() -> None:
    with_quantity = [*BODY[:5], "QTY+47:3", *BODY[5:]]
    data = written(
        interchange(
            message("1", with_quantity, "INVOIC:D:00B:UN"),
            message("2"),
            message("3", with_quantity),
        )
    )
    (chunk,) = read(data)
    assert column([chunk], "RFF[01.1=BM]/QTY.01.2") == ["3", None, None]
    assert [(d.code, d.record) for d in chunk.defects] == [("MISPLACED_SEGMENT", 2)]
    assert chunk.children("LIN").record.tolist() == [0, 0, 1, 1, 2, 2]


def test_a_version_that_the_mapping_is_not_for_is_told() -> None:
    (chunk,) = read(of("D:96A", "D:01B", "D:96B"), versions=["D96A", "D01"])
    assert [(d.code, d.record, d.value) for d in chunk.defects] == [("NO_MAPPING", 2, "D96B")]
    assert chunk.records().lineage().column("structure").to_pylist() == [
        "INVOIC D96A",
        "INVOIC D00B",
        None,
    ]


@pytest.mark.parametrize("kind", ["INVOIC:D:9\x016A:UN", "INVOIC:D", "INVOIC", "INVOIC:?:D:96A"])
def test_a_garbled_version_is_not_guessed(kind: str) -> None:
    data = written(interchange(message("1"), message("2", kind=kind)))
    found = {d.record for d in defects(data) if d.code == "NO_MAPPING"}
    assert found == {1}


def test_lengths_of_a_version_of_its_own_are_those_of_its_dictionary() -> None:
    number = "N" * 36
    body = [segment.replace("BOL1", number) for segment in BODY]
    assert codes(of("D:96A", body=body)) == ["ELEMENT_TOO_LONG"]
    assert codes(of("D:00B", body=body)) == []


def test_elements_that_a_newer_version_has_are_none_too_many_where_the_version_is_only_near() -> (
    None
):
    body = [segment.replace("+380+INV1+9", "+380+INV1+9+AB+X") for segment in BODY]
    assert codes(of("D:96A", body=body)) == ["TOO_MANY_ELEMENTS"]


DEVIATIONS = [
    {
        "document": "INVOIC",
        "segments": {"LIN": ["ZZA O 2"], "UNH": ["ZZB O 1"]},
        "definitions": {"ZZA": ["an 1-10", "n 1-5"], "ZZB": ["an 1-3"]},
        "lengths": {"1154": "1-40"},
    }
]


def test_a_partner_s_own_segments_and_lengths_are_declared() -> None:
    long = "N" * 40
    body = [segment.replace("BOL1", long) for segment in BODY]
    body = [*body[:24], "ZZA+GATE 7+12", *body[24:-1], "ZZB+END", body[-1]]
    data = of("D:96A", body=body)
    assert sorted(set(codes(data))) == ["ELEMENT_TOO_LONG", "UNKNOWN_SEGMENT"]
    (chunk,) = read(data, deviations=DEVIATIONS)
    assert column([chunk], "RFF[01.1=BM].01.2") == [long]
    assert column([chunk], "ZZA.02", "LIN") == ["12", None]
    assert column([chunk], "ZZA.01", "LIN/ZZA") == ["GATE 7"]
    assert column([chunk], "ZZB.01") == ["END"]
    assert column([chunk], "UNS/MOA[01.1=77].01.2") == ["207.50"]


def test_values_of_own_segments_are_checked_too() -> None:
    body = [*BODY[:24], "ZZA+MORE THAN TEN+X", *BODY[24:]]
    data = of("D:96A", body=body)
    found = [(d.code, d.value) for d in defects(data, deviations=DEVIATIONS)]
    assert found == [("ELEMENT_TOO_LONG", "MORE THAN TEN"), ("BAD_NUMBER", "X")]


def test_deviations_hold_for_their_document_and_for_every_version() -> None:
    body = [*BODY[:24], "ZZA+A", *BODY[24:]]
    data = of("D:96A", "D:00B", body=body)
    assert codes(data, deviations=DEVIATIONS) == []
    other = [{**DEVIATIONS[0], "document": "IFTFCC"}]
    assert codes(data, deviations=other) == ["UNKNOWN_SEGMENT"] * 2


def test_codes_of_complete_lists_are_checked_and_a_partner_s_are_added() -> None:
    body = ["UCI+1+A:14+B:14+9"]
    data = written(interchange(message("1", body, "CONTRL:D:3:UN")))
    found = defects(data, document="CONTRL")
    assert [(d.code, d.value) for d in found] == [("BAD_CODE", "9")]
    more = [{"codes": {"0083": {"9": "in a way of their own"}}}]
    assert codes(data, document="CONTRL", deviations=more) == []
