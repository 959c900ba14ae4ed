"""`etl edi show`, `to-json` and `from-json`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from etl.formats.edi.outgoing import OutgoingTransaction, segment
from etl.formats.edi.writing.writer import written
from tests.cli.conftest import CommandLine
from tests.formats.edi.outgoing import edifact, x12

ANSWER = OutgoingTransaction(
    "990", "004010", (segment("B1", "SCAC", "4711", "20261125", "A"), segment("N9", "CN", "12"))
)
INVOICE = OutgoingTransaction(
    "INVOIC",
    "D96A",
    (
        segment("BGM", "380", "4711", "9"),
        segment("DTM", ("137", "20261399", "102")),
        segment("NAD", "BY", ("4012345000009", "", "9")),
        segment("UNS", "S"),
        segment("MOA", ("79", "10")),
    ),
)


@pytest.fixture
def good(tmp_path: Path) -> Path:
    file = tmp_path / "good.edi"
    file.write_bytes(written(x12(ANSWER, ANSWER)))
    return file


def test_a_file_is_shown_as_a_tree_with_names_and_meanings(etl: CommandLine, good: Path) -> None:
    shown = etl("edi", "show", str(good)).stdout.splitlines()
    assert shown[0] == "interchange 000000007"
    assert "  group 1 004010" in shown
    assert [line for line in shown if "transaction 0" in line] == [
        f"    transaction 000{number} 990 004010: Answer to a load tender" for number in (1, 2)
    ]
    assert any(line.startswith("      2 B1 ") for line in shown)
    [reference, _] = [line for line in shown if line.endswith(" 12")]
    assert reference.split() == ["02", "127", "Reference", "12"]
    [kind, _] = [line for line in shown if " CN (" in line]
    assert kind.startswith("        01    128  Kind of a reference CN (")
    assert shown[-1] == "no defects"


def test_a_defect_stands_below_the_element_that_it_is_in(etl: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "bad.edi"
    file.write_bytes(written(edifact(INVOICE)).replace(b"UNT+7", b"UNT+9"))
    shown = etl("edi", "show", str(file), code=1).stdout.splitlines()
    [date] = [number for number, line in enumerate(shown) if "BAD_DATE" in line]
    assert shown[date - 2].endswith(" 20261399")
    assert shown[date].strip().startswith("^ warn BAD_DATE: ")
    assert "found '20261399'" in shown[date]
    [count] = [number for number, line in enumerate(shown) if "UNT_COUNT" in line]
    assert shown[count - 1].endswith(" 9")
    assert shown[-1] == "defects: 1 that reject and 1 that only warn"


def test_a_missing_element_is_marked_with_its_number(etl: CommandLine, good: Path) -> None:
    good.write_bytes(good.read_bytes().replace(b"N9*CN*12", b"N9**12", 1))
    shown = etl("edi", "show", str(good)).stdout
    assert "\n        ^ 01 warn MISSING_ELEMENT: " in shown


def test_brief_is_a_line_a_segment_of_one_transaction(etl: CommandLine, good: Path) -> None:
    shown = etl("edi", "show", str(good), "--brief", "--number", "0002").stdout.splitlines()
    assert [line.split()[:2] for line in shown[3:-1]] == [
        ["1", "ST"],
        ["2", "B1"],
        ["3", "N9"],
        ["4", "SE"],
    ]
    assert shown[5].endswith(" 01=CN 02=12")


def test_the_tree_is_there_for_scripts(etl: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "bad.edi"
    file.write_bytes(written(edifact(INVOICE)))
    [interchange] = etl.json("edi", "show", str(file))
    assert (interchange["kind"], interchange["label"]) == ("interchange", "7")
    message = interchange["content"][1]
    assert (message["document"], message["version"]) == ("INVOIC", "D96A")
    when = next(each for each in message["content"] if each.get("segment") == "DTM")
    [defect] = when["defects"]
    assert (defect["code"], defect["element"], defect["component"]) == ("BAD_DATE", 1, 2)


def test_what_a_partner_sent_gives_the_terminal_no_commands(etl: CommandLine, good: Path) -> None:
    good.write_bytes(good.read_bytes().replace(b"4711", b"\x1b[2J"))
    for options in ((), ("--brief",)):
        shown = etl("edi", "show", str(good), *options, code=1).stdout
        assert "\\x1b[2J" in shown
        assert "\x1b" not in shown


def test_a_partners_deviations_hold_for_what_is_shown(etl: CommandLine, good: Path) -> None:
    result = etl("edi", "show", str(good), "--partner", "nobody", code=2)
    assert "there is no partner 'nobody'" in result.output
    folder = etl.night.root / "mappings/acme-freight/partner.yaml"
    folder.write_text(
        folder.read_text("utf-8")
        + "edi:\n  read:\n    deviations:\n      - segments: {ST: [ZZD O 5]}\n"
        "        definitions: {ZZD: [AN 1-80]}\n",
        "utf-8",
    )
    good.write_bytes(good.read_bytes().replace(b"SE*4*0001", b"ZZD*hello~\nSE*5*0001"))
    assert "UNKNOWN_SEGMENT" in etl("edi", "show", str(good), code=1).stdout
    shown = etl("edi", "show", str(good), "--partner", "acme-freight").stdout
    assert "no defects" in shown
    assert "4 ZZD " in shown


def test_a_file_goes_to_json_and_back_byte_for_byte(etl: CommandLine, tmp_path: Path) -> None:
    file, form, back = (tmp_path / name for name in ("a.edi", "a.json", "b.edi"))
    file.write_bytes(b"\xef\xbb\xbf" + written(edifact(INVOICE, line_ends=False)) + b"junk\r\n")
    printed = etl("edi", "to-json", str(file)).stdout_bytes
    assert json.loads(printed)["parts"][0]["segments"][2] == ["BGM", "380", "4711", "9"]
    etl("edi", "to-json", str(file), "--out", str(form))
    assert form.read_bytes() == printed
    assert etl("edi", "from-json", str(form)).stdout_bytes == file.read_bytes()
    etl("edi", "from-json", str(form), "-o", str(back))
    assert back.read_bytes() == file.read_bytes()


@pytest.mark.parametrize("command", ["show", "to-json", "from-json"])
def test_what_is_no_edi_file_is_said(etl: CommandLine, tmp_path: Path, command: str) -> None:
    file = tmp_path / "invoices.csv"
    for content in (b"", b"a,b\n1,2\n", b"\x00\xff"):
        file.write_bytes(content)
        result = etl("edi", command, str(file), code=2)
        assert f"error: {file}" in result.output
    etl("edi", command, str(tmp_path / "nothing.edi"), code=2)


def test_a_broken_header_is_shown_as_the_defect_that_it_is(
    etl: CommandLine, tmp_path: Path
) -> None:
    file = tmp_path / "cut.edi"
    file.write_bytes(b"ISA*00*          *00")
    assert "ISA_UNREADABLE" in etl("edi", "show", str(file), code=1).stdout
    assert "the ISA segment is cut or broken" in etl("edi", "to-json", str(file), code=1).output


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('{"parts": [', "expected JSON"),
        ("[" * 100_000, "expected JSON"),
        ('{"parts": [{}]}', "parts[0].before: found nothing"),
        ("{}", "parts: found nothing"),
    ],
)
def test_json_of_another_form_is_said(
    etl: CommandLine, tmp_path: Path, content: str, expected: str
) -> None:
    file = tmp_path / "a.json"
    file.write_text(content, "utf-8")
    assert expected in etl("edi", "from-json", str(file), code=2).output


def test_a_value_that_cannot_be_written_is_said(
    etl: CommandLine, good: Path, tmp_path: Path
) -> None:
    form = json.loads(etl("edi", "to-json", str(good)).stdout)
    form["parts"][0]["segments"][3][1] = "A*B"
    file = tmp_path / "a.json"
    file.write_text(json.dumps(form), "utf-8")
    result = etl("edi", "from-json", str(file), code=1)
    assert "segment_id B1 element 1: found 'A*B'" in result.output
