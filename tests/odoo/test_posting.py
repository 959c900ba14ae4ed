"""Posting on a real Odoo, and the dates and totals that go with it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal

import pytest

from etl.odoo.odoo_target import OdooTarget
from etl.odoo.target import PushState
from tests.odoo.bill_tables import SampleBill, SampleLine
from tests.odoo.sender import Looker, Sender, TamperingTransport, cents
from tests.services.cut_proxy import CutProxy, Fault

pytestmark = pytest.mark.services

Ref = Callable[[str], str]


@pytest.fixture
def locked_2025(looker: Looker) -> Iterator[None]:
    """Lock the purchases of 2025 for a while."""
    company = [looker.id_of("res.company", "name", "Test Logistics Inc.")]
    looker.call("res.company", "write", company, {"purchase_lock_date": "2025-12-31"})
    yield
    looker.call("res.company", "write", company, {"purchase_lock_date": False})


def test_posted_bills_have_their_number_and_their_dates(
    sender: Sender, looker: Looker, ref: Ref
) -> None:
    bills = [SampleBill(ref(str(number)), invoice_date_due=dt.date(2026, 5, 1)) for number in "12"]
    report = sender.push(*bills, post=True)
    assert report.rejected == []
    assert [pushed.state for pushed in report.pushed] == [PushState.POSTED] * 2
    for pushed, there in zip(report.pushed, looker.bills(ref("1"), ref("2")), strict=True):
        assert there["state"] == "posted"
        assert pushed.remote_ref == there["name"]
        assert (there["invoice_date"], there["date"]) == ("2026-03-02", "2026-03-05")
        assert there["invoice_date_due"] == "2026-05-01"
    assert [[p.state for p in batch] for batch in sender.batches] == [
        [PushState.CREATED] * 2,
        [PushState.POSTED] * 2,
    ]


def test_a_draft_of_an_earlier_push_is_posted_when_asked(
    sender: Sender, looker: Looker, ref: Ref
) -> None:
    bill = SampleBill(ref("1"))
    sender.push(bill)
    report = sender.push(bill, post=True)
    assert [pushed.state for pushed in report.pushed] == [PushState.POSTED]
    assert looker.bill(bill.ref)["state"] == "posted"


def test_a_draft_whose_total_a_person_changed_is_not_posted(
    sender: Sender, looker: Looker, ref: Ref
) -> None:
    bill = SampleBill(ref("1"))
    sender.push(bill)
    there = looker.bill(bill.ref)
    line = looker.lines(there["id"])[0]
    changed = {"invoice_line_ids": [(1, line["id"], {"price_unit": 1})]}
    looker.call("account.move", "write", [there["id"]], changed)
    (rejected,) = sender.push(bill, post=True).rejected
    assert (rejected.code, rejected.value) == ("TOTAL_DIFFERS", "13.34")
    assert looker.bill(bill.ref)["state"] == "draft"


@pytest.mark.usefixtures("locked_2025")
def test_a_bill_of_a_locked_period_stays_a_draft(sender: Sender, looker: Looker, ref: Ref) -> None:
    day = dt.date(2025, 12, 31)
    locked = SampleBill(ref("locked"), invoice_date=day, date=day)
    free = SampleBill(ref("free"))
    report = sender.push(locked, free, post=True)
    (rejected,) = report.rejected
    assert (rejected.code, rejected.source_key) == ("PERIOD_LOCKED", locked.source_key)
    assert [pushed.state for pushed in report.pushed] == [PushState.CREATED, PushState.POSTED]
    assert report.held == []
    there = looker.bill(locked.ref)
    assert (there["state"], there["date"]) == ("draft", "2025-12-31")


def test_a_bill_that_odoo_does_not_post_does_not_stop_the_others(
    sender: Sender, looker: Looker, ref: Ref
) -> None:
    bills = [SampleBill(ref(str(number))) for number in range(4)]
    sender.push(*bills)
    account = looker.call(
        "account.account",
        "create",
        {"name": "old", "code": ref("X").replace("-", ".")[:8], "account_type": "expense"},
    )
    line = looker.lines(looker.bill(ref("2"))["id"])[0]["id"]
    looker.call("account.move.line", "write", [line], {"account_id": account})
    looker.call("account.account", "write", [account], {"active": False})
    report = sender.push(*bills, post=True)
    (rejected,) = report.rejected
    assert (rejected.code, rejected.source_key) == ("NOT_POSTED", bills[2].source_key)
    assert "is archived" in rejected.message
    states = [bill["state"] for bill in looker.bills(*(bill.ref for bill in bills))]
    assert states == ["posted", "posted", "draft", "posted"]


@pytest.mark.parametrize("fault", [Fault.DROP_ANSWER, Fault.CUT_REQUEST])
def test_posting_survives_a_lost_answer(
    proxied: Sender, odoo_proxy: CutProxy, looker: Looker, ref: Ref, fault: Fault
) -> None:
    bills = [SampleBill(ref(str(number))) for number in range(3)]
    odoo_proxy.cut_nth("action_post", fault=fault)
    report = proxied.push(*bills, post=True)
    assert odoo_proxy.cuts == 1
    assert report.rejected == []
    assert [pushed.state for pushed in report.pushed] == [PushState.POSTED] * 3
    there = looker.bills(*(bill.ref for bill in bills))
    assert [bill["state"] for bill in there] == ["posted"] * 3


@pytest.mark.parametrize("move_type", ["in_invoice", "in_refund"])
@pytest.mark.parametrize(("tax", "total"), [("5.69", "35.66"), ("5.71", "35.68")])
def test_cents_of_tax_are_put_right(
    sender: Sender, looker: Looker, ref: Ref, move_type: str, tax: str, total: str
) -> None:
    # Odoo computes 5.69 or 5.70 for 29.97 at 19 %, as it rounds lines or the sum.
    lines = [SampleLine("BASE", "9.99", tax_rate="19") for _ in range(3)]
    bill = SampleBill(ref("1"), lines, total, tax, move_type=move_type)
    report = sender.push(bill, post=True)
    assert report.rejected == []
    there = looker.bill(bill.ref)
    assert there["state"] == "posted"
    assert cents(there["amount_total"]) == Decimal(total)
    assert cents(there["amount_tax"]) == Decimal(tax)


def test_cents_of_tax_are_read_for_all_bills_at_once(
    proxied: Sender, odoo_proxy: CutProxy, looker: Looker, ref: Ref
) -> None:
    lines = [SampleLine("BASE", "9.99", tax_rate="19") for _ in range(3)]
    totals = {"1": "35.66", "2": "35.67", "3": "35.68", "4": "35.66"}
    bills = [SampleBill(ref(number), lines, total) for number, total in totals.items()]
    assert proxied.push(*bills).rejected == []
    there = [cents(bill["amount_total"]) for bill in looker.bills(*(bill.ref for bill in bills))]
    assert there == [Decimal(total) for total in totals.values()]
    # Odoo itself comes to 35.66: two are written, after one question for the tax lines of both.
    reads = [call for call in odoo_proxy.calls_of("search_read") if b"tax_line_id" in call.body]
    assert len(odoo_proxy.calls_of("write")) == 2
    assert len(reads) == 1


def test_a_total_that_only_odoo_comes_to_stays_a_draft_and_is_parked(
    sender: Sender, looker: Looker, ref: Ref
) -> None:
    lines = [SampleLine("BASE", "100.00", tax_rate="19")]
    bill, right = SampleBill(ref("1"), lines), SampleBill(ref("2"))
    tampering = TamperingTransport(
        sender.settings, bill.ref, "invoice_line_ids/price_unit", "200.00"
    )
    sender = Sender(sender.settings, OdooTarget(sender.settings, tampering))
    (rejected,) = sender.push(bill, right, post=True).rejected
    assert (rejected.code, rejected.value, rejected.expected) == (
        "TOTAL_DIFFERS",
        "238.00",
        "119.00",
    )
    assert bill.source_key not in sender.known
    there = looker.bill(bill.ref)
    assert (there["id"], there["state"]) == (rejected.remote_id, "draft")


def test_a_tax_of_another_percentage_parks_the_bill_before_anything_is_made(
    sender: Sender, looker: Looker, ref: Ref
) -> None:
    sender = Sender(replace(sender.settings, taxes={"X 5": "19% VAT"}))
    lines = [SampleLine("BASE", "100.00", tax_rate="5", tax_category="X")]
    bill, right = SampleBill(ref("1"), lines), SampleBill(ref("2"))
    report = sender.push(bill, right, post=True)
    (rejected,) = report.rejected
    assert (rejected.code, rejected.value, rejected.expected) == (
        "TOTAL_DIFFERS",
        "119.00",
        "105.00",
    )
    assert "the tax '19% VAT' adds 19 % to line 1" in rejected.message
    assert report.held == [bill.source_key]
    assert [there["ref"] for there in looker.bills(bill.ref, right.ref)] == [right.ref]
