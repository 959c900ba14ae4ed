from __future__ import annotations

import csv
import hashlib
import io
import zipfile
from pathlib import Path

from etl.odoo.packing import pack
from etl.odoo.target import Attachment


def members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def index(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(members(path)["index.csv"].decode())))


def test_the_index_leads_from_each_bill_to_its_document(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    documents = [("etl.a", Attachment("x-1.edi", b"ISA1")), ("etl.b", Attachment("x-2.edi", b"2"))]
    pack(path, documents)
    found = members(path)
    assert list(found) == ["x-1.edi", "x-2.edi", "index.csv"]
    for line, (external_id, document) in zip(index(path), documents, strict=True):
        assert line["id"] == external_id
        assert found[line["document"]] == document.content
        assert line["sha256"] == hashlib.sha256(document.content).hexdigest()


def test_names_are_safe_and_each_there_once(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    names = ["../../x\n.edi", "a.edi", "A.edi", "a.edi", "a-2.edi", "index.csv", ".", "ü"]
    pack(path, [(f"etl.{n}", Attachment(name, b"x")) for n, name in enumerate(names)])
    found = [line["document"] for line in index(path)]
    assert found == ["_.._x_.edi", "a.edi", "A-2.edi", "a-3.edi", "a-2-2.edi", *found[5:]]
    assert found[5:] == ["index-2.csv", "document", "_"]
    assert len({name.lower() for name in found}) == len(names)


def test_the_same_documents_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.zip", "b.zip"):
        pack(tmp_path / name, [("etl.a", Attachment("x.edi", b"ISA" * 100))])
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
