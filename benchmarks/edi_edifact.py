"""EDIFACT INVOIC to tables and to records, beside peers: `python -m benchmarks.edi_edifact`.

All read the same messages; the peers fewer of them, since they take long. Envelopes, segments and
loops are checked by us only, and every element where it says so.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.edi_work import canonical_runs, on_disk, to_tables
from benchmarks.edifact_invoic import input_file
from benchmarks.measuring import Run, Work, main

SOURCE = {"format": "edifact", "document": "INVOIC"}
HEADER = (
    "UNH.01",
    "BGM.01",
    "BGM.02",
    "DTM[01=137].01.2",
    "DTM[01=35].01.2",
    "RFF[01=AAK].01.2",
    "NAD[01=BY].02",
    "NAD[01=BY].04",
    "NAD[01=SU].02",
    "NAD[01=SU].04",
    "NAD[01=DP].06",
    "CUX.01.2",
    "UNS/MOA[01=77].01.2",
    "UNS/TAX/MOA[01=124].01.2",
    "UNT.01",
)
LINE = (
    "LIN.01",
    "LIN.03",
    "IMD.03.4",
    "QTY[01=47].01.2",
    "MOA[01=203].01.2",
    "PRI[01=AAA].01.2",
    "TAX.05.4",
    "ALC.05",
    "ALC/MOA[01=8].01.2",
)
MESSAGES = 20_000
FEWER, FEWEST = 1_000, 100
MAPPING = Path(__file__).with_suffix(".yaml")


def tables() -> Work:
    """15 columns of each message; 9 and the number of the message of each line."""
    return to_tables([on_disk(input_file(MESSAGES))], SOURCE, HEADER, {"LIN": LINE})


def plain_python() -> Work:
    """The same columns to Arrow tables, by splitting, released characters seen to."""
    from benchmarks.edi_plain import edifact_tables  # noqa: PLC0415

    text = input_file(FEWER).read_text(encoding="latin-1")
    return lambda: int(edifact_tables(text)[1].num_rows)


def pydifact_parse() -> Work:
    """Segments only: no tables, no values taken."""
    import warnings  # noqa: PLC0415

    from pydifact.parser import Parser  # noqa: PLC0415

    text = input_file(FEWEST).read_text(encoding="latin-1")

    def work() -> int:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it has no directory for D96A
            return sum(segment.tag == "LIN" for segment in Parser().parse(text))

    return work


def megabytes(messages: int) -> float:
    return input_file(messages).stat().st_size / 1e6


RUNS = {
    "tables": Run("etl: reader -> tables", tables, lambda: megabytes(MESSAGES)),
    **canonical_runs(lambda: input_file(MESSAGES), MAPPING, least=60),
    "plain": Run("plain Python -> tables", plain_python, lambda: megabytes(FEWER)),
    "pydifact": Run("pydifact: parse", pydifact_parse, lambda: megabytes(FEWEST)),
}


if __name__ == "__main__":
    main("benchmarks.edi_edifact", RUNS, "rows")
