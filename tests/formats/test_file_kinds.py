"""A file that is no data is told for what it is, in every format, and its padding is nothing."""

from __future__ import annotations

import gzip
import io
import zipfile
from typing import Any

import pytest

from etl.defects import Defect, Severity
from etl.formats import format_named
from etl.formats.file_kinds import kind_of
from tests.formats.edifact import interchanges as edifact
from tests.formats.source_files import source_file
from tests.formats.x12 import interchanges as x12

SOURCES: dict[str, dict[str, Any]] = {
    "x12": {"document": "210"},
    "edifact": {"document": "INVOIC"},
    "csv": {"header": False},
    "xml": {"row": "/a/b"},
}
CSV = b"No,Name\n1,A\n"
XML = b"<?xml version='1.0'?><a><b>1</b></a>"


def read(name: str, data: bytes, **more: Any) -> tuple[list[Any], list[Defect]]:
    reader = format_named(name).reader({"format": name, **SOURCES[name], **more})
    chunks = list(reader.read([source_file(data)]))
    return chunks, [defect for chunk in chunks for defect in chunk.defects]


def zipped(name: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, "ISA*00*")
    return file.getvalue()


KINDS = [
    (gzip.compress(x12.plain()), "a gzip archive"),
    (zipped("a.edi"), "a ZIP archive"),
    (zipped("xl/workbook.xml"), "an Excel workbook (xlsx)"),
    (b"%PDF-1.7\n%", "a PDF document"),
    (b"{\\rtf1\\ansi ISA*00*}", "an RTF document"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office file (xls, doc)"),
    (b"<!DOCTYPE html><html><body>Login</body></html>", "an HTML page"),
    (b"\xef\xbb\xbf\n <HTML><head>", "an HTML page"),
]


@pytest.mark.parametrize(("data", "kind"), KINDS)
@pytest.mark.parametrize("name", SOURCES)
def test_every_format_says_what_a_file_is_that_it_cannot_read(
    name: str, data: bytes, kind: str
) -> None:
    _, (defect,) = read(name, data)
    assert (defect.code, defect.severity) == ("WRONG_FILE_TYPE", Severity.REJECT)
    assert kind in defect.message


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("csv", x12.plain(), "an X12 interchange"),
        ("csv", edifact.plain(), "an EDIFACT interchange"),
        ("csv", XML, "XML"),
        ("xml", x12.plain(), "an X12 interchange"),
        ("x12", edifact.plain(), "an EDIFACT interchange"),
        ("edifact", XML, "XML"),
        ("x12", x12.plain().decode().encode("utf-16"), "UTF-16 text"),
        ("edifact", edifact.plain().decode().encode("utf-16-le"), "UTF-16 text"),
    ],
)
def test_data_of_another_format_is_told_too(name: str, data: bytes, kind: str) -> None:
    _, (defect,) = read(name, data)
    assert (defect.code, defect.value) == ("WRONG_FILE_TYPE", kind)


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize("data", [b"", b"\r\n\n", b"\0" * 80, b"\x1a", b"\n\x1a\0\0"])
def test_a_file_of_nothing_but_padding_is_empty(name: str, data: bytes) -> None:
    _, (defect,) = read(name, data)
    assert defect.code == "EMPTY_FILE"


@pytest.mark.parametrize(
    ("name", "data"),
    [("x12", x12.plain()), ("edifact", edifact.plain()), ("csv", CSV), ("xml", XML)],
)
@pytest.mark.parametrize(
    "end", [b"", b"\x1a", b"\r\n\x1a", b"\0" * 900, b"\n\n\n", b"\0\n\0\x1a \n"]
)
def test_padding_behind_the_end_is_nothing(name: str, data: bytes, end: bytes) -> None:
    chunks, defects = read(name, data + end)
    assert defects == []
    assert sum(len(chunk.records()) for chunk in chunks) == {"csv": 2}.get(name, 1)


def test_padding_between_interchanges_is_nothing() -> None:
    once, twice = x12.plain(), x12.plain().replace(b"000000001", b"000000002")
    assert x12.codes(once + b"\x1a" + twice + b"\x1a") == []


@pytest.mark.parametrize("data", [CSV, b"a;b", b'{"a": 1}', b"\xe4\xf6", b""])
def test_text_is_no_other_kind(data: bytes) -> None:
    assert kind_of(data) is None


def test_numbers_that_a_spreadsheet_rounded_reject_their_row() -> None:
    data = b"No,Amount\n794641234567,1\n7.94641E+11,2\n"
    (chunk,), _ = read("csv", data, header=True)
    assert chunk.records().column("No").to_pylist() == ["794641234567", "7.94641E+11"]
    (defect,) = chunk.defects
    assert (defect.code, defect.record, defect.position.row) == ("ROUNDED_NUMBER", 1, 3)
    assert defect.severity is Severity.REJECT


@pytest.mark.parametrize("cell", [b'="000123"', b'"=""000123"""'])
def test_the_text_of_a_formula_is_taken_and_told(cell: bytes) -> None:
    (chunk,), _ = read("csv", b"No,Amount\n" + cell + b",1\n", header=True)
    assert chunk.records().column("No").to_pylist() == ["000123"]
    (defect,) = chunk.defects
    assert (defect.code, defect.record, defect.severity) == ("FORMULA_TEXT", None, Severity.WARN)


def test_a_quote_behind_a_backslash_rejects_its_row() -> None:
    data = b'a,b\n"5\\" pipe",1\n"C:\\dir\\",2\n5\\" pipe,3\n'
    (chunk,), _ = read("csv", data, header=True)
    assert [(d.code, d.record) for d in chunk.defects] == [("BACKSLASH_QUOTE", 0)]
