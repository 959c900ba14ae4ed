"""Files to chunks: what is read, from how many files, in how many chunks, with which defects."""

import tracemalloc
from functools import partial

import pytest

from etl.formats.edi.reading import reader
from etl.formats.edi.reading.framing import pieces
from etl.formats.x12 import FORMAT
from etl.formats.x12.syntax import X12
from etl.raw import Chunk, Reader
from tests.formats.x12.interchanges import (
    BODY,
    codes,
    column,
    defects,
    file,
    group,
    interchange,
    plain,
    read,
    transaction,
    written,
)


def test_keeps_the_protocols_of_raw_tables() -> None:
    made: Reader = FORMAT.reader({"format": "x12", "document": "210"})
    chunk: Chunk = next(iter(made.read([file(plain())])))
    assert [one.name for one in chunk.files] == ["a.edi"]
    assert chunk.records().record.tolist() == [0]


def test_header_paths_do_not_reach_into_loops() -> None:
    chunks = read(plain())
    assert column(chunks, "N9[01=CN].02") == [None]
    assert column(chunks, "N9.02") == ["BOL1"]
    assert column(chunks, "N9[01=PO].02") == ["PO1"]
    assert column(chunks, "N1[01=SH].02") == [None]
    assert column(chunks, "LX/N1[01=SH]/N4.01") == ["MEMPHIS"]
    assert column(chunks, "N1[01=BT]/N4.01") == ["DALLAS"]
    assert column(chunks, "N1[01=CN]/N4.01") == ["DENVER"]
    assert column(chunks, "LX/L1.04") == ["1000"]


def test_empty_and_absent_elements_are_null() -> None:
    chunks = read(plain())
    assert column(chunks, "B3.01") == [None]
    assert column(chunks, "C3.05") == [None]
    assert column(chunks, "B3.99") == [None]
    assert column(chunks, "L1.08", "LX/L1") == ["400", "FUE", "LFT"]
    assert column(chunks, "L1.12", "LX/L1") == ["LINEHAUL", None, None]


def test_rows_of_children_know_their_record_and_the_loops_around_them() -> None:
    (chunk,) = read(plain(2))
    lines = chunk.children("LX/L1")
    assert lines.record.tolist() == [0, 0, 0, 1, 1, 1]
    assert lines.column("LX.01").to_pylist() == ["1", "1", "2"] * 2
    assert lines.column("LX/N9[01=CN].02").to_pylist() == ["TRK1", "TRK1", None] * 2
    assert lines.column("ST/B3.02").to_pylist() == ["INV1"] * 3 + ["INV2"] * 3
    assert lines.column("ISA.06").to_pylist() == ["ACLT"] * 6
    assert lines.column("GS.08").to_pylist() == ["004010"] * 6
    assert lines.lineage().column("position").to_pylist() == [15, 16, 18] * 2
    assert chunk.children("N9[01=PO]").column("N9.02").to_pylist() == ["PO1", "PO1"]
    assert chunk.children("LX").column("L0.04").to_pylist() == ["120", None] * 2
    assert chunk.children("N1/N4").column("N4.01").to_pylist() == ["DALLAS", "DENVER"] * 2
    assert chunk.children("S5").column("S5.01").to_pylist() == []


def test_components_are_split_at_the_separator_of_the_isa() -> None:
    chunks = read(plain())
    path = "N9[07.2=MX].07"
    assert column(chunks, path, "LX") == ["ZZ>MX", None]
    assert column(chunks, "N9.07.1", "LX") == ["ZZ", None]
    assert column(chunks, "N9.07.2", "LX") == ["MX", None]
    assert column(chunks, "N9.07.3", "LX") == [None, None]


def test_components_of_a_repeated_element_are_those_of_its_first_repetition() -> None:
    body = [*BODY[:-1], "K1*A>B^C>D"]
    data = written(interchange(group(transaction(body=body)), isa11="^", version="00501"))
    assert column(read(data), "LX/K1.01") == ["A>B"]
    assert column(read(data), "LX/K1.01.2") == ["B"]


def test_positions_name_interchange_group_document_segment_element_and_byte() -> None:
    data = plain(2)
    (chunk,) = read(file(data, "x.edi"))
    at = chunk.children("LX/L1").position(3, "L1.04")
    assert (at.file, at.interchange, at.group, at.document) == ("x.edi", "000000001", "1", "0002")
    assert (at.segment, at.segment_id, at.element) == (15, "L1", 4)
    assert at.byte_offset == data.index(b"1000****", data.index(b"INV2"))
    ancestor = chunk.children("LX/L1").position(5, "LX/N9.07.2")
    assert (ancestor.segment_id, ancestor.segment) == ("L1", 18)
    component = chunk.children("LX/L1").position(0, "LX/N9.07.2")
    assert component.byte_offset == data.index(b"MX")
    assert chunk.records().position(1).segment_id == "ST"


def test_files_with_the_same_separators_are_read_as_one_buffer() -> None:
    sources = [file(plain(n), f"{n}.edi") for n in (1, 2, 3)]
    (chunk,) = read(*sources)
    assert [one.name for one in chunk.files] == ["1.edi", "2.edi", "3.edi"]
    lineage = chunk.records().lineage()
    assert lineage.column("file").to_pylist() == [0, 1, 1, 2, 2, 2]
    assert lineage.column("number_in_file").to_pylist() == [1, 1, 2, 1, 2, 3]
    last = chunk.records().position(5, "B3.02")
    assert last.file == "3.edi"
    assert last.byte_offset == plain(3).index(b"INV3")


def test_a_file_that_breaks_off_does_not_run_into_the_next_one() -> None:
    whole = plain(2)
    (chunk,) = read(whole[: whole.index(b"INV2") + 2], plain(1))
    assert column([chunk], "B3.02") == ["INV1", "IN", "INV1"]
    assert {d.record for d in chunk.defects if d.record is not None} == {1}
    assert {d.file for d in chunk.defects} == {0}


def test_files_with_other_separators_make_another_chunk() -> None:
    chunks = read(plain(1), plain(2, "|"), plain(3, "|"))
    assert [len(chunk.records()) for chunk in chunks] == [1, 5]
    assert [d for chunk in chunks for d in chunk.defects] == []


def test_interchanges_with_other_separators_in_one_file() -> None:
    other = written(interchange(group(transaction()), number="000000002"), "|", "^")
    chunks = read(plain(2) + other + plain(1).replace(b"000000001", b"000000003"))
    assert [len(chunk.records()) for chunk in chunks] == [2, 1, 1]
    assert [d for chunk in chunks for d in chunk.defects] == []
    assert column(chunks, "ISA.13") == ["000000001"] * 2 + ["000000002", "000000003"]
    lineages = [chunk.records().lineage() for chunk in chunks]
    assert [n for one in lineages for n in one["number_in_file"].to_pylist()] == [1, 2, 3, 4]


def test_isa_inside_data_is_data() -> None:
    body = [segment.replace("N1*BT*ACME", "N1*BT*ISA*00*ISA") for segment in BODY]
    chunks = read(plain(2, body=body))
    assert column(chunks, "N1[01=BT].02") == ["ISA", "ISA"]
    assert {defect.value for defect in chunks[0].defects} == {"12345"}


def test_an_interchange_after_one_that_breaks_off_is_read() -> None:
    cut = plain(1)[:400]
    for following in (plain(2), plain(2, "|")):
        # under a number of its own: the same one again would be a duplicate
        chunks = read(cut + following.replace(b"000000001", b"000000002"))
        assert column(chunks, "B3.02") == ["INV1", "INV1", "INV2"]
        rejected = [d.record for d in chunks[0].defects if d.record is not None]
        assert rejected == [0]


def test_byte_order_mark_indentation_and_trailing_blanks_are_skipped() -> None:
    data = b"\xef\xbb\xbf" + plain(2, "~\r\n      ") + b"   \r\n  "
    assert column(read(data), "B3.02") == ["INV1", "INV2"]
    assert codes(data) == []
    assert codes(b"\r\n  " + plain()) == []


def test_junk_before_the_isa_is_told_and_skipped() -> None:
    data = b"From: someone\n" + plain()
    (defect,) = defects(data)
    assert (defect.code, defect.record, defect.value) == ("JUNK", None, "From: someone")
    assert column(read(data), "B3.02") == ["INV1"]
    (chunk,) = read(data)
    assert chunk.records().position(0, "B3.02").byte_offset == data.index(b"INV1")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "EMPTY_FILE"),
        (b" \r\n", "EMPTY_FILE"),
        (b"\xef\xbb\xbf", "EMPTY_FILE"),
        (b"UNB+UNOC:3+A+B'", "WRONG_FILE_TYPE"),
        (bytes(range(256)) * 50, "NOT_X12"),
        (plain()[:90], "ISA_UNREADABLE"),
    ],
)
def test_a_file_that_is_no_x12_gives_one_defect_and_the_others_are_read(
    data: bytes, code: str
) -> None:
    (chunk,) = read(plain(1), data, plain(2))
    (defect,) = chunk.defects
    assert (defect.code, defect.record, defect.file) == (code, None, 1)
    assert len(chunk.records()) == 3
    (alone,) = read(data)
    assert len(alone.records()) == 0
    assert alone.records().column("B3.02").to_pylist() == []
    assert alone.children("LX/L1").lineage().num_rows == 0


def test_another_set_or_version_is_told_and_not_mapped() -> None:
    other = transaction("0002")
    other[0] = "ST*214*0002"
    data = written(interchange(group(transaction("0001"), other, transaction("0003"))))
    (chunk,) = read(data)
    assert [(d.code, d.record, d.value) for d in chunk.defects] == [("NO_MAPPING", 1, "214")]
    assert column([chunk], "B3.02") == ["INV1", None, "INV1"]
    assert set(chunk.children("LX/L1").record.tolist()) == {0, 2}
    (chunk,) = read(data, versions=["005010", "004010"])
    assert [d.value for d in chunk.defects] == ["214"]
    (chunk,) = read(data, versions="005010")
    told = {(d.record, d.value) for d in chunk.defects}
    assert told == {(0, "004010"), (1, "214"), (2, "004010")}


def test_unknown_missing_and_misplaced_segments() -> None:
    body = ["L1*1*1*FR*100", *BODY[1:5], "QQ*1", *BODY[5:]]
    data = written(interchange(group(transaction("0001"), transaction("0002", body))))
    found = {d.code: d for d in defects(data)}
    assert {code: (d.record, str(d.severity)) for code, d in found.items()} == {
        "UNKNOWN_SEGMENT": (1, "reject"),
        "MISPLACED_SEGMENT": (1, "warn"),
        "MISSING_SEGMENT": (1, "reject"),
    }
    assert found["UNKNOWN_SEGMENT"].value == "QQ*1"
    assert found["UNKNOWN_SEGMENT"].position.segment == 7
    levels = {"unknown": "ignore", "missing": "ignore", "misplaced": "ignore"}
    assert codes(data, structure=levels) == []


def test_segments_without_content_are_told_but_not_counted() -> None:
    data = plain().replace(b"C3*USD~", b"C3*USD~~")
    (defect,) = defects(data)
    assert (defect.code, defect.record) == ("EMPTY_SEGMENT", 0)
    assert codes(plain(1, "\n").replace(b"C3*USD\n", b"C3*USD\n\n\n")) == []


def test_a_byte_that_is_no_utf_8_is_told_with_its_offset_and_never_guessed() -> None:
    data = plain(2).replace(b"DALLAS", b"M\xdcNCHEN", 1)
    (defect,) = defects(data)
    assert (defect.code, defect.record) == ("UNDECODABLE", 0)
    assert defect.position.byte_offset == data.index(b"\xdc")
    assert (defect.position.segment_id, defect.position.element) == ("N4", 1)
    assert column(read(data), "B3.02") == ["INV1", "INV2"]


@pytest.mark.parametrize("charset", ["iso-8859-1", "cp1252"])
def test_another_charset_is_read_when_declared(charset: str) -> None:
    data = plain(2).replace(b"DALLAS", b"M\xdcNCHEN").replace(b"INV2", b"INV\xe9")
    (chunk,) = read(data, charset=charset)
    assert chunk.defects == ()
    assert column([chunk], "N1[01=BT]/N4.01") == ["MÜNCHEN", "MÜNCHEN"]
    assert column([chunk], "B3.02") == ["INV1", "INVé"]
    at = chunk.records().position(1, "N1[01=CN].02").byte_offset
    assert at == data.rindex(b"GLOBAL")


def test_utf_8_is_read_also_in_wrapped_lines() -> None:
    data = plain(1, "~").decode().replace("DALLAS", "KØBENHAVN").encode()
    wrapped = b"\r\n".join(data[at : at + 80] for at in range(0, len(data), 80))
    assert column(read(wrapped), "N1[01=BT]/N4.01") == ["KØBENHAVN"]
    at = wrapped.index(b"MEMPHIS") + 3
    (defect,) = defects(wrapped[:at] + b"\xff" + wrapped[at + 1 :])
    assert (defect.code, defect.position.byte_offset) == ("UNDECODABLE", at)


def test_a_byte_the_declared_charset_does_not_have() -> None:
    data = plain().replace(b"DALLAS", b"\xe9\x81X")
    (defect,) = defects(data, charset="cp1252")
    assert (defect.code, defect.position.byte_offset) == ("UNDECODABLE", data.index(b"\x81"))


def test_control_characters_in_data_are_told() -> None:
    data = plain(2).replace(b"INV2", b"I\x00V2")
    (defect,) = defects(data)
    assert (defect.code, defect.record) == ("CONTROL_CHARACTER", 1)
    assert defect.position.byte_offset == data.index(b"\x00")


def test_many_defects_of_one_kind_are_not_all_told() -> None:
    body = [BODY[0], *["QQ*1"] * 1000]
    data = written(interchange(group(transaction("0001", body), transaction("0002"))))
    assert codes(data) == ["UNKNOWN_SEGMENT"] * 10


@pytest.mark.parametrize(
    "garbage",
    [bytes(range(256)), b"SE*1*1~", b"\xff", b"~", b"N1*1~N9*1~", b"ISA*", b"ST*210*1~", b"\n"],
)
def test_a_megabyte_of_garbage_is_read_with_few_defects(garbage: bytes) -> None:
    head = plain(2)[: plain(2).index(b"GE*")]
    data = head + garbage * (200_000 // len(garbage))
    (chunk, *_) = read(data)
    assert column([chunk], "B3.02")[:2] == ["INV1", "INV2"]
    outside = [d for d in chunk.defects if d.record is None]
    assert 1 <= len(outside) <= 60
    assert not {d.record for d in chunk.defects} & {0}


def test_of_many_files_each_one_is_told_what_is_wrong_with_it() -> None:
    data = plain().replace(b"GE*1*1", b"GE*1*\xff")
    (chunk,) = read(*[data] * 15)
    wrong = {d.file for d in chunk.defects if d.code == "UNDECODABLE"}
    assert wrong == set(range(15))


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader.EdiReader, "block", 2000)
    sizes = {"block": 2000, "large": 10_000, "largest": 20_000}
    monkeypatch.setattr(reader, "pieces", partial(pieces, **sizes))


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("terminator", ["~", "~\n", "\r\n"])
def test_a_large_file_is_read_in_blocks_and_gives_the_same(terminator: str) -> None:
    first = [transaction(f"{n:04d}") for n in range(20)]
    second = [transaction(f"{n:04d}") for n in range(30)]
    data = written(interchange(group(*first, number="1"), group(*second, number="2")), terminator)
    chunks = read(data)
    assert len(chunks) > 10
    assert [d for chunk in chunks for d in chunk.defects] == []
    assert column(chunks, "ST.02") == [one[0][-4:] for one in (*first, *second)]
    assert column(chunks, "GS.06") == ["1"] * 20 + ["2"] * 30
    assert column(chunks, "L1.04", "LX/L1") == ["1000", "200", "300"] * 50
    at = chunks[-1].records().position(len(chunks[-1].records()) - 1, "ST.02")
    assert at.byte_offset == data.rindex(b"ST*210") + 7


@pytest.mark.usefixtures("small_blocks")
def test_envelopes_are_checked_over_all_blocks() -> None:
    some = [transaction(f"{n:04d}") for n in range(20)]
    data = written(interchange(group(*some, some[3])))
    assert codes(data) == ["DUPLICATE_ST"]
    assert sorted(codes(data.replace(b"GE*21*1", b"GE*20*1"))) == ["DUPLICATE_ST", "GE_COUNT"]


@pytest.mark.usefixtures("small_blocks")
def test_wrapped_lines_and_other_separators_are_read_in_blocks() -> None:
    data = plain(30, "~")
    wrapped = b"\n".join(data[at : at + 80] for at in range(0, len(data), 80))
    other = written(interchange(group(transaction()), number="000000002"), "|", "^")
    chunks = read(wrapped + b"\n" + other)
    assert [d for chunk in chunks for d in chunk.defects] == []
    assert column(chunks, "B3.02") == [f"INV{n}" for n in range(1, 31)] + ["INV1"]


@pytest.mark.usefixtures("small_blocks")
def test_a_transaction_larger_than_a_block_is_read_and_one_without_end_is_given_up() -> None:
    long = [BODY[0], *(f"N9*PO*{n}" for n in range(1000))]
    data = written(interchange(group(transaction("0001"), transaction("0002", long))))
    assert codes(data) == ["TOO_MANY_SEGMENTS"]
    endless = [BODY[0], *(f"N9*PO*{n}" for n in range(5000))]
    data = written(interchange(group(transaction("0001"), transaction("0002", endless))))
    chunks = read(data, plain(1))
    assert [d.code for chunk in chunks for d in chunk.defects] == ["TRANSACTION_TOO_LARGE"]
    assert column(chunks, "B3.02") == ["INV1", "INV1"]


def test_memory_is_bounded_by_the_block_and_not_by_the_file() -> None:
    one = written(transaction("0001"))
    head = plain(0).split(b"GE*")[0]
    many = (40 << 20) // len(one)

    class Endless:
        """Gives a large file without ever holding it."""

        def __init__(self) -> None:
            self.left, self.rest = many, head

        def read(self, wanted: int) -> bytes:
            while len(self.rest) < wanted and self.left:
                some = min(self.left, 1000)
                self.rest += one * some
                self.left -= some
            given, self.rest = self.rest[:wanted], self.rest[wanted:]
            return given

    tracemalloc.start()
    largest = sum(piece.text.data.count(b"ST*") for piece in pieces(Endless(), X12, "utf-8"))  # type: ignore[arg-type]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert largest == many
    assert peak < 8 * X12.block
