"""Text is decoded as its UNB declares, UNOA to UNOY; what does not fit is told with its offset."""

from __future__ import annotations

import pytest

from etl.formats.edifact.delimiters import CHARSETS
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

# a word of each language, and a byte that its charset does not have
WORDS = {
    "UNOA": ("HAMBURG", b"\xc4"),
    "UNOB": ("Hamburg", b"\x80"),
    "UNOC": ("Århus Straße", None),
    "UNOD": ("Łódź Gdańsk", None),
    "UNOE": ("Новороссийск", None),
    "UNOF": ("Πειραιάς", b"\xff"),
    "UNOG": ("Ħal Far Ġgantija", b"\xa5"),
    "UNOH": ("Kopli Ķekava", None),
    "UNOI": ("جبل علي", b"\xa1"),
    "UNOJ": ("חיפה", b"\xa1"),
    "UNOK": ("İzmir Ambarlı", None),
    "UNOL": ("Œuvre 5 €", None),
    "UNOW": ("上海 Łódź €", b"\xff"),
    "UNOX": ("SHANGHAI", b"\xe4"),
    "UNOY": ("上海 Ambarlı", b"\xc3"),
}


def invoice(name: str, syntax: str, charset: str) -> bytes:
    """Two messages, the first with another name of the supplier."""
    named = message("1", [segment.replace("NORDSEE LINE", name) for segment in BODY])
    segments = interchange(named, message("2"), syntax=f"{syntax}:3")
    return written(segments, charset=charset)


def test_every_syntax_identifier_with_a_charset_is_tried() -> None:
    assert WORDS.keys() == CHARSETS.keys()


@pytest.mark.parametrize("syntax", WORDS)
def test_text_is_decoded_as_the_unb_declares(syntax: str) -> None:
    name, _ = WORDS[syntax]
    data = invoice(name, syntax, CHARSETS[syntax])
    (chunk,) = read(data)
    assert column([chunk], "NAD[01=SU].04") == [name, "NORDSEE LINE"]
    assert chunk.defects == ()
    at = chunk.records().position(1, "BGM.02").byte_offset
    assert at == data.rindex(b"INV1")


@pytest.mark.parametrize("syntax", [syntax for syntax, (_, byte) in WORDS.items() if byte])
def test_a_byte_that_the_charset_does_not_have_rejects_its_message_only(syntax: str) -> None:
    name, byte = WORDS[syntax]
    assert byte is not None
    data = invoice(f"{name} QQ", syntax, CHARSETS[syntax]).replace(b"QQ", b"Q" + byte)
    (defect,) = defects(data)
    assert (defect.code, defect.record, defect.severity) == ("UNDECODABLE", 0, "reject")
    at = defect.position
    assert at.byte_offset == data.index(b" Q" + byte) + 2
    assert (at.document, at.segment, at.segment_id, at.element) == ("1", 8, "NAD", 4)
    assert column(read(data), "BGM.02") == ["INV1", "INV1"]


def test_such_a_byte_before_a_terminator_releases_nothing() -> None:
    data = invoice("NAME", "UNOA", "ascii").replace(b"+1'\nUNH", b"+1\xff'\nUNH")
    found = defects(data)
    assert {(d.code, d.record) for d in found} == {("UNDECODABLE", 0), ("UNT_REFERENCE", 0)}
    assert column(read(data), "BGM.02") == ["INV1", "INV1"]


def test_without_a_known_identifier_text_is_utf_8() -> None:
    data = invoice("上海", "UNOZ", "utf-8")
    assert column(read(data), "NAD[01=SU].04") == ["上海", "NORDSEE LINE"]
    assert codes(data) == []


@pytest.mark.parametrize(("declared", "charset"), [("UNOA", "cp1252"), ("UNOB", "utf-8")])
def test_a_charset_that_the_mapping_declares_goes_before_the_one_of_the_unb(
    declared: str, charset: str
) -> None:
    data = invoice("MÜLLER", declared, charset)
    assert codes(data)[0] == "UNDECODABLE"
    (chunk,) = read(data, charset=charset)
    assert chunk.defects == ()
    assert column([chunk], "NAD[01=SU].04")[0] == "MÜLLER"


def test_interchanges_of_one_file_have_their_own_charsets() -> None:
    latin = invoice("Århus", "UNOC", "latin-1")
    greek = invoice("Πειραιάς", "UNOF", "iso8859-7").replace(b"REF1", b"REF2")
    # a UNA says where the next one begins; behind it, another charset can hold
    data = b"UNA:+.? '" + latin + b"UNA:+.? ~" + greek.replace(b"'", b"~")
    chunks = read(data)
    assert column(chunks, "NAD[01=SU].04")[::2] == ["Århus", "Πειραιάς"]
    assert [d for chunk in chunks for d in chunk.defects] == []


def test_files_with_other_charsets_are_read_together() -> None:
    chunks = read(invoice("Århus", "UNOC", "latin-1"), invoice("İzmir", "UNOK", "iso8859-9"))
    assert column(chunks, "NAD[01=SU].04")[::2] == ["Århus", "İzmir"]
    assert len(chunks) == 1
