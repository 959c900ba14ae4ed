"""Reader and mapping to typed canonical tables: 20,000 X12 210 of 10 charge lines each, 49 MB.

    python -m benchmarks.mapping_x12 [invoices]

Prints CPU seconds and MB per CPU-second of the reader alone (every column that the mapping reads,
as text) and of reader, mapping, completion, hashing and validation together. Best of three, in a
fresh process; the file is made in memory, the mapping is the demo's own for ACME Freight.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from hashlib import sha256
from io import BytesIO
from pathlib import Path

from etl.formats import format_named
from etl.mapping import Context, compile_mapping, load_code_lists, load_mapping
from etl.raw import Reader, SourceFile

MAPPINGS = Path(__file__).parents[1] / "mappings"
CODES = ("400", "FUE", "LFT", "DET", "RES", "APT", "SRG", "HAZ", "IDL", "")


def invoice(number: int) -> str:
    """One transaction set of 10 charge lines with references and parties; the total is right."""
    amounts = [(number * 7919 + line * 104729) % 90000 + 1000 for line in range(10)]
    day = f"2026{number % 12 + 1:02d}{number % 28 + 1:02d}"
    segments = [
        f"ST*210*{number:09d}",
        f"B3**INV{number:08d}*SH{number:07d}*PP*L*{day}*{sum(amounts)}**{day}*035*ACLT*{day}",
        "C3*USD",
        f"N9*BM*BOL{number:08d}",
        f"N9*CN*PRO{number:08d}",
        f"N9*PO*PO-{number:06d}-A",
        f"N1*SH*SHIPPER NUMBER {number % 500}*25*S{number % 500:05d}",
        "N3*100 INDUSTRIAL PARKWAY",
        "N4*COLUMBUS*OH*43215*US",
        f"N1*CN*CONSIGNEE NUMBER {number % 900}*25*C{number % 900:05d}",
        "N3*2500 COMMERCE STREET",
        "N4*DALLAS*TX*75201*US",
        "N1*BT*GLOBEX CORPORATION*25*B00001",
        "N3*1 GLOBEX PLAZA",
        "N4*CHICAGO*IL*60601*US",
    ]
    for line, (code, amount) in enumerate(zip(CODES, amounts, strict=True), start=1):
        segments += [
            f"LX*{line}",
            f"N9*PK*PACKAGE{number:08d}{line:02d}",
            f"L5*{line}*PALLETS OF MACHINE PARTS, CRATED, NOT OTHERWISE SPECIFIED*133300-05*N",
            f"L0*{line}***{1200 + line * 35}.5*G*12.25*E*{line}*PLT**L",
            f"L1*{line}*{amount % 977}.{line}5*PH*{amount}****{code}****CHARGE {line} AS AGREED",
            f"L7*{line}*ACLT*TARIFF 599*****65",
        ]
    segments.append(f"L3*12000.5*G***{sum(amounts)}******10*L")
    segments.append(f"SE*{len(segments) + 1}*{number:09d}")
    return "~\n".join(segments) + "~\n"


def interchange(invoices: int) -> bytes:
    """All invoices in one group of one interchange."""
    body = "".join(map(invoice, range(1, invoices + 1)))
    head = (
        "ISA*00*          *00*          *02*ACLT           *ZZ*GLOBEX         "
        "*260301*0230*U*00401*000000001*0*P*>~\nGS*IM*ACLT*GLOBEX*20260301*0230*1*X*004010~\n"
    )
    return f"{head}{body}GE*{invoices}*1~\nIEA*1*000000001~\n".encode()


def best_cpu_seconds(run: Callable[[], None]) -> float:
    """The least CPU time of three runs."""
    taken = []
    for _ in range(3):
        start = time.process_time()
        run()
        taken.append(time.process_time() - start)
    return min(taken)


def main() -> None:
    """Make the file, measure, print."""
    invoices = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    content = interchange(invoices)
    source = SourceFile(
        "night.edi", sha256(content).hexdigest(), len(content), lambda: BytesIO(content)
    )
    mapping = load_mapping(MAPPINGS / "acme-freight" / "x12-210.yaml", "x12-210.yaml")
    reader = format_named("x12").reader(mapping.source)
    paths = RecordedPaths(reader)
    plan = compile_mapping(mapping, paths, load_code_lists(MAPPINGS / "codes"))
    context = Context("acme-freight", carrier_scac="ACLT")

    def read() -> None:
        for chunk in reader.read([source]):
            for row, path in paths.seen:
                rows = chunk.records() if row is None else chunk.children(row)
                rows.column(path)

    def read_and_map() -> None:
        good = lines = 0
        for chunk in reader.read([source]):
            mapped = plan.apply(chunk, context)
            good += int((~mapped.rejected).sum())
            lines += mapped.records.tables["charge_line"].num_rows
        if (good, lines) != (invoices, invoices * 10):
            raise SystemExit(f"{good} good invoices of {invoices}, {lines} lines: not a fair run")

    megabytes = len(content) / 1e6
    for name, run in (("reader alone", read), ("reader and mapping", read_and_map)):
        seconds = best_cpu_seconds(run)
        rate = megabytes / seconds
        print(f"{name:20} {megabytes:6.1f} MB {seconds:7.3f} CPU-s {rate:7.1f} MB/CPU-s")


class RecordedPaths:
    """A reader that notes the paths that a mapping asks it about."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.read = reader.read
        self.check_row = reader.check_row
        self.seen: dict[tuple[str | None, str], None] = {}

    def check_path(self, path: str, row: str | None = None) -> None:
        """Note the path and let the reader check it."""
        self.seen[row, path] = None
        self._reader.check_path(path, row)


if __name__ == "__main__":
    main()
