"""X12 210 to tables and to canonical records, beside pyx12: `python -m benchmarks.edi_x12`.

Each figure is MB per CPU-second (all threads, without imports) in a process of its own, the best
of nine runs, with the peak resident memory, imports included. All read the same transactions;
pyx12 fewer of them, since it takes long. "Many files" are 5,000 of one transaction each.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.x12_210 import input_file, interchange

if TYPE_CHECKING:
    from etl.raw import SourceFile

HEADER = (
    "ST.02",
    "B3.02",
    "B3.03",
    "B3.04",
    "B3.06",
    "B3.07",
    "B3.09",
    "B3.11",
    "C3.01",
    "N9[01=BM].02",
    "N1[01=BT].02",
    "N1[01=CN].02",
    "N1[01=CN]/N4.01",
    "L3.01",
    "SE.01",
)
CHARGE = (
    "LX.01",
    "L1.02",
    "L1.03",
    "L1.04",
    "L1.08",
    "L1.12",
    "LX/N9[01=CN].02",
    "LX/L0.04",
)
TRANSACTIONS = 20_000
FEWER = 1_000
PROJECT = Path(__file__).parents[1]


Run = Callable[[], int]

# Each run imports what it needs, so that its peak memory is its own.


def large() -> list[SourceFile]:
    """One file of 49 MB."""
    from etl.raw import SourceFile  # noqa: PLC0415

    path = input_file(TRANSACTIONS)
    return [SourceFile(path.name, "", path.stat().st_size, lambda: path.open("rb"))]


def small() -> list[SourceFile]:
    """5,000 files of 2.6 KB, read from memory: what is measured is not the disk."""
    from io import BytesIO  # noqa: PLC0415

    from etl.raw import SourceFile  # noqa: PLC0415

    data = ("~\n".join(interchange(1, 10)) + "~\n").encode()
    return [
        SourceFile(f"{number}.edi", "", len(data), lambda: BytesIO(data))
        for number in range(TRANSACTIONS // 4)
    ]


def reader_to_tables(files: list[SourceFile]) -> Run:
    """15 columns of each transaction; 8 and the number of the transaction of each charge."""
    from etl.formats import x12  # noqa: PLC0415

    reader = x12.FORMAT.reader({"document": "210"})

    def run() -> int:
        charges = 0
        for chunk in reader.read(files):
            records, lines = chunk.records(), chunk.children("LX/L1")
            assert not chunk.defects
            assert all(len(records.column(path)) == len(records) for path in HEADER)
            assert all(len(lines.column(path)) == len(lines.record) for path in CHARGE)
            charges += len(lines)
        return charges

    return run


def reader_and_mapping() -> Run:
    """Typed, validated, hashed records of the canonical types."""
    from etl.formats import x12  # noqa: PLC0415
    from etl.mapping import Context, compile_mapping, load_code_lists, load_mapping  # noqa: PLC0415

    mapping = load_mapping(Path(__file__).with_suffix(".yaml"), "edi_x12.yaml")
    reader = x12.FORMAT.reader(mapping.source)
    plan = compile_mapping(mapping, reader, load_code_lists(PROJECT / "mappings" / "codes"))
    files = large()

    def run() -> int:
        charges = 0
        for chunk in reader.read(files):
            mapped = plan.apply(chunk, Context("benchmark"))
            assert not mapped.defects
            assert not mapped.findings
            charges += mapped.records.tables["charge_line"].num_rows
        return charges

    return run


def pyx12_parse() -> Run:
    """Segments only: no tables, no values taken."""
    from io import StringIO  # noqa: PLC0415

    from pyx12.x12file import X12Reader  # noqa: PLC0415

    text = input_file(FEWER).read_text(encoding="ascii")
    return lambda: sum(segment.get_seg_id() == "L1" for segment in X12Reader(StringIO(text)))


def megabytes(transactions: int) -> float:
    return input_file(transactions).stat().st_size / 1e6


RUNS: dict[str, tuple[str, Callable[[], Run], Callable[[], float]]] = {
    "tables": (
        "etl: reader -> tables",
        lambda: reader_to_tables(large()),
        lambda: megabytes(TRANSACTIONS),
    ),
    "files": (
        "etl: reader -> tables, many files",
        lambda: reader_to_tables(small()),
        lambda: sum(file.size for file in small()) / 1e6,
    ),
    "records": (
        "etl: reader + mapping -> records",
        reader_and_mapping,
        lambda: megabytes(TRANSACTIONS),
    ),
    "pyx12": ("pyx12: parse", pyx12_parse, lambda: megabytes(FEWER)),
}


def measure(name: str) -> None:
    """In a process of its own: the best of three runs, its figures as JSON."""
    _, prepare, size = RUNS[name]
    run = prepare()
    taken = []
    for _ in range(3):
        before = time.process_time()
        charges = run()
        taken.append(time.process_time() - before)
    seconds = min(taken)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"rate": size() / seconds, "seconds": seconds, "peak": peak, "n": charges}))


def main() -> None:
    for transactions in (TRANSACTIONS, FEWER):
        input_file(transactions)
    found: dict[str, list[dict[str, float]]] = {name: [] for name in RUNS}
    for _ in range(3):
        for name, figures in found.items():
            done = subprocess.run(
                [sys.executable, "-m", "benchmarks.edi_x12", name],
                cwd=PROJECT,
                capture_output=True,
                text=True,
                check=True,
            )
            figures.append(json.loads(done.stdout))
    print(f"{'':34} {'MB/CPU-s':>9} {'CPU-s':>7} {'MB':>6} {'charges':>9} {'peak MB':>8}")
    for name, figures in found.items():
        title, _, size = RUNS[name]
        best = max(figures, key=lambda figure: figure["rate"])
        print(
            f"{title:34} {best['rate']:9.1f} {best['seconds']:7.3f} {size():6.1f}"
            f" {best['n']:9,.0f} {best['peak']:8.0f}"
        )


if __name__ == "__main__":
    if len(sys.argv) == 2:
        measure(sys.argv[1])
    else:
        main()
