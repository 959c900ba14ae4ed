"""A message larger than what is held at once is read in parts, and gives the same rows."""

from __future__ import annotations

from functools import partial

import pytest

from etl.formats.edi.reading import reader
from etl.formats.edi.reading.framing import pieces
from etl.formats.edi.reading.reader import EdiChunk
from etl.formats.edi.receipt import Receipts
from etl.raw import SourceFile
from tests.formats.edifact.interchanges import (
    BODY,
    column,
    interchange,
    message,
    plain,
    read,
    written,
)
from tests.formats.source_files import source_file

LINES = 400
HEAD, TAIL = BODY[:13], BODY[27:]
LOOP = BODY[13:24]


def large_body(lines: int = LINES) -> list[str]:
    """A message of many LIN, each with its own number and amount."""
    numbered = (
        segment.replace("LIN+1", f"LIN+{n}").replace("150.00", f"{n}.50").replace("TRK1", f"TRK{n}")
        for n in range(1, lines + 1)
        for segment in LOOP
    )
    return [*HEAD, *numbered, *TAIL]


def large_file(end: str = "'\n", before: int = 1, after: int = 1) -> bytes:
    """A large message, 100, between small ones."""
    small = [message(str(n)) for n in range(1, before + after + 1)]
    large = message("100", large_body())
    return written(interchange(*small[:before], large, *small[before:]), end)


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader.EdiReader, "block", 4000)
    monkeypatch.setattr(reader, "pieces", partial(pieces, block=4000, large=8000))


def rows(chunks: list[EdiChunk], row: str, *paths: str) -> list[tuple[str | None, ...]]:
    """Values of all rows, with the number of the message and the number of the segment in it."""
    found: list[tuple[str | None, ...]] = []
    for chunk in chunks:
        lines = chunk.children(row)
        lineage = lines.lineage()
        columns = [lines.column(path).to_pylist() for path in paths]
        numbers = lineage.column("document_no").to_pylist()
        found += zip(numbers, lineage.column("position").to_pylist(), *columns, strict=True)
    return found


PATHS = {
    "LIN": ("LIN.01", "MOA.01.2", "RFF[01.1=CN].01.2", "UNH/BGM.02", "UNB.05"),
    "LIN/ALC": ("LIN.01", "ALC/MOA.01.2", "LIN/IMD.03.4", "UNH/CUX.01.2"),
    "LIN/RFF/DTM": ("LIN.01", "LIN/RFF.01.2", "DTM.01.2", "UNH/NAD[01=SU]/RFF.01.2"),
    "NAD": ("NAD.02", "RFF.01.2"),
    "ALC": ("ALC/MOA.01.2",),
    "UNS/MOA": ("MOA.01.2", "UNS/CNT.01.2"),
}


@pytest.mark.parametrize("end", ["'", "'\n", "'\r\n"])
@pytest.mark.parametrize("row", PATHS)
def test_rows_are_the_same_as_when_it_is_read_whole(
    row: str, end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = large_file(end)
    whole = rows(read(data), row, *PATHS[row])
    monkeypatch.setattr(reader.EdiReader, "block", 4000)
    monkeypatch.setattr(reader, "pieces", partial(pieces, block=4000, large=8000))
    chunks = read(data)
    assert len(chunks) > 10
    assert rows(chunks, row, *PATHS[row]) == whole
    assert [str(d) for chunk in chunks for d in chunk.defects] == []


@pytest.mark.usefixtures("parts")
def test_every_part_has_the_values_of_the_header_and_the_last_one_those_of_the_summary() -> None:
    chunks = read(large_file())
    of_large = [
        (chunk.records(), record)
        for chunk in chunks
        for record, number in enumerate(column([chunk], "UNH.01"))
        if number == "100"
    ]
    assert len(of_large) > 10
    for path, value in {
        "BGM.02": "INV1",
        "DTM[01.1=137].01.2": "20250626",
        "NAD[01=BY]/RFF[01.1=VA].01.2": "DE987",
        "CUX.01.2": "EUR",
        "UNB.02.1": "4012345000009",
    }.items():
        assert {rows.column(path)[record].as_py() for rows, record in of_large} == {value}
    totals = [rows.column("UNS/MOA[01.1=77].01.2")[record].as_py() for rows, record in of_large]
    assert totals == [None] * (len(of_large) - 1) + ["207.50"]


@pytest.mark.usefixtures("parts")
def test_positions_are_those_of_the_file() -> None:
    data = large_file()
    number = 0
    for chunk in read(data):
        lines = chunk.children("LIN/MOA")
        for index, amount in enumerate(lines.column("MOA.01.2").to_pylist()):
            at = lines.position(index, "MOA.01.2")
            assert at.byte_offset is not None
            assert data[at.byte_offset :].startswith(f"{amount}'".encode())
            if at.document == "100":
                assert at.segment == 1 + len(HEAD) + number * len(LOOP) + 4
                number += 1
    assert number == LINES


@pytest.mark.usefixtures("parts")
def test_a_message_in_parts_has_one_number_in_its_file() -> None:
    found = [
        (lineage["document_no"], lineage["number_in_file"])
        for chunk in read(large_file(before=2, after=2), large_file(before=1))
        for lineage in chunk.records().lineage().to_pylist()
    ]
    assert list(dict.fromkeys(found)) == [
        *(("1", 1), ("2", 2), ("100", 3), ("3", 4), ("4", 5)),
        *(("100", 2), ("2", 3)),
    ]


COUNT = len(large_body()) + 2


@pytest.mark.usefixtures("parts")
def test_the_unt_counts_all_parts() -> None:
    data = large_file()
    wrong = data.replace(b"UNT+%d+100" % COUNT, b"UNT+%d+100" % (COUNT - 1))
    (defect,) = (d for chunk in read(wrong) for d in chunk.defects)
    assert (defect.code, defect.value, defect.expected) == (
        "UNT_COUNT",
        str(COUNT - 1),
        str(COUNT),
    )
    assert (defect.position.document, defect.position.segment) == ("100", COUNT)
    assert defect.position.byte_offset == wrong.index(b"UNT+%d+100" % (COUNT - 1)) + 4


@pytest.mark.usefixtures("parts")
def test_a_segment_lost_from_any_part_is_found() -> None:
    data = large_file()
    for lost in (b"LIN+7+", b"MOA+203:200.50", b"RFF+CN:TRK399", b"NAD+BY", b"UNS"):
        start = data.index(lost, data.index(b"UNH+100"))
        broken = data[:start] + data[data.index(b"\n", start) + 1 :]
        chunks = read(broken)
        assert "UNT_COUNT" in {d.code for chunk in chunks for d in chunk.defects}


@pytest.mark.usefixtures("parts")
def test_defects_inside_have_their_number_in_the_message_and_stand_once() -> None:
    data = large_file().replace(b"MOA+203:300.50", b"MOA+203:30X.50")
    (defect,) = (d for chunk in read(data) for d in chunk.defects)
    assert (defect.code, defect.value) == ("BAD_NUMBER", "30X.50")
    at = defect.position
    assert (at.document, at.segment) == ("100", 1 + len(HEAD) + 299 * len(LOOP) + 4)
    assert at.byte_offset == data.index(b"30X.50")
    head = large_file().replace(b"DTM+137:20250626", b"DTM+137:20251326")
    found = [d for chunk in read(head) for d in chunk.defects]
    assert [(d.code, d.position.document) for d in found] == [
        ("BAD_DATE", "1"),
        ("BAD_DATE", "100"),
        ("BAD_DATE", "2"),
    ]


@pytest.mark.usefixtures("parts")
def test_the_message_is_counted_once() -> None:
    data = large_file(before=2, after=3)
    chunks = read(data)
    receipts = Receipts()
    for chunk in chunks:
        receipts.extend(chunk.receipts())
    (interchange_,) = receipts.interchanges
    assert [(one.number, one.segments) for one in interchange_.transactions] == [
        ("1", len(BODY) + 2),
        ("2", len(BODY) + 2),
        ("100", COUNT),
        ("3", len(BODY) + 2),
        ("4", len(BODY) + 2),
        ("5", len(BODY) + 2),
    ]
    twice = data.replace(b"UNH+100", b"UNH+2").replace(b"UNT+%d+100" % COUNT, b"UNT+%d+2" % COUNT)
    codes = [d.code for chunk in read(twice) for d in chunk.defects]
    assert codes == ["DUPLICATE_UNH"]


@pytest.mark.usefixtures("parts")
def test_one_that_breaks_off_is_told_and_the_next_file_is_read() -> None:
    data = large_file()
    cut = data[: data.index(b"LIN+350+")]
    chunks = read(source_file(cut, "a.edi"), source_file(plain(), "b.edi"))
    found = {(d.code, d.position.file) for chunk in chunks for d in chunk.defects}
    assert ("UNT_MISSING", "a.edi") in found
    assert ("UNZ_MISSING", "a.edi") in found
    assert {file for _, file in found} == {"a.edi"}
    assert column(chunks, "BGM.02")[-1] == "INV1"
    assert column(chunks, "UNB.05")[-1] == "REF1"


@pytest.mark.usefixtures("parts")
def test_several_large_messages_and_files_follow_each_other() -> None:
    body = large_body(100)
    segments = interchange(message("1", body), message("2", body), message("3"))
    files: list[bytes | SourceFile] = [written(segments), plain(), written(segments)]
    chunks = read(*files)
    assert [d for chunk in chunks for d in chunk.defects] == []
    numbers = [line[:1] for line in rows(chunks, "LIN")]
    assert [number for (number,) in numbers] == [
        *(["1"] * 100 + ["2"] * 100 + ["3"] * 2),
        *(["1"] * 2),
        *(["1"] * 100 + ["2"] * 100 + ["3"] * 2),
    ]


@pytest.mark.usefixtures("parts")
@pytest.mark.parametrize("charset", ["UNOC", "UNOY"])
def test_charsets_and_release_characters_hold_in_every_part(charset: str) -> None:
    body = [segment.replace("OCEAN FREIGHT", "FRÄCHT ?'N?' LIN?+ ??") for segment in large_body()]
    segments = interchange(message(body=body), syntax=f"{charset}:3")
    data = written(segments, charset="latin-1" if charset == "UNOC" else "utf-8")
    chunks = read(data)
    assert len(chunks) > 10
    assert column(chunks, "IMD.03.4", "LIN/IMD") == ["FRÄCHT 'N' LIN+ ?"] * LINES
    assert [d for chunk in chunks for d in chunk.defects] == []
    last = chunks[-1].children("LIN/MOA")
    at = last.position(len(last) - 1, "MOA.01.2").byte_offset
    assert at == data.index(f"{LINES}.50".encode())
