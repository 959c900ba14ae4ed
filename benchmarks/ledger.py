"""The ledger's bulk paths on SQLite: `python benchmarks/ledger.py [documents] [ledger URL]`.

A batch of 100,000 documents with two references each is recorded, settled and sealed, and 5,000
invoice numbers, 5,000 PROs and 5,000 BOLs are looked up in the history. Beside it, in the same run:
the same rows by plain `sqlite3` with the same indexes, which is the floor.
"""

from __future__ import annotations

import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa

from etl.ledger import Ledger, open_ledger, upgrade_ledger

TYPE = "freight_invoice"
DAY = date(2026, 11, 23)


def documents(size: int) -> pa.Table:
    """Invoices with all that a nightly run fills in."""
    numbers = range(size)
    return pa.table(
        {
            "record_id": numbers,
            "partner": ["acme"] * size,
            "document_no": [f"INV-{n}" for n in numbers],
            "business_key": [f"acme/freight_invoice/INV{n}/0" for n in numbers],
            "record_hash": [f"{n:064x}" for n in numbers],
            "carrier_scac": ["ACLT"] * size,
            "invoice_no_norm": [f"INV{n}" for n in numbers],
            "shipment_ref": [f"S{n}" for n in numbers],
            "pro_norm": [f"P{n}" for n in numbers],
            "bol_norm": [f"B{n}" for n in numbers],
            "document_date": [DAY] * size,
            "amount": pa.array([Decimal("10.5000")] * size, pa.decimal128(18, 4)),
            "currency": ["USD"] * size,
            "outcome": ["AUTO_APPROVE"] * size,
        }
    )


def references(size: int) -> pa.Table:
    """Two references a document."""
    return pa.table(
        {
            "record_id": [n for n in range(size) for _ in range(2)],
            "type": ["PRO", "PO"] * size,
            "value_norm": [f"R{n}" for n in range(2 * size)],
        }
    )


def timed(name: str, work: Callable[[], object]) -> None:
    """Do `work` and print how long it took."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(f"{name:<44} {wall:6.2f} s, CPU {cpu:6.2f} s", flush=True)


def measure(ledger: Ledger, size: int) -> None:
    """Time each bulk path of a ledger."""
    rows, named = documents(size), references(size)
    settled = rows.select(["record_id"]).append_column("disposition", pa.array(["pushed"] * size))

    def record() -> None:
        with ledger.begin() as tx:
            tx.documents.record("b1", TYPE, rows)

    def refer() -> None:
        with ledger.begin() as tx:
            tx.documents.add_references("b1", TYPE, named)

    def settle() -> None:
        with ledger.begin() as tx:
            tx.documents.update("b1", TYPE, settled)

    def look_up() -> None:
        with ledger.read() as tx:
            tx.history.find(
                "ACLT",
                invoice_no_norms=[f"INV{n}" for n in range(5000)],
                pros=[f"P{n}" for n in range(5000)],
                bols=[f"B{n}" for n in range(5000)],
            )

    def seal() -> None:
        with ledger.begin() as tx:
            tx.sealed_content("b1")

    with ledger.begin() as tx:
        tx.runs.start("r1", "nightly", DAY)
        tx.batches.open(
            "b1", run_id="r1", job="nightly", partners=[], nominal_date=DAY, folder="b1"
        )
    timed(f"record {size:,} documents", record)
    timed(f"record {2 * size:,} references", refer)
    timed(f"settle {size:,} documents", settle)
    timed("history: 3 × 5,000 numbers", look_up)
    timed("what is to be sealed", seal)


def plain_sqlite(path: Path, size: int) -> None:
    """The same documents by sqlite3 alone, into a table with the same columns and indexes."""
    connection = sqlite3.connect(path)
    rows = documents(size).append_column("amount_text", pa.array(["10.5000"] * size))
    names = [name for name in rows.column_names if name != "amount"]
    values = rows.select(names).to_pylist()
    for row in values:
        row |= {"id": f"b1/{TYPE}/{row['record_id']}", "document_date": str(row["document_date"])}
    columns = ["id", *names]
    connection.execute(f"CREATE TABLE document ({', '.join(columns)}, PRIMARY KEY (id))")
    for name in ("document_no", "business_key", "invoice_no_norm", "shipment_ref", "pro_norm"):
        connection.execute(f"CREATE INDEX ix_{name} ON document ({name})")
    for name in ("bol_norm", "partner", "record_id"):
        connection.execute(f"CREATE INDEX ix_{name} ON document ({name})")

    def insert() -> None:
        marks = ", ".join(f":{name}" for name in columns)
        connection.executemany(f"INSERT INTO document VALUES ({marks})", values)
        connection.commit()

    timed(f"floor: {size:,} documents by sqlite3 alone", insert)


def main() -> None:
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        url = sys.argv[2] if len(sys.argv) > 2 else f"sqlite:///{folder}/ledger.db"
        upgrade_ledger(url)
        ledger = open_ledger(url)
        measure(ledger, size)
        ledger.close()
        plain_sqlite(Path(folder) / "plain.db", size)


if __name__ == "__main__":
    main()
