"""Small files, as a night brings them, to canonical records: `python -m benchmarks.edi_files`.

10,000 files of X12 210 and 10,000 of EDIFACT INVOIC, 2 to 8 KB each, of one transaction or message
with 10 to 30 loops. They are read from memory: what is measured is not the disk.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from benchmarks import edifact_invoic, x12_210
from benchmarks.edi_work import in_memory, to_records
from benchmarks.measuring import Run, Work, main

FILES = 10_000
LOOPS = range(10, 31)
X12_MAPPING = Path(__file__).with_name("edi_x12.yaml")
EDIFACT_MAPPING = Path(__file__).with_name("edi_edifact.yaml")


@cache
def x12_files() -> list[bytes]:
    """A file of each size."""
    return ["".join(f"{each}~\n" for each in x12_210.interchange(1, n)).encode() for n in LOOPS]


@cache
def edifact_files() -> list[bytes]:
    """A file of each size, without a UNA."""
    return [
        "".join(f"{each}'\n" for each in edifact_invoic.interchange(1, n)).encode() for n in LOOPS
    ]


def records(kinds: list[bytes], mapping: Path) -> Work:
    """Every file by its mapping."""
    files = [in_memory(f"{n}.edi", kinds[n % len(kinds)]) for n in range(FILES)]
    assert {2_000 <= file.size <= 8_000 for file in files} == {True}
    return to_records(files, mapping)


def megabytes(kinds: list[bytes]) -> float:
    return sum(len(kinds[n % len(kinds)]) for n in range(FILES)) / 1e6


RUNS = {
    "x12": Run(
        "etl: 10,000 X12 files -> records",
        lambda: records(x12_files(), X12_MAPPING),
        lambda: megabytes(x12_files()),
        files=FILES,
    ),
    "edifact": Run(
        "etl: 10,000 EDIFACT files -> records",
        lambda: records(edifact_files(), EDIFACT_MAPPING),
        lambda: megabytes(edifact_files()),
        files=FILES,
    ),
}


if __name__ == "__main__":
    main("benchmarks.edi_files", RUNS, "charges")
