"""What waited in a queue goes on once its cause was mended, at the exception's own request."""

from __future__ import annotations

from dataclasses import replace

import pytest

from etl.errors import ConfigurationError
from etl.jobs.result import RunResult
from etl.jobs.retry import retry
from etl.ledger import ExceptionItem, RunKind
from tests.freight_bills import EXPECTED_HEADER, FreightBill, bills_file, expected_file
from tests.night import Night

RIGHT = FreightBill("Y-1", "LD-Y1")
CODED = FreightBill("Y-2", "LD-Y2", charges=(("400", 9000), ("ZRT", 7500)))
UNKNOWN = FreightBill("Y-3", "LD-Y3")
CODED_AS_LIFTGATE = FreightBill("Y-2", "LD-Y2", charges=(("400", 9000), ("LFT", 7500)))


def waiting(night: Night) -> dict[str, ExceptionItem]:
    with night.open().ledger.read() as ledger:
        return {item.code: item for item in ledger.exceptions.find()}


def teach_code(night: Night) -> None:
    path = night.root / "mappings" / "codes" / "charge_codes.yaml"
    text = path.read_text("utf-8")
    path.write_text(text.replace("entries:\n", "entries:\n  - {code: ZRT, value: LIFTGATE}\n"))


@pytest.fixture
def stuck(night: Night) -> Night:
    """A night with a bill that is right, an unknown code, and a shipment not known yet."""
    night.drop("tms", "expected_charges_1.csv", expected_file(RIGHT, CODED_AS_LIFTGATE))
    for number, bill in enumerate((RIGHT, CODED, UNKNOWN), start=101):
        night.drop("acme-freight", f"{bill.number}.edi", bills_file(bill, control_number=number))
    assert night.run().counts.pushed == 1
    assert sorted(waiting(night)) == ["SHIPMENT_NOT_FOUND", "UNKNOWN_CODE"]
    return night


def test_one_exception_is_retried_and_closed_and_the_other_waits_on(stuck: Night) -> None:
    teach_code(stuck)
    [result] = retry(stuck.open(), [waiting(stuck)["UNKNOWN_CODE"].id])
    assert (result.exit_code, result.counts.files, result.counts.pushed) == (0, 1, 1)
    assert list(waiting(stuck)) == ["SHIPMENT_NOT_FOUND"]
    workspace = stuck.open()
    with workspace.ledger.read() as ledger:
        assert ledger.runs.recent()[0].kind == RunKind.RETRY
    assert workspace.archive.verify() == []


def test_what_is_still_wrong_waits_on_and_is_counted(stuck: Night) -> None:
    before = waiting(stuck)["UNKNOWN_CODE"]
    [result] = retry(stuck.open(), [before.id])
    assert (result.exit_code, result.counts.rejected) == (1, 1)
    after = waiting(stuck)["UNKNOWN_CODE"]
    assert (after.id, after.attempts) == (before.id, before.attempts + 1)


def test_a_queue_is_retried_when_the_expected_charges_have_come(stuck: Night) -> None:
    stuck.drop("tms", "expected_charges_2.csv", EXPECTED_HEADER + "\n" + UNKNOWN.expected())
    stuck.run()
    [result] = retry(stuck.open(), queue="freight-audit")
    assert (result.exit_code, result.counts.pushed) == (0, 1)
    assert list(waiting(stuck)) == ["UNKNOWN_CODE"]
    assert retry(stuck.open(), queue="freight-audit") == []


def test_a_technical_exception_is_retried_by_its_job(stuck: Night) -> None:
    stuck.write_schedules(
        endpoints={
            "parcelxpress": {
                "type": "local",
                "folders": {"in": "not/there"},
                "retries": {"attempts": 1},
            }
        }
    )
    assert stuck.run().exit_code == 3
    item = waiting(stuck)["PULL_FAILED"]
    stuck.write_schedules()
    [result] = retry(stuck.open(), [item.id])
    assert (result.exit_code, result.job) == (0, "nightly")
    assert "PULL_FAILED" not in waiting(stuck)


def test_an_exception_that_is_closed_or_unknown_is_not_retried(stuck: Night) -> None:
    teach_code(stuck)
    item = waiting(stuck)["UNKNOWN_CODE"]
    retry(stuck.open(), [item.id])
    with pytest.raises(ConfigurationError, match="is closed"):
        retry(stuck.open(), [item.id])
    with pytest.raises(ConfigurationError, match="no exception 'nothing'"):
        retry(stuck.open(), ["nothing"])


def test_a_copy_that_waits_is_no_first_bill_when_it_is_retried_alone(night: Night) -> None:
    """What was settled in its file is history to it."""
    copy = FreightBill("C-1", "LD-Y1", pro="PROY-1", bol="BOLY-1")
    night.drop("tms", "expected_charges_1.csv", expected_file(RIGHT))
    night.drop("acme-freight", "both.edi", bills_file(RIGHT, copy))
    assert night.run().counts.pushed == 1
    [result] = retry(night.open(), queue="duplicates")
    assert (result.counts.pushed, result.counts.held, result.batches) == (0, 1, [])


def test_a_retry_makes_one_batch_and_leaves_alone_what_a_later_file_corrected(
    night: Night,
) -> None:
    corrected = FreightBill("Y-1", "LD-Y1", charges=(("400", 9040), ("FUE", 1000)))
    night.drop("tms", "expected_charges_1.csv", expected_file(RIGHT, CODED_AS_LIFTGATE))
    night.drop("acme-freight", "first.edi", bills_file(RIGHT, CODED))
    night.run()
    night.drop("acme-freight", "later.edi", bills_file(corrected, UNKNOWN, control_number=102))
    assert night.run().counts.pushed == 1
    teach_code(night)
    before = len(list(night.root.glob("archive/*/*/*/*")))
    [result] = retry(night.open(), [item.id for item in waiting(night).values()])
    assert (result.counts.read, result.counts.pushed, result.counts.held) == (2, 1, 1)
    assert len(list(night.root.glob("archive/*/*/*/*"))) == before + 1
    with night.open().ledger.read() as ledger:
        [push] = ledger.pushes.known("outbox", ["acme-freight/freight_invoice/Y1/0"]).values()
        document = ledger.documents.get(push.document_id or "")
    assert document is not None
    assert str(document.amount) == "100.4000"


def retried_with(night: Night, second: FreightBill) -> RunResult:
    """A bill with an unknown code, and another one of the night after, retried once it is known."""
    night.drop("tms", "expected_charges_1.csv", expected_file(CODED_AS_LIFTGATE))
    night.drop("acme-freight", "first.edi", bills_file(CODED, control_number=101))
    night.run()
    night.drop("acme-freight", "second.edi", bills_file(second, control_number=102))
    night.run()
    teach_code(night)
    with night.open().ledger.read() as ledger:
        ids = [item.id for item in ledger.exceptions.find()]
    [result] = retry(night.open(), ids)
    return result


def test_a_bill_and_its_correction_of_another_night_are_retried_together(night: Night) -> None:
    corrected = replace(CODED, charges=(("400", 9010), ("ZRT", 7500)))
    result = retried_with(night, corrected)
    assert (result.counts.pushed, result.counts.superseded, result.counts.held) == (1, 1, 0)
    assert not waiting(night)
    [written] = (night.root / "outbox" / "odoo").glob("*-bills.csv")
    assert "90.1000" in written.read_text("utf-8-sig")


def test_two_bills_that_only_share_a_number_replace_each_other_in_no_retry(night: Night) -> None:
    other = replace(CODED, shipment="LD-Y9", pro="PRO9", bol="BOL9")
    result = retried_with(night, other)
    assert result.counts.superseded == 0
    assert result.counts.held + result.counts.pushed == 2
    assert result.counts.pushed <= 1
