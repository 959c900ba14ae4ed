"""Each record of a delimited file with its header: its own rows, byte for byte, and no other's."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.formats.delimited import reader as reader_module
from tests.formats.cut_files import Mapped, content, parts_of, reader_of, values_of

CORPUS = os.environ.get("ETL_CORPUS")

BILLS = "inv;code;amt\r\nA1;BASE;6\r\nB2;BASE;5\r\nA1;FUEL;4\r\n\r\nC3;BASE;1"


def cut(data: bytes | str, **source: Any) -> dict[int, bytes]:
    given_ = data.encode() if isinstance(data, str) else data
    parts = parts_of(reader_of({"format": "csv", **source}), given_)
    return {number: content(part) for number, part in parts.items()}


def test_rows_of_a_group_come_with_the_header_wherever_they_stand() -> None:
    assert cut(BILLS, delimiter=";", group_by=["inv"]) == {
        1: b"inv;code;amt\r\nA1;BASE;6\r\nA1;FUEL;4\r\n",
        2: b"inv;code;amt\r\nB2;BASE;5\r\n",
        3: b"inv;code;amt\r\nC3;BASE;1",
    }


def test_without_groups_each_row_is_a_document() -> None:
    assert cut("a,b\n1,2\n\n3,4") == {1: b"a,b\n1,2\n", 2: b"a,b\n3,4"}


def test_a_file_without_header_has_its_rows_alone() -> None:
    assert cut("1,2\n3,4\n", header=False) == {1: b"1,2\n", 2: b"3,4\n"}


def test_the_lines_before_the_header_stay() -> None:
    data = 'Report of 1 March\n"to: ""ACME"""\n\na,"b\nc"\n1,2\n3,4\n'
    assert cut(data, header=3) == {
        1: data.encode().replace(b"3,4\n", b""),
        2: data.encode().replace(b"1,2\n", b""),
    }


def test_the_lines_before_the_rows_of_a_file_without_header_stay() -> None:
    assert cut("x\ny\n1,2\n3,4\n", header=False, skip_rows=2) == {
        1: b"x\ny\n1,2\n",
        2: b"x\ny\n3,4\n",
    }


def test_quotes_and_line_breaks_in_cells_stay_as_they_are() -> None:
    data = 'a,b\n1,"x\r\n""y"""\n"2",z\n3,"p\nq"\n'
    assert cut(data) == {
        1: b'a,b\n1,"x\r\n""y"""\n',
        2: b'a,b\n"2",z\n',
        3: b'a,b\n3,"p\nq"\n',
    }


def test_a_single_record_is_the_file_as_it_stands() -> None:
    data = b"\xef\xbb\xbf# sent by ACME\ninv,x\nA,1\n\nA,2\n\n"
    source = {"format": "csv", "group_by": ["inv"], "ignore_lines": ["#"]}
    (part,) = parts_of(reader_of(source), data).values()
    assert (part.content, part.whole) == (data, True)


def test_rows_that_are_left_out_are_nobodys() -> None:
    data = "t,n\nH,1\nX,9\n#c\nH,2\n"
    assert cut(data, where={"t": "H"}, ignore_lines=["#"]) == {
        1: b"t,n\nH,1\n",
        2: b"t,n\nH,2\n",
    }
    assert cut("t,n\nX,9\nH,1\n", where={"t": "H"}) == {1: b"t,n\nH,1\n"}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [True, False])
@pytest.mark.parametrize(
    "encoding",
    [
        "utf-8",
        "cp1252",
        "utf-16-le",
        "utf-16-be",
        "utf-16",
        "utf-32",
        "shift_jis",
        "gb18030",
        "cp500",
    ],
)
def test_in_every_encoding_the_bytes_are_those_of_the_file(
    encoding: str, mark: bool, end: str
) -> None:
    cell = "上ー表" if encoding in {"shift_jis", "gb18030"} else "Köln"
    lines = [f"inv,name{end}", f"A,{cell}1{end}", f"B,{cell}2{end}", f'A,"x{end}y"{end}']
    plain = {"utf-16": "utf-16-le", "utf-32": "utf-32-le"}.get(encoding, encoding)
    wide = encoding.startswith("utf")
    before = "\ufeff".encode(plain) if wide and (mark or plain != encoding) else b""
    one, two, three, four = (line.encode(plain) for line in lines)
    data = before + one + two + three + four
    assert cut(data, encoding=encoding, group_by=["inv"]) == {
        1: before + one + two + four,
        2: before + one + three,
    }


def test_a_large_file_is_cut_block_by_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader_module, "_BLOCK", 50)
    rows = [f'{i},"a\r\n{i}",{"x" * (i % 9)}\r\n' for i in range(300)]
    data = "n,t,u\r\n" + "".join(rows)
    assert cut(data) == {
        number: f"n,t,u\r\n{row}".encode() for number, row in enumerate(rows, start=1)
    }
    assert cut(data, group_by=["n"]) == cut(data)


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_any_rows_are_read_again_to_the_same_values(data: st.DataObject) -> None:
    draw = data.draw
    cells = st.sampled_from(["", "1", "ä,b", 'say ""no""', "two\r\nlines", "x\ny", "€", ' "'])
    keys = [f"K{draw(st.integers(0, 4))}" for _ in range(draw(st.integers(1, 12)))]
    end, encoding = draw(st.sampled_from(["\n", "\r\n", "\r"])), draw(st.sampled_from(ENCODINGS))
    lines = []
    for key in keys:
        cell = draw(cells)
        quoted = f'"{cell}"' if not cell.startswith(" ") else cell
        lines.append(f"{key},{quoted},{key}!" + end * draw(st.integers(1, 2)))
    head = draw(st.sampled_from(["", "note\n"]))
    source = {
        "format": "csv",
        "encoding": encoding,
        "header": 2 if head else 1,
        **({"group_by": ["key"]} if draw(st.booleans()) else {}),
    }
    text = (head + f"key,cell,again{end}" + "".join(lines)).encode(encoding)
    reader = reader_of(source)
    paths: dict[str | None, tuple[str, ...]] = {None: ("key", "again"), "[again=K0!]": ("cell",)}
    if "group_by" not in source:
        paths = {None: ("key", "cell", "again")}
    whole, parts = values_of(reader, text, paths), parts_of(reader, text)
    assert sorted(parts) == sorted(whole)
    for number, part in parts.items():
        piece = content(part)
        assert values_of(reader, piece, paths) == {1: whole[number]}
        own = whole[number][0][1]
        shown = piece.decode(encoding)
        assert not any(f"{other}!" in shown for other in {*keys} - {own})


ENCODINGS = ["utf-8", "cp1252", "utf-16-le", "utf-16-be"]


def test_billing_files_map_to_the_same_records() -> None:
    mapped = Mapped("parcelxpress/billing-csv.yaml")
    checked = 0
    for path in Path("mappings/parcelxpress/samples").rglob("*.csv"):
        data = path.read_bytes()
        whole = mapped.hashes(data)
        parts = parts_of(mapped.reader, data)
        assert sorted(parts) == sorted(whole)
        for number, part in parts.items():
            assert mapped.hashes(content(part)) == {1: whole[number]}
            assert part.whole or set(content(part).splitlines(True)) <= set(data.splitlines(True))
            checked += 1
    assert checked > 1


@pytest.mark.skipif(CORPUS is None, reason="ETL_CORPUS not set")
@pytest.mark.parametrize(
    ("name", "source", "paths"),
    [
        ("carrier_csv/fedex_156_two_parcels.csv", {}, ("#1", "#9")),
        ("carrier_csv/ups_250_five_charges.csv", {"header": False}, ("#1", "#21")),
        ("datasets/brunel_supply_chain/OrderList.csv", {}, ("#1", "#2", "#5")),
        ("datasets/brunel_supply_chain/OrderList.csv", {"group_by": ["#8"]}, ("#8",)),
        ("codelists/iso4217_codes_all.csv", {}, ("#1", "#2")),
    ],
)
def test_the_rows_of_public_files_are_cut_out_and_read_again(
    name: str, source: dict[str, Any], paths: tuple[str, ...]
) -> None:
    data = (Path(str(CORPUS)) / name).read_bytes()
    reader = reader_of({"format": "csv", **source})
    whole, parts = values_of(reader, data, {None: paths}), parts_of(reader, data)
    assert sorted(parts) == sorted(whole)
    for number in sorted(parts)[:: max(1, len(parts) // 50)]:
        assert values_of(reader, content(parts[number]), {None: paths}) == {1: whole[number]}
    lines = {line for part in parts.values() for line in content(part).splitlines()}
    assert lines <= set(data.splitlines())
