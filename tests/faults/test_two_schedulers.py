"""Two processes at once: a slot has one claim and one run, a job one process."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta

from etl.jobs.lock import exclusive
from etl.jobs.run import job_named, lock_path
from tests.freight_bills import FreightBill, bills_file, expected_file
from tests.night import Night

BILL = FreightBill("P-1", "LD-P1")


def drop(night: Night) -> None:
    night.drop("tms", "expected_charges_1.csv", expected_file(BILL))
    night.drop("acme-freight", "bill.edi", bills_file(BILL))


def test_two_schedulers_at_the_same_due_slot_make_one_run(night: Night) -> None:
    # due since some hours, and again only in many: whatever the time of the day is
    due = datetime.now(UTC) - timedelta(hours=6)
    night.write_schedules(trigger={"daily": f"{due:%H:%M}", "zone": "UTC"})
    drop(night)
    with night.open().ledger.begin() as ledger:
        yesterday = (due - timedelta(days=1)).date()
        assert ledger.fires.claim("nightly", yesterday, f"{due:%H:%M}", "a scheduler before")

    command = [sys.executable, "-m", "etl", "--project", str(night.root), "schedule", "--once"]
    schedulers = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [scheduler.communicate(timeout=120) for scheduler in schedulers]

    assert [scheduler.returncode for scheduler in schedulers] == [0, 0], said
    assert sorted("1 pushed" in out for out, _ in said) == [False, True]
    with night.open().ledger.read() as ledger:
        [run] = ledger.runs.recent()
        [fire] = ledger.fires.since("nightly", due.date())
    assert (fire.run_id, run.nominal_date) == (run.id, due.date())


def test_a_job_that_is_running_is_not_run_beside_itself(night: Night) -> None:
    drop(night)
    workspace = night.open()
    with exclusive(lock_path(workspace, job_named(workspace, "nightly")), "job nightly"):
        second = night.etl("run", "nightly", "--json")
    assert (second.returncode, second.stdout) == (3, "")
    assert "job nightly is being run by another process (pid" in second.stderr
    assert (night.drop_folder("acme-freight") / "bill.edi").exists()
    with workspace.ledger.read() as ledger:
        assert ledger.runs.recent() == []

    assert night.run().counts.pushed == 1
