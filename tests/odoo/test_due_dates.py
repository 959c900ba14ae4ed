"""When bills are due in a real Odoo whose vendors have payment terms, as vendors have."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from etl.odoo.settings import DuePolicy
from etl.odoo.target import PushState
from tests.odoo.bill_tables import SampleBill, SampleLine
from tests.odoo.sender import Looker, Sender

pytestmark = pytest.mark.services

Ref = Callable[[str], str]

INVOICED = "2026-03-02"  # as SampleBill has it
IN_30_DAYS = "2026-04-01"
DOCUMENTS_DAY = dt.date(2026, 3, 16)
IN_30_DAYS_VENDOR, INSTALMENTS_VENDOR, NO_TERM_VENDOR = "ACLT", "PXPR", "NTRM"
"""As tests/services/odoo_master_data.py has them."""


def due(looker: Looker, ref: str) -> tuple[str, tuple[str, ...]]:
    """The due date of the bill's header, and those of its payable lines."""
    bill = looker.bill(ref)
    lines = looker.read(
        "account.move.line",
        [["move_id", "=", bill["id"]], ["display_type", "=", "payment_term"]],
        ["date_maturity"],
    )
    return bill["invoice_date_due"], tuple(sorted(line["date_maturity"] for line in lines))


def by_vendor(sender: Sender) -> Sender:
    return Sender(replace(sender.settings, due_date=DuePolicy.VENDOR_TERM))


def test_the_documents_due_date_lands_whatever_the_vendors_term_is(
    sender: Sender, looker: Looker, ref: Ref
) -> None:
    bills = [
        SampleBill(
            ref(f"{vendor}-{kind}"),
            partner_ref=vendor,
            move_type=kind,
            invoice_date_due=DOCUMENTS_DAY,
        )
        for vendor in (IN_30_DAYS_VENDOR, INSTALMENTS_VENDOR, NO_TERM_VENDOR)
        for kind in ("in_invoice", "in_refund")
    ]
    assert sender.push(*bills).rejected == []
    assert {due(looker, bill.ref) for bill in bills} == {("2026-03-16", ("2026-03-16",))}

    assert sender.push(*bills, post=True).rejected == []
    assert {looker.bill(bill.ref)["state"] for bill in bills} == {"posted"}
    assert {due(looker, bill.ref) for bill in bills} == {("2026-03-16", ("2026-03-16",))}

    for bill in bills:
        bill.extra = {"only": "the hash changes"}
    report = sender.push(*bills, post=True)
    assert report.rejected == []
    assert {pushed.state for pushed in report.pushed} == {PushState.UNCHANGED}


def test_without_a_due_date_the_vendors_term_counts_and_without_a_term_the_invoice_date(
    sender: Sender, looker: Looker, ref: Ref
) -> None:
    days = {
        IN_30_DAYS_VENDOR: (IN_30_DAYS, (IN_30_DAYS,)),
        INSTALMENTS_VENDOR: ("2026-05-01", (INVOICED, "2026-05-01")),
        NO_TERM_VENDOR: (INVOICED, (INVOICED,)),
    }
    bills = [SampleBill(ref(vendor), partner_ref=vendor) for vendor in days]
    for post in (False, True):
        assert sender.push(*bills, post=post).rejected == []
        assert {bill.partner_ref: due(looker, bill.ref) for bill in bills} == days


def test_the_vendors_term_comes_first_where_it_is_declared(
    sender: Sender, looker: Looker, ref: Ref
) -> None:
    days = {IN_30_DAYS_VENDOR: IN_30_DAYS, NO_TERM_VENDOR: "2026-03-16"}
    bills = [
        SampleBill(ref(vendor), partner_ref=vendor, invoice_date_due=DOCUMENTS_DAY)
        for vendor in days
    ]
    sender = Sender(replace(sender.settings, due_date=DuePolicy.VENDOR_TERM))
    assert sender.push(*bills, post=True).rejected == []
    assert {bill.partner_ref: due(looker, bill.ref)[0] for bill in bills} == days
    assert {bill.partner_ref: due(looker, bill.ref)[1] for bill in bills} == {
        vendor: (day,) for vendor, day in days.items()
    }
    for bill in bills:
        bill.extra = {"only": "the hash changes"}
    assert {p.state for p in sender.push(*bills).pushed} == {PushState.UNCHANGED}


def test_bills_with_and_without_a_due_date_go_together(
    sender: Sender, looker: Looker, ref: Ref
) -> None:
    bills = [SampleBill(ref("1"), invoice_date_due=DOCUMENTS_DAY), SampleBill(ref("2"))]
    assert sender.push(*bills).rejected == []
    assert [due(looker, bill.ref)[1] for bill in bills] == [("2026-03-16",), (IN_30_DAYS,)]


def test_a_changed_draft_is_due_when_the_new_document_says(
    sender: Sender, looker: Looker, ref: Ref
) -> None:
    changes: list[tuple[dict[str, Any], str]] = [
        ({"invoice_date_due": dt.date(2026, 3, 20)}, "2026-03-20"),
        ({"invoice_date_due": None}, IN_30_DAYS),
        ({"partner_ref": "FWDE"}, "2026-03-16"),
        ({"invoice_date": dt.date(2026, 3, 3)}, "2026-03-16"),
        ({"partner_ref": "NTRM", "invoice_date_due": None}, INVOICED),
        ({"lines": [SampleLine("BASE", "90.00")], "amount_total": "90.00"}, "2026-03-16"),
    ]
    bills = [SampleBill(ref(str(n)), invoice_date_due=DOCUMENTS_DAY) for n in range(len(changes))]
    sender.push(*bills)
    report = sender.push(
        *(replace(bill, **change) for bill, (change, _) in zip(bills, changes, strict=True))
    )
    assert report.rejected == []
    assert {pushed.state for pushed in report.pushed} == {PushState.UPDATED}
    assert [due(looker, bill.ref) for bill in bills] == [(day, (day,)) for _, day in changes]


def test_a_draft_that_has_the_vendors_term_beside_the_documents_day_is_put_right(
    sender: Sender, looker: Looker, ref: Ref
) -> None:
    bill = SampleBill(ref("1"), invoice_date_due=DOCUMENTS_DAY)
    sender.push(bill)
    give_term(looker, bill.ref)
    assert due(looker, bill.ref)[1] == (IN_30_DAYS,)
    bill.extra = {"only": "the hash changes"}
    assert [pushed.state for pushed in sender.push(bill).pushed] == [PushState.UPDATED]
    assert due(looker, bill.ref) == ("2026-03-16", ("2026-03-16",))


def test_a_posted_bill_whose_term_comes_to_the_documents_day_is_as_the_document_says(
    sender: Sender, ref: Ref
) -> None:
    bill = SampleBill(ref("1"), invoice_date_due=dt.date.fromisoformat(IN_30_DAYS))
    by_term = Sender(replace(sender.settings, due_date=DuePolicy.VENDOR_TERM))
    assert by_term.push(bill, post=True).rejected == []
    sender.known.update(by_term.known)
    bill.extra = {"only": "the hash changes"}
    report = sender.push(bill)
    assert report.rejected == []
    assert [pushed.state for pushed in report.pushed] == [PushState.UNCHANGED]


def test_a_draft_whose_due_date_somebody_changed_is_not_posted(
    sender: Sender, looker: Looker, ref: Ref
) -> None:
    bill = SampleBill(ref("1"), invoice_date_due=DOCUMENTS_DAY)
    sender.push(bill)
    give_term(looker, bill.ref)
    (rejected,) = sender.push(bill, post=True).rejected
    assert (rejected.code, rejected.value, rejected.expected) == (
        "DUE_DATE_DIFFERS",
        IN_30_DAYS,
        "2026-03-16",
    )
    assert looker.bill(bill.ref)["state"] == "draft"


def test_a_term_that_somebody_chose_where_the_document_gives_no_day_is_left_alone(
    sender: Sender, looker: Looker, ref: Ref
) -> None:
    bill = SampleBill(ref("1"), partner_ref=NO_TERM_VENDOR)
    sender.push(bill)
    give_term(looker, bill.ref)
    sender.push(bill, post=True)
    bill.extra = {"only": "the hash changes"}
    report = sender.push(bill)
    assert report.rejected == []
    assert [pushed.state for pushed in report.pushed] == [PushState.UNCHANGED]
    assert due(looker, bill.ref)[1] == (IN_30_DAYS,)


def give_term(looker: Looker, ref: str) -> None:
    """Choose 30 days, as a person does by a click."""
    term = looker.id_of("account.payment.term", "name", "30 Days")
    bill = looker.bill(ref)["id"]
    looker.call("account.move", "write", [bill], {"invoice_payment_term_id": term})
