"""Each bill with its own original: cut once, no other's in it, and none dropped in silence."""

from __future__ import annotations

import csv
import hashlib
import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pytest

from etl.archive import Archive
from etl.jobs.originals import part_name
from etl.jobs.rerun import rerun
from etl.jobs.retry import retry
from etl.jobs.stages import push
from etl.ledger import ExceptionItem
from tests.freight_bills import FreightBill, bills_file, expected_file
from tests.night import Night

DEMO = Path(__file__).parents[2] / "etl" / "demo" / "files"
BILLS = [FreightBill(f"O-{n}", f"LD-O{n}") for n in range(1, 6)]


def zips(night: Night) -> list[Path]:
    return sorted((night.root / "outbox" / "odoo").glob("*.zip"))


def documents(path: Path) -> Iterator[tuple[str, str, bytes]]:
    """External id, name and content of each document of a ZIP file."""
    with zipfile.ZipFile(path) as archive:
        for line in csv.DictReader(io.StringIO(archive.read("index.csv").decode())):
            content = archive.read(line["document"])
            assert hashlib.sha256(content).hexdigest() == line["sha256"]
            yield line["id"], line["document"], content


def waiting(night: Night) -> list[ExceptionItem]:
    with night.open().ledger.read() as ledger:
        return list(ledger.exceptions.find())


def dropped(night: Night, *bills: FreightBill) -> bytes:
    night.drop("tms", "expected_charges_1.csv", expected_file(*bills))
    night.drop("acme-freight", "ACLT_210_1.edi", bills_file(*bills))
    return bills_file(*bills).encode()


def test_every_bill_of_a_night_has_its_own_document_and_no_others(night: Night) -> None:
    received: dict[str, bytes] = {}
    for folder in DEMO.iterdir():
        for path in folder.iterdir():
            received[path.name] = path.read_bytes()
            night.drop(folder.name, path.name, path.read_bytes())
    result = night.run()
    (path,) = zips(night)
    found = list(documents(path))
    assert len(found) == result.counts.pushed > 20
    with night.open().ledger.read() as ledger:
        rows = ledger.documents.of_batch(result.batches[0], "freight_invoice")
        files = {file.id: file.original_name for file in ledger.files.of_batches(result.batches)}
        pushes = ledger.pushes.known("outbox", [row.business_key for row in rows])
    by_id = {
        pushes[row.business_key].external_id: row for row in rows if row.disposition == "pushed"
    }
    numbers = {row.document_no for row in rows}
    for external_id, name, content in found:
        row = by_id[external_id]
        file = files[row.file_id]
        if content == received[file]:
            assert name == file
        else:
            assert name == part_name(file, row.document_no)
            assert len(content) < len(received[file])
        words = set(re.findall(rb"[A-Za-z0-9.-]+", content))
        assert {n for n in numbers if n.encode() in words} == {row.document_no}, name
    assert sum(len(content) for _, _, content in found) < 2 * sum(map(len, received.values()))


def test_a_file_with_one_bill_is_its_original_as_it_stands(night: Night) -> None:
    content = dropped(night, BILLS[0])
    night.run()
    ((_, name, found),) = documents(zips(night)[0])
    assert (name, found) == ("ACLT_210_1.edi", content)


def test_a_file_is_opened_once_for_all_of_its_bills(
    night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: Counter[str] = Counter()
    real = Archive.open_original

    def open_original(archive: Archive, sha256: str) -> BinaryIO:
        opened[sha256] += 1
        return real(archive, sha256)

    monkeypatch.setattr(Archive, "open_original", open_original)
    content = dropped(night, *BILLS)
    assert night.run().counts.pushed == len(BILLS)
    assert opened[hashlib.sha256(content).hexdigest()] == 2, "once to be mapped, once to be cut"


def test_a_killed_push_gives_the_same_documents(night: Night) -> None:
    dropped(night, *BILLS)
    night.etl("run", "nightly", failpoint="push.ledger_written")
    (path,) = zips(night)
    before = path.read_bytes()
    assert night.etl("run", "nightly").returncode == 0
    assert [path.read_bytes() for path in zips(night)] == [before]


def test_an_original_too_large_is_told_until_it_is_there(
    night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    charges = (("400", 9000), ("FUE", 1000), ("LFT", 500), ("RES", 600))
    dropped(night, BILLS[0], FreightBill("O-9", "LD-O9", charges=charges))
    limit = len(bills_file(BILLS[0])) + 20
    monkeypatch.setattr(push, "largest_attachment", lambda _: limit)
    result = night.run()
    assert (result.exit_code, result.counts.pushed) == (1, 2)
    (item,) = waiting(night)
    assert (item.code, item.queue) == ("ATTACHMENT_TOO_LARGE", "accounts-payable")
    assert "O9" in str(item.business_key)
    assert "ACLT_210_1.edi" in item.message
    assert "etl archive restore" in item.message
    assert item.details["expected"] == f"at most {limit} bytes"
    assert [name for _, name, _ in documents(zips(night)[0])] == ["ACLT_210_1-O-1.edi"]

    (again,) = retry(night.open(), [item.id])
    assert (again.counts.pushed, again.counts.unchanged) == (0, 1)
    assert [each.code for each in waiting(night)] == ["ATTACHMENT_TOO_LARGE"]

    monkeypatch.undo()
    retry(night.open(), [item.id])
    assert waiting(night) == []
    found = [name for path in zips(night) for _, name, _ in documents(path)]
    assert sorted(found) == ["ACLT_210_1-O-1.edi", "ACLT_210_1-O-9.edi"]


@pytest.mark.parametrize("changed", [False, True])
def test_documents_are_cut_only_as_the_mapping_numbered_them(night: Night, changed: bool) -> None:
    bills = [BILLS[0], FreightBill("O-7", "LD-O7", charges=(("400", 9000), ("RES", 1040)))]
    expected = expected_file(bills[0]) + bills[1].expected(RESIDENTIAL="10.00")
    night.drop("tms", "expected_charges_1.csv", expected)
    night.drop("acme-freight", "ACLT_210_1.edi", bills_file(*bills))
    result = night.run()
    assert (result.counts.pushed, result.counts.held) == (1, 1)
    rules = night.root / "mappings" / "tolerances.yaml"
    rule = "{carrier: ACLT, charge_code: RESIDENTIAL, amount: 2.00, percent: 20}"
    rules.write_text(rules.read_text("utf-8").replace("rules:\n", f"rules:\n  - {rule}\n"))
    if changed:
        mapping = night.root / "mappings" / "acme-freight" / "x12-210.yaml"
        text = mapping.read_text("utf-8")
        mapping.write_text(re.sub(r"(?m)^version: \d+", "version: 99", text))
    again = rerun(night.open(), result.batches[0], stage="reconcile")
    assert (again.counts.pushed, again.counts.unchanged) == (1, 1)
    if changed:
        (item,) = waiting(night)
        assert (item.code, item.queue) == ("ORIGINAL_NOT_FOUND", "integration")
        assert len(zips(night)) == 1
    else:
        assert waiting(night) == []
        names = [name for path in zips(night) for _, name, _ in documents(path)]
        assert sorted(names) == ["ACLT_210_1-O-1.edi", "ACLT_210_1-O-7.edi"]


def test_what_cannot_be_cut_costs_its_own_bills_their_originals_only(
    night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    dropped(night, *BILLS[:2])
    night.drop("acme-freight", "ACLT_210_2.edi", bills_file(*BILLS[2:4], control_number=102))
    night.drop("tms", "expected_charges_2.csv", expected_file(*BILLS[2:4]))
    from etl.formats.edi.reading.reader import EdiReader

    real = EdiReader.cut

    def cut(reader: EdiReader, file, wanted, largest):  # type: ignore[no-untyped-def]
        if file.name == "ACLT_210_2.edi":
            raise IndexError("nobody foresaw this")
        return real(reader, file, wanted, largest)

    monkeypatch.setattr(EdiReader, "cut", cut)
    assert night.run().counts.pushed == 4
    items = waiting(night)
    assert [item.code for item in items] == ["ORIGINAL_NOT_FOUND"] * 2
    assert all("nobody foresaw this" in item.message for item in items)
    assert len(list(documents(zips(night)[0]))) == 2


@pytest.mark.parametrize(
    ("file", "number", "expected"),
    [
        ("ACLT_210_20261116.edi", "30714406", "ACLT_210_20261116-30714406.edi"),
        ("a.b.csv", "R/2026 1", "a.b-R_2026_1.csv"),
        ("a", "x", "a-x"),
        ("x.xml", "/", "x-0.xml"),
    ],
)
def test_a_parts_name_says_file_and_document(file: str, number: str, expected: str) -> None:
    assert part_name(file, number) == expected
