"""Separators of any byte: a separator is a byte, not a character of the charset."""

from __future__ import annotations

import json
from io import BytesIO

import pytest

from etl.defects import Severity
from etl.formats.edi.acknowledging.acknowledgements import usual_kinds
from etl.formats.edi.as_json.files import from_json, to_json
from etl.formats.edi.detection import syntax_of
from etl.formats.edi.reading.declaration import declaration_of
from etl.formats.edi.syntax import Syntax
from etl.formats.edi.viewing.walk import walk
from etl.formats.edi.writing.writer import written
from etl.formats.edifact.syntax import EDIFACT
from etl.formats.x12.syntax import X12
from tests.formats.edi.answers import outgoing, received
from tests.formats.edifact import interchanges as edifact
from tests.formats.x12 import interchanges as x12

LETTERS = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz ")


def x12_with(element: int, component: int, terminator: int) -> bytes:
    marks = bytes.maketrans(b"*>~", bytes((element, component, terminator)))
    return x12.plain(terminator="~").translate(marks)


def edifact_with(
    component: int = ord(":"),
    element: int = ord("+"),
    release: int = ord("?"),
    terminator: int = ord("'"),
    body: tuple[str, ...] = edifact.BODY,
) -> bytes:
    marks = bytes((component, element, release, terminator))
    una = b"UNA" + bytes((component, element, ord("."), release, ord(" "), terminator))
    return una + edifact.plain(end="'", body=body).translate(bytes.maketrans(b":+?'", marks))


def looked_at(data: bytes, syntax: Syntax, **source: object) -> None:
    """Everything that shows or answers a file; whatever stands in it, none of that may fail."""
    interchanges, _ = received(data, syntax.name, **source)
    for one in interchanges:
        for reply in outgoing(one, usual_kinds(one)):
            again, defects = received(written(reply), syntax.name)
            assert [each.number for each in again] == ["000000001" if syntax is X12 else "1"]
            assert not [each for each in defects if each.severity is Severity.REJECT]
    structures = declaration_of(syntax, {}).structures
    list(walk(BytesIO(data), structures))
    assert from_json(json.loads("".join(to_json(data, syntax)))) == data


@pytest.mark.parametrize("terminator", [0x85, 0xA7, 0xFF, 0x80, 0xC9])
@pytest.mark.parametrize("source", [{}, {"charset": "iso-8859-1"}, {"charset": "cp1252"}])
def test_segments_of_x12_end_with_any_byte(terminator: int, source: dict[str, str]) -> None:
    data = x12_with(ord("*"), ord(">"), terminator)
    chunks = x12.read(data, **source)
    assert [defect for chunk in chunks for defect in chunk.defects] == []
    assert x12.column(chunks, "B3.02") == ["INV1"]
    assert x12.column(chunks, "L1.08", "LX/L1") == ["400", "FUE", "LFT"]
    looked_at(data, X12, **source)


def test_a_charset_beside_a_separator_beyond_ascii_keeps_its_letters() -> None:
    data = x12.written(x12.interchange(x12.group(x12.transaction())), "~")
    data = data.replace(b"ACME", "ÄCMÉ".encode("latin-1")).replace(b"~", b"\xa7")
    chunks = x12.read(data, charset="iso-8859-1")
    assert x12.column(chunks, "N1[01=BT].02") == ["ÄCMÉ"]
    (defect,) = x12.defects(data.replace(b"SE*22", b"SE*23"), charset="iso-8859-1")
    assert (defect.code, defect.position.byte_offset) == ("SE_COUNT", data.index(b"SE*22") + 3)


def test_the_bytes_of_utf8_letters_collide_with_a_separator_and_are_told() -> None:
    data = x12_with(ord("*"), ord(">"), 0xA7).replace(b"ACME", "FRANÇAIS ç".encode())
    assert "UNDECODABLE" in x12.codes(data)


def test_a_letter_that_looks_like_a_separator_of_another_byte_is_told() -> None:
    # in ISO 8859-5 the sign § is 0xFD, and 0xA7 is another letter
    data = x12_with(ord("*"), ord(">"), 0xA7).replace(b"ACME", b"AC\xfdE")
    assert x12.codes(data, charset="iso-8859-5") == ["UNDECODABLE"]


@pytest.mark.parametrize(
    "byte", [*range(0x31), 0x3E, 0x41, 0x5A, 0x7A, 0x7E, 0x7F, *range(0x80, 256, 9)]
)
def test_any_byte_is_an_element_separator_of_x12_or_refused(byte: int) -> None:
    data = x12_with(byte, ord(">"), ord("~"))
    refused = byte in LETTERS or byte in b"\r\n~>"
    if refused:
        (defect,) = x12.defects(data)
        assert defect.code in ("ISA_UNREADABLE", "NOT_X12")
        assert defect.severity is Severity.REJECT
        return
    chunks = x12.read(data)
    # a separator that also stands in the data cuts it, which the counts and the elements tell
    if bytes((byte,)) not in x12.plain(terminator="~").translate(None, b"*"):
        assert [defect for chunk in chunks for defect in chunk.defects] == []
        assert x12.column(chunks, "N9[01=CN].07", "LX") == ["ZZ>MX", None]
    looked_at(data, X12)


@pytest.mark.parametrize("byte", [0x7F, 0x80, 0x85, 0xA0, 0xA7, 0xAD, 0xC3, 0xE9, 0xF8, 0xFB, 0xFF])
@pytest.mark.parametrize("role", ["component", "element", "release", "terminator"])
def test_any_byte_beyond_ascii_is_a_separator_of_edifact(role: str, byte: int) -> None:
    body = tuple(line.replace("NORDSEE LINE", "NORD?+SEE ?:?'??") for line in edifact.BODY)
    data = edifact_with(**{role: byte}, body=body)  # type: ignore[arg-type]
    chunks = edifact.read(data)
    assert edifact.column(chunks, "BGM.02") == ["INV1"]
    assert edifact.column(chunks, "LIN/MOA[01=203].01.2", "LIN") == ["150.00", "25.50"]
    own = {"component": ":", "element": "+", "terminator": "'", "release": "?"}
    shown = "NORD+SEE :'?".replace(own[role], chr(byte))
    assert edifact.column(chunks, "NAD[01=SU].04") == [shown]
    # released, 0x80 to 0x9F are part of a value and no letters of Latin-1
    released = ["SUSPECT_CHARSET"] if 0x80 <= byte < 0xA0 else []
    assert [defect.code for chunk in chunks for defect in chunk.defects] == released
    looked_at(data, EDIFACT)


def test_the_smallest_una_with_a_separator_beyond_ascii_is_answered_by_defects() -> None:
    data = b"UNA:+,? \xadUNB+UNOC\xadUNH+\xad"
    assert "UNZ_MISSING" in edifact.codes(data)
    looked_at(data, EDIFACT)


def test_interchanges_with_different_separators_beyond_ascii_stand_in_one_file() -> None:
    files = [x12_with(ord("*"), ord(">"), byte) for byte in (ord("~"), 0x85, 0xA7, ord("~"))]
    numbered = [
        data.replace(b"000000001", b"00000000%d" % n) for n, data in enumerate(files, start=1)
    ]
    for source in ({}, {"charset": "iso-8859-1"}):
        chunks = x12.read(b"".join(numbered), **source)
        assert [defect for chunk in chunks for defect in chunk.defects] == []
        assert x12.column(chunks, "B3.02") == ["INV1"] * 4


def test_a_terminator_that_was_made_utf8_is_no_byte_and_refused() -> None:
    (defect,) = x12.defects(x12.plain(terminator="~").replace(b"~", "…".encode()))
    assert defect.code == "ISA_UNREADABLE"
    assert "several bytes" in defect.message


@pytest.mark.parametrize("una", [b":+.+ '", b":+.: '", b":+.A '", b"::.? '", b":+.? +"])
def test_separators_of_a_una_that_are_alike_or_letters_are_refused(una: bytes) -> None:
    (defect,) = edifact.defects(b"UNA" + una + edifact.plain())
    assert defect.code == "UNB_UNREADABLE"
    assert "alike, letters" in defect.message


def test_syntax_4_with_a_blank_in_place_5_has_no_repetitions() -> None:
    body = tuple(line.replace("NORDSEE LINE", "ACME*Line") for line in edifact.BODY)
    data = b"UNA:+.? '" + edifact.plain(body=body, syntax="UNOC:4")
    chunks = edifact.read(data)
    assert edifact.column(chunks, "NAD[01=SU].04") == ["ACME*Line"]
    looked_at(data, EDIFACT)


def test_the_syntax_is_found_by_separators_beyond_ascii() -> None:
    assert syntax_of(x12_with(ord("*"), ord(">"), 0xA7)) is X12
    assert syntax_of(edifact_with(terminator=0xAD)) is EDIFACT
