"""A file as JSON and back: the same bytes, whatever stands in it."""

from __future__ import annotations

import json
import os
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.formats.edi.as_json.files import from_json, to_json
from etl.formats.edi.detection import syntax_of
from etl.formats.edi.outgoing import OutgoingTransaction, segment
from etl.formats.edi.viewing.walk import walk
from etl.formats.edi.writing.unwritable import UnwritableError
from etl.formats.edi.writing.writer import written
from etl.formats.edifact.syntax import EDIFACT
from etl.formats.refusal import RefusedError
from etl.formats.x12.syntax import X12
from etl.raw import DeclarationError
from tests.formats.edi.outgoing import edifact, every, x12

CORPUS = os.environ.get("ETL_CORPUS")

BILL = OutgoingTransaction(
    "210", "004010", (segment("B3", None, "4711", ("A", "B"), "PP"), segment("N1", "SH", "Müller"))
)
INVOICE = OutgoingTransaction(
    "INVOIC", "D96A", (segment("BGM", "380", "A+B?'"), segment("DTM", ("137", "20261125", "102")))
)
FILES = [
    written(x12(BILL)),
    written(x12(BILL, charset="latin-1", line_ends=False)),
    written(edifact(INVOICE)),
    written(edifact(INVOICE, una=False, version="UNOY:4")),
]


def parsed(data: bytes) -> Any:
    syntax = syntax_of(data)
    assert syntax is not None
    return json.loads("".join(to_json(data, syntax)))


def test_a_segment_is_a_list_and_a_composite_a_list_in_it() -> None:
    [part] = parsed(written(edifact(INVOICE)))["parts"]
    assert part == {
        "before": "UNA:+.? '\n",
        "charset": "iso8859-1",
        "separators": {"element": "+", "component": ":", "terminator": "'", "release": "?"},
        "between": "\n",
        "segments": [
            ["UNB", ["UNOC", "3"], ["US", "ZZ"], ["THEM", "14"], ["261125", "1430"], "7"],
            ["UNH", "1", ["INVOIC", "D", "96A", "UN"]],
            ["BGM", "380", "A+B?'"],
            ["DTM", ["137", "20261125", "102"]],
            ["UNT", "4", "1"],
            ["UNZ", "1", "7"],
        ],
    }


def test_an_isa_keeps_its_padding_and_its_separators() -> None:
    [part] = parsed(written(x12(BILL)))["parts"]
    isa = part["segments"][0]
    assert (isa[6], isa[11], isa[16]) == ("US             ", "^", ":")
    assert part["separators"] == {
        "element": "*",
        "component": ":",
        "terminator": "~",
        "repetition": "^",
    }
    assert part["segments"][3] == ["B3", "", "4711", ["A", "B"], "PP"]


def test_a_segment_stands_on_a_line_of_its_own() -> None:
    data = written(x12(BILL))
    lines = "".join(to_json(data, X12)).splitlines()
    assert '      ["N1", "SH", "Müller"],' in lines
    assert len([line for line in lines if line.startswith("      [")]) == data.count(b"~")


@pytest.mark.parametrize(
    ("text", "item"),
    [
        ("A?.B", {"raw": "A?.B"}),  # released without need
        ("A??B", "A?B"),
        ("A++", None),
        ("A:", ["A", ""]),
        ("", ""),
    ],
)
def test_what_would_be_written_in_another_way_is_kept_raw(text: str, item: Any) -> None:
    data = written(edifact()).replace(b"UNZ", f"FTX+{text}+'UNZ".encode())
    [part] = parsed(data)["parts"]
    found = next(each for each in part["segments"] if each[0] == "FTX")
    assert found == (["FTX", item, ""] if item is not None else ["FTX", "A", "", "", ""])
    assert from_json(parsed(data)) == data


def test_junk_line_ends_and_what_breaks_off_are_kept() -> None:
    good = written(x12(BILL))
    data = b"\xef\xbb\xbfhello\r\n" + good.replace(b"~\nSE", b"~\n\n~~ \tSE")[:-9]
    form = parsed(data)
    [part] = form["parts"]
    assert part["before"] == "ï»¿hello\r\n"
    assert part["segments"][5:] == [
        "\n\n~~ \t",
        ["SE", "4", "0001"],
        ["GE", "1", "1"],
        "\nIEA*1*00",
    ]
    assert from_json(form) == data


def test_a_wrapped_file_is_wrapped_again() -> None:
    flat = written(x12(BILL, line_ends=False, charset="latin-1"))
    data = b"\r\n".join(flat[at : at + 80] for at in range(0, len(flat), 80))
    [part] = parsed(data)["parts"]
    assert ["N1", "SH", "Müller"] in part["segments"]
    assert part["line_breaks"][:2] == [[80, "\r\n"], [162, "\r\n"]]
    assert from_json(parsed(data)) == data


def test_a_part_ends_where_the_separators_change() -> None:
    data = FILES[2] + FILES[3].replace(b"+", b"|").replace(b"UNB", b"UNA:|.?*'UNB")
    assert [part["separators"]["element"] for part in parsed(data)["parts"]] == ["+", "|"]
    assert from_json(parsed(data)) == data


def test_text_that_its_charset_does_not_have_is_latin_1() -> None:
    data = written(edifact(INVOICE, version="UNOA:3")).replace(b"380", b"M\xfc")
    [part] = parsed(data)["parts"]
    assert part["charset"] == "latin-1"
    assert part["segments"][2][1] == "Mü"
    assert from_json(parsed(data)) == data


def test_a_terminal_gets_no_commands() -> None:
    data = FILES[1].replace(b"4711", b"\x9b2J")
    text = "".join(to_json(data, X12))
    assert "\\u009b2J" in text
    assert from_json(json.loads(text)) == data


def test_an_edited_form_is_written() -> None:
    form = parsed(FILES[2])
    form["parts"][0]["segments"][2] = ["BGM", "380", "it's", [["A"], ["B"]]]
    form["parts"][0]["separators"]["repetition"] = "*"
    assert b"BGM+380+it?'s+A*B'" in from_json(form)
    form["parts"][0]["separators"].pop("release")
    with pytest.raises(UnwritableError, match="BGM element 2"):
        from_json(form)


@pytest.mark.parametrize(
    ("path", "value", "key"),
    [
        (["parts"], None, "parts"),
        (["parts", 0], "text", "parts[0].before"),
        (["parts", 0, "charset"], "no-codec", "parts[0].charset"),
        (["parts", 0, "between"], 1, "parts[0].between"),
        (["parts", 0, "separators", "element"], "", "parts[0].separators.element"),
        (["parts", 0, "separators", "release"], "??", "parts[0].separators.release"),
        (["parts", 0, "segments", 1], {"UNH": 1}, "parts[0].segments[1]"),
        (["parts", 0, "segments", 1, 2], 7, "parts[0].segments[1][2]"),
        (["parts", 0, "segments", 1, 2], [["A"], "B"], "parts[0].segments[1][2]"),
        (["parts", 0, "segments", 1, 2], "Ł", "parts[0]"),
        (["parts", 0, "line_breaks"], [[4, "\n"], [2, "\n"]], "parts[0].line_breaks[1]"),
    ],
)
def test_what_is_no_such_form_is_told_with_its_key(path: list[Any], value: Any, key: str) -> None:
    form = parsed(FILES[2])
    place = form
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(DeclarationError) as raised:
        from_json(form)
    assert raised.value.key == key


MARKS = [b"?", b"??", b"~", b"'", b"+", b":", b"*", b"^", b"\n", b"\r\n", b" ", b"\t"]
OTHERS = [b"\xff", b"\x00", b"\xc3\xa9", b"ISA", b"UNB+", b"UNA:+.? '", b"UNA;|.? !UNB|UNOC;3|"]
PIECES = st.sampled_from([*MARKS, *OTHERS, FILES[0][:120]])
EDITS = st.lists(
    st.tuples(st.integers(0, 400), st.integers(0, 40), st.one_of(st.just(b""), PIECES)), max_size=5
)


@given(st.sampled_from(FILES), EDITS, st.sampled_from([b"", *FILES]))
def test_any_broken_file_comes_back_byte_for_byte(
    data: bytes, edits: list[tuple[int, int, bytes]], following: bytes
) -> None:
    for at, cut, piece in edits:
        data = data[:at] + piece + data[at + cut :]
    data += following
    syntax = syntax_of(data)
    if syntax is None:
        return
    try:
        form = json.loads("".join(to_json(data, syntax)))
    except RefusedError:
        return
    assert from_json(form) == data
    offsets = [each.offset for each in walk(BytesIO(data), every(syntax))]
    assert offsets == sorted(set(offsets))


@pytest.mark.skipif(CORPUS is None, reason="ETL_CORPUS not set")
def test_every_file_of_the_corpus_comes_back_byte_for_byte() -> None:
    files = [
        path
        for folder in ("x12", "edifact")
        for path in (Path(CORPUS or "") / folder).rglob("*")
        if path.is_file()
    ]
    unreadable = []
    for path in files:
        data = path.read_bytes()
        if syntax_of(data) is None:
            unreadable.append(path.name)
            continue
        try:
            form = parsed(data)
        except RefusedError:
            unreadable.append(path.name)
        else:
            assert from_json(form) == data, path.name
    assert len(unreadable) < len(files) / 10


def test_a_broken_header_is_refused() -> None:
    with pytest.raises(RefusedError):
        list(to_json(b"ISA*00*", X12))
    with pytest.raises(RefusedError):
        list(to_json(b"", EDIFACT))
