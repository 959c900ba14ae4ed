"""Each record of an XML document as a document: in the elements around it, and no other's."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from etl.formats.xml import cutting
from tests.formats.cut_files import Mapped, content, parts_of, reader_of, values_of
from tests.formats.xml.test_reader import SOURCE, envelope

CORPUS = os.environ.get("ETL_CORPUS")


def cut(data: bytes | str, **source: Any) -> dict[int, bytes]:
    given_ = data.encode() if isinstance(data, str) else data
    parts = parts_of(reader_of({"format": "xml", **source}), given_)
    return {number: content(part) for number, part in parts.items()}


def test_a_record_comes_in_its_root_with_what_stands_before_the_first() -> None:
    data = (
        '<?xml version="1.0"?><!-- c --><L a=">" xmlns="urn:l"><From>ACME</From>\n'
        "<I><N>1</N></I>\n<Mid>x</Mid><I n='2'/>\n<I ><N>3</N></I ><Sum>9</Sum></L>\n"
    )
    head = data[: data.index("<I>")]
    source = {"row": "/l:L/l:I", "namespaces": {"l": "urn:l"}}
    assert cut(data, **source) == {
        1: f"{head}<I><N>1</N></I></L>".encode(),
        2: f"{head}<I n='2'/></L>".encode(),
        3: f"{head}<I ><N>3</N></I ></L>".encode(),
    }


def test_elements_around_other_records_are_left_out() -> None:
    data = "<r><c><n>A</n><i>1</i><i>2</i><z/></c><c><n>B</n><i>3</i></c></r>"
    assert cut(data, row="//i") == {
        1: b"<r><c><n>A</n><i>1</i></c></r>",
        2: b"<r><c><n>A</n><i>2</i></c></r>",
        3: b"<r><c><n>B</n><i>3</i></c></r>",
    }


def test_records_in_records_are_theirs() -> None:
    assert cut("<r><i>1<i>2</i></i><i>3</i></r>", row="//i") == {
        1: b"<r><i>1<i>2</i></i></r>",
        2: b"<r><i>3</i></r>",
    }


def test_the_only_record_is_the_document_as_it_stands() -> None:
    data = b"\xef\xbb\xbf<?xml version='1.0'?>\n<r><i>1</i><!-- end --></r>\n<!-- x -->\n"
    (part,) = parts_of(reader_of({"format": "xml", "row": "/r/i"}), data).values()
    assert (part.content, part.whole) == (data, True)


def test_a_document_that_breaks_off_is_not_given_whole() -> None:
    data = b"<r><i>1</i><i>2</r>"
    (part,) = parts_of(reader_of({"format": "xml", "row": "/r/i"}), data).values()
    assert (part.content, part.whole) == (b"<r><i>1</i></r>", False)


@pytest.mark.parametrize("encoding", ["utf-8", "iso-8859-1", "windows-1252", "utf-16"])
def test_in_every_encoding_the_bytes_are_those_of_the_document(encoding: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?><r><ü>Köln</ü><i>ä1</i><i x="ß"/></r>'
    expected = {
        1: text.replace('<i x="ß"/>', ""),
        2: text.replace("<i>ä1</i>", ""),
    }
    found = cut(text.encode(encoding), row="/r/i")
    assert {n: part.decode(encoding) for n, part in found.items()} == expected
    for part in found.values():
        assert len(etree.fromstring(part)) == 2


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(1, 4), min_size=1, max_size=5), st.integers(1, 200), st.booleans())
def test_any_documents_are_read_again_to_the_same_values(
    customers: list[int], block: int, lines: bool
) -> None:
    number, inside = 0, []
    for name, count in enumerate(customers):
        invoices = ""
        for _ in range(count):
            number += 1
            invoices += f"<Invoice><ID>N{number}!</ID><Amount>{number}</Amount></Invoice>"
        inside.append(f"<Customer><Name>C{name}!</Name>{invoices}<After/></Customer>")
    data = ("\n" if lines else "").join(["<All><Sender>S</Sender>", *inside, "</All>"]).encode()
    reader = reader_of({"format": "xml", "row": "/All/Customer/Invoice"})
    paths: dict[str | None, tuple[str, ...]] = {
        None: ("ID", "Amount", "../Name", "/All/Sender", "../../Sender")
    }
    whole = values_of(reader, data, paths)
    before, cutting._BLOCK = cutting._BLOCK, block
    try:
        parts = parts_of(reader, data)
    finally:
        cutting._BLOCK = before
    assert sorted(parts) == sorted(whole) == list(range(1, number + 1))
    for at, part in parts.items():
        piece = content(part)
        assert values_of(reader, piece, paths) == {1: whole[at]}
        assert not any(
            f"N{other}!".encode() in piece for other in range(1, number + 1) if other != at
        )
        start = piece.index(b"<Invoice>")
        assert piece[start : piece.rindex(b"</Invoice>")] in data


def test_a_large_document_is_cut_block_by_block() -> None:
    data = envelope(5000).encode()
    reader = reader_of({"format": "xml", **SOURCE})
    paths: dict[str | None, tuple[str, ...]] = {
        None: ("i:ID", "../i:Sender"),
        "i:Line": ("i:Amount",),
    }
    whole, parts = values_of(reader, data, paths), parts_of(reader, data)
    assert sorted(parts) == sorted(whole)
    for at in range(1, 5001, 500):
        assert values_of(reader, content(parts[at]), paths) == {1: whole[at]}
    sizes = {part.size for part in parts.values()}
    assert max(sizes) < 300


def test_freight_invoices_map_to_the_same_records() -> None:
    mapped = Mapped("rhein-forwarding/ubl-freight-invoice.yaml", row="//fi:FreightInvoice")
    (sample, *_) = Path("mappings/rhein-forwarding/samples").rglob("*.xml")
    one = sample.read_bytes()
    body = one[one.index(b"<", one.index(b"?>")) :]
    data = b"<batch>" + body + body + b"</batch>"
    whole, parts = mapped.hashes(data), parts_of(mapped.reader, data)
    assert mapped.hashes(one) == {1: whole[1]}
    assert len(parts) == 2
    for number, part in parts.items():
        assert mapped.hashes(content(part)) == {1: whole[number]}
        assert body.rstrip() in content(part)


@pytest.mark.skipif(CORPUS is None, reason="ETL_CORPUS not set")
def test_the_children_of_public_documents_are_cut_out_and_read_again() -> None:
    cut_out = 0
    for path in sorted(Path(str(CORPUS)).rglob("*.xml")):
        data = path.read_bytes()
        try:
            root = etree.fromstring(data)
        except etree.XMLSyntaxError:
            continue
        tags = [str(child.tag) for child in root if isinstance(child.tag, str)]
        tag = max(dict.fromkeys(tags), key=tags.count)
        names = {"r": etree.QName(root).namespace, "c": etree.QName(tag).namespace}
        steps = [
            f"{prefix}:{name.localname}" if name.namespace else name.localname
            for prefix, name in (("r", etree.QName(root)), ("c", etree.QName(tag)))
        ]
        reader = reader_of(
            {
                "format": "xml",
                "row": "/" + "/".join(steps),
                "namespaces": {prefix: uri for prefix, uri in names.items() if uri},
            }
        )
        paths: dict[str | None, tuple[str, ...]] = {None: (".", "@*[1]", "count(.//*)")}
        whole, parts = values_of(reader, data, paths), parts_of(reader, data)
        assert sorted(parts) == sorted(whole), path
        for number in sorted(parts)[:: max(1, len(parts) // 20)]:
            assert values_of(reader, content(parts[number]), paths) == {1: whole[number]}, path
            cut_out += 1
    assert cut_out > 50
