"""A document that a plan raises for is kept out alone, whatever format it is read from."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
import pytest

from etl.jobs.workspace import compile_file
from etl.mapping import Context, Mapped, Plan, load_code_lists
from etl.mapping.assembly import Assembly
from etl.mapping.fencing import Portion
from etl.raw import Chunk, SourceFile
from tests.freight_bills import FreightBill, bills_file
from tests.night import REPOSITORY

CONTEXT = Context("acme-freight", "ACLT", None, None)
BILLS = [FreightBill(f"F-{n}", f"LD-F{n}") for n in range(1, 6)]
BROKEN = FreightBill("F-9", "LD-F9", total=1)


def source(name: str, content: str) -> SourceFile:
    data = content.encode()
    return SourceFile(name, name.ljust(64, "0"), len(data), lambda: BytesIO(data))


@pytest.fixture(scope="module")
def compiled() -> Any:
    path = REPOSITORY / "mappings" / "acme-freight" / "x12-210.yaml"
    codes = load_code_lists(REPOSITORY / "mappings" / "codes")
    return compile_file(path, path.name, codes)


@pytest.fixture
def chunk(compiled: Any) -> Chunk:
    files = [
        source("a.edi", bills_file(*BILLS[:2], BROKEN, control_number=1)),
        source("b.edi", bills_file(*BILLS[2:], control_number=2)),
    ]
    [chunk] = compiled.reader.read(files)
    return chunk


def numbers(mapped: Mapped) -> list[str]:
    return mapped.records.main["invoice_no"].to_pylist()


def charges(mapped: Mapped) -> list[tuple[int, Any]]:
    table = mapped.records.tables["charge_line"]
    return list(zip(table["record_id"].to_pylist(), table["amount"].to_pylist(), strict=True))


def test_portions_of_a_chunk_give_what_the_chunk_gives(compiled: Any, chunk: Chunk) -> None:
    whole = compiled.plan.apply(chunk, CONTEXT)
    for records in ([0, 1], [2], [1, 3, 5], range(6)):
        part = compiled.plan.apply(Portion(chunk, records), CONTEXT)
        assert numbers(part) == [numbers(whole)[record] for record in records]
        assert part.records.main["record_hash"].to_pylist() == [
            whole.records.main["record_hash"][record].as_py() for record in records
        ]
        assert charges(part) == [
            (list(records).index(record), amount)
            for record, amount in charges(whole)
            if record in records
        ]
        told = [(d.code, records[d.record]) for d in part.defects if d.record is not None]
        assert told == [
            (d.code, d.record)
            for d in whole.defects
            if d.record is not None and d.record in records
        ]
        assert np.array_equal(part.rejected, whole.rejected[list(records)])


@pytest.mark.parametrize(
    "faulty", [{"F-1"}, {"F-3", "F-5"}, {f"F-{n}" for n in (1, 2, 3, 4, 5, 9)}]
)
def test_documents_that_are_raised_for_are_kept_out_alone_with_their_place(
    compiled: Any, chunk: Chunk, faulty: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = compiled.plan.apply(chunk, CONTEXT)
    apply = Plan.apply

    def raising(self: Plan, *arguments: Any) -> Mapped:
        mapped = apply(self, *arguments)
        for number in numbers(mapped):
            if number in faulty:
                raise OverflowError(number)
        return mapped

    monkeypatch.setattr(Plan, "apply", raising)
    mapped, kept_out = Assembly(compiled.plan, CONTEXT).take_fenced(chunk)

    assert numbers(mapped) == [number for number in numbers(whole) if number not in faulty]
    assert [str(each.error) for each in kept_out] == [n for n in numbers(whole) if n in faulty]
    for each in kept_out:
        assert each.position.document == f"{int(str(each.record)) % 3 + 1:04}"
        assert chunk.files[each.file].name == ("a.edi" if each.record < 3 else "b.edi")
    ids = mapped.records.main["record_id"].to_pylist()
    assert ids == list(range(len(ids)))
    assert {record for record, _ in charges(mapped)} == set(ids)
