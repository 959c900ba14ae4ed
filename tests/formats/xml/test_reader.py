from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from etl.defects import Defect, Severity
from etl.formats import format_named
from etl.formats.xml import prolog as prolog_module
from etl.formats.xml import reader as reader_module
from etl.formats.xml import records as records_module
from etl.formats.xml.chunk import XmlChunk
from etl.raw import LINEAGE, DeclarationError, SourceFile
from tests.formats.source_files import source_file

SOURCE = {"row": "/i:Invoices/i:Invoice", "namespaces": {"i": "urn:inv"}}
ENVELOPE = """<Invoices xmlns="urn:inv">
<Sender>ACLT</Sender>
%s
</Invoices>
"""
INVOICE = """<Invoice currency="EUR">
  <ID> %d </ID>
  <Line><Amount>1.50</Amount></Line>
  <Line><Amount>2</Amount></Line>
</Invoice>
"""


def chunks(source: dict[str, Any], *files: SourceFile) -> list[XmlChunk]:
    return list(format_named("xml").reader({"format": "xml", **source}).read(files))


def chunk(content: bytes | str, source: dict[str, Any] = SOURCE) -> XmlChunk:
    (only,) = chunks(source, source_file(content, "a.xml"))
    return only


def only_defect(content: bytes | str) -> Defect:
    (defect,) = chunk(content).defects
    return defect


def envelope(count: int) -> str:
    return ENVELOPE % "".join(INVOICE % number for number in range(1, count + 1))


def small_blocks(monkeypatch: pytest.MonkeyPatch, chunk: int, block: int) -> None:
    monkeypatch.setattr(reader_module, "_CHUNK", chunk)
    monkeypatch.setattr(records_module, "_BLOCK", block)
    monkeypatch.setattr(prolog_module, "_BLOCK", block)


def column(of: XmlChunk, path: str) -> list[str | None]:
    return of.records().column(path).to_pylist()


def test_records_and_children_have_their_values_and_lines() -> None:
    read = chunk(envelope(2))
    assert column(read, "i:ID") == ["1", "2"]
    assert column(read, "@currency") == ["EUR", "EUR"]
    assert column(read, "../i:Sender") == ["ACLT", "ACLT"]
    children = read.children("i:Line")
    assert children.record.tolist() == [0, 0, 1, 1]
    assert children.column("i:Amount").to_pylist() == ["1.50", "2", "1.50", "2"]
    assert children.column("../i:ID").to_pylist() == ["1", "1", "2", "2"]
    assert children.lineage().column("position").to_pylist() == [5, 6, 10, 11]
    assert read.records().lineage().schema == LINEAGE
    assert read.defects == []


def test_a_record_may_be_its_own_child() -> None:
    read = chunk(envelope(2))
    assert read.children(None).record.tolist() == [0, 1]


def test_positions_name_line_and_xpath() -> None:
    read = chunk(envelope(2))
    row = read.children("i:Line").position(3, "i:Amount")
    assert (row.file, row.row) == ("a.xml", 11)
    assert row.xpath == "(/i:Invoices/i:Invoice)[2]/i:Line[2]/i:Amount"
    assert read.records().position(1, "@currency").row == 8
    assert read.records().position(1, "i:absent").row == 8
    assert read.records().position(1, "count(i:Line)").row == 8


def test_positions_of_a_child_outside_its_record_still_name_it() -> None:
    position = chunk(envelope(1)).children("../i:Sender").position(0)
    assert position.row == 2
    assert position.xpath == "(/i:Invoices/i:Invoice)[1] /i:Invoices[1]/i:Sender[1]"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1", "windows-1252"])
def test_the_encoding_is_that_of_the_xml_declaration(encoding: str) -> None:
    text = (
        f'<?xml version="1.0" encoding="{encoding}"?>' + ENVELOPE % "<Invoice><ID>é</ID></Invoice>"
    )
    assert column(chunk(text.encode(encoding)), "i:ID") == ["é"]


def test_comments_processing_instructions_and_cdata_do_no_harm() -> None:
    body = "<Invoice><?pi x?><ID>A<!-- no -->B<![CDATA[<C>]]>&amp;&#68;</ID></Invoice>"
    assert column(chunk(ENVELOPE % body), "i:ID") == ["AB<C>&D"]


# many files, large files ------------------------------------------------------------------


def test_many_small_documents_come_in_one_chunk() -> None:
    files = [source_file(envelope(n % 3 + 1), f"{n}.xml") for n in range(5)]
    (read,) = chunks(SOURCE, *files)
    assert read.records().lineage().column("file").to_pylist() == [0, 1, 1, 2, 2, 2, 3, 4, 4]
    assert read.records().position(4).xpath == "(/i:Invoices/i:Invoice)[2]"


def test_a_large_document_comes_in_chunks_that_stay_valid(monkeypatch: pytest.MonkeyPatch) -> None:
    small_blocks(monkeypatch, chunk=2000, block=100)
    found = chunks(SOURCE, source_file(envelope(100), "a.xml"), source_file(envelope(1), "b.xml"))
    assert len(found) > 4
    assert [n for part in found for n in column(part, "i:ID")] == [
        *(str(n) for n in range(1, 101)),
        "1",
    ]
    assert {n for part in found for n in column(part, "../i:Sender")} == {"ACLT"}
    assert [
        n for part in found for n in part.records().lineage().column("position").to_pylist()
    ] == [
        *range(3, 503, 5),
        3,
    ]
    assert [
        n for part in found for n in part.records().lineage().column("number_in_file").to_pylist()
    ] == [*range(1, 101), 1]
    last = found[-1].records()
    assert last.position(len(last) - 2).xpath == "(/i:Invoices/i:Invoice)[100]"
    amounts = [n for part in found for n in part.children("i:Line").column("i:Amount").to_pylist()]
    assert amounts == ["1.50", "2"] * 101


def test_memory_is_freed_as_a_large_document_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    small_blocks(monkeypatch, chunk=2000, block=100)
    around = [
        len(part.found[0].element.getparent())
        for part in chunks(SOURCE, source_file(envelope(100)))
        if part.found
    ]
    assert max(around) < 30


def test_records_under_several_parents_keep_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    small_blocks(monkeypatch, chunk=300, block=50)
    groups = "".join(
        f"<g><n>{g}</n>" + "".join(f"<r>{g}.{r}</r>" for r in range(5)) + "</g>" for g in range(40)
    )
    found = chunks({"row": "/x/g/r"}, source_file(f"<x>{groups}</x>"))
    assert len(found) > 5
    for part in found:
        records = part.records()
        for own, parent in zip(
            records.column(".").to_pylist(), records.column("../n").to_pylist(), strict=True
        ):
            assert own.split(".")[0] == parent
    assert sum(len(part.records()) for part in found) == 200


# defects ----------------------------------------------------------------------------------


def test_records_before_the_broken_place_are_taken() -> None:
    whole = envelope(3)
    cut = whole[: whole.rindex("<Line>")]
    read = chunk(cut)
    assert column(read, "i:ID") == ["1", "2"]
    (defect,) = read.defects
    assert (defect.code, defect.record, defect.severity) == ("MALFORMED_XML", None, Severity.REJECT)
    assert defect.position.row == cut.count("\n") + 1


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("", "EMPTY_FILE"),
        ("\n \n", "EMPTY_FILE"),
        ("plain text", "MALFORMED_XML"),
        ("\0\1\2", "MALFORMED_XML"),
        ("<a></b>", "MALFORMED_XML"),
        ("<a/><b/>", "MALFORMED_XML"),
        ("<a>&nosuch;</a>", "MALFORMED_XML"),
        ("<p:a/>", "MALFORMED_XML"),
        (b"<a>\xff</a>", "UNDECODABLE"),
        ('<?xml version="1.0" encoding="martian"?><a/>', "UNKNOWN_ENCODING"),
        ('<?xml version="1.0" encoding="utf-7"?><a/>', "UNKNOWN_ENCODING"),
        ("<a>" * 300 + "</a>" * 300, "XML_LIMIT"),
        ("<!--" + "x" * 2_000_000 + "--><a/>", "MALFORMED_XML"),
        ("<a/>", "NO_RECORDS"),
        ('<Invoices xmlns="urn:other"><Invoice/></Invoices>', "NO_RECORDS"),
    ],
)
def test_a_document_that_cannot_be_read_is_one_defect(content: bytes | str, code: str) -> None:
    defect = only_defect(content)
    assert (defect.code, defect.record, defect.severity) == (code, None, Severity.REJECT)
    assert defect.position.file == "a.xml"


def test_the_place_of_an_undefined_entity_is_told() -> None:
    assert only_defect("<a>\n<b>&nosuch;</b></a>").position.row == 2


def test_another_document_than_declared_is_named() -> None:
    defect = only_defect('<Invoices xmlns="urn:other"/>')
    assert defect.value == "{urn:other}Invoices"
    assert "{urn:inv}Invoice" in str(defect.expected)


def test_an_envelope_without_records_is_only_warned_of() -> None:
    defect = only_defect(ENVELOPE % "")
    assert (defect.code, defect.severity) == ("NO_RECORDS", Severity.WARN)


def test_one_broken_document_costs_no_other() -> None:
    files = [source_file(envelope(1), "a"), source_file("<", "b"), source_file(envelope(1), "c")]
    (read,) = chunks(SOURCE, *files)
    assert read.records().lineage().column("file").to_pylist() == [0, 2]
    assert [(d.position.file, d.file) for d in read.defects] == [("b", 1)]


def test_a_record_beyond_the_limit_stops_its_document(monkeypatch: pytest.MonkeyPatch) -> None:
    small_blocks(monkeypatch, chunk=10_000_000, block=1024)
    long = "<Invoice>" + "<Line>x</Line>" * 200_000 + "</Invoice>"
    read = chunk(ENVELOPE % (INVOICE % 1 + long), {**SOURCE, "max_record_mb": 1})
    assert column(read, "i:ID") == ["1"]
    assert [defect.code for defect in read.defects] == ["RECORD_TOO_LARGE"]


# hostile documents ------------------------------------------------------------------------


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE r [<!ENTITY e SYSTEM "file://%s">]>',
        '<!DOCTYPE r [<!ENTITY e SYSTEM "http://127.0.0.1:1/%s">]>',
        '<!DOCTYPE r SYSTEM "file://%s">',
        '<!DOCTYPE r PUBLIC "x" "http://127.0.0.1:1/%s">',
        '<!DOCTYPE r [<!ENTITY %% e SYSTEM "file://%s"> %%e;]>',
        '<!DOCTYPE r [<!ENTITY l0 "ha">' + LAUGHS + "<!-- %s -->]>",
        "<!DOCTYPE r><!-- %s -->",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "latin-1"])
def test_a_document_type_declaration_is_refused_before_anything_is_resolved(
    doctype: str, encoding: str, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("SECRET")
    text = f'<?xml version="1.0" encoding="{encoding}"?>\n<!-- first -->\n{doctype % secret}'
    read = chunk((text + "\n<r a='x'>&l9;&e;</r>").encode(encoding), {"row": "/r"})
    (defect,) = read.defects
    assert (defect.code, defect.value) == ("FORBIDDEN_DTD", "<!DOCTYPE r")
    assert len(read.records()) == 0
    assert "SECRET" not in str(defect)


@pytest.mark.usefixtures("no_network")
def test_xinclude_and_stylesheets_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("SECRET")
    text = (
        f'<?xml-stylesheet href="http://127.0.0.1:1/"?><r xmlns:xi="http://www.w3.org/2001/XInclude">'
        f'<xi:include parse="text" href="file://{tmp_path}/x"/></r>'
    )
    assert column(chunk(text, {"row": "/r"}), ".") == [None]


# checks and properties --------------------------------------------------------------------


def test_paths_and_rows_are_checked_before_anything_is_read() -> None:
    reader = format_named("xml").reader(SOURCE)
    reader.check_path("i:ID")
    reader.check_row("i:Line")
    reader.check_row(None)
    for check in (reader.check_path, reader.check_row):
        with pytest.raises(DeclarationError, match="prefix 'inv'"):
            check("inv:ID")


@given(st.binary(max_size=80) | st.text(st.sampled_from("<>/a&;'\"=! -[]?é\n"), max_size=60))
def test_any_bytes_give_records_or_defects_and_no_crash(content: bytes | str) -> None:
    (read,) = chunks({"row": "//a"}, source_file(content))
    assert len(read.records()) or read.defects
    assert all(str(defect) for defect in read.defects)
    assert len(read.records().column("a")) == len(read.records().lineage())


@given(st.integers(0, len(envelope(3).rstrip()) - 1))
def test_a_document_cut_anywhere_keeps_its_complete_records(end: int) -> None:
    cut = envelope(3)[:end]
    read = chunk(cut)
    assert len(read.records()) == cut.count("</Invoice>")
    assert [defect.severity for defect in read.defects] == [Severity.REJECT]


@given(st.integers(1, 20), st.integers(1, 300), st.integers(1, 1500))
def test_blocks_and_chunks_of_any_size_give_the_same(count: int, block: int, size: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        small_blocks(patch, chunk=size, block=block)
        found = chunks(SOURCE, source_file(envelope(count)))
    rows = [part.records() for part in found]
    assert [n for r in rows for n in r.column("i:ID").to_pylist()] == [
        str(number) for number in range(1, count + 1)
    ]
    assert [n for r in rows for n in r.column("count(i:Line)").to_pylist()] == ["2"] * count
    assert [n for r in rows for n in r.column("../i:Sender").to_pylist()] == ["ACLT"] * count
    assert [r.position(i).row for r in rows for i in range(len(r))] == [
        3 + 5 * number for number in range(count)
    ]


NAMES = st.text(st.characters(categories=["L", "N", "P", "Z"]), max_size=20)


@given(st.lists(NAMES, max_size=5))
def test_text_written_by_lxml_reads_back_stripped(texts: list[str]) -> None:
    root = etree.Element("x")
    for text in texts:
        etree.SubElement(root, "r").text = text
    read = chunk(etree.tostring(root, encoding="utf-16", xml_declaration=True), {"row": "/x/r"})
    assert column(read, ".") == [text.strip() or None for text in texts]
