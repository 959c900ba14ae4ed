"""Each fault of an envelope is found once, at its place, and costs only what it must."""

import pytest

from etl.defects import Severity
from tests.formats.x12.interchanges import (
    BODY,
    codes,
    column,
    defects,
    group,
    interchange,
    plain,
    read,
    transaction,
    written,
)

THREE = [transaction(f"{n:04d}") for n in (1, 2, 3)]


def test_a_sound_interchange_has_no_defect() -> None:
    assert codes(plain(3)) == []


def test_several_groups_and_interchanges_are_read_in_order_with_their_numbers() -> None:
    first = interchange(group(*THREE[:2], number="7"), group(THREE[2], number="8"))
    second = interchange(group(THREE[0], number="7"), number="000000002")
    (chunk,) = read(written([*first, *second]))
    assert chunk.defects == ()
    assert chunk.records().lineage().to_pylist() == [
        {
            "file": 0,
            "interchange_no": i,
            "group_no": g,
            "document_no": d,
            "position": 1,
            "structure": "210 004010",
            "number_in_file": n,
        }
        for n, i, g, d in [
            (1, "000000001", "7", "0001"),
            (2, "000000001", "7", "0002"),
            (3, "000000001", "8", "0003"),
            (4, "000000002", "7", "0001"),
        ]
    ]


def test_a_wrong_segment_count_rejects_that_transaction_only() -> None:
    data = written(interchange(group(THREE[0], transaction("0002", count=21), THREE[2])))
    (defect,) = defects(data)
    assert (defect.code, defect.record, defect.value) == ("SE_COUNT", 1, "21")
    assert defect.expected == str(len(BODY) + 2)
    at = defect.position
    assert (at.interchange, at.group, at.document) == ("000000001", "1", "0002")
    assert (at.segment, at.segment_id, at.element) == (len(BODY) + 2, "SE", 1)
    assert at.byte_offset == data.index(b"SE*21*0002") + 3
    assert column(read(data), "B3.02") == ["INV1"] * 3


def change(before: str, after: str) -> bytes:
    data = written(interchange(group(*THREE))).decode()
    assert data.count(before) == 1
    return data.replace(before, after).encode()


@pytest.mark.parametrize(
    ("data", "code", "record", "value", "expected"),
    [
        (change("SE*22*0002", "SE*22*0009"), "SE_REFERENCE", 1, "0009", "0002"),
        (change("SE*22*0002", "SE*22"), "SE_REFERENCE", 1, "", "0002"),
        (change("SE*22*0002", "SE*X*0002"), "SE_COUNT", 1, "X", "22"),
        (change("SE*22*0002~\n", ""), "SE_MISSING", 1, None, "SE with number 0002"),
        (change("GE*3*1", "GE*4*1"), "GE_COUNT", None, "4", "3"),
        (change("GE*3*1", "GE*3*2"), "GE_REFERENCE", None, "2", "1"),
        (change("GE*3*1~\n", ""), "GE_MISSING", None, None, "GE with control number 1"),
        (change("IEA*1*000000001", "IEA*2*000000001"), "IEA_COUNT", None, "2", "1"),
        (
            change("IEA*1*000000001", "IEA*1*000000002"),
            "IEA_REFERENCE",
            None,
            "000000002",
            "000000001",
        ),
        (
            change("IEA*1*000000001~\n", ""),
            "IEA_MISSING",
            None,
            None,
            "IEA with control number 000000001",
        ),
        (change("IEA*1*000000001~\n", "IEA*1*000000001~\nhello~\n"), "JUNK", None, "hello", None),
        (change("IEA*1*000000001~\n", "IEA*1*000000001~\nhello"), "JUNK", None, "hello", None),
        (change("GE*3*1~\n", "N9*BM*X~\nGE*3*1~\n"), "STRAY_SEGMENT", None, "N9*BM*X", "ST or GE"),
        (change("IEA*1*000000001~\n", "IEA*1*000000001"), "TERMINATOR_MISSING", None, None, None),
    ],
)
def test_finds_each_fault_once(
    data: bytes, code: str, record: int | None, value: str | None, expected: str | None
) -> None:
    (defect,) = defects(data)
    assert (defect.code, defect.record, defect.value) == (code, record, value)
    assert expected is None or defect.expected == expected
    assert len(column(read(data), "B3.02")) == 3


def test_a_number_used_twice_in_a_group_rejects_the_second_one() -> None:
    again = written(interchange(group(THREE[0], THREE[1], THREE[0]), group(THREE[0], number="2")))
    assert [(d.code, d.record, d.value) for d in defects(again)] == [("DUPLICATE_ST", 2, "0001")]


def test_group_and_interchange_numbers_used_twice_are_told() -> None:
    groups = interchange(group(THREE[0]), group(THREE[1]))
    assert codes(written(groups)) == ["DUPLICATE_GS"]
    once = interchange(group(THREE[0]))
    assert codes(written([*once, *once])) == ["DUPLICATE_ISA"] * 2


def test_an_interchange_that_comes_twice_is_taken_once() -> None:
    once = written(interchange(group(*THREE)))
    (chunk,) = read(once * 2)
    twice = [(d.code, d.record) for d in chunk.defects]
    assert twice == [("DUPLICATE_ISA", each) for each in (None, 3, 4, 5)]
    assert {d.severity for d in chunk.defects} == {Severity.REJECT}
    (warned,) = defects(once * 2, envelope={"duplicates": "warn"})
    assert (warned.code, warned.record) == ("DUPLICATE_ISA", None)


def test_350_releases_a_bill_by_its_number_without_a_container() -> None:
    body = ["M10*NPLX*O*NO*9321483*NORDKAP*112E", "P4*2704*20261118"]
    body += ["X4*1A**20261118*1200**1*OB*NPLX*BILL1"]
    segments = ["ST*350*0001", *body, f"SE*{len(body) + 2}*0001"]
    data = written(interchange(group(segments))).replace(b"GS*IM", b"GS*SO")
    assert [d for d in defects(data, document="350") if d.severity is Severity.REJECT] == []


@pytest.mark.parametrize(
    ("old", "new", "code", "element"),
    [
        ("*250626*2115*U", "*251326*2115*U", "ISA_CONTENT", 9),
        ("*250626*2115*U", "*250626*9999*U", "ISA_CONTENT", 10),
        ("*U*00401*", "*U*10401*", "ISA_CONTENT", 12),
        ("*00401*000000001*0*", "*00401*000000001*7*", "ISA_CONTENT", 14),
        ("*0*P*>", "*0*Q*>", "ISA_CONTENT", 15),
        ("*20250626*2115*1*X*", "*99999999*2115*1*X*", "GS_CONTENT", 4),
        ("*20250626*2115*1*X*", "*20250626*9999*1*X*", "GS_CONTENT", 5),
        ("*20250626*2115*1*X*", "*20250626*2115*1*Q*", "GS_CONTENT", 7),
        ("GS*IM*", "GS*QM*", "GS_CONTENT", 1),
    ],
)
def test_what_cannot_be_right_in_the_headers_is_warned_of(
    old: str, new: str, code: str, element: int
) -> None:
    data = change(old, new)
    (defect,) = defects(data)
    assert (defect.code, defect.position.element) == (code, element)
    assert defect.severity is Severity.WARN
    assert codes(data, envelope={"isa": "ignore"}) == []


@pytest.mark.parametrize("version", ["004060", "004030"])
def test_an_unknown_segment_only_warns_where_a_nearby_version_stands_in(version: str) -> None:
    body = ["NM1*DO*1*SMITH"]
    data = written(interchange(group(transaction("0001", [*BODY, *body]), version=version)))
    (defect,) = defects(data)
    assert (defect.code, defect.severity) == ("UNKNOWN_SEGMENT", Severity.WARN)
    assert version in defect.message
    (defect,) = defects(data.replace(version.encode(), b"004010"))
    assert (defect.code, defect.severity) == ("UNKNOWN_SEGMENT", Severity.REJECT)
    deviations = [{"segments": {"ST": ["NM1 O 9"]}, "definitions": {"NM1": ["AN 1-60"] * 3}}]
    (chunk,) = read(data, deviations=deviations)
    assert chunk.records().column("NM1.03").to_pylist() == ["SMITH"]
    assert list(chunk.defects) == []


@pytest.mark.parametrize(
    ("test", "found"),
    [
        ("accept", []),
        ("warn", [("TEST_INTERCHANGE", None, Severity.WARN)]),
        ("reject", [("TEST_INTERCHANGE", each, Severity.REJECT) for each in (None, 0, 1, 2)]),
    ],
)
def test_a_test_is_taken_told_or_kept_out(test: str, found: list[object]) -> None:
    data = change("*0*P*>", "*0*T*>")
    assert [(d.code, d.record, d.severity) for d in defects(data, test=test)] == found
    assert codes(change("*0*P*>", "*0*P*>"), test="reject") == []


def test_the_same_numbers_in_another_file_are_no_duplicates() -> None:
    (chunk,) = read(plain(2), plain(2))
    assert len(chunk.records()) == 4
    assert chunk.defects == ()


def test_leading_zeros_of_counts_and_numbers_do_not_matter() -> None:
    assert codes(change("GE*3*1~", "GE*003*0001~")) == []


@pytest.mark.parametrize(("level", "severity"), [("warn", [Severity.WARN]), ("ignore", [])])
def test_severities_are_set_by_the_mapping(level: str, severity: list[Severity]) -> None:
    for key, data in {
        "counts": change("SE*22*0002", "SE*23*0002"),
        "group_counts": change("IEA*1*000000001", "IEA*2*000000001"),
        "references": change("GE*3*1", "GE*3*2"),
        "trailers": change("GE*3*1~\n", ""),
        "junk": change("IEA*1*000000001~\n", "IEA*1*000000001~\nhello~\n"),
        "duplicates": written(interchange(group(THREE[0], THREE[0]))),
    }.items():
        assert [d.severity for d in defects(data, envelope={key: level})] == severity, key


def test_a_transaction_cut_at_the_end_of_the_file_is_rejected_and_those_before_are_not() -> None:
    data = plain(3)
    cut = data[: data.index(b"L3*", data.index(b"INV3"))]
    found = defects(cut)
    assert [(d.code, d.record) for d in found if d.record is not None] == [("SE_MISSING", 2)]
    assert {d.code for d in found if d.record is None} == {"GE_MISSING", "IEA_MISSING"}
    assert column(read(cut), "B3.02") == ["INV1", "INV2", "INV3"]


def test_a_file_cut_inside_a_segment_says_so() -> None:
    data = plain(1)
    found = defects(data[: data.index(b"L3*120") + 5])
    broken = {"SE_MISSING", "TRUNCATED", "GE_MISSING", "IEA_MISSING"}
    assert {d.code for d in found if d.severity == "reject"} == broken


def test_trailers_without_headers_are_told() -> None:
    segments = interchange(group(THREE[0]))
    assert codes(written([*segments[:2], "SE*1*0001", *segments[2:]])) == ["ST_MISSING"]
    without_gs = [segments[0], *segments[2:]]
    assert codes(written(without_gs)) == ["GS_MISSING", "IEA_COUNT", "GS_MISSING"]
    assert codes(written([*segments, "IEA*1*000000001"])) == ["ISA_MISSING"]


def test_ta1_stands_outside_of_groups() -> None:
    segments = interchange(group(THREE[0]))
    segments.insert(1, "TA1*000000001*250626*2115*A*000")
    assert codes(written(segments)) == []


def test_numbers_of_any_length_are_compared() -> None:
    long = "1" * 5000
    # more than nine digits are no GS06, and are compared all the same
    assert codes(written(interchange(group(THREE[0], number=long)))) == ["GS_CONTENT"]
    same = written(interchange(group(THREE[0], number=long)))
    other = same.replace(f"GE*1*{long}".encode(), f"GE*1*{long}2".encode())
    assert "GE_REFERENCE" in codes(other)
    assert "GE_REFERENCE" not in codes(
        same.replace(f"GE*1*{long}".encode(), f"GE*1*00{long}".encode())
    )
