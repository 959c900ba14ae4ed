"""The same night as somebody would write it in an afternoon: a plain pandas script of one page.

    python -m benchmarks.night_pandas FIGURES.json FOLDER

Reads the X12 210 file by split and the expected charges by read_csv, merges them, compares with
Decimal, writes the bills as CSV, and everything into SQLite. It archives and hashes nothing, checks
no counts, knows no duplicates, and could not be run again after a failure.
"""

from __future__ import annotations

import json
import resource
import sqlite3
import sys
import time
from decimal import Decimal
from pathlib import Path

import pandas as pd

from benchmarks.night_job import peak_bytes, written

CODES = {"400": "BASE", "FUE": "FUEL"}


def read_210(text: str) -> pd.DataFrame:
    """A row a charge line, the invoice's numbers repeated."""
    rows = []
    invoice: dict[str, object] = {}
    for segment in text.replace("\n", "").split("~"):
        parts = segment.split("*")
        if parts[0] == "B3":
            total = Decimal(parts[7]) / 100
            invoice = {"invoice_no": parts[2], "shipment_ref": parts[3], "total": total}
            invoice |= {"invoice_date": parts[6], "carrier_scac": parts[11]}
        elif parts[0] == "C3":
            invoice["currency"] = parts[1]
        elif parts[0] == "N9":
            invoice["pro_no" if parts[1] == "CN" else "bol_no"] = parts[2]
        elif parts[0] == "L1":
            charge = {"charge_code": CODES[parts[8]], "amount": Decimal(parts[4]) / 100}
            rows.append(invoice | charge)
    return pd.DataFrame(rows)


def allowed(expected: Decimal, code: str) -> Decimal:
    """How far a charge may be off: amount and percent must both hold."""
    amount, percent = ("2.00", "2.0") if code == "FUEL" else ("1.00", "0.5")
    return min(Decimal(amount), expected * Decimal(percent) / 100)


def main() -> None:
    figures, folder = Path(sys.argv[1]), Path(sys.argv[2])
    began = time.perf_counter()
    [source] = folder.glob("*.edi")
    lines = read_210(source.read_text("ascii"))
    [charges] = folder.glob("expected_charges_*.csv")
    expected = pd.read_csv(charges, dtype=str)[["shipment_ref", "charge_code", "amount"]]
    expected["amount"] = expected["amount"].map(Decimal)
    merged = lines.merge(
        expected, "left", on=["shipment_ref", "charge_code"], suffixes=("", "_expected")
    )
    merged["variance"] = merged["amount"] - merged["amount_expected"]
    merged["ok"] = [
        abs(variance) <= allowed(agreed, code)
        for variance, agreed, code in zip(
            merged["variance"], merged["amount_expected"], merged["charge_code"], strict=True
        )
    ]
    invoices = merged.drop_duplicates("invoice_no").set_index("invoice_no")
    by_invoice = merged.groupby("invoice_no", sort=False)
    adds_up = by_invoice["amount"].sum() == invoices["total"]
    invoices["approved"] = by_invoice["ok"].all() & adds_up
    bills = merged[merged["invoice_no"].map(invoices["approved"])]
    bills.to_csv(folder / "bills.csv", index=False)
    with sqlite3.connect(folder / "night.db") as database:
        for name, table in (("invoice", invoices.reset_index()), ("line", merged)):
            table.astype(str).to_sql(name, database, index=False)
        for column in ("invoice_no", "shipment_ref", "pro_no", "bol_no"):
            database.execute(f"CREATE INDEX ix_{column} ON invoice ({column})")
    usage = resource.getrusage(resource.RUSAGE_SELF)
    told = {
        "wall": time.perf_counter() - began,
        "cpu": usage.ru_utime + usage.ru_stime,
        "peak": peak_bytes(),
        **written(),
        "approved": int(invoices["approved"].sum()),
    }
    figures.write_text(json.dumps(told), "ascii")


if __name__ == "__main__":
    main()
