from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.defects import Defect, Severity
from etl.formats import format_named
from etl.formats.delimited import reader as reader_module
from etl.formats.delimited.chunk import DelimitedChunk
from etl.raw import LINEAGE, DeclarationError, SourceFile
from tests.formats.source_files import source_file


def chunks(source: dict[str, Any], *files: SourceFile) -> list[DelimitedChunk]:
    return list(format_named("csv").reader({"format": "csv", **source}).read(files))


def chunk(source: dict[str, Any], *contents: bytes | str) -> DelimitedChunk:
    files = [source_file(content, f"{i}.csv") for i, content in enumerate(contents)]
    (only,) = chunks(source, *files)
    return only


def column(of: DelimitedChunk, path: str) -> list[str | None]:
    return of.records().column(path).to_pylist()


def lines(of: DelimitedChunk) -> list[int]:
    return of.records().lineage().column("position").to_pylist()


def codes(of: DelimitedChunk) -> list[tuple[str, int | None]]:
    return [(defect.code, defect.record) for defect in of.defects]


def only_defect(of: DelimitedChunk) -> Defect:
    (defect,) = of.defects
    return defect


# cells ------------------------------------------------------------------------------------


def test_cells_are_strings_and_empty_ones_null() -> None:
    read = chunk({}, 'a,b,c\n007,1.50,\n"",NULL,"x,y"\n')
    assert column(read, "a") == ["007", None]
    assert column(read, "b") == ["1.50", "NULL"]
    assert column(read, "c") == [None, "x,y"]
    assert read.defects == []


def test_declared_null_values_are_null_beside_the_empty_cell() -> None:
    read = chunk({"null_values": ["N/A", "-"]}, "a,b\nN/A,-\n,n/a\n")
    assert column(read, "a") == [None, None]
    assert column(read, "b") == [None, "n/a"]


def test_blanks_stay_unless_trimmed() -> None:
    content = "a,b\n x ,  \n"
    assert column(chunk({}, content), "b") == ["  "]
    assert column(chunk({"trim": True}, content), "a") == ["x"]
    assert column(chunk({"trim": True}, content), "b") == [None]


def test_columns_go_by_name_and_by_position() -> None:
    read = chunk({"delimiter": ";"}, "Invoice Number; Net \n1;2\n")
    assert column(read, "Net") == column(read, "#2") == column(read, "2") == ["2"]


def test_a_headerless_file_goes_by_position_and_by_declared_names() -> None:
    assert column(chunk({"header": False}, "1,2\n3,4\n"), "#2") == ["2", "4"]
    assert column(chunk({"header": False, "columns": ["a", "b"]}, "1,2\n"), "b") == ["2"]
    assert column(chunk({"header": False, "columns": {"net": 2}}, "1,2\n"), "net") == ["2"]


def test_lines_before_the_header_are_passed_over_and_counted() -> None:
    read = chunk({"header": 3}, 'Report "x\nfor you\r\na,b\n1,2\n')
    assert (column(read, "b"), lines(read)) == (["2"], [4])
    read = chunk({"header": False, "skip_rows": 1}, "junk\n1,2\n")
    assert (column(read, "#1"), lines(read)) == (["1"], [2])


def test_lines_that_begin_as_declared_are_no_data() -> None:
    content = "# made today\na,b\n1,2\n# mid\n3,4\nTOTAL,2,6\n"
    read = chunk({"ignore_lines": ["#", "TOTAL"]}, content)
    assert (column(read, "a"), lines(read)) == (["1", "3"], [3, 5])
    assert read.defects == []


def test_text_in_the_declared_encoding_is_read() -> None:
    assert column(chunk({"encoding": "cp1252"}, "a\nStraße €\n".encode("cp1252")), "a") == [
        "Straße €"
    ]
    assert column(chunk({}, "\ufeffa\nä\n".encode()), "a") == ["ä"]


def test_a_mark_in_the_first_cell_of_the_data_is_no_byte_order_mark() -> None:
    assert column(chunk({}, "a\n\ufeffx\n".encode()), "a") == ["\ufeffx"]


def test_lines_are_those_of_the_file_through_quoted_line_ends_and_empty_lines() -> None:
    read = chunk({}, 'a,b\n\n"x\r\ny",2\r\n\r\n3,4')
    assert lines(read) == [3, 6]
    assert str(read.records().position(1, "b")) == "0.csv: row 6 column b"


def test_lineage_has_the_contracts_schema() -> None:
    read = chunk({}, "a\n1\n", "a\n2\n")
    table = read.records().lineage()
    assert table.schema == LINEAGE
    assert table.column("file").to_pylist() == [0, 1]
    assert table.column("document_no").null_count == 2


def test_rows_may_be_kept_by_the_value_of_a_column() -> None:
    content = "type,n\nI,1\nS,2\nX,3\n"
    assert column(chunk({"where": {"type": ["S", "X"]}}, content), "n") == ["2", "3"]
    assert column(chunk({"where": {"type": "I"}}, content), "n") == ["1"]


def test_a_file_none_of_whose_rows_is_kept_is_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    source = {"where": {"type": "S"}, "ignore": {"type": "I"}}
    assert codes(chunk(source, "type\nI\n", "type\nS\n")) == [("NO_RECORDS", None)]
    monkeypatch.setattr(reader_module, "_BLOCK", 10)
    monkeypatch.setattr(reader_module, "_CHUNK", 20)
    first_only = chunks(source, source_file("type\nS\n" + "I\n" * 50))
    assert len(first_only) > 1
    assert [code for part in first_only for code in codes(part)] == []
    none = chunks(source, source_file("type\n" + "I\n" * 50))
    assert [code for part in none for code in codes(part)] == [("NO_RECORDS", None)]


def test_a_ragged_trailer_that_where_leaves_out_is_no_defect() -> None:
    source = {"where": {"type": "S"}, "ignore": {"type": "END"}}
    read = chunk(source, "type,n,m\nS,2,3\nEND,1\nS\n\n,\nS,4,5\n")
    assert column(read, "n") == ["2", None, None, "4"]
    assert codes(read) == [("RAGGED_ROW", 1), ("RAGGED_ROW", 2)]


CLASSES = "no,class,amount\nA,FRT,100.00\nA,NEW,90.00\nB,FRT,50.00\nC,,7.00\nC,NEW,7.00\n"
BY_NUMBER = {"group_by": ["no"], "where": {"class": ["FRT", "FSC"]}}


def test_a_row_that_where_leaves_out_and_nobody_named_refuses_its_record() -> None:
    [orphans, left] = chunk(BY_NUMBER, CLASSES).defects
    assert (left.code, left.record, left.severity) == ("LEFT_OUT", 0, Severity.REJECT)
    assert str(left.position) == "0.csv: row 3 column class"
    assert left.value == "NEW"
    assert "where leaves out 1 row that nobody named (class 'NEW')" in left.message
    assert left.expected == "one of 'FRT', 'FSC', or a value of ignore"
    assert (orphans.code, orphans.record) == ("LEFT_OUT", None)
    assert "leaves out 2 rows that nobody named (class '', class 'NEW')" in orphans.message


def test_values_that_ignore_names_are_left_out_in_silence() -> None:
    for named in ({"class": ["NEW", ""]}, {"class": "*"}, {"no": ["A", "C"], "class": "NEW"}):
        assert codes(chunk({**BY_NUMBER, "ignore": named}, CLASSES)) == []
    read = chunk({"ignore": {"class": ["NEW", ""]}}, CLASSES)
    assert column(read, "no") == ["A", "B"]
    assert codes(read) == []


def test_rows_that_are_no_records_are_told_by_file_with_counts() -> None:
    source = {"where": {"class": "FRT", "no": ["A", "B"]}}
    read = chunk(source, CLASSES, "no,class,amount\nA,FRT,1\n", CLASSES + "D,FRT,1\n")
    told = [
        (each.file, each.record, each.message.split("(")[1].split(")")[0]) for each in read.defects
    ]
    assert told == [
        (0, None, "class 'NEW' 2 times, class ''"),
        (2, None, "class 'NEW' 2 times, class '', no 'D'"),
    ]


def test_an_empty_row_has_nothing_that_could_be_left_out() -> None:
    assert codes(chunk({"where": {"class": "FRT"}}, "class,amount\nFRT,1\n,\n")) == []


def test_many_values_are_counted_and_the_first_are_shown() -> None:
    rows = "".join(f"X{number},1\n" for number in range(5000))
    [left] = chunk({"where": {"class": "FRT"}}, f"class,amount\nFRT,1\n{rows}").defects
    assert "leaves out 5000 rows" in left.message
    assert "and 4990 more values" in left.message


# defects ----------------------------------------------------------------------------------


def test_a_ragged_row_costs_only_its_record() -> None:
    read = chunk({}, 'a,b\n1,2\n"3\nx"\n4,5,6\n7,8\n')
    assert column(read, "b") == ["2", None, "5", "8"]
    short, long = read.defects
    assert (short.code, short.record, short.position.row) == ("RAGGED_ROW", 1, 3)
    assert (short.value, short.expected) == ('"3\nx"', "2 cells")
    assert (long.record, long.position.row, long.value) == (2, 5, "4,5,6")


def test_surplus_empty_cells_are_no_defect() -> None:
    read = chunk({"delimiter": ";"}, "a;b\n1;2;\n3;4; ;\n")
    assert (column(read, "b"), read.defects) == (["2", "4"], [])


def test_rows_cut_short_may_be_declared_to_stand_for_empty_cells() -> None:
    read = chunk({"short_rows": "pad"}, "a,b,c\n1\n2,3,4,5\n")
    assert column(read, "c") == [None, "4"]
    assert codes(read) == [("RAGGED_ROW", 1)]


def test_a_ragged_row_whose_one_column_is_empty_stays_a_row() -> None:
    read = chunk({}, "a\n,x\n1\n")
    assert column(read, "a") == [None, "1"]
    assert codes(read) == [("RAGGED_ROW", 0)]


def test_an_unclosed_quote_costs_only_its_line() -> None:
    read = chunk({}, 'a,b\n1,2\n3,"x\n4,5\n6,7\n')
    assert column(read, "a") == ["1", "3", "4", "6"]
    assert lines(read) == [2, 3, 4, 5]
    assert codes(read) == [("UNCLOSED_QUOTE", 1)]
    assert only_defect(read).value == '3,"x'


def test_an_unclosed_quote_in_the_header_refuses_the_file() -> None:
    assert codes(chunk({}, 'a,"b\n1,2\n')) == [("UNCLOSED_QUOTE", None)]


@pytest.mark.parametrize("content", ["", "\n\r\n", "\ufeff", "# only a comment\n"])
def test_a_file_without_text_is_refused(content: str) -> None:
    read = chunk({"ignore_lines": "#"}, content)
    assert codes(read) == [("EMPTY_FILE", None)]
    assert len(read.records()) == 0


def test_a_file_with_only_a_header_is_whole_but_warned_of() -> None:
    defect = only_defect(chunk({}, "a,b\n"))
    assert (defect.code, defect.severity) == ("NO_RECORDS", Severity.WARN)


def test_undecodable_bytes_refuse_the_whole_file_and_no_other() -> None:
    read = chunk({}, b"a\n1\n", b"a\n2\n\xff\n", b"a\n3\n")
    assert column(read, "a") == ["1", "3"]
    defect = only_defect(read)
    assert (defect.code, defect.record, defect.position.file) == ("UNDECODABLE", None, "1.csv")
    assert read.files[defect.file].name == "1.csv"


def test_undecodable_bytes_late_in_a_large_file_refuse_all_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reader_module, "_BLOCK", 64)
    monkeypatch.setattr(reader_module, "_CHUNK", 64)
    content = b"a\n" + b"12345\n" * 100 + b"\xff\n"
    found = chunks({}, source_file(content))
    assert [len(part.records()) for part in found] == [0]
    assert found[0].defects[0].position.byte_offset == 602


def test_a_column_the_mapping_reads_and_the_file_lacks_is_one_defect_of_the_file() -> None:
    read = chunk({}, "Invoice,Net Amount\nA,1\n", "Invoice,Net\nB,2\n")
    assert column(read, "Net") == [None, "2"]
    assert column(read, "Net") == [None, "2"]
    of_file, of_record = read.defects
    assert (of_file.code, of_file.record, of_file.file) == ("MISSING_COLUMN", None, 0)
    assert of_file.position.column == "Net"
    assert of_file.expected is not None
    assert "'Invoice', 'Net Amount'" in of_file.expected
    assert (of_record.code, of_record.record) == ("MISSING_COLUMN", 0)


def test_a_near_name_is_suggested() -> None:
    read = chunk({}, "Invoice Number,Net\nA,1\n")
    column(read, "invoice numbr")
    assert "did you mean 'Invoice Number'?" in str(read.defects[0].expected)


def test_a_position_beyond_the_width_is_a_missing_column() -> None:
    read = chunk({"header": False}, "1,2\n")
    assert column(read, "#3") == [None]
    assert "width" in str(read.defects[0].expected)


def test_an_optional_column_may_be_absent() -> None:
    read = chunk({"optional_columns": ["Fax"]}, "a\n1\n")
    assert (column(read, "Fax"), read.defects) == ([None], [])


def test_a_column_named_twice_is_ambiguous_by_name_only() -> None:
    read = chunk({}, "code,amt,amt\nA,1,2\n")
    assert column(read, "#3") == ["2"]
    assert read.defects == []
    column(read, "amt")
    assert read.defects[0].code == "AMBIGUOUS_COLUMN"


def test_a_file_without_a_declared_column_is_not_read_at_all() -> None:
    read = chunk({"columns": ["a", "b"]}, "a,c\n1,2\n", "b,a,x\n3,4,5\n")
    assert column(read, "a") == ["4"]
    assert codes(read) == [("MISSING_COLUMN", None)]


def test_a_record_without_end_is_refused_and_what_came_before_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reader_module, "_BLOCK", 64)
    monkeypatch.setattr("etl.formats.delimited.body.LONGEST_RECORD", 256)
    read = chunk({}, "a,b\n1,2\n" + "x" * 1000)
    assert column(read, "a") == ["1"]
    assert codes(read) == [("RECORD_TOO_LONG", None)]
    assert only_defect(read).position.row == 3


def test_garbage_cannot_make_the_reader_make_up_cells_without_end() -> None:
    assert codes(chunk({}, "," * 20_000 + "\n1\n")) == [("TOO_MANY_COLUMNS", None)]
    defect = only_defect(chunk({}, "," * 16_000 + "\n" + "1\n" * 2_000))
    assert (defect.code, defect.record, defect.position.row) == ("RAGGED_FILE", None, 2)


def test_an_unclosed_quote_in_a_large_file_does_not_swallow_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reader_module, "_BLOCK", 64)
    monkeypatch.setattr("etl.formats.delimited.body.LONGEST_RECORD", 256)
    read = chunk({}, 'a,b\n1,"2\n' + "3,4\n" * 500)
    assert len(read.records()) == 501
    assert codes(read) == [("UNCLOSED_QUOTE", 0)]


# many files, large files ------------------------------------------------------------------


def test_many_small_files_come_in_one_chunk_whatever_their_columns() -> None:
    read = chunk({}, "a,b\n1,2\n", "b,a\n3,4", "a,b\n", 'a,b\n5,"x\n', "a,b\n7,8\n")
    assert column(read, "a") == ["1", "4", "5", "7"]
    assert read.records().lineage().column("file").to_pylist() == [0, 1, 3, 4]
    assert lines(read) == [2, 2, 2, 2]
    assert codes(read) == [("NO_RECORDS", None), ("UNCLOSED_QUOTE", 2)]


def test_a_large_file_comes_in_several_chunks_with_true_lines(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reader_module, "_BLOCK", 50)
    monkeypatch.setattr(reader_module, "_CHUNK", 200)
    rows = [f'{i},"a\n{i}",{"bad," if i % 7 == 0 else ""}x' for i in range(100)]
    found = chunks({}, source_file("n,t,u\n" + "\n".join(rows)), source_file("n,t,u\n100,t,x\n"))
    assert len(found) > 5
    numbers = [n for part in found for n in column(part, "n")]
    assert numbers == [str(n) for n in range(101)]
    assert [n for part in found for n in lines(part)] == [2 + 2 * n for n in range(100)] + [2]
    assert [
        n for part in found for n in part.records().lineage().column("number_in_file").to_pylist()
    ] == [*range(1, 101), 1]
    rejected = [
        column(part, "n")[defect.record]
        for part in found
        for defect in part.defects
        if defect.record is not None
    ]
    assert rejected == [str(n) for n in range(0, 100, 7)]


def test_a_file_over_the_limit_is_refused_with_both_sizes() -> None:
    content = "a\n" + "1\n" * 1024 * 600
    defect = only_defect(chunk({"max_mb": 1}, content))
    assert (defect.code, defect.value) == ("FILE_TOO_LARGE", str(len(content)))
    assert "max_mb" in defect.message


# groups -----------------------------------------------------------------------------------

BILLS = """inv;total;code;amt
A1;10;BASE;6
B2;5;BASE;5
A1;10;FUEL;4
C3;;BASE;1
C3;1;FUEL;
"""


def test_rows_of_the_same_key_make_one_record_in_order_of_first_appearance() -> None:
    read = chunk({"delimiter": ";", "group_by": ["inv"]}, BILLS)
    assert column(read, "inv") == ["A1", "B2", "C3"]
    assert column(read, "total") == ["10", "5", "1"]
    assert lines(read) == [2, 3, 5]
    children = read.children(None)
    assert children.record.tolist() == [0, 0, 1, 2, 2]
    assert children.column("code").to_pylist() == ["BASE", "FUEL", "BASE", "BASE", "FUEL"]
    assert children.lineage().column("position").to_pylist() == [2, 4, 3, 5, 6]
    assert read.defects == []


def test_a_key_may_have_several_columns_and_never_spans_files() -> None:
    read = chunk({"group_by": ["a", "#2"]}, "a,b\n1,1\n1,2\n11,\n1,1\n", "a,b\n1,1\n")
    assert column(read, "b") == ["1", "2", None, "1"]
    assert read.records().lineage().column("file").to_pylist() == [0, 0, 0, 1]
    assert read.records().lineage().column("number_in_file").to_pylist() == [1, 2, 3, 1]
    assert read.children(None).lineage().column("number_in_file").to_pylist() == [1, 1, 2, 3, 1]


def test_a_record_column_that_differs_inside_its_group_names_the_lines() -> None:
    read = chunk({"delimiter": ";", "group_by": ["inv"]}, BILLS + "B2;6;FUEL;1\n")
    column(read, "amt")
    assert column(read, "total") == ["10", "5", "1"]
    found = {defect.position.column: defect for defect in read.defects if defect.record == 1}
    defect = found["total"]
    assert (defect.code, defect.value, defect.expected) == ("INCONSISTENT_GROUP", "6", "'5'")
    assert "line 3: '5', line 7: '6'" in defect.message
    assert defect.position.row == 7


def test_columns_read_only_in_children_may_differ() -> None:
    read = chunk({"delimiter": ";", "group_by": ["inv"]}, BILLS)
    read.children(None).column("amt")
    assert read.defects == []


def test_a_ragged_row_rejects_the_record_of_its_group() -> None:
    read = chunk({"delimiter": ";", "group_by": ["inv"]}, BILLS + "A1;10\n")
    assert codes(read) == [("RAGGED_ROW", 0)]


def test_a_row_without_key_is_a_rejected_record_of_its_own() -> None:
    read = chunk({"delimiter": ";", "group_by": ["inv"]}, BILLS + ";1;;\n;2;;\n")
    assert len(read.records()) == 5
    assert codes(read) == [("NO_GROUP_KEY", 3), ("NO_GROUP_KEY", 4)]


def test_heading_rows_give_the_record_and_children_are_chosen_by_condition() -> None:
    content = "type,inv,total,n\nI,1,30,\nS,1,10,a\nS,1,20,b\nS,2,5,c\n"
    read = chunk({"group_by": "inv", "row": "[type=I]"}, content)
    assert column(read, "total") == ["30", None]
    assert codes(read) == [("NO_HEADING_ROW", 1)]
    children = read.children("[type=S]")
    assert children.column("n").to_pylist() == ["a", "b", "c"]
    assert children.record.tolist() == [0, 0, 1]


def test_a_file_without_the_key_column_is_not_read() -> None:
    assert codes(chunk({"group_by": "inv"}, "x\n1\n")) == [("MISSING_COLUMN", None)]


def test_a_group_may_lie_apart_in_a_large_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader_module, "_BLOCK", 50)
    monkeypatch.setattr(reader_module, "_CHUNK", 100)
    content = "inv,n\n" + "".join(f"{i % 3},{i}\n" for i in range(100))
    first, second = chunks({"group_by": "inv"}, source_file(content), source_file("inv,n\n7,1\n"))
    assert column(first, "inv") == ["0", "1", "2"]
    assert column(second, "inv") == ["7"]


def test_without_groups_each_row_is_a_record_and_its_own_child() -> None:
    read = chunk({}, "a\n1\n2\n")
    assert read.children(None).record.tolist() == [0, 1]
    assert read.children("[a=2]").record.tolist() == [1]


# checks -----------------------------------------------------------------------------------


def test_paths_and_rows_are_checked_before_anything_is_read() -> None:
    reader = format_named("csv").reader({"header": False, "columns": ["a", "b"]})
    reader.check_path("a")
    reader.check_row(None)
    reader.check_row("[a=1]")
    for row in ("N9", "[c=1]"):
        with pytest.raises(DeclarationError):
            reader.check_row(row)
    with pytest.raises(DeclarationError):
        reader.check_path("c")


# properties -------------------------------------------------------------------------------

CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
TABLES = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), max_size=6)
)


def written(rows: Sequence[Sequence[str]], delimiter: str, line_end: str) -> str:
    out = io.StringIO()
    writer = csv.writer(
        out, delimiter=delimiter, lineterminator=line_end, quoting=csv.QUOTE_NONNUMERIC
    )
    writer.writerows(rows)
    return out.getvalue()


@given(TABLES, st.sampled_from(",;\t|"), st.sampled_from(["\n", "\r\n"]))
def test_what_pythons_csv_module_writes_reads_back(
    rows: list[list[str]], delimiter: str, line_end: str
) -> None:
    width = len(rows[0]) if rows else 1
    names = [f"c{index}" for index in range(width)]
    read = chunk({"delimiter": delimiter}, written([names, *rows], delimiter, line_end))
    for index, name in enumerate(names):
        assert column(read, name) == [row[index] or None for row in rows]
    assert [defect.code for defect in read.defects] == ([] if rows else ["NO_RECORDS"])


@given(
    st.lists(
        st.binary(max_size=60) | st.text(st.sampled_from('a",\r\n#'), max_size=60), max_size=3
    ),
    st.sampled_from(
        [
            {},
            {"header": False},
            {"encoding": "latin-1", "group_by": "#1"},
            {"encoding": "utf-16"},
            {"quote": None, "ignore_lines": "#", "short_rows": "pad"},
            {"where": {"#1": "a"}, "trim": True, "skip_rows": 1},
        ]
    ),
)
def test_any_bytes_give_records_or_defects_and_no_crash(
    contents: list[bytes | str], source: dict[str, Any]
) -> None:
    files = [source_file(content, f"{i}.csv") for i, content in enumerate(contents)]
    told: set[str] = set()
    for read in chunks(source, *files):
        records = read.records()
        assert len(records.column("#1")) == len(records) == len(records.lineage())
        named = [read.files[i].name for i in records.lineage().column("file").to_pylist()]
        told |= set(named) | {read.files[defect.file].name for defect in read.defects}
        assert all(d.record is None or d.record < len(records) for d in read.defects)
        for defect in read.defects:
            assert str(defect)
    assert told == {file.name for file in files}
