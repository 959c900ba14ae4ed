"""Interchanges, groups and messages: their numbers, their counts, and which faults cost what."""

from __future__ import annotations

import pytest

from etl.defects import Severity
from tests.formats.edifact.interchanges import (
    BODY,
    codes,
    column,
    defects,
    group,
    interchange,
    message,
    plain,
    read,
    written,
)

THREE = [message(str(n)) for n in (1, 2, 3)]


def test_a_sound_interchange_has_no_defect() -> None:
    assert codes(plain(3)) == []


def test_messages_have_the_numbers_of_their_interchange_and_group() -> None:
    first = interchange(group(*THREE[:2], number="7"), group(THREE[2], number="8"))
    second = interchange(*THREE[:2], number="REF2")
    (chunk,) = read(written([*first, *second]))
    assert chunk.defects == ()
    assert chunk.records().lineage().to_pylist() == [
        {
            "file": 0,
            "interchange_no": i,
            "group_no": g,
            "document_no": d,
            "position": 1,
            "structure": "INVOIC D96A",
            "number_in_file": n,
        }
        for n, i, g, d in [
            (1, "REF1", "7", "1"),
            (2, "REF1", "7", "2"),
            (3, "REF1", "8", "3"),
            (4, "REF2", None, "1"),
            (5, "REF2", None, "2"),
        ]
    ]


def change(before: str, after: str) -> bytes:
    data = written(interchange(group(*THREE))).decode()
    assert data.count(before) == 1
    return data.replace(before, after).encode()


COUNT = len(BODY) + 2


@pytest.mark.parametrize(
    ("data", "code", "record", "value", "expected"),
    [
        (change("UNE+3+7", "UNE+4+7"), "UNE_COUNT", None, "4", "3"),
        (change("UNE+3+7", "UNE+3+8"), "UNE_REFERENCE", None, "8", "7"),
        (change("UNE+3+7'\n", ""), "UNE_MISSING", None, None, "UNE with control number 7"),
        (change("UNZ+1+REF1", "UNZ+3+REF1"), "UNZ_COUNT", None, "3", "1"),
        (change(f"UNT+{COUNT}+2", "UNT+X+2"), "UNT_COUNT", 1, "X", str(COUNT)),
        (change(f"UNT+{COUNT}+2", f"UNT+{COUNT}"), "UNT_REFERENCE", 1, "", "2"),
        (change("UNE+3", "RFF+BM:X'\nUNE+3"), "STRAY_SEGMENT", None, "RFF+BM:X", "UNH or UNE"),
        (change("UNZ+1+REF1'\n", "UNZ+1+REF1"), "TERMINATOR_MISSING", None, None, None),
        (change("UNZ+1+REF1'\n", "UNZ+1+REF1?'\n"), "UNZ_REFERENCE", None, None, None),
    ],
)
def test_finds_each_fault_and_reads_every_message(
    data: bytes, code: str, record: int | None, value: str | None, expected: str | None
) -> None:
    defect = next(each for each in defects(data) if each.code == code)
    assert defect.record == record
    assert value is None or defect.value == value
    assert expected is None or defect.expected == expected
    assert column(read(data), "BGM.02") == ["INV1"] * 3


def test_without_groups_the_unz_counts_messages_and_with_them_groups() -> None:
    assert codes(written(interchange(*THREE, count=2))) == ["UNZ_COUNT"]
    assert codes(written(interchange(group(*THREE), count=3))) == ["UNZ_COUNT"]
    assert codes(written(interchange(group(*THREE), group(number="8")))) == []


def test_numbers_used_twice_are_told_where_they_are_used_again() -> None:
    assert [
        (d.code, d.record, d.value) for d in defects(written(interchange(*THREE, THREE[1])))
    ] == [("DUPLICATE_UNH", 3, "2")]
    groups = interchange(group(THREE[0]), group(THREE[0]))
    assert codes(written(groups)) == ["DUPLICATE_UNG"]
    assert codes(plain() * 2) == ["DUPLICATE_UNB"] * 2


def test_segments_that_end_with_line_feeds_are_read_without_a_una_and_told() -> None:
    for end in ("\n", "\r\n"):
        data = plain(2, end).replace(b"NORDSEE LINE", b"L'EAU LINE")
        (chunk,) = read(data)
        (defect,) = chunk.defects
        assert (defect.code, defect.severity) == ("UNA_MISSING", Severity.WARN)
        assert chunk.records().column("BGM.02").to_pylist() == ["INV1", "INV2"]
        assert chunk.records().column("NAD[01=SU].04").to_pylist() == ["L'EAU LINE"] * 2
        assert codes(b"UNA:+.? " + end[:1].encode() + data) == []
    lost = plain(2).replace(b"'\nUNH+1+", b"\nUNH+1+")
    assert "UNA_MISSING" not in codes(lost)


@pytest.mark.parametrize(
    ("old", "new", "element"),
    [("250626:2115", "251326:2115", 4), ("250626:2115", "250626:9999", 4)],
)
def test_what_cannot_be_right_in_a_unb_is_warned_of(old: str, new: str, element: int) -> None:
    data = plain().replace(old.encode(), new.encode())
    (defect,) = defects(data)
    assert (defect.code, defect.position.element) == ("UNB_CONTENT", element)
    assert defect.severity is Severity.WARN


def test_a_test_is_kept_out_where_tests_are_rejected() -> None:
    data = plain().replace(b"+REF1'\nUNH", b"+REF1++++++1'\nUNH")
    assert codes(data) == []
    found = [(d.code, d.record) for d in defects(data, test="reject")]
    assert found == [("TEST_INTERCHANGE", None), ("TEST_INTERCHANGE", 0)]


def test_the_same_number_in_another_group_or_from_another_sender_is_none() -> None:
    assert codes(written(interchange(group(THREE[0]), group(THREE[0], number="8")))) == []
    other = plain().replace(b"UNB+UNOC:3+4012345000009", b"UNB+UNOC:3+4012345000016")
    assert codes(plain() + other) == []
    assert codes(plain(), plain()) == []


def test_leading_zeros_of_counts_and_numbers_do_not_matter() -> None:
    assert codes(change("UNE+3+7", "UNE+003+07")) == []


@pytest.mark.parametrize(("level", "severity"), [("warn", [Severity.WARN]), ("ignore", [])])
def test_severities_are_set_by_the_mapping(level: str, severity: list[Severity]) -> None:
    segments = interchange(THREE[0])
    for key, data in {
        "unb": written(["UNB+UNOC:3+SENDER++250626:2115+REF1", *segments[1:]]),
        "counts": change(f"UNT+{COUNT}+2", "UNT+9+2"),
        "group_counts": change("UNZ+1+REF1", "UNZ+3+REF1"),
        "references": change("UNE+3+7", "UNE+3+8"),
        "trailers": change("UNE+3+7'\n", ""),
        "junk": change("UNZ+1+REF1'\n", "UNZ+1+REF1'\nhello'\n"),
        "duplicates": written(interchange(THREE[0], THREE[0])),
    }.items():
        assert [d.severity for d in defects(data, envelope={key: level})] == severity, key


def test_trailers_without_headers_are_told() -> None:
    segments = interchange(THREE[0])
    assert codes(written([segments[0], "UNT+1+1", *segments[1:]])) == ["UNH_MISSING"]
    assert codes(written([segments[0], "UNE+1+1", *segments[1:]])) == ["UNG_MISSING"]
    assert codes(written([*segments, "UNZ+1+REF1"])) == ["UNB_MISSING"]


def test_a_message_cut_at_the_end_of_the_file_is_rejected_and_those_before_are_not() -> None:
    data = plain(3)
    found = defects(data[: data.index(b"MOA+77", data.index(b"INV3"))])
    assert [(d.code, d.record) for d in found if d.record is not None] == [
        ("UNT_MISSING", 2),
        ("MISSING_SEGMENT", 2),
    ]
    assert {d.code for d in found if d.record is None} == {"UNZ_MISSING"}
