"""Files to chunks: what is read, from how many files, in how many chunks, with which defects."""

from __future__ import annotations

from functools import partial

import pytest

from etl.formats.edi.reading import reader
from etl.formats.edi.reading.framing import pieces
from etl.formats.edifact import FORMAT
from etl.raw import Chunk, Reader
from tests.formats.edifact.interchanges import (
    BODY,
    codes,
    column,
    defects,
    group,
    interchange,
    message,
    plain,
    read,
    with_una,
    written,
)
from tests.formats.source_files import source_file


def test_keeps_the_protocols_of_raw_tables() -> None:
    made: Reader = FORMAT.reader({"format": "edifact", "document": "INVOIC"})
    chunk: Chunk = next(iter(made.read([source_file(plain(), "a.edi")])))
    assert [one.name for one in chunk.files] == ["a.edi"]
    assert chunk.records().record.tolist() == [0]


def test_loops_decide_which_reference_date_and_amount_belongs_to_whom() -> None:
    chunks = read(plain())
    assert column(chunks, "RFF[01.1=BM].01.2") == ["BOL1"]
    assert column(chunks, "RFF[01.1=VA].01.2") == [None]
    assert column(chunks, "RFF[01.1=CN].01.2") == [None]
    assert column(chunks, "NAD[01=SU]/RFF[01.1=VA].01.2") == ["DE123"]
    assert column(chunks, "NAD[01=BY]/RFF[01.1=VA].01.2") == ["DE987"]
    assert column(chunks, "LIN/RFF[01.1=CN].01.2") == ["TRK1"]
    assert column(chunks, "DTM[01.1=171].01.2") == [None]
    assert column(chunks, "RFF[01.1=BM]/DTM[01.1=171].01.2") == ["20250601"]
    assert column(chunks, "RFF[01.1=CU]/DTM[01.1=171].01.2") == [None]
    assert column(chunks, "LIN/RFF/DTM[01.1=171].01.2") == ["20250602"]
    assert column(chunks, "ALC/MOA.01.2") == ["20.00"]
    assert column(chunks, "UNS/MOA[01.1=77].01.2") == ["207.50"]
    assert column(chunks, "UNS/TAX/MOA.01.2") == ["39.43"]
    assert column(chunks, "UNS/CNT.01.2") == ["2"]


def test_rows_of_children_know_their_record_and_the_loops_around_them() -> None:
    (chunk,) = read(plain(2))
    lines = chunk.children("LIN")
    assert lines.record.tolist() == [0, 0, 1, 1]
    assert lines.column("LIN.03").to_pylist() == ["OFR", "DOC"] * 2
    assert lines.column("MOA[01.1=203].01.2").to_pylist() == ["150.00", "25.50"] * 2
    assert lines.column("TAX/MOA.01.2").to_pylist() == ["28.50", None] * 2
    assert lines.column("ALC/MOA.01.2").to_pylist() == ["12.00", None] * 2
    assert lines.column("UNH/BGM.02").to_pylist() == ["INV1", "INV1", "INV2", "INV2"]
    assert lines.column("UNB.03.1").to_pylist() == ["4098765000000"] * 4
    assert lines.lineage().column("position").to_pylist() == [15, 26] * 2
    surcharges = chunk.children("LIN/ALC[01=C]")
    assert surcharges.record.tolist() == [0, 1]
    assert surcharges.column("ALC.05").to_pylist() == ["THC", "THC"]
    assert surcharges.column("LIN.01").to_pylist() == ["1", "1"]
    assert surcharges.column("LIN/IMD.03.4").to_pylist() == ["OCEAN FREIGHT"] * 2
    assert chunk.children("ALC").column("ALC.05").to_pylist() == ["BAF", "BAF"]
    assert chunk.children("LIN/MOA").column("MOA.01.2").to_pylist() == ["150.00", "25.50"] * 2
    assert chunk.children("NAD[01=BY]/RFF").column("RFF.01.2").to_pylist() == ["DE987"] * 2
    assert chunk.children("TDT").column("TDT.01").to_pylist() == []


def test_empty_and_absent_elements_and_components_are_null() -> None:
    chunks = read(plain())
    assert column(chunks, "NAD[01=SU].03") == [None]
    assert column(chunks, "NAD[01=SU].02.2") == [None]
    assert column(chunks, "NAD[01=SU].02.4") == [None]
    assert column(chunks, "BGM.09") == [None]
    assert column(chunks, "IMD.03.4", "LIN/IMD") == ["OCEAN FREIGHT"]
    assert column(chunks, "QTY.01.3", "LIN/QTY") == ["C62", None]


def test_positions_name_interchange_group_document_segment_component_and_byte() -> None:
    data = written(interchange(group(message("1"), message("2"))))
    (chunk,) = read(source_file(data, "x.edi"))
    at = chunk.children("LIN/MOA").position(3, "MOA.01.2")
    assert (at.file, at.interchange, at.group, at.document) == ("x.edi", "REF1", "7", "2")
    assert (at.segment, at.segment_id, at.element, at.component) == (28, "MOA", 1, 2)
    assert at.byte_offset == data.rindex(b"25.50")
    around = chunk.children("LIN/MOA").position(0, "UNH/BGM.02")
    assert (around.segment, around.byte_offset) == (2, data.index(b"INV1"))
    absent = chunk.children("LIN").position(1, "ALC/MOA.01.2")
    assert (absent.segment_id, absent.segment) == ("LIN", 26)
    assert chunk.records().position(1).segment_id == "UNH"


def test_positions_are_exact_behind_release_characters() -> None:
    data = plain().replace(b"NORDSEE LINE", b"L?'EAU ??")
    (chunk,) = read(data)
    at = chunk.records().position(0, "UNS/MOA[01.1=77].01.2")
    assert at.byte_offset == data.index(b"207.50")


def test_files_with_the_same_separators_are_read_as_one_buffer() -> None:
    sources = [source_file(plain(n), f"{n}.edi") for n in (1, 2, 3)]
    (chunk,) = read(*sources)
    assert [one.name for one in chunk.files] == ["1.edi", "2.edi", "3.edi"]
    lineage = chunk.records().lineage()
    assert lineage.column("file").to_pylist() == [0, 1, 1, 2, 2, 2]
    last = chunk.records().position(5, "BGM.02")
    assert (last.file, last.byte_offset) == ("3.edi", plain(3).index(b"INV3"))


def test_many_small_files_are_read_together_with_and_without_una() -> None:
    sources = [
        source_file(b"UNA:+.? '\n" * (n % 2) + plain(number=f"REF{n}"), f"{n}.edi")
        for n in range(100)
    ]
    (chunk,) = read(*sources)
    assert chunk.defects == ()
    assert column([chunk], "UNB.05") == [f"REF{n}" for n in range(100)]
    assert chunk.records().lineage().column("file").to_pylist() == list(range(100))


def test_a_file_that_breaks_off_does_not_run_into_the_next_one() -> None:
    whole = plain(2)
    for at in (whole.index(b"INV2") + 2, whole.rindex(b"UNT"), whole.rindex(b"MOA") + 5):
        (chunk,) = read(whole[:at], plain(1))
        assert len(chunk.records()) == 3
        assert {d.record for d in chunk.defects if d.record is not None} == {1}
        assert {d.file for d in chunk.defects} == {0}


def test_a_file_that_ends_with_a_release_character_releases_nothing_of_the_next_one() -> None:
    (chunk,) = read(plain(1) + b"UNH+2?", plain(1))
    assert column([chunk], "BGM.02") == ["INV1", None, "INV1"]
    assert {d.file for d in chunk.defects} == {0}


def test_files_with_other_separators_make_another_chunk() -> None:
    other = with_una(interchange(message("1"), message("2")), "=*.? ~")
    chunks = read(plain(1), other, other)
    assert [len(chunk.records()) for chunk in chunks] == [1, 4]
    assert [d for chunk in chunks for d in chunk.defects] == []


def test_interchanges_with_other_separators_in_one_file() -> None:
    other = with_una(interchange(message(), number="REF2"), "=*.? ~")
    third = b"UNA:+.? '\n" + plain(number="REF3")
    chunks = read(plain(2) + other + third)
    assert [len(chunk.records()) for chunk in chunks] == [2, 1, 1]
    assert [d for chunk in chunks for d in chunk.defects] == []
    assert column(chunks, "UNB.05") == ["REF1", "REF1", "REF2", "REF3"]


def test_unb_and_una_inside_data_are_data() -> None:
    body = [segment.replace("NORDSEE LINE", "UNB+UNA:UNB") for segment in BODY]
    chunks = read(plain(2, body=body))
    assert column(chunks, "NAD[01=SU].04") == ["UNB", "UNB"]
    assert column(chunks, "NAD[01=SU].05.2") == ["UNB", "UNB"]
    assert chunks[0].defects == ()


def test_an_interchange_after_one_that_breaks_off_is_read() -> None:
    cut = plain(1)[:400]
    for following in (plain(2, number="REF2"), with_una(interchange(message()), "=*.? ~")):
        chunks = read(cut + following)
        assert set(column(chunks, "BGM.02")) <= {"INV1", "INV2"}
        rejected = [d.record for d in chunks[0].defects if d.record is not None]
        assert set(rejected) == {0}


def test_byte_order_mark_tabs_indentation_and_trailing_blanks_are_skipped() -> None:
    data = b"\xef\xbb\xbf" + plain(2, "'\r\n\t\t    ") + b"   \r\n\t"
    assert column(read(data), "BGM.02") == ["INV1", "INV2"]
    assert codes(data) == []
    assert codes(b"\r\n  " + plain()) == []
    assert codes(b"\xef\xbb\xbfUNA:+.? '" + plain()) == []


def test_junk_before_the_unb_is_told_and_skipped() -> None:
    data = b"From: someone'\n" + plain()
    (defect,) = defects(data)
    assert (defect.code, defect.record, defect.value) == ("JUNK", None, "From: someone'")
    (chunk,) = read(data)
    assert chunk.records().position(0, "BGM.02").byte_offset == data.index(b"INV1")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "EMPTY_FILE"),
        (b" \r\n", "EMPTY_FILE"),
        (b"\xef\xbb\xbf", "EMPTY_FILE"),
        (b"ISA*00*          *00*", "WRONG_FILE_TYPE"),
        (bytes(range(256)) * 50, "NOT_EDIFACT"),
        (b"UNA:+.? '", "NOT_EDIFACT"),
        (b"UNA:+.? 'UNB*UNOC", "UNB_UNREADABLE"),
        (b"UNB", "UNB_UNREADABLE"),
    ],
)
def test_a_file_that_is_no_edifact_gives_one_defect_and_the_others_are_read(
    data: bytes, code: str
) -> None:
    (chunk,) = read(plain(1), data, plain(2))
    (defect,) = chunk.defects
    assert (defect.code, defect.record, defect.file) == (code, None, 1)
    assert len(chunk.records()) == 3
    (alone,) = read(data)
    assert len(alone.records()) == 0
    assert alone.records().column("BGM.02").to_pylist() == []
    assert alone.children("LIN/MOA").lineage().num_rows == 0


def test_another_message_is_told_and_not_mapped() -> None:
    other = message("2", kind="IFTSTA:D:96A:UN")
    (chunk,) = read(written(interchange(message("1"), other, message("3"))))
    assert [(d.code, d.record, d.value) for d in chunk.defects] == [("NO_MAPPING", 1, "IFTSTA")]
    assert column([chunk], "BGM.02") == ["INV1", None, "INV1"]
    assert set(chunk.children("LIN").record.tolist()) == {0, 2}


def test_without_a_document_every_message_is_read_by_its_own_structure() -> None:
    status = message("2", ["BGM+23+S1+9", "CNI+1+C1", "STS+1+21", "DTM+334:20250626:102"])
    status[0] = "UNH+2+IFTSTA:D:96A:UN"
    data = written(interchange(message("1"), status, message("3", kind="ORDERS:D:96A:UN")))
    reader = FORMAT.reader({"format": "edifact"})
    (chunk,) = reader.read([source_file(data)])
    assert [(d.code, d.record, d.value) for d in chunk.defects] == [("NO_STRUCTURE", 2, "ORDERS")]
    assert chunk.records().lineage().column("structure").to_pylist() == [
        "INVOIC D96A",
        "IFTSTA D96A",
        None,
    ]
    assert chunk.records().column("BGM.02").to_pylist() == ["INV1", "S1", None]
    assert chunk.children("CNI/STS/DTM").column("DTM.01.2").to_pylist() == ["20250626"]


def test_unknown_and_missing_segments_have_the_severity_of_the_mapping() -> None:
    body = [*BODY[1:5], "ZZZ+1", *BODY[5:]]
    data = written(interchange(message("1"), message("2", body)))
    found = {d.code: (d.record, str(d.severity)) for d in defects(data)}
    assert found == {"UNKNOWN_SEGMENT": (1, "reject"), "MISSING_SEGMENT": (1, "reject")}
    assert codes(data, structure={"unknown": "ignore", "missing": "ignore"}) == []


def test_segments_without_content_are_told_but_not_counted() -> None:
    data = plain().replace(b"CUX+2:EUR:4'", b"CUX+2:EUR:4''")
    (defect,) = defects(data)
    assert (defect.code, defect.record, defect.severity) == ("EMPTY_SEGMENT", 0, "warn")


@pytest.mark.parametrize(
    "garbage",
    [bytes(range(256)), b"UNT+1+1'", b"\xff", b"'", b"?", b"RFF+1'NAD+1'", b"UNA:+.? '", b"UNB+"],
)
def test_a_megabyte_of_garbage_is_read_with_few_defects(garbage: bytes) -> None:
    head = plain(2)[: plain(2).index(b"UNZ")]
    data = head + garbage * (200_000 // len(garbage))
    (chunk, *_) = read(data)
    assert column([chunk], "BGM.02")[:2] == ["INV1", "INV2"]
    outside = [d for d in chunk.defects if d.record is None]
    assert 1 <= len(outside) <= 60
    assert not {d.record for d in chunk.defects} & {0}


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader.EdiReader, "block", 2000)
    sizes = {"block": 2000, "large": 10_000, "largest": 20_000}
    monkeypatch.setattr(reader, "pieces", partial(pieces, **sizes))


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("end", ["'", "'\n", "'\r\n\t"])
def test_a_large_file_is_read_in_blocks_and_gives_the_same(end: str) -> None:
    first = [message(str(n)) for n in range(20)]
    second = [message(str(n)) for n in range(30)]
    segments = interchange(group(*first, number="1"), group(*second, number="2"))
    data = written(segments, end)
    chunks = read(data)
    assert len(chunks) > 10
    assert [d for chunk in chunks for d in chunk.defects] == []
    assert column(chunks, "UNH.01") == [one[0].split("+")[1] for one in (*first, *second)]
    assert column(chunks, "UNG.05") == ["1"] * 20 + ["2"] * 30
    assert column(chunks, "MOA.01.2", "LIN/MOA") == ["150.00", "25.50"] * 50
    at = chunks[-1].records().position(len(chunks[-1].records()) - 1, "UNH.01")
    assert at.byte_offset == data.rindex(b"UNH+") + 4


@pytest.mark.usefixtures("small_blocks")
def test_release_characters_stay_with_what_they_release_in_blocks() -> None:
    body = [segment.replace("NORDSEE LINE", "L?'EAU ??UNH?+") for segment in BODY]
    data = plain(40, "'", body=body)
    chunks = read(data)
    assert len(chunks) > 10
    assert column(chunks, "NAD[01=SU].04") == ["L'EAU ?UNH+"] * 40
    assert [d for chunk in chunks for d in chunk.defects] == []


@pytest.mark.usefixtures("small_blocks")
def test_envelopes_are_checked_over_all_blocks() -> None:
    some = [message(str(n)) for n in range(20)]
    data = written(interchange(*some, some[3]))
    assert codes(data) == ["DUPLICATE_UNH"]
    assert sorted(codes(data.replace(b"UNZ+21", b"UNZ+20"))) == ["DUPLICATE_UNH", "UNZ_COUNT"]


@pytest.mark.usefixtures("small_blocks")
def test_a_message_without_end_is_given_up_and_the_next_file_is_read() -> None:
    endless = [*BODY[:4], *(f"FTX+AAI+++{n}" for n in range(5000))]
    chunks = read(written(interchange(message("1"), message("2", endless))), plain(1))
    assert [d.code for chunk in chunks for d in chunk.defects] == ["TRANSACTION_TOO_LARGE"]
    assert column(chunks, "BGM.02") == ["INV1", "INV1"]
