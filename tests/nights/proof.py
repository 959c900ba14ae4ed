"""Whether all is as it must be, found out by code that uses nothing of etl: the bytes of archive
and outbox, and the ledger's database, read with what Python and pyarrow bring along."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import sqlite3
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

NUMBERED = ("run", "file", "exception", "interchange")
TABLES = ("run", "batch", "file", "document", "document_reference", "exception", "push",
          "interchange", "interchange_group", "control_number")  # fmt: skip


def rows(ledger: Path, query: str, *values: Any) -> list[dict[str, Any]]:
    """What a query finds, by SQLite itself."""
    connection = sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)
    try:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(query, values)]
    finally:
        connection.close()


def key_of(number: str) -> str:
    """The business key of a bill of acme-freight."""
    return f"acme-freight/freight_invoice/{re.sub('[^A-Z0-9]', '', number.upper())}/0"


@dataclass
class Seen:
    """What can be seen from outside after a night.

    Attributes:
        target: number of each bill in the outbox -> its amount, as written last.
        waiting: business keys of which somebody has to look at something.
        pushed: business key -> the batch that pushed it last.
    """

    target: dict[str, Decimal] = field(default_factory=dict)
    waiting: set[str] = field(default_factory=set)
    pushed: dict[str, str] = field(default_factory=dict)


def seen(root: Path) -> Seen:
    """Look at a project."""
    ledger = root / "ledger.db"
    order = {row["id"]: row["sequence"] for row in rows(ledger, "SELECT id, sequence FROM batch")}
    found = Seen()

    def place(path: Path) -> tuple[int, int]:
        match = re.fullmatch(r"account\.move-(.+?)-bills(?:-(\d+))?\.csv", path.name)
        assert match, path
        return order[match[1]], int(match[2] or 1)

    for path in sorted((root / "outbox" / "odoo").glob("*-bills*.csv"), key=place):
        text = path.read_bytes().decode("utf-8-sig")
        written: dict[str, Decimal] = defaultdict(Decimal)
        number = ""
        for line in csv.DictReader(io.StringIO(text)):
            number = line["ref"] or number
            amount = Decimal(line["invoice_line_ids/price_unit"])
            written[number] += amount * Decimal(line["invoice_line_ids/quantity"])
        found.target |= written
    waits = (
        "SELECT business_key FROM exception WHERE state <> 'closed' AND business_key IS NOT NULL"
    )
    found.waiting = {row["business_key"] for row in rows(ledger, waits)}
    found.pushed = {
        row["business_key"]: f"{row['batch_id']} {row['sequence']}"
        for row in rows(ledger, "SELECT business_key, batch_id, sequence FROM push")
    }
    return found


def files_are_safe(root: Path, sent: dict[tuple[str, str], bytes]) -> None:
    """Each file that was sent lies at the partner still, or is archived once under its own name,
    with its own bytes.

    What a run had stored when it was killed, before the ledger knew, is taken from the partner
    again: where it goes to another batch then, the first one keeps what it has, and that counts for
    nothing.
    """
    named: dict[tuple[str, str], list[str]] = defaultdict(list)
    stored: dict[str, int] = defaultdict(int)
    partner_of = {
        row["id"]: row["partner"]
        for row in rows(root / "ledger.db", "SELECT id, partner FROM file")
    }
    for index in root.glob("archive/*/*/*/*/originals/index.jsonl"):
        for line in index.read_text("ascii").splitlines():
            told = json.loads(line)
            if told["file_id"] in partner_of:
                named[partner_of[told["file_id"]], told["original_name"]].append(told["sha256"])
                stored[told["sha256"]] += told["stored_as"] is not None
    for path in root.glob("archive/*/*/*/*/originals/*.zst"):
        with pa.CompressedInputStream(pa.OSFile(str(path)), "zstd") as stream:
            content = stream.read()
        assert hashlib.sha256(content).hexdigest() == path.stem
    assert set(stored.values()) <= {1}, "equal bytes are stored once"
    for (partner, name), content in sent.items():
        sha256 = hashlib.sha256(content).hexdigest()
        there = (root / "drop" / partner / name).exists()
        assert named[partner, name] == ([] if there else [sha256]), (partner, name)
        assert there or stored[sha256] == 1, (partner, name)


def money_is_right(root: Path, found: Seen) -> None:
    """The outbox has what the ledger says was pushed, to the cent and by currency."""
    query = """
        SELECT document.document_no, document.amount, document.currency
        FROM push JOIN document ON document.id = push.document_id
    """
    told = rows(root / "ledger.db", query)
    assert {row["currency"] for row in told} <= {"USD"}
    assert sum(Decimal(row["amount"]) for row in told) == sum(found.target.values())
    assert {row["document_no"]: Decimal(row["amount"]) for row in told} == found.target
    pushes = rows(
        root / "ledger.db", "SELECT count(*) AS n, count(DISTINCT business_key) AS k FROM push"
    )
    assert pushes[0]["n"] == pushes[0]["k"] == len(found.target)


def counts_add_up(root: Path) -> None:
    """Every document has ended somewhere, and no run but a killed or failed one is left open."""
    for run in rows(root / "ledger.db", "SELECT id, state, counts FROM run"):
        assert run["state"] in ("ok", "exceptions", "killed", "failed"), run
        counts = json.loads(run["counts"])
        read = counts.pop("read", 0)
        for name in ("files", "duplicate_files"):
            counts.pop(name, None)
        assert run["state"] in ("killed", "failed") or read == sum(counts.values()), run
    left = rows(root / "ledger.db", "SELECT id FROM batch WHERE state <> 'sealed'")
    undecided = rows(root / "ledger.db", "SELECT id FROM document WHERE disposition IS NULL")
    assert (left, undecided) == ([], [])


def same_ledger(ledger: Path, rebuilt: Path) -> None:
    """What the ledger says of all that was sealed is what a rebuilt one says."""
    [until] = rows(ledger, "SELECT max(sealed_sequence) AS n FROM batch")
    for table in TABLES:
        by_key = []
        for path in (ledger, rebuilt):
            found = rows(path, f'SELECT * FROM "{table}"')
            by_key.append({_key(table, row): row for row in found})
        ours, theirs = by_key
        if table in NUMBERED:
            later = {key for key, row in ours.items() if row["changed"] > until["n"]}
            ours = {key: row for key, row in ours.items() if key not in later}
            theirs = {key: row for key, row in theirs.items() if key not in later}
        elif table == "interchange_group":
            later = {
                row["id"]
                for row in rows(ledger, "SELECT id, changed FROM interchange")
                if row["changed"] > until["n"]
            }
            ours = {key: row for key, row in ours.items() if key[0] not in later}
            theirs = {key: row for key, row in theirs.items() if key[0] not in later}
        different = [key for key in {**ours, **theirs} if ours.get(key) != theirs.get(key)]
        assert not different, (
            table,
            [(ours.get(key), theirs.get(key)) for key in different[:3]],
        )


def _key(table: str, row: dict[str, Any]) -> tuple[Any, ...]:
    names = {
        "document_reference": ("document_id", "type", "value_norm"),
        "push": ("target", "external_id"),
        "interchange_group": ("interchange_id", "position"),
        "control_number": ("partner", "syntax", "kind"),
    }
    return tuple(row[name] for name in names.get(table, ("id",)))
