"""The ledger is lost: the archive alone gives it back."""

from __future__ import annotations

import getpass
import json
from typing import Any

from etl.jobs.rebuild import rebuild_ledger
from etl.ledger import as_dict
from tests.freight_bills import EXPECTED_HEADER, FreightBill, bills_file
from tests.night import Night
from tests.nights import proof
from tests.nights.acting import etl_command

RIGHT = FreightBill("Z-1", "LD-Z1")
DEAR = FreightBill("Z-2", "LD-Z2")
UNKNOWN = FreightBill("Z-3", "LD-Z3", charges=(("400", 9000), ("ZRT", 7500)))
LATER = FreightBill("Z-4", "LD-Z4")


def drop(night: Night, name: str, *bills: FreightBill, control_number: int = 101) -> None:
    rows = "".join(bill.expected() for bill in bills if bill not in (DEAR, UNKNOWN))
    rows += DEAR.expected(FUEL="5.00") if DEAR in bills else ""
    night.drop("tms", f"expected_charges_{control_number}.csv", EXPECTED_HEADER + "\n" + rows)
    night.drop("acme-freight", name, bills_file(*bills, control_number=control_number))


def told(night: Night, key: str) -> dict[str, Any]:
    """The whole chain behind a number, without what only the lost ledger knew: when it was told."""
    with night.open().ledger.read() as ledger:
        trace = ledger.trace(key)
        return {
            "files": [as_dict(each) | {"picked_up_at": None} for each in trace.files],
            "documents": [as_dict(each) for each in trace.documents],
            "pushes": [as_dict(each) for each in trace.pushes],
            "exceptions": [
                (each.id, each.code, each.queue, each.state, each.message)
                for each in trace.exceptions
            ],
            "batches": [(each.id, each.state, each.manifest_sha256) for each in trace.batches],
        }


def lose_ledger(night: Night) -> None:
    for path in night.root.glob("ledger.db*"):
        path.unlink()


def test_a_lost_ledger_is_rebuilt_and_tells_the_same(night: Night) -> None:
    drop(night, "one.edi", RIGHT, DEAR, UNKNOWN)
    night.run()
    drop(night, "two.edi", LATER, control_number=102)
    drop(night, "again.edi", LATER, control_number=102)
    night.run()
    keys = ("Z-1", "Z-2", "Z-3", "Z-4", "PROZ-1", "one.edi", "again.edi")
    before = {key: told(night, key) for key in keys}
    with night.open().ledger.read() as ledger:
        counts = {run.id: (run.job, run.state, run.counts) for run in ledger.runs.recent()}
        queues = ledger.exceptions.open_counts()

    lose_ledger(night)
    assert rebuild_ledger(night.open()) == 2

    assert {key: told(night, key) for key in keys} == before
    with night.open().ledger.read() as ledger:
        rebuilt = {run.id: (run.job, run.state, run.counts) for run in ledger.runs.recent()}
        assert rebuilt == counts
        assert ledger.exceptions.open_counts() == queues
        witnessed = ledger.batches.manifest_hashes()
    assert night.open().archive.verify(expected_manifests=witnessed) == []


def test_who_closed_what_and_why_comes_back_with_the_batch_sealed_next(night: Night) -> None:
    drop(night, "one.edi", RIGHT, DEAR)
    night.run()
    ledger_db = night.root / "ledger.db"
    [item] = proof.rows(ledger_db, "SELECT id FROM exception")
    reason = ("--reason", "agreed with the carrier")
    assert etl_command(night.root, "exceptions", "close", item["id"], *reason).exit_code == 0
    drop(night, "two.edi", LATER, control_number=102)
    night.run()
    query = "SELECT state, closed_at, details FROM exception"
    [before] = proof.rows(ledger_db, query)
    lose_ledger(night)
    rebuild_ledger(night.open())
    [rebuilt] = proof.rows(ledger_db, query)
    assert rebuilt == before
    assert rebuilt["state"] == "closed"
    assert json.loads(rebuilt["details"])["closed"] == {
        "by": getpass.getuser(),
        "reason": "agreed with the carrier",
    }


def test_a_batch_that_a_killed_run_sealed_stays_that_runs(night: Night) -> None:
    drop(night, "one.edi", RIGHT)
    killed = etl_command(night.root, "run", "nightly", failpoint="seal.manifest_written")
    assert killed.exit_code == -9
    night.run()
    query = "SELECT id, run_id, manifest_sha256 FROM batch"
    [before] = proof.rows(night.root / "ledger.db", query)
    lose_ledger(night)
    rebuild_ledger(night.open())
    assert proof.rows(night.root / "ledger.db", query) == [before]


def test_after_a_rebuild_nothing_is_taken_or_pushed_twice(night: Night) -> None:
    drop(night, "one.edi", RIGHT, DEAR)
    night.run()
    lose_ledger(night)
    rebuild_ledger(night.open())
    drop(night, "one-again.edi", RIGHT, DEAR)
    drop(night, "corrected.edi", LATER, RIGHT, control_number=103)
    result = night.run()
    counts = result.counts
    assert (counts.pushed, counts.duplicate_files) == (1, 2)
    with night.open().ledger.read() as ledger:
        [item] = [i for i in ledger.exceptions.find(limit=None) if i.code == "DUPLICATE_BILL"]
    assert item.business_key == "acme-freight/freight_invoice/Z1/0"


def test_a_rebuild_over_a_ledger_that_is_there_changes_nothing(night: Night) -> None:
    drop(night, "one.edi", RIGHT, DEAR, UNKNOWN)
    night.run()
    before = told(night, "one.edi")
    assert rebuild_ledger(night.open()) == 1
    assert told(night, "one.edi") == before


def test_a_run_that_sealed_two_batches_is_counted_with_both(night: Night) -> None:
    night.write_schedules(
        odoo={
            "url": "http://127.0.0.1:1",
            "database": "down",
            "login": "etl",
            "password": "${env:PATH}",
            "retries": {"attempts": 1},
        }
    )
    drop(night, "one.edi", RIGHT, DEAR)
    assert night.run().exit_code == 3
    drop(night, "two.edi", LATER, control_number=102)
    assert night.run().exit_code == 3
    night.write_schedules()
    result = night.run()
    assert (len(result.batches), result.counts.pushed, result.counts.held) == (2, 2, 1)
    lose_ledger(night)
    rebuild_ledger(night.open())
    with night.open().ledger.read() as ledger:
        run, *before = ledger.runs.recent()
    assert [each.state for each in before] == ["failed", "failed"]
    assert (run.id, run.state, run.counts) == (
        result.run_id,
        "exceptions",
        result.counts.as_dict(),
    )
