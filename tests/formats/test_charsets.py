"""UTF-8 that was declared to be of one byte a character, in every format that is told a charset."""

from __future__ import annotations

from typing import Any

import pytest

from etl.defects import Defect, Severity
from etl.formats import format_named
from etl.formats.charsets import utf8_look_alikes
from tests.formats.edifact import interchanges as edifact
from tests.formats.source_files import source_file
from tests.formats.x12 import interchanges as x12


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (b"ACME", []),
        ("ACMÉ".encode(), [3]),
        ("É\nÖ €".encode(), [0, 3, 6]),
        ("CAFÉ MÜLLER".encode("latin-1"), []),
        ("«CAFÉ»".encode("latin-1"), []),
        ("É".encode() + b"\n" + "Ü".encode("latin-1"), [0]),
        (b"\xc3\xa9\xc3", []),
        (b"\xc3", []),
    ],
)
def test_utf8_in_text_of_another_charset_is_found_line_by_line(
    text: bytes, found: list[int]
) -> None:
    assert utf8_look_alikes(text)[0].tolist() == found


def edifact_body(name: str) -> list[str]:
    return [line.replace("NORDSEE LINE", name) for line in edifact.BODY]


def test_utf8_in_an_interchange_that_declares_latin_1_is_warned_of_where_it_stands() -> None:
    segments = edifact.interchange(edifact.message("1", edifact_body("ACÉME")), syntax="UNOC:3")
    data = edifact.written(segments, charset="utf-8")
    (defect,) = edifact.defects(data)
    assert (defect.code, defect.severity) == ("SUSPECT_CHARSET", Severity.WARN)
    assert (defect.position.segment_id, defect.position.element) == ("NAD", 4)
    assert defect.position.byte_offset == data.index("É".encode())
    assert "UTF-8" in defect.message
    assert edifact.codes(edifact.written(segments, charset="latin-1")) == []
    assert edifact.codes(data, charset="utf-8") == []
    assert edifact.codes(data, structure={"charset": "ignore"}) == []
    (defect,) = edifact.defects(data, structure={"charset": "reject"})
    assert defect.severity is Severity.REJECT


@pytest.mark.parametrize("charset", ["iso-8859-1", "cp1252", "iso-8859-15"])
def test_the_same_of_x12_in_a_charset_of_one_byte_each(charset: str) -> None:
    data = x12.plain().replace(b"GLOBAL", "GLÖBAL".encode())
    assert x12.codes(data, charset=charset) == ["SUSPECT_CHARSET"]
    assert x12.codes(data, charset="utf-8") == []
    assert x12.codes(data.decode().encode("cp1252"), charset=charset) == []


def test_windows_characters_in_iso_8859_are_told() -> None:
    data = x12.plain().replace(b"GLOBAL", b"GLO\x96BAL")
    (defect,) = x12.defects(data, charset="iso-8859-1")
    assert (defect.code, defect.severity) == ("SUSPECT_CHARSET", Severity.WARN)
    assert "Windows-1252" in defect.message
    assert x12.codes(data, charset="cp1252") == []


def defects_of(name: str, source: dict[str, Any], content: bytes) -> list[Defect]:
    reader = format_named(name).reader({"format": name, **source})
    return [
        each for chunk in reader.read([source_file(content, "a.txt")]) for each in chunk.defects
    ]


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "iso-8859-15"])
def test_the_same_of_a_csv_file_is_warned_of_with_its_line(encoding: str) -> None:
    content = "No;City\n1;Bonn\n2;Köln\n3;Jülich\n"
    source = {"delimiter": ";", "encoding": encoding}
    (defect,) = defects_of("csv", source, content.encode())
    assert (defect.code, defect.severity) == ("SUSPECT_CHARSET", Severity.WARN)
    assert (defect.position.row, defect.position.byte_offset) == (3, 18)
    assert defect.value is not None
    assert defect.value.endswith("for ö")
    assert defects_of("csv", source, content.encode(encoding)) == []
    assert defects_of("csv", {"delimiter": ";"}, content.encode()) == []


def test_windows_characters_in_a_csv_file_of_iso_8859_are_told() -> None:
    content = "No,Text\n1,a \N{EN DASH} b\n".encode("cp1252")
    (defect,) = defects_of("csv", {"encoding": "latin-1"}, content)
    assert (defect.code, defect.value, defect.position.row) == ("SUSPECT_CHARSET", "0x96", 2)
    assert defects_of("csv", {"encoding": "cp1252"}, content) == []
    xml = b'<?xml version="1.0" encoding="ISO-8859-1"?><a><b>a \x96 b</b></a>'
    (defect,) = defects_of("xml", {"row": "/a/b"}, xml)
    assert (defect.code, defect.value) == ("SUSPECT_CHARSET", "0x96")


def test_the_same_of_an_xml_document_by_what_it_declares() -> None:
    document = '<?xml version="1.0" encoding="{}"?>\n<a><b>\n{}</b></a>'
    source = {"row": "/a/b"}
    text = document.format("ISO-8859-1", "Köln")
    (defect,) = defects_of("xml", source, text.encode())
    assert (defect.code, defect.severity, defect.position.row) == (
        "SUSPECT_CHARSET",
        Severity.WARN,
        3,
    )
    assert defects_of("xml", source, text.encode("latin-1")) == []
    assert defects_of("xml", source, document.format("UTF-8", "Köln").encode()) == []
    assert defects_of("xml", source, "<a><b>Köln</b></a>".encode()) == []
    marked = b"\xef\xbb\xbf" + text.encode()
    assert defects_of("xml", source, marked) == [], "the byte order mark is believed"


@pytest.mark.parametrize(
    ("name", "source", "content"),
    [
        ("csv", {}, "No,City\n1,K\N{REPLACEMENT CHARACTER}ln\n"),
        ("xml", {"row": "/a/b"}, "<a>\n<b>K\N{REPLACEMENT CHARACTER}ln</b></a>"),
    ],
)
def test_letters_that_were_lost_before_the_file_came_are_told(
    name: str, source: dict[str, Any], content: str
) -> None:
    (defect,) = defects_of(name, source, content.encode())
    assert (defect.code, defect.position.row) == ("SUSPECT_CHARSET", 2)
    assert "U+FFFD" in defect.message


def test_wide_encodings_and_those_of_several_bytes_are_not_doubted() -> None:
    content = "No,City\n1,Köln\n"
    for encoding in ("utf-16", "utf-16-le", "gbk", "shift_jis"):
        text = content if encoding.startswith("utf") else content.replace("ö", "o")
        assert defects_of("csv", {"encoding": encoding}, text.encode(encoding)) == []
