from pathlib import Path

import pytest

from etl.config.load import load_project
from etl.errors import ConfigurationError
from etl.formats.edi.acknowledging.verdict import Verdict, result_of
from etl.jobs.edi_check import acknowledged, check_file, report, rules_of
from tests.formats.edi.answers import NOW
from tests.formats.edifact import invoices
from tests.formats.x12 import interchanges as x12
from tests.formats.x12.test_faults import FAULTS
from tests.night import Night


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "a.edi"


def test_each_defect_is_told_once_where_it_belongs(file: Path) -> None:
    file.write_bytes(FAULTS["SE count"].data.replace(b"GE*3", b"GE*4") + b"JUNK~")
    told = report(check_file(file, {}))
    [interchange] = told["interchanges"]
    [group] = interchange["groups"]
    assert (told["syntax"], interchange["sender"]) == ("x12", "02:ACLT")
    assert [each["code"] for each in told["defects"]] == ["JUNK"]
    assert interchange["defects"] == []
    assert [each["code"] for each in group["defects"]] == ["GE_COUNT"]
    assert [each["result"] for each in group["transactions"]] == [
        Verdict.ACCEPTED,
        Verdict.REJECTED,
        Verdict.ACCEPTED,
    ]
    [defect] = group["transactions"][1]["defects"]
    assert defect["position"] == {
        "file": "a.edi",
        "interchange": "000000001",
        "group": "1",
        "document": "0002",
        "segment": 22,
        "segment_id": "SE",
        "element": 1,
        "byte_offset": file.read_bytes().index(b"21*0002"),
    }


def test_a_file_is_read_by_a_partners_severities(file: Path) -> None:
    file.write_bytes(FAULTS["SE count"].data)
    [interchange] = check_file(file, {"envelope": {"counts": "warn"}}).interchanges
    assert result_of(interchange) is Verdict.ERRORS
    [interchange] = check_file(file, {"envelope": {"counts": "ignore"}}).interchanges
    assert result_of(interchange) is Verdict.ACCEPTED


def test_the_rules_are_those_of_partner_yaml(night: Night, file: Path) -> None:
    declared = night.root / "mappings" / "acme-freight" / "partner.yaml"
    with declared.open("a", encoding="utf-8") as text:
        text.write("\nedi: {read: {envelope: {counts: warn, unb: reject}, charset: cp1252}}\n")
    project = load_project(night.root, None, {})
    rules = rules_of(project, "acme-freight")
    assert rules == {
        "envelope": {"counts": "warn", "unb": "reject"},
        "charset": "cp1252",
        "test": "warn",
    }
    file.write_bytes(FAULTS["SE count"].data)
    assert not check_file(file, rules).rejecting
    with pytest.raises(ConfigurationError, match="Did you mean 'acme-freight'"):
        rules_of(project, "acme-frieght")


def test_junk_behind_it_is_told_with_the_last_interchange(file: Path) -> None:
    file.write_bytes(x12.plain(1) + b"JUNK~")
    assert b"TA1*000000001*250626*2115*E*022~" in acknowledged(
        check_file(file, {}), (), number=1, created=NOW
    )


def test_several_interchanges_get_numbers_that_count_on(file: Path) -> None:
    other = x12.plain(1).replace(b"000000001", b"000000002")
    file.write_bytes(x12.plain(1) + other)
    content = acknowledged(check_file(file, {}), ["997"], number=41, created=NOW)
    assert content.count(b"IEA*1*000000041~") == 1
    assert content.count(b"IEA*1*000000042~") == 1


def test_an_application_acknowledgement_tells_what_the_check_found(file: Path) -> None:
    file.write_bytes(invoices.plain(2).replace(b"UNT+17+2", b"UNT+16+2"))
    content = acknowledged(check_file(file, {}), ["APERAK"], number=1, created=NOW).decode()
    assert content.count("BGM++1+6'") == 1
    assert content.count("BGM++2+27'") == 1
    assert "UNT_COUNT?: segment 17 UNT element 1?: " in content


def test_kinds_of_the_other_syntax_are_refused(file: Path) -> None:
    file.write_bytes(invoices.plain(1))
    with pytest.raises(ConfigurationError, match=r"997: a\.edi is edifact"):
        acknowledged(check_file(file, {}), ["997"], number=1, created=NOW)


@pytest.mark.parametrize("content", [b"", b"a;b;c\n1;2;3\n"])
def test_a_file_of_neither_syntax_is_refused(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(ConfigurationError, match="neither X12 nor EDIFACT"):
        check_file(file, {})


def test_an_unreadable_header_is_told_and_nobody_is_answered(file: Path) -> None:
    file.write_bytes(x12.plain(1)[:40])
    checked = check_file(file, {})
    assert [defect.code for defect in checked.others] == ["ISA_UNREADABLE"]
    assert checked.rejecting
    assert acknowledged(checked, (), number=1, created=NOW) == b""
