"""Paths and row declarations are read, or refused with what would be right."""

import pytest

from etl.formats.edifact import FORMAT
from etl.raw import DeclarationError
from tests.formats.edifact.interchanges import BODY, column, interchange, message, read, written

READER = FORMAT.reader({"format": "edifact", "document": "INVOIC", "versions": ["D96A"]})


@pytest.mark.parametrize(
    ("path", "row"),
    [
        ("BGM.02", None),
        ("BGM.01.1", None),
        ("UNH.02.3", None),
        ("UNT.01", None),
        ("DTM[01.1=137].01.2", None),
        ("NAD[01=SU]/RFF[01.1=VA].01.2", None),
        ("NAD[01=BY|IV][02.3=9].02", None),
        ("UNS/MOA[01.1=77].01.2", None),
        ("UNS/TAX/MOA[01.1=124].01.2", None),
        ("LIN/MOA[01.1=203].01.2", None),
        ("LIN.01", "LIN"),
        ("ALC/MOA[01.1=8].01.2", "LIN"),
        ("LIN/RFF[01.1=CN].01.2", "LIN/ALC"),
        ("UNH/BGM.02", "LIN/ALC"),
        ("UNB.02.1", None),
        ("UNG.05", "LIN"),
    ],
)
def test_reads(path: str, row: str | None) -> None:
    READER.check_path(path, row)


@pytest.mark.parametrize(
    ("path", "row", "expected"),
    [
        ("BGM", None, "BGM.02"),
        ("BGM.02.0", None, "from 1 on"),
        ("bgm.02", None, "like N1"),
        ("QTY.01.2", None, "QTY stands in ALC, LIN"),
        ("BGX.02", None, "one of BGM, DTM"),
        ("BGM/DTM.01.2", None, "starts a loop"),
        ("DTM[137].01.2", None, "[01=BT]"),
        ("CNT.01.2", None, "CNT stands in UNS"),
        ("MOA.01.2", "LIN/QTY", "LIN/MOA"),
    ],
)
def test_refuses_and_says_what_would_be_right(path: str, row: str | None, expected: str) -> None:
    with pytest.raises(DeclarationError) as raised:
        READER.check_path(path, row)
    assert raised.value.key == path
    assert expected in raised.value.expected


@pytest.mark.parametrize("row", ["LIN", "LIN/ALC", "LIN/ALC[01=C]/MOA", "UNS/MOA", "NAD/RFF"])
def test_takes_row(row: str) -> None:
    READER.check_row(row)


@pytest.mark.parametrize("row", [None, "", "MOA", "LIN/", "LIN/BGM", "NAD[01]", "LIN.01", "CNT"])
def test_refuses_row(row: str | None) -> None:
    with pytest.raises(DeclarationError):
        READER.check_row(row)


def test_a_path_has_to_be_in_one_of_the_versions_that_are_read() -> None:
    every = FORMAT.reader({"format": "edifact", "document": "INVOIC"})
    every.check_path("RFF/QTY.01.2")
    with pytest.raises(DeclarationError):
        READER.check_path("RFF/QTY.01.2")


def test_an_element_without_a_component_is_its_first_one() -> None:
    chunks = read(written(interchange(message())))
    assert column(chunks, "DTM.01") == column(chunks, "DTM.01.1") == ["137"]
    assert column(chunks, "NAD[01=SU].02") == ["4012345000009"]
    assert column(chunks, "NAD[01=SU].02.3") == ["9"]
    assert column(chunks, "NAD[01=SU].02.2") == [None]
    assert column(chunks, "UNH.02") == ["INVOIC"]
    assert column(chunks, "UNH.02.3") == ["96A"]
    assert column(chunks, "UNB.02.1") == column(chunks, "UNB.02") == ["4012345000009"]
    assert column(chunks, "UNB.02.2") == ["14"]
    assert column(chunks, "UNB.05") == ["REF1"]
    assert column(chunks, "UNG.02.1") == [None]


def test_conditions_compare_components_and_all_must_hold() -> None:
    chunks = read(written(interchange(message())))
    assert column(chunks, "DTM[01.1=35].01.2") == ["20250621"]
    assert column(chunks, "DTM[01=35|137].01.2") == ["20250626"]
    assert column(chunks, "DTM[01.1=137][01.3=102].01.2") == ["20250626"]
    assert column(chunks, "DTM[01.1=137][01.3=203].01.2") == [None]
    assert column(chunks, "DTM[01.1=13].01.2") == [None]


def test_the_first_segment_that_fits_gives_the_value() -> None:
    body = [*BODY[:7], "NAD+SU+1::9++FIRST", "RFF+VA:OF FIRST", *BODY[6:]]
    body[6:7] = []
    chunks = read(written(interchange(message(body=body))))
    assert column(chunks, "NAD[01=SU].04") == ["FIRST"]
    assert column(chunks, "NAD[01=SU]/RFF.01.2") == ["OF FIRST"]


def test_values_of_the_envelope_have_no_release_characters() -> None:
    segments = interchange(message())
    segments[0] = "UNB+UNOC:3+A?:B?+C:14:X??+RECEIVER+250626:2115+REF1"
    chunks = read(written(segments))
    assert column(chunks, "UNB.02") == ["A:B+C"]
    assert column(chunks, "UNB.02.2") == ["14"]
    assert column(chunks, "UNB.02.3") == ["X?"]
    assert column(chunks, "UNB.02.4") == [None]
