"""A fault of our own at any stage costs the file or the document that it is met with, and no other.

What makes the code raise is put in by the tests: nobody knows a file that does, or it would be
mended.
"""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from typing import Any

import pytest

from etl.formats.delimited.draft import Draft
from etl.formats.edi.reading.reader import EdiChunk
from etl.formats.edi.reading.segments import SegmentIndex
from etl.formats.xml.reader import XmlReader
from etl.jobs.run import RunResult
from etl.jobs.stages import acknowledge, audit
from etl.mapping import Plan
from etl.odoo.outbox_target import OutboxTarget
from tests.freight_bills import FreightBill, bills_file, expected_file
from tests.night import Night

DEMO = resources.files("etl.demo") / "files"
SECRET = "P0150N"
GOOD = [FreightBill(f"G-{number}", f"LD-G{number}") for number in range(1, 6)]
POISON = FreightBill(SECRET, "LD-P1")


@dataclass(frozen=True)
class Stage:
    """Where the code is made to raise.

    Attributes:
        break_it: makes it raise for what holds :data:`SECRET`.
        whole_file: whether a file is the least that can be kept out there.
        what: is told of it.
    """

    name: str
    break_it: Callable[[pytest.MonkeyPatch], None]
    whole_file: bool
    what: str


def raising(
    monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, holds: Callable[..., bool]
) -> None:
    """Let a function raise what nobody foresees where `holds` says so of its arguments."""
    function = getattr(owner, name)

    def wrapped(*arguments: Any, **named: Any) -> Any:
        if holds(*arguments, **named):
            raise IndexError("index 7 is out of bounds for axis 0 with size 3")
        return function(*arguments, **named)

    monkeypatch.setattr(owner, name, wrapped)


def in_rows(chunk: Any, path: str) -> bool:
    return SECRET in chunk.records().column(path).to_pylist()


def reading(monkeypatch: pytest.MonkeyPatch) -> None:
    raising(
        monkeypatch, EdiChunk, "__init__", lambda _, buffer, *rest: SECRET.encode() in buffer.data
    )


def framing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Raises where the file is cut into its documents too."""
    raising(
        monkeypatch,
        SegmentIndex,
        "__init__",
        lambda _, data, *rest: SECRET.encode() in data,
    )


def mapping(monkeypatch: pytest.MonkeyPatch) -> None:
    raising(
        monkeypatch,
        Plan,
        "apply",
        lambda plan, chunk, *rest: plan.kind.name == "freight_invoice" and in_rows(chunk, "B3.02"),
    )


def auditing(monkeypatch: pytest.MonkeyPatch) -> None:
    raising(
        monkeypatch,
        audit,
        "reconcile_invoices",
        lambda _, mapped, *rest: (
            SECRET in mapped.accepted["freight_invoice"].main["invoice_no"].to_pylist()
        ),
    )


def rendering(monkeypatch: pytest.MonkeyPatch) -> None:
    raising(
        monkeypatch,
        Plan,
        "apply",
        lambda plan, chunk, *rest: plan.kind.name == "vendor_bill" and in_rows(chunk, "invoice_no"),
    )


def pushing(monkeypatch: pytest.MonkeyPatch) -> None:
    raising(
        monkeypatch,
        OutboxTarget,
        "push",
        lambda _, bills, *rest: any(
            SECRET in key for key in bills["vendor_bill"]["source_key"].to_pylist()
        ),
    )


STAGES = (
    Stage("frame", framing, True, "reading or mapping it raised IndexError"),
    Stage("read", reading, False, "reading or mapping document 2 of it raised IndexError"),
    Stage("map", mapping, False, "reading or mapping this document raised IndexError"),
    Stage("audit", auditing, False, "auditing this invoice raised IndexError"),
    Stage("render", rendering, False, "making a bill of it raised IndexError"),
    Stage("push", pushing, False, "pushing it raised IndexError"),
)


def drop(night: Night) -> None:
    """Two good files, and one between them that holds the secret and a good bill too."""
    night.drop("tms", "expected_charges_1.csv", expected_file(*GOOD, POISON))
    night.drop("acme-freight", "a.edi", bills_file(*GOOD[:2], control_number=1))
    night.drop("acme-freight", "b.edi", bills_file(GOOD[2], POISON, GOOD[3], control_number=2))
    night.drop("acme-freight", "c.edi", bills_file(GOOD[4], control_number=3))


def bills_in_outbox(night: Night) -> list[str]:
    """References of the bills, as they stand in the files for Odoo's import."""
    refs = []
    for path in sorted((night.root / "outbox" / "odoo").glob("*bills*.csv")):
        with path.open(encoding="utf-8", newline="") as stream:
            refs += [row["ref"] for row in csv.DictReader(stream) if row["ref"]]
    return sorted(refs)


def originals_in_outbox(night: Night) -> list[list[str]]:
    """For each original that lies in the outbox, the bills that it holds."""
    numbers = [*(bill.number for bill in GOOD), SECRET]
    held = []
    for path in sorted((night.root / "outbox" / "odoo").glob("*documents*.zip")):
        with zipfile.ZipFile(path) as packed:
            for name in packed.namelist():
                if name != "index.csv":
                    text = packed.read(name).decode()
                    held.append([number for number in numbers if number in text])
    return sorted(held)


def open_exceptions(night: Night) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = night.etl_json("exceptions", "list")
    return listed


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
def test_what_raises_is_kept_out_alone_and_the_night_goes_on(
    night: Night, monkeypatch: pytest.MonkeyPatch, stage: Stage
) -> None:
    drop(night)
    with monkeypatch.context() as broken:
        stage.break_it(broken)
        first = night.run()
        second = night.run()

    lost = {SECRET, "G-3", "G-4"} if stage.whole_file else {SECRET}
    kept = [bill.number for bill in GOOD if bill.number not in lost]
    assert (first.exit_code, first.errors) == (1, [])
    assert first.counts.add_up
    assert first.counts.pushed == len(kept)
    assert bills_in_outbox(night) == kept
    assert originals_in_outbox(night) == [[number] for number in kept]
    assert (second.exit_code, second.batches) == (0, [])

    [item] = open_exceptions(night)
    assert (item["kind"], item["queue"], item["code"]) == (
        "technical",
        "integration",
        "UNEXPECTED_ERROR",
    )
    assert stage.what in item["message"]
    assert "index 7 is out of bounds" in item["message"]
    assert item["file_id"] is not None
    if stage.name in ("map", "audit"):
        assert "document 0002" in item["message"]

    assert night.etl("exceptions", "retry", item["id"]).returncode == 0
    assert bills_in_outbox(night) == sorted([*(bill.number for bill in GOOD), SECRET])
    assert open_exceptions(night) == []


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
def test_a_dry_run_is_not_ended_by_a_fault_either(
    night: Night, monkeypatch: pytest.MonkeyPatch, stage: Stage
) -> None:
    from etl.jobs.plan import plan_run
    from etl.jobs.progress import Silent

    drop(night)
    stage.break_it(monkeypatch)
    plan = plan_run(night.open(), "nightly", None, Silent())
    assert plan.errors == []
    planned = {change.business_key for change in plan.changes if change.push is not None}
    assert len(planned) >= 3


@pytest.mark.parametrize(
    ("partner", "name", "owner", "method"),
    [
        ("parcelxpress", "PXPR_INV_20261116.csv", Draft, "add"),
        ("rhein-forwarding", "FWDE_RF-2611-2041.xml", XmlReader, "read"),
    ],
)
def test_files_of_every_format_stand_behind_the_fence(
    night: Night,
    monkeypatch: pytest.MonkeyPatch,
    partner: str,
    name: str,
    owner: type,
    method: str,
) -> None:
    drop(night)
    night.drop(partner, name, (DEMO / partner / name).read_bytes())
    raising(monkeypatch, owner, method, lambda *rest: True)
    if owner is Draft:
        (night.drop_folder("tms") / "expected_charges_1.csv").unlink()
    result = night.run()
    assert result.exit_code == 1
    codes = {item["code"] for item in open_exceptions(night)}
    assert "UNEXPECTED_ERROR" in codes


def acknowledging_night(night: Night) -> None:
    path = night.root / "mappings" / "acme-freight" / "partner.yaml"
    text = path.read_text("utf-8")
    assert "edi:" not in text
    path.write_text(text + '\nedi:\n  acknowledge: {x12: ["997"]}\n', "utf-8")
    night.write_schedules(steps=["pull", "map", "reconcile", "push", "acknowledge"])


@pytest.mark.parametrize("place", ["acknowledgements", "note"])
def test_an_interchange_that_cannot_be_answered_keeps_no_other_from_its_answer(
    night: Night, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    acknowledging_night(night)
    drop(night)
    if place == "acknowledgements":
        raising(
            monkeypatch,
            acknowledge,
            "acknowledgements",
            lambda received, *rest, **named: received.number.endswith("2"),
        )
    else:
        from etl.jobs.edi import bookkeeping

        raising(
            monkeypatch,
            bookkeeping,
            "new_interchanges",
            lambda reception, _: reception.file.name == "b.edi",
        )
    result: RunResult = night.run()
    assert (result.exit_code, result.errors) == (1, [])
    # what was billed is pushed all the same: only the answer is missing
    assert result.counts.pushed == len(GOOD) + 1
    sent = list((night.drop_folder("acme-freight")).glob("*997*"))
    assert len(sent) == 2
    [item] = open_exceptions(night)
    assert (item["kind"], item["code"]) == ("technical", "UNEXPECTED_ERROR")
    assert item["message"].startswith("b.edi: ")


def test_a_visit_that_raises_does_not_keep_us_from_the_other_partners(
    night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    from etl.jobs.stages import pull

    drop(night)
    raising(monkeypatch, pull, "_visit", lambda _, partner, *rest: partner.id == "parcelxpress")
    result = night.run()
    assert result.exit_code == 3
    assert result.counts.pushed == len(GOOD) + 1
    [error] = result.errors
    assert error.startswith("parcelxpress: visiting it raised IndexError")


def test_a_batch_that_raises_as_a_whole_does_not_keep_back_the_nights_behind_it(
    night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    from etl.jobs import preparation, run

    night.drop("tms", "expected_charges_1.csv", expected_file(*GOOD, POISON))
    assert night.run().exit_code == 0
    night.drop("acme-freight", "p.edi", bills_file(POISON, control_number=9))
    with monkeypatch.context() as broken:
        raising(
            broken,
            preparation,
            "documents_of",
            lambda mapped, *rest: (
                SECRET in mapped.accepted["freight_invoice"].main["invoice_no"].to_pylist()
            ),
        )
        assert night.run().exit_code == 3
        # the next night's batch is another one
        broken.setattr(run._Filling, "_unprocessed", lambda self: None)
        night.drop("acme-freight", "a.edi", bills_file(*GOOD, control_number=1))
        second = night.run()
    assert (second.exit_code, second.counts.pushed) == (3, len(GOOD))
    [item] = open_exceptions(night)
    assert (item["kind"], item["code"]) == ("technical", "BATCH_FAILED")
    last = night.run()
    assert (last.exit_code, last.counts.pushed) == (0, 1)
    assert open_exceptions(night) == []
