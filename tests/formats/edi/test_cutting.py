"""Each transaction as an interchange of its own: the same record, and nothing of its neighbours."""

from __future__ import annotations

import os
import re
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.formats.edi.detection import syntax_of
from etl.formats.edi.reading import cutting, reader
from etl.formats.edi.reading.framing import pieces
from tests.formats.cut_files import (
    Mapped,
    content,
    defects_of,
    parts_of,
    reader_of,
    values_of,
)
from tests.formats.edifact import interchanges as edifact
from tests.formats.edifact.test_parts import large_file
from tests.formats.x12 import interchanges as x12

CORPUS = os.environ.get("ETL_CORPUS")
X12 = reader_of({"format": "x12", "document": "210"})
EDIFACT = reader_of({"format": "edifact", "document": "INVOIC"})


def test_a_part_has_its_headers_its_transaction_and_trailers_that_count_one() -> None:
    parts = parts_of(X12, x12.plain(3))
    assert content(parts[2]).decode() == (
        "ISA*00*          *00*          *02*ACLT           *ZZ*SHIPPER        "
        "*250626*2115*U*00401*000000001*0*P*>~\n"
        "GS*IM*ACLT*SHIPPER*20250626*2115*1*X*004010~\n"
        + "".join(f"{segment}~\n" for segment in ["ST*210*0002", *x12.BODY, "SE*22*0002"])
        + "GE*1*1~\nIEA*1*000000001~\n"
    ).replace("INV1", "INV2")
    assert not parts[2].whole


def test_a_message_comes_with_its_una_and_its_group() -> None:
    one, two = edifact.message("1"), edifact.message("2")
    segments = edifact.interchange(edifact.group(one, number="7"), edifact.group(two, number="8"))
    data = edifact.with_una(segments, ":+.? '")
    part = content(parts_of(EDIFACT, data)[2])
    assert part.startswith(b"UNA:+.? '\nUNB+")
    assert b"UNG+INVOIC+BILLING:ZZ+AP:ZZ+250626:2115+8+UN+D:96A'\nUNH+2+" in part
    assert part.endswith(b"UNT+34+2'\nUNE+1+8'\nUNZ+1+REF1'\n")
    assert defects_of(EDIFACT, part) == ({}, {})


def test_the_only_transaction_is_the_file_as_it_stands() -> None:
    data = b"\xef\xbb\xbf" + x12.plain(1) + b"\n\n"
    (part,) = parts_of(X12, data).values()
    assert (part.content, part.whole) == (data, True)


def test_of_one_too_large_only_the_size_is_told() -> None:
    data = x12.plain(3)
    size = len(content(parts_of(X12, data)[2]))
    assert {n: (p.size, p.content) for n, p in parts_of(X12, data, [2], size - 1).items()} == {
        2: (size, None)
    }
    whole = x12.plain(1)
    (part,) = parts_of(X12, whole, [1], len(whole) - 1).values()
    assert (part.size, part.content, part.whole) == (len(whole), None, True)


def test_only_what_is_wanted_is_given() -> None:
    assert list(parts_of(X12, x12.plain(5), [2, 4])) == [2, 4]
    assert parts_of(X12, x12.plain(1), []) == {}


def test_interchanges_with_other_separators_keep_their_own() -> None:
    other = x12.written(x12.interchange(x12.group(x12.transaction()), number="000000002"), "|", "^")
    parts = parts_of(X12, x12.plain(2) + other + x12.plain(1))
    assert content(parts[3]) == other
    assert content(parts[4]) == x12.plain(1)


def test_what_stands_between_transactions_is_nobodys() -> None:
    one, two = x12.transaction("0001"), x12.transaction("0002")
    segments = x12.interchange(
        ["TA1*000000009*250626*2115*A*000", *x12.group(one, ["N9*X*Y"], two)]
    )
    for part in parts_of(X12, x12.written(segments)).values():
        assert b"TA1" not in content(part)
        assert b"N9*X*Y" not in content(part)


def test_lines_wrapped_at_80_columns_are_cut_where_they_stand() -> None:
    text = x12.plain(3, "~")
    wrapped = b"\n".join(text[at : at + 80] for at in range(0, len(text), 80))
    parts = parts_of(X12, wrapped)
    plain = parts_of(X12, text)
    for number, part in parts.items():
        assert content(part).replace(b"\n", b"") == content(plain[number])


def test_bytes_beyond_ascii_stay_as_they_are() -> None:
    body = [segment.replace("NORDSEE", "ÜBERSEE") for segment in edifact.BODY]
    data = edifact.plain(3, body=body)
    for part in parts_of(EDIFACT, data).values():
        assert content(part).count("ÜBERSEE".encode("latin-1")) == 1
        assert defects_of(EDIFACT, content(part)) == ({}, {})


@pytest.mark.parametrize("terminator", [b"\xa7", b"\x85", b"\xa7\r\n"])
def test_separators_beyond_ascii_end_the_trailers_too(terminator: bytes) -> None:
    body = [segment.replace("GLOBAL", "ÜBERALL") for segment in x12.BODY]
    data = x12.plain(2, "~", body).decode().encode("latin-1").replace(b"~", terminator)
    latin = reader_of({"format": "x12", "document": "210", "charset": "iso-8859-1"})
    for number, part in parts_of(latin, data).items():
        end = [b"SE*22*000%d" % number, b"GE*1*1", b"IEA*1*000000001", b""]
        assert content(part).endswith(terminator.join(end))
        assert defects_of(latin, content(part)) == ({}, {})


@pytest.mark.parametrize("end", ["'", "'\n", "'\r\n"])
def test_a_transaction_that_is_read_in_parts_is_cut_whole(
    end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = large_file(end, before=2, after=2)
    whole = {n: content(part) for n, part in parts_of(EDIFACT, data).items()}
    monkeypatch.setattr(reader.EdiReader, "block", 4000)
    monkeypatch.setattr(cutting, "pieces", partial(pieces, large=8000))
    in_pieces = parts_of(EDIFACT, data)
    assert {n: content(part) for n, part in in_pieces.items()} == whole
    assert list(whole) == [1, 2, 3, 4, 5]
    assert len(whole[3]) > 8000


@settings(deadline=None, max_examples=40)
@given(
    st.integers(2, 12),
    st.sampled_from(["~", "~\n", "~\r\n", "\n"]),
    st.integers(300, 3000),
    st.data(),
)
def test_any_210s_map_to_the_same_records(
    count: int, end: str, block: int, data: st.DataObject
) -> None:
    mapped = _mapped()
    numbers = [f"Q{data.draw(st.integers(0, 9))}X{n:05}" for n in range(count)]
    groups: list[list[str]] = []
    for n, number in enumerate(numbers):
        body = [segment.replace("INV1", number) for segment in x12.BODY]
        one = x12.transaction(f"{n:04}", body[: data.draw(st.sampled_from([len(body), 9]))])
        if groups and data.draw(st.booleans()):
            groups[-1] += one
        else:
            groups.append(one)
    inner = [
        segment
        for n, one in enumerate(groups)
        for segment in [
            f"GS*IM*ACLT*SHIPPER*20250626*2115*{n + 1}*X*004010",
            *one,
            f"GE*{sum(s.startswith('ST*') for s in one)}*{n + 1}",
        ]
    ]
    segments = x12.interchange(inner)
    segments[-1] = f"IEA*{len(groups)}*000000001"
    text = x12.written(segments, end)
    whole, (wrong, of_file) = mapped.hashes(text), defects_of(mapped.reader, text)
    assert not of_file
    before = reader.EdiReader.block
    reader.EdiReader.block = property(lambda _: block)  # type: ignore[method-assign, assignment]
    try:
        parts = parts_of(mapped.reader, text)
    finally:
        reader.EdiReader.block = before  # type: ignore[method-assign]
    assert list(parts) == list(range(1, count + 1))
    for number, part in parts.items():
        piece = content(part)
        assert mapped.hashes(piece) == {1: whole[number]}
        again, of_part = defects_of(mapped.reader, piece)
        assert (again.get(1), of_part) == (wrong.get(number), {})
        assert _body(piece, b"ST*", b"GE*") in text
        others = [one for n, one in enumerate(numbers, 1) if n != number]
        assert not any(other.encode() in piece for other in others)


def _body(piece: bytes, first: bytes, after: bytes) -> bytes:
    return piece[piece.index(first) : piece.rindex(after)]


_MAPPED: list[Mapped] = []


def _mapped() -> Mapped:
    if not _MAPPED:
        _MAPPED.append(Mapped("acme-freight/x12-210.yaml"))
    return _MAPPED[0]


def test_invoics_map_to_the_same_records() -> None:
    mapped = Mapped("nordsee-line/edifact-invoic.yaml")
    samples = Path("mappings/nordsee-line/samples/edifact-invoic")
    for path in samples.glob("*.edi"):
        data = path.read_bytes()
        whole = mapped.hashes(data)
        for number, part in parts_of(mapped.reader, data).items():
            assert mapped.hashes(content(part)) == {1: whole[number]}


@pytest.mark.skipif(CORPUS is None, reason="ETL_CORPUS not set")
@pytest.mark.parametrize("kind", ["x12", "edifact"])
def test_every_transaction_of_the_public_files_is_cut_out_and_read_again(kind: str) -> None:
    cut = 0
    for path in sorted((Path(str(CORPUS)) / kind).rglob("*")):
        data = path.read_bytes() if path.is_file() else b""
        syntax = syntax_of(data[: 1 << 16])
        if syntax is None:
            continue
        of_syntax = reader_of({"format": syntax.name})
        first, number = ("ST.01", "ST.02") if syntax.name == "x12" else ("UNH.02.1", "UNH.01")
        paths: dict[str | None, tuple[str, ...]] = {None: (first, number)}
        whole, (wrong, around) = values_of(of_syntax, data, paths), defects_of(of_syntax, data)
        parts = parts_of(of_syntax, data)
        assert sorted(parts) == sorted(whole), path
        for at, part in parts.items():
            piece = content(part)
            assert values_of(of_syntax, piece, paths) == {1: whole[at]}, (path, at)
            again, of_file = defects_of(of_syntax, piece)
            ours, now = wrong.get(at, {}), again.get(1, {})
            assert set(now) <= set(ours), (path, at, now, ours)
            assert set(of_file) <= set(around), (path, at, of_file)
            if not part.whole:
                _assert_slices(piece, data, syntax.transaction.header)
            cut += not part.whole
    assert cut > 10


def _assert_slices(piece: bytes, data: bytes, header: str) -> None:
    """But for the trailers a part is made of slices of the file."""
    found = re.search(rb"(?:^|[^A-Za-z0-9])" + header.encode() + rb"[^A-Za-z0-9\s]", piece)
    assert found is not None
    start = piece.index(header.encode(), found.start())
    rest = piece[start:]
    trailers = min(at for t in (b"GE", b"IEA", b"UNE", b"UNZ") if (at := rest.rfind(t)) > 0)
    assert rest[:trailers] in data
    assert piece[:200] in data or piece[:60] in data
