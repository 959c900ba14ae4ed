"""X12 210 to tables and to canonical records, beside peers: `python -m benchmarks.edi_x12`.

All read the same transactions; the peers fewer of them, since they take long. Envelopes,
segments and loops are checked by us only, and every element where it says so. "Many files" are
5,000 of one transaction each.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.edi_work import canonical_runs, in_memory, on_disk, to_tables
from benchmarks.measuring import Run, Work, main
from benchmarks.x12_210 import input_file, interchange

SOURCE = {"format": "x12", "document": "210"}
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
MAPPING = Path(__file__).with_suffix(".yaml")


def tables() -> Work:
    """15 columns of each transaction; 8 and the number of the transaction of each charge."""
    return to_tables([on_disk(input_file(TRANSACTIONS))], SOURCE, HEADER, {"LX/L1": CHARGE})


def many_files() -> Work:
    """The same of files of 2.6 KB."""
    files = [in_memory(f"{number}.edi", small()) for number in range(TRANSACTIONS // 4)]
    return to_tables(files, SOURCE, HEADER, {"LX/L1": CHARGE})


def pyx12_parse() -> Work:
    """Segments only: no tables, no values taken."""
    from io import StringIO  # noqa: PLC0415

    from pyx12.x12file import X12Reader  # noqa: PLC0415

    text = input_file(FEWER).read_text(encoding="ascii")
    return lambda: sum(segment.get_seg_id() == "L1" for segment in X12Reader(StringIO(text)))


def plain_python() -> Work:
    """The same columns to Arrow tables, by splitting."""
    from benchmarks.edi_plain import x12_tables  # noqa: PLC0415

    text = input_file(FEWER).read_text(encoding="ascii")
    return lambda: int(x12_tables(text)[1].num_rows)


def small() -> bytes:
    """A file of one transaction."""
    return ("~\n".join(interchange(1, 10)) + "~\n").encode()


def megabytes(transactions: int) -> float:
    return input_file(transactions).stat().st_size / 1e6


RUNS = {
    "tables": Run("etl: reader -> tables", tables, lambda: megabytes(TRANSACTIONS)),
    "files": Run(
        "etl: reader -> tables, many files",
        many_files,
        lambda: len(small()) * (TRANSACTIONS // 4) / 1e6,
    ),
    **canonical_runs(lambda: input_file(TRANSACTIONS), MAPPING, least=100),
    "plain": Run("plain Python -> tables", plain_python, lambda: megabytes(FEWER)),
    "pyx12": Run("pyx12: parse", pyx12_parse, lambda: megabytes(FEWER)),
}


if __name__ == "__main__":
    main("benchmarks.edi_x12", RUNS, "charges")
