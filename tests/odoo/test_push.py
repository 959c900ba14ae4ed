"""Pushing to a real Odoo: what lands, what is left alone, what is parked."""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from etl.odoo.odoo_target import OdooTarget
from etl.odoo.settings import OdooSettings
from etl.odoo.target import Attachment, Level, PushState
from tests.odoo.bill_tables import SampleBill, SampleLine
from tests.odoo.sender import Looker, Sender, TamperingTransport, cents
from tests.services.cut_proxy import CutProxy, Fault

pytestmark = pytest.mark.services

Ref = Callable[[str], str]

TAXED = (
    SampleLine("BASE", "100.00", tax_rate="19"),
    SampleLine("FUEL", "12.34", quantity="2", name="Fuel 2 %"),
    SampleLine("DISCOUNT", "-5.00", tax_rate="20.000000"),
)


def full_bill(number: str) -> SampleBill:
    return SampleBill(
        number,
        TAXED,
        partner_ref="FWDE",
        currency="EUR",
        invoice_date_due=dt.date(2026, 4, 1),
        payment_reference="RF18 1",
        invoice_origin="Shipment LD-1, PRO 123",
        narration="PRO 123 & <more>\nsecond line",
    )


def test_a_bill_lands_as_a_draft_with_all_that_it_has(
    sender: Sender, looker: Looker, ref: Ref
) -> None:
    bill = full_bill(ref("1"))
    document = Attachment("210 März.edi", b"ISA*00*\x00\xff~", "application/edi-x12")
    report = sender.push(bill, documents={bill.source_key: document})

    assert report.rejected == []
    (pushed,) = report.pushed
    there = looker.bill(bill.ref)
    assert (pushed.state, pushed.remote_id, pushed.remote_ref) == ("created", there["id"], None)
    assert there["state"] == "draft"
    assert there["move_type"] == "in_invoice"
    assert there["partner_id"][1] == "Rhein Forwarding GmbH"
    assert there["currency_id"][1] == "EUR"
    assert (there["invoice_date"], there["date"]) == ("2026-03-02", "2026-03-05")
    assert there["invoice_date_due"] == "2026-04-01"
    assert there["payment_reference"] == "RF18 1"
    assert there["invoice_origin"] == "Shipment LD-1, PRO 123"
    assert there["narration"] == "<p>PRO 123 &amp; &lt;more&gt;<br>second line</p>"
    assert cents(there["amount_total"]) == Decimal(bill.amount_total or "") == Decimal("137.68")
    assert cents(there["amount_tax"]) == Decimal("18.00")
    tax = {name: looker.id_of("account.tax", "name", name) for name in ("19% VAT", "20% VAT")}
    assert [
        (line["product_id"][1], line["name"], line["quantity"], line["price_unit"], line["tax_ids"])
        for line in looker.lines(there["id"])
    ] == [
        ("[BASE] Base freight", "BASE charge", 1.0, 100.0, [tax["19% VAT"]]),
        ("[FUEL] Fuel surcharge", "Fuel 2 %", 2.0, 12.34, []),
        ("[DISCOUNT] Freight discount", "DISCOUNT charge", 1.0, -5.0, [tax["20% VAT"]]),
    ]
    (attached,) = looker.attachments(there["id"])
    assert attached["name"] == document.name
    assert base64.b64decode(attached["datas"]) == document.content


def test_a_line_without_tax_does_not_get_its_products_tax(
    sender: Sender, looker: Looker, ref: Ref
) -> None:
    bill = SampleBill(ref("1"), [SampleLine("BASE", "100.00"), SampleLine("BASE", "1.00")])
    assert sender.push(bill).rejected == []
    assert cents(looker.bill(bill.ref)["amount_tax"]) == 0


def test_a_credit_note_lands_as_a_vendor_credit_note(
    sender: Sender, looker: Looker, ref: Ref
) -> None:
    bill = SampleBill(ref("1"), TAXED, move_type="in_refund")
    report = sender.push(bill, post=True)
    assert report.rejected == []
    there = looker.bill(bill.ref)
    assert (there["move_type"], there["state"]) == ("in_refund", "posted")
    assert cents(there["amount_total"]) == Decimal("137.68")


def test_a_charge_goes_to_its_analytic_account(sender: Sender, looker: Looker, ref: Ref) -> None:
    looker.join("analytic.group_analytic_accounting")
    plan = looker.call("account.analytic.plan", "create", {"name": "Lanes"})
    code = ref("LANE")
    account = looker.call(
        "account.analytic.account", "create", {"name": "Lane", "code": code, "plan_id": plan}
    )
    lines = [SampleLine("BASE", "100", analytic_code=code), SampleLine("FUEL", "1")]
    assert sender.push(SampleBill(ref("1"), lines)).rejected == []
    there = looker.read(
        "account.move.line",
        [["move_id.ref", "=", ref("1")], ["display_type", "=", "product"]],
        ["analytic_distribution"],
    )
    assert [line["analytic_distribution"] for line in there] == [{str(account): 100.0}, False]


def test_a_bill_of_many_lines_lands_whole_in_several_calls(
    proxied: Sender, odoo_proxy: CutProxy, looker: Looker, ref: Ref
) -> None:
    limits = replace(proxied.settings.limits, largest_lines=3)
    proxied = Sender(replace(proxied.settings, limits=limits))
    lines = [SampleLine("BASE", f"{n}.10", tax_rate="19", name=f"line {n}") for n in range(1, 9)]
    bills = [SampleBill(ref("1")), SampleBill(ref("2"), lines, "43.79"), SampleBill(ref("3"))]
    odoo_proxy.cut_nth("load", 3, Fault.DROP_ANSWER)
    assert proxied.push(*bills).rejected == []
    assert odoo_proxy.cuts == 1
    there = looker.bill(bills[1].ref)
    assert [line["name"] for line in looker.lines(there["id"])] == [line.name for line in lines]
    assert cents(there["amount_total"]) == Decimal("43.79")
    # one call for each short bill, and three for the long one
    assert len(odoo_proxy.calls_of("load")) == 5


def test_the_second_push_only_asks(
    proxied: Sender, odoo_proxy: CutProxy, looker: Looker, ref: Ref
) -> None:
    bills = [full_bill(ref(str(number))) for number in range(3)]
    documents = {bill.source_key: Attachment("a.edi", b"ISA") for bill in bills}
    assert proxied.push(*bills, documents=documents, post=True).rejected == []
    odoo_proxy.forget()
    told = len(proxied.batches)

    report = proxied.push(*bills, documents=documents, post=True)

    assert [pushed.state for pushed in report.pushed] == [PushState.UNCHANGED] * 3
    assert report.rejected == []
    assert odoo_proxy.writes == []
    assert len(odoo_proxy.calls_of("search_read")) == 2
    assert len(proxied.batches) == told
    assert len(looker.bills(*(bill.ref for bill in bills))) == 3


def test_a_bill_that_is_owed_its_original_gets_it_once(
    proxied: Sender, odoo_proxy: CutProxy, looker: Looker, ref: Ref
) -> None:
    bills = [full_bill(ref(str(number))) for number in range(3)]
    keys = [bill.source_key for bill in bills]
    documents = {key: Attachment(f"{n}.edi", b"ISA%d" % n) for n, key in enumerate(keys)}
    proxied.push(*bills, documents={keys[0]: documents[keys[0]]})
    for _ in range(2):
        report = proxied.push(*bills, documents=documents, owed=keys[:2])
        assert [pushed.state for pushed in report.pushed] == [PushState.UNCHANGED] * 3
        assert report.rejected == []
        attached = [
            [base64.b64decode(each["datas"]) for each in looker.attachments(pushed.remote_id or 0)]
            for pushed in report.pushed
        ]
        assert attached == [[b"ISA0"], [b"ISA1"], []]


def test_a_push_whose_ledger_entry_was_lost_makes_nothing_again(
    proxied: Sender, odoo_proxy: CutProxy, looker: Looker, ref: Ref
) -> None:
    bills = [full_bill(ref(str(number))) for number in range(2)]
    documents = {bill.source_key: Attachment("a.edi", b"ISA") for bill in bills}
    first = proxied.push(*bills, documents=documents)
    proxied.known.clear()
    odoo_proxy.forget()

    again = proxied.push(*bills, documents=documents)

    assert [p.state for p in again.pushed] == [PushState.CREATED] * 2
    assert [p.remote_id for p in again.pushed] == [p.remote_id for p in first.pushed]
    assert odoo_proxy.writes == []
    assert set(proxied.known) == {bill.source_key for bill in bills}


def test_a_changed_draft_is_updated_in_place(
    proxied: Sender, odoo_proxy: CutProxy, looker: Looker, ref: Ref
) -> None:
    number = ref("1")
    proxied.push(full_bill(number))
    before = looker.bill(number)
    ids = {line["product_id"][1]: line["id"] for line in looker.lines(before["id"])}

    lines = (
        SampleLine("BASE", "110.00", tax_rate="20"),
        SampleLine("FUEL", "12.34", quantity="2", name="Fuel 2 %"),
        SampleLine("LIFTGATE", "40.00", line_no=4),
    )
    changed = full_bill(number)
    changed.lines, changed.payment_reference, changed.amount_total = lines, "RF2", "196.68"
    odoo_proxy.forget()
    report = proxied.push(changed)

    assert report.rejected == []
    assert [pushed.state for pushed in report.pushed] == [PushState.UPDATED]
    after = looker.bill(number)
    assert after["id"] == before["id"]
    assert after["payment_reference"] == "RF2"
    assert cents(after["amount_total"]) == Decimal("196.68")
    now = {line["product_id"][1]: line["id"] for line in looker.lines(after["id"])}
    assert now["[BASE] Base freight"] == ids["[BASE] Base freight"]
    assert now["[FUEL] Fuel surcharge"] == ids["[FUEL] Fuel surcharge"]
    assert list(now) == ["[BASE] Base freight", "[FUEL] Fuel surcharge", "[LIFTGATE] Liftgate"]
    assert [call.method for call in odoo_proxy.writes] == ["write", "load"]


def test_a_line_that_a_person_added_to_a_changed_draft_is_removed(
    sender: Sender, looker: Looker, ref: Ref
) -> None:
    bill = SampleBill(ref("1"))
    sender.push(bill)
    there = looker.bill(bill.ref)
    line = {"name": "by hand", "quantity": 1, "price_unit": 5}
    looker.call("account.move", "write", [there["id"]], {"invoice_line_ids": [(0, 0, line)]})
    bill.narration = "changed"
    assert sender.push(bill).rejected == []
    assert [line["name"] for line in looker.lines(there["id"])] == ["BASE charge", "FUEL charge"]


def test_a_changed_posted_bill_is_parked(sender: Sender, looker: Looker, ref: Ref) -> None:
    bill = SampleBill(ref("1"))
    sender.push(bill, post=True)
    bill.lines, bill.amount_total = [SampleLine("BASE", "90.00")], "90.00"
    report = sender.push(bill)
    (rejected,) = report.rejected
    assert rejected.code == "POSTED_CHANGED"
    assert (rejected.value, rejected.expected) == ("112.34", "90.00")
    assert "line 1 price_unit" in rejected.message
    assert report.held == [bill.source_key]
    assert cents(looker.bill(bill.ref)["amount_total"]) == Decimal("112.34")


def test_a_posted_bill_with_the_same_content_under_another_hash_is_unchanged(
    proxied: Sender, odoo_proxy: CutProxy, ref: Ref
) -> None:
    bill = SampleBill(ref("1"))
    proxied.push(bill, post=True)
    bill.extra = {"only": "the hash changes"}
    odoo_proxy.forget()
    report = proxied.push(bill)
    assert [pushed.state for pushed in report.pushed] == [PushState.UNCHANGED]
    assert proxied.known[bill.source_key].record_hash == bill.record_hash
    assert odoo_proxy.writes == []


def test_a_bill_that_becomes_a_credit_note_is_parked(sender: Sender, ref: Ref) -> None:
    bill = SampleBill(ref("1"))
    sender.push(bill)
    bill.move_type = "in_refund"
    (rejected,) = sender.push(bill).rejected
    assert (rejected.code, rejected.value) == ("TYPE_CHANGED", "in_invoice")


def test_a_bill_that_was_deleted_in_odoo_is_not_made_again(
    sender: Sender, looker: Looker, ref: Ref
) -> None:
    bill = SampleBill(ref("1"))
    sender.push(bill)
    looker.call("account.move", "unlink", [looker.bill(bill.ref)["id"]])
    (rejected,) = sender.push(bill).rejected
    assert rejected.code == "DELETED_IN_ODOO"
    assert looker.bills(bill.ref) == []


def test_a_bill_that_was_cancelled_in_odoo_stays_so(
    sender: Sender, looker: Looker, ref: Ref
) -> None:
    bill = SampleBill(ref("1"))
    sender.push(bill)
    looker.call("account.move", "button_cancel", [looker.bill(bill.ref)["id"]])
    (rejected,) = sender.push(bill, post=True).rejected
    assert rejected.code == "CANCELLED_IN_ODOO"
    assert looker.bill(bill.ref)["state"] == "cancel"


def test_a_bill_that_somebody_entered_by_hand_is_parked(
    sender: Sender, looker: Looker, ref: Ref
) -> None:
    bill = SampleBill(ref("1"))
    partner = looker.id_of("res.partner", "ref", "ACLT")
    contact = looker.call("res.partner", "create", {"name": "Clerk", "parent_id": partner})
    by_hand = {"move_type": "in_invoice", "partner_id": contact, "ref": bill.ref}
    looker.call("account.move", "create", by_hand)
    (rejected,) = sender.push(bill).rejected
    assert rejected.code == "DUPLICATE_IN_ODOO"
    assert len(looker.bills(bill.ref)) == 1


def test_a_bill_that_somebody_entered_under_another_spelling_is_parked(
    sender: Sender, looker: Looker, ref: Ref
) -> None:
    prefix = ref("")
    spellings = {
        f"{prefix}HAND-1": f"{prefix}hand-1",
        f"{prefix}HAND2": f" {prefix}HAND 2",
        f"00{prefix}-3": f"{prefix}3 ",
        f"{prefix}4": f"0000{prefix}4",
    }
    by_hand = [{"ref": theirs, "partner_ref": "ACLT"} for theirs in spellings.values()]
    enter(looker, *by_hand)
    # Of another vendor, or another type: another bill.
    enter(looker, {"ref": f"{prefix}x5", "partner_ref": "FWDE"})
    enter(looker, {"ref": f"{prefix}x6", "partner_ref": "ACLT", "move_type": "in_refund"})
    bills = [SampleBill(number) for number in (*spellings, f"{prefix}X5", f"{prefix}X6")]
    report = sender.push(*bills)
    assert [(rejected.source_key, rejected.code) for rejected in report.rejected] == [
        (bill.source_key, "DUPLICATE_IN_ODOO") for bill in bills[:4]
    ]
    assert report.held == [bill.source_key for bill in bills[:4]]


def test_a_bill_of_the_same_vendor_date_and_total_is_parked(
    sender: Sender, looker: Looker, ref: Ref
) -> None:
    day = dt.date(2027, 1, 4)
    # A total of this run alone, as bills entered by hand stay in the database.
    price = f"{Decimal(int(ref('')[:6], 16) + 1) / 100:.2f}"
    entered = {"name": "x", "price_unit": float(price), "tax_ids": []}
    line = {"invoice_line_ids": [(0, 0, entered)]}
    same = {"invoice_date": "2027-01-04", **line}
    twin = SampleBill(ref("TWIN"), [SampleLine("BASE", price)], invoice_date=day, date=day)
    enter(
        looker,
        {"ref": ref("slip"), "partner_ref": "ACLT", **same},
        {"ref": False, "partner_ref": "FWDE", **same},
        {"ref": twin.ref, "partner_ref": "PXPR", **same},
        {"ref": ref("another day"), "partner_ref": "NTRM", **same, "invoice_date": "2027-01-05"},
    )
    bills = [
        replace(twin, ref=ref(vendor), partner_ref=vendor, source_key="", amount_total=None)
        for vendor in ("ACLT", "FWDE", "PXPR", "NTRM")
    ]
    twin = replace(twin, partner_ref="PXPR")
    report = sender.push(*bills, twin)
    assert {rejected.source_key: rejected.code for rejected in report.rejected} == {
        bills[0].source_key: "POSSIBLE_DUPLICATE_IN_ODOO",
        bills[1].source_key: "DUPLICATE_IN_ODOO",
        # its namesake is pushed beside it, so that one is not meant
        twin.source_key: "DUPLICATE_IN_ODOO",
    }
    assert [p.source_key for p in report.pushed] == [b.source_key for b in bills[2:]]


def enter(looker: Looker, *bills: dict[str, Any]) -> None:
    """Enter bills by hand."""
    for bill in bills:
        partner = looker.id_of("res.partner", "ref", bill["partner_ref"])
        values = {name: value for name, value in bill.items() if name != "partner_ref"}
        looker.call(
            "account.move", "create", {"move_type": "in_invoice", "partner_id": partner} | values
        )


def test_two_revisions_of_one_number_are_two_bills(
    sender: Sender, looker: Looker, ref: Ref
) -> None:
    original = SampleBill(ref("1"), source_key=f"test/freight_invoice/{ref('1')}/0")
    balance = SampleBill(ref("1"), source_key=f"test/freight_invoice/{ref('1')}/1")
    sender.push(original)
    assert sender.push(balance).rejected == []
    assert len(looker.bills(ref("1"))) == 2


@pytest.mark.parametrize(
    ("column", "value", "calls"),
    [
        # Refused while it is read: Odoo names the record.
        ("partner_id/.id", "99999999", 2),
        # Refused while it is saved (not a purchase journal): tried alone.
        ("journal_id/.id", "1", 3),
    ],
)
def test_one_bad_bill_in_the_middle_does_not_stop_the_others(
    settings: OdooSettings, looker: Looker, ref: Ref, column: str, value: str, calls: int
) -> None:
    bills = [SampleBill(ref(str(number))) for number in range(7)]
    transport = TamperingTransport(settings, bills[3].ref, column, value)
    report = Sender(settings, OdooTarget(settings, transport)).push(*bills)
    (rejected,) = report.rejected
    assert (rejected.source_key, rejected.code) == (bills[3].source_key, "ODOO_REFUSED")
    assert len(rejected.message) > len("Odoo refuses the bill: ")
    refs = [bill.ref for bill in bills]
    assert [bill["ref"] for bill in looker.bills(*refs)] == [*refs[:3], *refs[4:]]
    assert transport.loads == calls


@pytest.mark.parametrize(
    ("change", "code", "value"),
    [
        ({"partner_ref": "NONE"}, "UNKNOWN_PARTNER", "NONE"),
        ({"lines": (SampleLine("WARP", "1"),)}, "UNKNOWN_PRODUCT", "WARP"),
        ({"lines": (SampleLine("BASE", "1", tax_rate="7.5"),)}, "UNKNOWN_TAX", "7.5 %"),
        ({"lines": (SampleLine("BASE", "1", analytic_code="Q"),)}, "UNKNOWN_ANALYTIC", "Q"),
        ({"currency": "CZK"}, "CURRENCY_NO_RATE", "CZK"),
        ({"currency": "JPY"}, "CURRENCY_INACTIVE", "JPY"),
        ({"currency": "XYZ"}, "UNKNOWN_CURRENCY", "XYZ"),
        ({"amount_total": "999.00"}, "TOTAL_DIFFERS", "112.34"),
        ({"lines": (SampleLine("BASE", "-1.00"),)}, "NEGATIVE_TOTAL", "-1.00"),
        ({"lines": (SampleLine("BASE", "1.2345"),)}, "PRICE_PRECISION", "1.2345"),
        ({"lines": (SampleLine("BASE", "2.00", "0.125"),)}, "QUANTITY_PRECISION", "0.125"),
        (
            {"lines": [SampleLine("BASE", "0.67", "0.5")] * 3, "amount_total": "1.02"},
            "TOTAL_DIFFERS",
            "1.01",
        ),
    ],
)
def test_what_odoo_does_not_know_parks_the_bill_and_creates_nothing(
    sender: Sender, looker: Looker, ref: Ref, change: dict[str, object], code: str, value: str
) -> None:
    wrong = SampleBill(ref("wrong"), **change)  # type: ignore[arg-type]
    right = SampleBill(ref("right"))
    partners = looker.call("res.partner", "search_count", [])

    report = sender.push(wrong, right)

    (rejected,) = report.rejected
    assert (rejected.code, rejected.value, rejected.kind) == (code, value, "business")
    assert rejected.expected
    assert report.held == [wrong.source_key]
    assert [bill["ref"] for bill in looker.bills(wrong.ref, right.ref)] == [right.ref]
    assert looker.call("res.partner", "search_count", []) == partners


def test_a_tax_that_is_included_in_the_price_parks_its_bills_and_is_told_by_the_check(
    sender: Sender, looker: Looker, ref: Ref
) -> None:
    name = ref("19% included")
    tax = looker.id_of("account.tax", "name", "19% VAT")
    # Odoo's import finds a tax by its label too: another test's "19% VAT" is to stay the only one
    included = {"name": name, "invoice_label": name, "price_include_override": "tax_included"}
    copy = looker.call("account.tax", "copy", [tax], included)
    settings = replace(sender.settings, taxes={"S": name, "19": "19% VAT"})
    sender = Sender(settings)
    lines = [SampleLine("BASE", "100.00", tax_rate="19", tax_category="S")]
    wrong, right = SampleBill(ref("1"), lines), SampleBill(ref("2"), [TAXED[0]])
    try:
        (rejected,) = sender.push(wrong, right).rejected
        (error,) = [each for each in OdooTarget(settings).check() if each.level is Level.ERROR]
    finally:
        looker.call("account.tax", "unlink", copy)
    assert (rejected.code, rejected.value) == ("TAX_IN_PRICE", name)
    assert looker.bills(wrong.ref) == []
    assert cents(looker.bill(right.ref)["amount_total"]) == Decimal("119.00")
    assert "is included in the price" in error.message


def test_control_characters_never_reach_odoo(sender: Sender, looker: Looker, ref: Ref) -> None:
    line = SampleLine("BASE\x00", "100.00", name="Base\x00freight\x1f 1\nsecond\r\nthird\x07")
    bill = SampleBill(
        ref("1") + "\x00\x00",
        [line],
        partner_ref="ACLT\x00",
        payment_reference="RF\x0018",
        invoice_origin="PRO\t1\x00",
        narration="\x01a\nb\x7f",
    )
    assert sender.push(bill, SampleBill(ref("2"))).rejected == []
    there = looker.bill(ref("1"))
    (name,) = [line["name"] for line in looker.lines(there["id"])]
    assert name == "Base freight  1\nsecond\nthird"
    assert (there["payment_reference"], there["invoice_origin"]) == ("RF 18", "PRO 1")
    assert there["narration"] == "<p>a<br>b</p>"
    bill.extra = {"only": "the hash changes"}
    assert [pushed.state for pushed in sender.push(bill).pushed] == [PushState.UNCHANGED]


def test_texts_alone_do_not_park_a_posted_bill(sender: Sender, looker: Looker, ref: Ref) -> None:
    bill = full_bill(ref("1"))
    sender.push(bill, post=True)
    bill.narration, bill.invoice_origin = "said otherwise", "PRO 2"
    bill.lines = [replace(line, name="said otherwise") for line in bill.lines]
    report = sender.push(bill)
    assert report.rejected == []
    assert [pushed.state for pushed in report.pushed] == [PushState.UNCHANGED]
    there = looker.bill(bill.ref)
    assert there["invoice_origin"] == "Shipment LD-1, PRO 123"
    assert looker.lines(there["id"])[1]["name"] == "Fuel 2 %"


def test_every_reason_of_a_bill_is_told_at_once(sender: Sender, ref: Ref) -> None:
    lines = [SampleLine("WARP", "1", tax_rate="3"), SampleLine("WARP", "1", tax_rate="3")]
    bill = SampleBill(ref("1"), lines, partner_ref="NONE", currency="CZK")
    report = sender.push(bill)
    assert sorted(rejected.code for rejected in report.rejected) == [
        "CURRENCY_NO_RATE",
        "UNKNOWN_PARTNER",
        "UNKNOWN_PRODUCT",
        "UNKNOWN_TAX",
    ]
    assert report.held == [bill.source_key]


def test_a_rate_that_begins_after_the_invoice_is_no_rate(sender: Sender, ref: Ref) -> None:
    bill = SampleBill(ref("1"), currency="EUR", invoice_date=dt.date(2024, 12, 31))
    (rejected,) = sender.push(bill).rejected
    assert rejected.code == "CURRENCY_NO_RATE"
    assert "2025-01-01" in rejected.message


def test_a_supplier_is_found_by_vat_when_its_reference_is_unknown(
    sender: Sender, looker: Looker, ref: Ref
) -> None:
    bill = SampleBill(ref("1"), partner_ref="OTHER", partner_vat="de 123.456.788")
    assert sender.push(bill).rejected == []
    assert looker.bill(bill.ref)["partner_id"][1] == "Rhein Forwarding GmbH"


def test_a_reference_that_two_suppliers_share_is_ambiguous(
    sender: Sender, looker: Looker, ref: Ref
) -> None:
    code = ref("TWIN")
    for name in ("one", "two"):
        looker.call("res.partner", "create", {"name": name, "ref": code})
    (rejected,) = sender.push(SampleBill(ref("1"), partner_ref=code)).rejected
    assert rejected.code == "AMBIGUOUS_PARTNER"


def test_an_archived_supplier_is_told_to_be_archived(
    sender: Sender, looker: Looker, ref: Ref
) -> None:
    code = ref("OLD")
    looker.call("res.partner", "create", {"name": "old", "ref": code, "active": False})
    (rejected,) = sender.push(SampleBill(ref("1"), partner_ref=code)).rejected
    assert rejected.code == "UNKNOWN_PARTNER"
    assert "archived" in rejected.message


def test_a_rate_that_two_taxes_have_is_ambiguous_unless_named(
    sender: Sender, looker: Looker, ref: Ref
) -> None:
    tax = looker.id_of("account.tax", "name", "20% VAT")
    copy = looker.call("account.tax", "copy", [tax], {"name": ref("20% other")})
    bill = SampleBill(ref("1"), [SampleLine("BASE", "1.00", tax_rate="20")])
    try:
        (rejected,) = sender.push(bill).rejected
        assert rejected.code == "AMBIGUOUS_TAX"
        assert "'20% VAT'" in rejected.message
    finally:
        looker.call("account.tax", "unlink", copy)
    assert sender.push(bill).rejected == []


def test_nothing_to_push_asks_nothing(proxied: Sender, odoo_proxy: CutProxy) -> None:
    assert proxied.push().pushed == []
    assert odoo_proxy.calls == []
