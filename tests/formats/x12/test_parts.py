"""A transaction set larger than a block is read in parts, and mapped to the record that it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from etl.formats.edi.reading.reader import EdiReader
from etl.formats.x12 import FORMAT
from etl.mapping import Assembly, Context, Mapped, compile_mapping, load_code_lists, load_mapping
from tests.formats.x12.interchanges import (
    BODY,
    file,
    group,
    interchange,
    read,
    transaction,
    written,
)

PROJECT = Path(__file__).parents[3]
LOOPS = 300
TOTAL = sum(range(1, LOOPS + 1))


def large_file(total: int = TOTAL, last: int = LOOPS) -> bytes:
    """A bill of many charges between two small ones; `last` is the last charge."""
    charges = [
        segment
        for number in range(1, LOOPS + 1)
        for segment in (
            f"LX*{number}",
            f"L0*{number}***120*G***3*CTN**L",
            f"L1*{number}*1.25*PH*{number if number < LOOPS else last}****400****LINEHAUL",
        )
    ]
    small = [segment.replace("*93*", "*25*") for segment in BODY]
    head = [segment.replace("*1500*", f"*{total}*") for segment in small[:9]]
    large = [*head, *charges, f"L3*120*G***{total}"]
    transactions = [transaction("1", small), transaction("2", large), transaction("3", small)]
    return written(interchange(group(*transactions)))


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EdiReader, "block", 3000)


def mapped(data: bytes) -> list[Mapped]:
    """What becomes of each chunk by the sample partner's mapping."""
    mapping = load_mapping(PROJECT / "mappings" / "acme-freight" / "x12-210.yaml", "x12-210.yaml")
    reader = FORMAT.reader(mapping.source)
    plan = compile_mapping(mapping, reader, load_code_lists(PROJECT / "mappings" / "codes"))
    assembly = Assembly(plan, Context("acme-freight", "ACLT"))
    return [assembly.take(chunk) for chunk in reader.read([file(data)])]


def contents(chunks: list[Mapped]) -> dict[str, list[dict[str, Any]]]:
    """The rows of all tables, whatever chunk they came in."""
    found: dict[str, list[dict[str, Any]]] = {}
    for chunk in chunks:
        for name, table in chunk.records.tables.items():
            rows = table.drop_columns(["record_id"]).to_pylist()
            found.setdefault(name, []).extend(rows)
    return found


def test_records_are_those_of_the_file_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = mapped(large_file())
    monkeypatch.setattr(EdiReader, "block", 3000)
    chunks = mapped(large_file())
    assert len(whole) == 1
    assert len(chunks) > 5
    assert [chunk.records.num_records for chunk in chunks].count(1) == 3
    assert contents(chunks) == contents(whole)
    lines = contents(chunks)["charge_line"]
    assert [line["line_no"] for line in lines if line["document_no"] == "2"] == [
        *range(1, LOOPS + 1)
    ]
    assert [chunk.defects for chunk in chunks] == [[]] * len(chunks)


@pytest.mark.usefixtures("parts")
def test_totals_are_checked_over_all_parts() -> None:
    found = [finding for chunk in mapped(large_file(last=LOOPS + 1)) for finding in chunk.findings]
    assert {finding.reason for finding in found} == {"TOTAL_MISMATCH"}


@pytest.mark.usefixtures("parts")
def test_what_is_wrong_in_an_early_part_rejects_the_record_at_its_exact_place() -> None:
    data = large_file().replace(b"L1*5*1.25*PH*5*", b"L1*5*1.25*PH*5X*")
    (chunk,) = (chunk for chunk in mapped(data) if chunk.rejected.any())
    (defect,) = (each for each in chunk.defects if each.severity == "reject")
    assert (defect.code, defect.position.document, defect.position.segment_id) == (
        "BAD_NUMBER",
        "2",
        "L1",
    )
    assert defect.position.byte_offset == data.index(b"5X")


@pytest.mark.usefixtures("parts")
def test_segments_are_counted_over_all_parts() -> None:
    held = 9 + 3 * LOOPS + 3
    chunks = read(large_file().replace(f"SE*{held}*2".encode(), b"SE*910*2"))
    (defect,) = (defect for chunk in chunks for defect in chunk.defects)
    assert (defect.code, defect.value, defect.expected) == ("SE_COUNT", "910", str(held))
    assert defect.position.segment == held
    ((received,), *_) = [chunk.receipts() for chunk in chunks]
    assert [one.segments for one in received.transactions] == [22, held, 22]
