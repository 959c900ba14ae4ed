"""Every figure we claim, one after the other: ``python -m benchmarks [name ...]``.

Names are the modules of this folder that are listed in :data:`BENCHMARKS`; without names, all.
Some have options of their own: ``python -m benchmarks.night --help``.
"""

from __future__ import annotations

import subprocess
import sys

BENCHMARKS = {
    "edi_x12": "X12 210 to canonical tables, beside pyx12 and plain Python",
    "edi_edifact": "EDIFACT INVOIC to canonical tables, beside pydifact and plain Python",
    "edi_files": "10,000 small files of X12 and of EDIFACT to canonical tables",
    "edi_large": "an EDIFACT message of 1 GB, and 1 GB of X12 transactions, to tables",
    "csv_xml": "CSV and XML to tables, beside pandas, csv and lxml",
    "sftp": "5,000 small files and one of 500 MB over SFTP, beside OpenSSH's sftp",
    "night": "whole nights of 5,000 to 100,000 invoices, beside a plain pandas script",
    "ledger": "100,000 documents through the ledger, beside plain sqlite3",
}


def main() -> None:
    """Run the benchmarks named, each in a process of its own; stop at the first that fails."""
    names = sys.argv[1:] or list(BENCHMARKS)
    for name in names:
        if name not in BENCHMARKS:
            sys.exit(f"no benchmark {name!r}; there are {', '.join(BENCHMARKS)}")
    for name in names:
        print(f"\n== {name}: {BENCHMARKS[name]}", flush=True)
        subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=True)


main()
