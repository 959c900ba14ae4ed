from pathlib import Path

import pytest

from tests.cli.conftest import CommandLine
from tests.formats.edifact import invoices
from tests.formats.x12 import interchanges as x12
from tests.formats.x12.test_faults import FAULTS


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "a.edi"


def test_a_sound_file_ends_with_0(etl: CommandLine, file: Path) -> None:
    file.write_bytes(x12.plain(1))
    assert etl("edi", "check", str(file)).stdout.splitlines() == [
        "interchange 000000001 from 02:ACLT to ZZ:SHIPPER: accepted",
        "  group 1: accepted",
        "    0001  210 004010, 22 segments: accepted",
        "a.edi: no defects",
    ]


def test_defects_are_shown_with_their_places_and_end_with_1(etl: CommandLine, file: Path) -> None:
    file.write_bytes(FAULTS["SE count"].data)
    shown = etl("edi", "check", str(file), code=1).stdout
    at = file.read_bytes().index(b"21*0002")
    assert f"      reject SE_COUNT at segment 22 SE, element 1, byte {at}: SE01 does not" in shown
    assert "        found '21', expected 22" in shown
    assert "a.edi: defects: 1 that reject" in shown


def test_warnings_alone_end_with_0(etl: CommandLine, file: Path) -> None:
    file.write_bytes(FAULTS["bad date"].data)
    shown = etl("edi", "check", str(file)).stdout
    assert "a.edi: defects: 1 that only warn" in shown


def test_edifact_is_told_from_the_bytes(etl: CommandLine, file: Path) -> None:
    file.write_bytes(invoices.plain(1))
    told = etl.json("edi", "check", str(file))
    assert told["syntax"] == "edifact"
    [group] = told["interchanges"][0]["groups"]
    assert group["transactions"][0]["structure"] == "D96A"


def test_a_structure_of_another_version_is_named(etl: CommandLine, file: Path) -> None:
    file.write_bytes(x12.plain(1).replace(b"*004010~", b"*004030~"))
    assert "210 004030 (read as 004010)" in etl("edi", "check", str(file)).stdout


def test_control_characters_of_a_file_do_not_reach_the_terminal(
    etl: CommandLine, file: Path
) -> None:
    file.write_bytes(FAULTS["control character"].data)
    shown = etl("edi", "check", str(file), code=1).stdout
    assert "\x01" not in shown


def test_an_unknown_partner_and_a_missing_file_end_with_2(etl: CommandLine, file: Path) -> None:
    etl("edi", "check", str(file), code=2)
    file.write_bytes(x12.plain(1))
    assert "no partner" in etl("edi", "check", str(file), "--partner", "nobody", code=2).output


def test_the_acknowledgement_is_printed_or_written(etl: CommandLine, file: Path) -> None:
    file.write_bytes(FAULTS["SE count"].data)
    printed = etl("edi", "ack", str(file), "--number", "17").stdout
    assert "AK5*R*4~" in printed
    assert "IEA*1*000000017~" in printed
    out = file.with_name("answer.edi")
    written = etl("edi", "ack", str(file), "--kind", "999", "--kind", "TA1", "--out", str(out))
    assert f"{out}: {out.stat().st_size} bytes" in written.stderr
    assert b"IK5*R*4~" in out.read_bytes()
    assert b"TA1*000000001*250626*2115*A*000~" in out.read_bytes()


def test_an_acknowledgement_is_not_acknowledged(etl: CommandLine, file: Path) -> None:
    file.write_bytes(x12.plain(1))
    answer = file.with_name("answer.edi")
    etl("edi", "ack", str(file), "--out", str(answer))
    result = etl("edi", "ack", str(answer))
    assert result.stdout == ""
    assert "nothing to acknowledge" in result.stderr
