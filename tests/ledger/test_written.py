"""How much the ledger writes, counted by the kernel: journals and temporary files included."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from etl.ledger import Ledger, NewPush, document_id, open_ledger
from tests.ledger.conftest import new_file, open_batch

TYPE = "freight_invoice"


def bytes_written(work: Callable[[], object]) -> int:
    def so_far() -> int:
        lines = Path("/proc/self/io").read_text("ascii").splitlines()
        return int(dict(line.split(": ") for line in lines)["wchar"])

    before = so_far()
    work()
    return so_far() - before


def night(ledger: Ledger, size: int) -> None:
    """Everything that a night of `size` invoices notes, in the transactions of a run."""
    rows: list[dict[str, Any]] = [
        {
            "record_id": number,
            "partner": "acme",
            "file_id": "f1",
            "business_key": f"acme/freight_invoice/{number * 7919 % size}/0",
            "document_no": f"I{number}",
            "invoice_no_norm": f"I{number}",
            "pro_norm": f"P{number * 7919 % size}",
        }
        for number in range(size)
    ]
    references = [{"record_id": n, "type": "PO", "value_norm": f"R{n}"} for n in range(size)]
    open_batch(ledger)
    with ledger.begin() as tx:
        tx.files.record(new_file("f1"))
    with ledger.begin() as tx:
        tx.documents.record("b1", TYPE, rows)
        tx.documents.add_references("b1", TYPE, references)
    with ledger.begin() as tx:
        tx.pushes.record(
            "outbox",
            "b1",
            [
                NewPush(
                    external_id=f"etl.i{row['record_id']}",
                    business_key=row["business_key"],
                    document_id=document_id("b1", TYPE, row["record_id"]),
                    model="account.move",
                    remote_id=None,
                    remote_ref=None,
                    record_hash="h",
                    state="created",
                )
                for row in rows
            ],
        )
    with ledger.begin() as tx:
        tx.documents.update(
            "b1", TYPE, [{"record_id": n, "disposition": "pushed"} for n in range(size)]
        )


def test_a_night_writes_a_few_times_what_the_ledger_grows_by(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    ledger = open_ledger(f"sqlite:///{path}")
    empty = path.stat().st_size
    written = bytes_written(lambda: (night(ledger, 8000), ledger.close()))
    grown = path.stat().st_size - empty
    # each changed page once to the journal and once to its place, for each of its transactions
    assert written < 4 * grown
