from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.formats.delimited.body import table_of
from etl.formats.delimited.columns import Columns
from etl.formats.delimited.declaration import declared
from etl.formats.delimited.scan import Scan, scan

NOISE = st.text(st.sampled_from('a",\r\n 5'), max_size=40).map(str.encode)


def records(text: bytes, found: Scan) -> list[bytes]:
    return [text[a:b] for a, b in zip(found.starts, found.ends, strict=True)]


def whole(text: bytes, quote: bytes | None = b'"') -> Scan:
    return scan(text, b",", quote, final=True)


def test_records_end_with_any_line_end_and_empty_lines_are_none() -> None:
    text = b"a,b\nc,d\r\ne,f\r\n\r\n\rg,h"
    found = whole(text)
    assert records(text, found) == [b"a,b", b"c,d", b"e,f", b"g,h"]
    assert found.lines.tolist() == [0, 1, 2, 5]


def test_line_ends_and_delimiters_inside_quotes_belong_to_the_cell() -> None:
    text = b'"a\r\nb,""c""\n",2\n3,4\n'
    found = whole(text)
    assert records(text, found) == [b'"a\r\nb,""c""\n",2', b"3,4"]
    assert found.cells.tolist() == [2, 2]
    assert found.lines.tolist() == [0, 3]


def test_a_quote_inside_an_unquoted_cell_is_just_a_character() -> None:
    text = b'5" pipe,x\n"q",y\n6" pipe,z\n'
    found = whole(text)
    assert found.cells.tolist() == [2, 2, 2]


def test_text_after_a_closing_quote_belongs_to_the_cell() -> None:
    text = b'"a"b"c,d\ne,f\n'
    assert whole(text).cells.tolist() == [2, 2]


def test_without_quoting_a_quote_means_nothing() -> None:
    text = b'"a,b\nc",d\n'
    assert whole(text, quote=None).cells.tolist() == [2, 2]


def test_an_unclosed_quote_leaves_its_record_as_rest() -> None:
    text = b'a,b\nc,"d\ne,f\n'
    found = whole(text)
    assert records(text, found) == [b"a,b"]
    assert (found.rest, found.rest_line) == (4, 1)


def test_a_block_that_goes_on_keeps_its_last_record_as_rest() -> None:
    text = b"a,b\nc,d"
    found = scan(text, b",", b'"', final=False)
    assert records(text, found) == [b"a,b"]
    assert found.rest == 4


def test_a_return_at_the_end_of_a_block_waits_for_its_line_feed() -> None:
    found = scan(b"a,b\r", b",", b'"', final=False)
    assert (len(found.starts), found.rest) == (0, 0)


@given(NOISE)
def test_scan_sees_the_same_rows_and_cells_as_pythons_csv_module(text: bytes) -> None:
    found = whole(text)
    complete = text[: found.rest]
    rows = [row for row in csv.reader(io.StringIO(complete.decode(), newline="")) if row]
    assert found.cells.tolist() == [len(row) for row in rows]


@given(NOISE)
def test_scan_sees_the_same_rows_as_arrow(text: bytes) -> None:
    found = whole(text)
    for record, cells in zip(records(text, found), found.cells.tolist(), strict=True):
        table = table_of(record + b"\n", Columns(cells, ()), declared({}))
        assert (table.num_rows, table.num_columns) == (1, cells)


@given(NOISE, st.integers(1, 8))
def test_scanning_in_blocks_finds_the_same_records(text: bytes, size: int) -> None:
    expected = whole(text)
    found: list[tuple[bytes, int]] = []
    carry, line = b"", 0
    for at in range(0, len(text) or 1, size):
        block = carry + text[at : at + size]
        part = scan(block, b",", b'"', final=at + size >= len(text))
        lines = (part.lines + line).tolist()
        found += zip(records(block, part), lines, strict=True)
        carry, line = block[part.rest :], line + part.rest_line
    assert found == list(zip(records(text, expected), expected.lines.tolist(), strict=True))


@pytest.mark.parametrize("text", [b"", b"\n", b"\r\n\r\n"])
def test_text_without_rows_has_no_records(text: bytes) -> None:
    assert len(whole(text).starts) == 0
