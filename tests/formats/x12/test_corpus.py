"""Public 210 files, read whole: charges add up, and every defect told is a true one."""

import os
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pytest

from tests.formats.x12.interchanges import file, read

CORPUS = os.environ.get("ETL_CORPUS")

# file: (transactions, charge lines, true defects); the SE counts were verified by hand
EXPECTED = {
    "210_cn_rail_1.edi": (1, 2, []),
    "210_mgctlyst.edi": (1, 4, []),
    "210_ups.edi": (
        5,
        211,
        [
            ("SE_COUNT", "000158669", "46", "48"),
            ("CONDITION_MISSING", "000158673", None, "at least one of elements 2 and 3"),
        ],
    ),
    "210_wrapped_80char.edi": (1, 3, []),
}


@pytest.mark.skipif(CORPUS is None, reason="ETL_CORPUS not set")
@pytest.mark.parametrize("name", EXPECTED)
def test_public_file_is_read_whole(name: str) -> None:
    data = (Path(CORPUS or "") / "x12" / name).read_bytes()
    (chunk,) = read(file(data, name))
    invoices, lines = chunk.records(), chunk.children("LX/L1")
    transactions, charges, defects = EXPECTED[name]
    assert (len(invoices), len(lines)) == (transactions, charges)
    found = [(d.code, d.position.document, d.value, d.expected) for d in chunk.defects]
    assert found == defects
    totals: dict[int, Decimal] = defaultdict(Decimal)
    amounts = lines.column("L1.04").to_pylist()
    for record, amount in zip(lines.record.tolist(), amounts, strict=True):
        totals[record] += Decimal(amount or 0)
    assert [str(totals[n]) for n in range(transactions)] == invoices.column("B3.07").to_pylist()
    assert set(invoices.column("L3.05").to_pylist()) == {str(t) for t in totals.values()}
