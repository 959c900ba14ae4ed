from decimal import Decimal

import pyarrow as pa

from etl.odoo.bills import bill_groups, read_bills
from etl.odoo.target import RejectionKind
from tests.odoo.bill_tables import SampleBill, SampleLine, tables_of


def test_bills_come_with_their_lines_in_the_order_of_their_numbers() -> None:
    lines = [SampleLine("FUEL", "2", line_no=2), SampleLine("BASE", "1", line_no=1)]
    (first, second), rejected = read_bills(tables_of(SampleBill("A", lines), SampleBill("B")))
    assert [line.product_code for line in first.lines] == ["BASE", "FUEL"]
    assert first.lines[0].price_unit == Decimal("1.0000")
    assert second.ref == "B"
    assert rejected == []


def test_the_second_bill_with_a_business_key_is_rejected() -> None:
    first, again = SampleBill("A"), SampleBill("A", amount_total="1.00")
    bills, (rejected,) = read_bills(tables_of(first, again))
    assert len(bills) == 1
    assert (rejected.code, rejected.kind) == ("DUPLICATE_KEY", RejectionKind.DATA)


def test_lines_that_share_a_number_reject_their_bill_alone() -> None:
    lines = [SampleLine("BASE", "1", line_no=1), SampleLine("FUEL", "2", line_no=1)]
    bills, (rejected,) = read_bills(tables_of(SampleBill("A", lines), SampleBill("B")))
    assert [bill.ref for bill in bills] == ["B"]
    assert (rejected.code, rejected.value) == ("BAD_LINE_NUMBERS", "1, 1")


def test_a_bill_without_lines_is_rejected() -> None:
    bills, (rejected,) = read_bills(tables_of(SampleBill("A", [])))
    assert bills == []
    assert rejected.code == "NO_LINES"


def test_a_credit_note_below_zero_is_turned_round_with_all_that_it_says() -> None:
    lines = [
        SampleLine("BASE", "-10", tax_rate="20"),
        SampleLine("DISCOUNT", "1", quantity="3", tax_rate="20"),
    ]
    sent = SampleBill("C", lines, move_type="in_refund", amount_tax="-1.40")
    ((found,), rejected) = read_bills(tables_of(sent))
    assert rejected == []
    assert (found.amount_total, found.amount_tax) == (Decimal("8.40"), Decimal("1.40"))
    assert [line.amount for line in found.lines] == [Decimal(10), Decimal(-3)]
    # nothing says that a credit note of nothing has the wrong sign
    nothing = [SampleLine("BASE", "-10"), SampleLine("FUEL", "10")]
    ((found,), _) = read_bills(tables_of(SampleBill("C", nothing, move_type="in_refund")))
    assert [line.amount for line in found.lines] == [Decimal(-10), Decimal(10)]


def test_a_bill_below_zero_is_rejected_for_every_target() -> None:
    bills, (rejected,) = read_bills(tables_of(SampleBill("A", [SampleLine("BASE", "-1.00")])))
    assert bills == []
    assert (rejected.code, rejected.value) == ("NEGATIVE_TOTAL", "-1.00")


def test_optional_columns_may_be_missing() -> None:
    tables = tables_of(SampleBill("A"))
    tables["vendor_bill"] = tables["vendor_bill"].drop_columns(["partner_vat", "narration"])
    tables["vendor_bill_line"] = tables["vendor_bill_line"].drop_columns(["tax_rate"])
    (bill,), _ = read_bills(tables)
    assert bill.partner_vat is None
    assert bill.lines[0].tax_rate is None


def test_control_characters_are_blanks_and_lines_stay_lines_where_there_may_be_some() -> None:
    lines = [
        SampleLine("BASE\0", "1", name="a\r\nb\x1b\tc\x00"),
        SampleLine("FUEL", "1", name="\0"),
    ]
    bill = SampleBill(
        "A\n1\0", lines, partner_ref="\x85ACLT", narration="\0", invoice_origin="1\x02 2"
    )
    ((found,), rejected) = read_bills(tables_of(bill))
    assert rejected == []
    assert (found.ref, found.partner_ref, found.invoice_origin) == ("A 1", "ACLT", "1  2")
    assert found.narration is None
    assert [line.name for line in found.lines] == ["a\nb \tc", "FUEL"]
    assert found.lines[0].product_code == "BASE"


def test_a_number_of_nothing_but_control_characters_is_no_number() -> None:
    bills, (rejected,) = read_bills(
        tables_of(SampleBill("\0\x01", source_key="A"), SampleBill("B"))
    )
    assert [bill.ref for bill in bills] == ["B"]
    assert (rejected.code, rejected.kind) == ("NO_NUMBER", RejectionKind.DATA)


def test_bills_come_in_groups_with_their_own_lines_in_the_order_of_their_numbers() -> None:
    lines = [SampleLine("FUEL", "2.00", line_no=2), SampleLine("BASE", "1.00", line_no=1)]
    tables = tables_of(*(SampleBill(each, lines) for each in "ABCDE"), SampleBill("A"))
    groups = list(bill_groups(tables, 2))
    assert [[bill.ref for bill in bills] for bills, _ in groups] == [["A", "B"], ["C", "D"], ["E"]]
    assert [[each.code for each in rejected] for _, rejected in groups] == [
        [],
        [],
        ["DUPLICATE_KEY"],
    ]
    assert {
        tuple(line.product_code for line in bill.lines) for bills, _ in groups for bill in bills
    } == {("BASE", "FUEL")}


def test_no_bills_are_no_bills() -> None:
    tables: dict[str, pa.Table] = tables_of()
    assert read_bills(tables) == ([], [])
