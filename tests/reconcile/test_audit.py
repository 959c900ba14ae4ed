"""The outcome of an invoice, from all rules together."""

from dataclasses import dataclass
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.reconcile import (
    RECONCILED_INVOICE,
    RECONCILED_LINE,
    Outcome,
    reconcile,
    tolerances_from,
)
from tests.reconcile.freight import (
    TOLERANCES,
    audit,
    before,
    charges,
    expect,
    invoice,
    outcomes,
    table,
    tables,
)

AGREED = [expect("S1", "BASE", 500), expect("S1", "FUEL", 50)]


def test_an_invoice_billed_as_expected_is_approved() -> None:
    result = audit([invoice("1", ("BASE", 500), ("FUEL", 50))], AGREED)
    assert outcomes(result) == [("AUTO_APPROVE", [])]
    assert charges(result) == [("BASE", "MATCHED", None), ("FUEL", "MATCHED", None)]
    row = result.invoices.to_pylist()[0]
    assert (row["billed"], row["expected"], row["variance"]) == (550, 550, 0)
    assert row["explanation"] == "Billed 550.00 USD, expected 550.00."


def test_the_results_have_the_promised_schemas() -> None:
    for result in (audit([invoice("1", ("BASE", 500))], AGREED), audit([], [])):
        assert result.invoices.schema == RECONCILED_INVOICE
        assert result.lines.schema == RECONCILED_LINE


def test_a_variance_within_tolerance_is_approved_and_told() -> None:
    result = audit([invoice("1", ("BASE", "500.90"), ("FUEL", 50))], AGREED)
    assert outcomes(result) == [("APPROVE_WITH_VARIANCE", [])]
    assert result.invoices["explanation"][0].as_py() == (
        "Billed 550.90 USD, expected 550.00 (+0.90, +0.16 %), within tolerance."
    )


def test_an_overcharge_is_disputed_with_the_numbers() -> None:
    result = audit([invoice("1", ("BASE", 500), ("FUEL", "62.40"))], AGREED)
    assert outcomes(result) == [("DISPUTE", ["FUEL", "BILL_AMT_OUT_OF_TOLERANCE"])]
    line = result.lines.to_pylist()[1]
    assert line["variance_percent"] == Decimal("24.8000")
    assert (line["tolerance_amount"], line["tolerance_percent"]) == (1, Decimal("0.5"))
    assert "FUEL 62.40 billed, 50.00 expected (+12.40)" in result.invoices["explanation"][0].as_py()


def test_the_reason_of_an_overcharge_follows_the_charge_code() -> None:
    reasons = {
        "BASE": "RATE",
        "FUEL": "FUEL",
        "DISCOUNT": "DISCOUNT_MISMATCH",
        "LIFTGATE": "SURCHARGE_MISMATCH",
        "MINIMUM": "MINIMUM",
        "VAT_GST": "TAX",
    }
    billed = [invoice(code, (code, 60), shipment_ref=code) for code in reasons]
    result = audit(billed, [expect(code, code, 50) for code in reasons])
    assert outcomes(result) == [
        ("DISPUTE", [reason, "BILL_AMT_OUT_OF_TOLERANCE"]) for reason in reasons.values()
    ]


def test_a_charge_nobody_expected_is_disputed() -> None:
    result = audit([invoice("1", ("BASE", 500), ("FUEL", 50), ("LIFTGATE", 75))], AGREED)
    assert outcomes(result)[0][0] == Outcome.DISPUTE
    assert ("LIFTGATE", "UNEXPECTED", "ACCESSORIAL_UNAUTHORISED") in charges(result)


def test_an_undercharge_goes_to_review() -> None:
    result = audit([invoice("1", ("BASE", 450), ("FUEL", 50))], AGREED)
    assert outcomes(result) == [("REVIEW", ["RATE", "BILL_AMT_OUT_OF_TOLERANCE"])]


def test_an_expected_charge_that_is_missing_goes_to_review() -> None:
    result = audit([invoice("1", ("BASE", 500))], AGREED)
    assert outcomes(result)[0][0] == Outcome.REVIEW
    assert ("FUEL", "NOT_BILLED", "FUEL") in charges(result)


def test_a_discount_that_is_missing_is_an_overcharge() -> None:
    expected = [expect("S1", "BASE", 500), expect("S1", "DISCOUNT", -50)]
    result = audit([invoice("1", ("BASE", 500))], expected)
    assert outcomes(result) == [("DISPUTE", ["DISCOUNT_MISMATCH", "BILL_AMT_OUT_OF_TOLERANCE"])]
    assert ("DISCOUNT", "NOT_BILLED", "DISCOUNT_MISMATCH") in charges(result)


def test_an_overcharge_weighs_more_than_an_undercharge() -> None:
    result = audit([invoice("1", ("BASE", 450), ("FUEL", 101))], AGREED)
    assert outcomes(result) == [("DISPUTE", ["FUEL", "RATE"])]


def test_nothing_is_disputed_where_the_bill_is_not_above_what_was_expected() -> None:
    expected = [expect("S1", "BASE", 500), expect("S1", "DISCOUNT", -250)]
    result = audit([invoice("1", ("BASE", 400), ("DISCOUNT", -200))], expected)
    assert outcomes(result) == [
        ("REVIEW", ["RATE", "DISCOUNT_MISMATCH", "BILL_AMT_OUT_OF_TOLERANCE"])
    ]
    result = audit([invoice("1", ("BASE", 450), ("FUEL", 100))], AGREED)
    assert outcomes(result) == [("REVIEW", ["RATE", "FUEL"])]


def test_a_long_explanation_is_cut_and_names_shipments() -> None:
    codes = [f"S{number}" for number in range(8)]
    expected = [expect(code, "BASE", 10) for code in codes]
    result = audit([invoice("1", *[("BASE", 20, code) for code in codes])], expected)
    told = result.invoices["explanation"][0].as_py()
    assert "BASE 20.00 billed for S0, 10.00 expected (+10.00); " in told
    assert told.endswith("; and 3 more.")


def test_lines_of_one_charge_are_added_up_before_they_are_compared() -> None:
    result = audit([invoice("1", ("BASE", 200), ("BASE", 300), ("FUEL", 50))], AGREED)
    assert outcomes(result) == [("AUTO_APPROVE", [])]
    assert result.lines["billed"].to_pylist() == [500, 50]


def test_a_wrong_total_goes_to_review_before_anything_is_disputed() -> None:
    result = audit([invoice("1", ("BASE", 600), ("FUEL", 50), total="651.00")], AGREED)
    outcome, reasons = outcomes(result)[0]
    assert (outcome, reasons[0]) == ("REVIEW", "TOTAL_MISMATCH")
    assert "650.00 + 0.00 = 650.00" in result.invoices["explanation"][0].as_py()


def test_taxes_belong_to_the_total_but_not_to_the_comparison() -> None:
    billed = invoice("1", ("BASE", 500), ("FUEL", 50), total="654.50", tax_total=Decimal("104.50"))
    assert outcomes(audit([billed], AGREED)) == [("AUTO_APPROVE", [])]


def test_taxes_of_the_lines_count_where_the_header_gives_none() -> None:
    billed = invoice("1", ("BASE", 500), ("FUEL", 50), total="654.50")
    billed["lines"][0]["tax_amount"] = Decimal("95.00")
    billed["lines"][1]["tax_amount"] = Decimal("9.50")
    assert outcomes(audit([billed], AGREED)) == [("AUTO_APPROVE", [])]


def test_an_invoice_without_charges_and_with_a_total_goes_to_review() -> None:
    outcome, reasons = outcomes(audit([invoice("1", total="10.00")], AGREED))[0]
    assert (outcome, reasons[0]) == ("REVIEW", "TOTAL_MISMATCH")


@pytest.mark.parametrize("charge", [[], [("LIFTGATE", 0)]])
def test_an_invoice_that_agrees_with_nothing_is_not_approved(charge: list[tuple]) -> None:
    result = audit([invoice("1", *charge)], [expect("S1", "BASE", 0)][:0])
    assert outcomes(result)[0][0] == Outcome.REVIEW
    result = audit([invoice("1", *charge)], AGREED)
    assert outcomes(result)[0][0] == Outcome.REVIEW


def test_variances_that_cancel_out_are_still_variances() -> None:
    result = audit([invoice("1", ("BASE", "500.20"), ("FUEL", "49.80"))], AGREED)
    assert outcomes(result) == [("APPROVE_WITH_VARIANCE", [])]


def test_another_currency_than_expected_is_never_compared() -> None:
    result = audit([invoice("1", ("BASE", 500), ("FUEL", 50), currency="EUR")], AGREED)
    assert outcomes(result) == [("REVIEW", ["CURRENCY_MISMATCH"])]
    row = result.invoices.to_pylist()[0]
    assert row["expected"] is None
    assert "BASE is billed in EUR, expected in USD" in row["explanation"]


def test_a_charge_in_another_currency_than_its_invoice_goes_to_review() -> None:
    billed = invoice("1", ("BASE", 500), ("FUEL", 50))
    billed["lines"][1]["currency"] = "CAD"
    outcome, reasons = outcomes(audit([billed], AGREED))[0]
    assert (outcome, "CURRENCY_MISMATCH" in reasons) == ("REVIEW", True)


def test_an_invoice_without_a_currency_goes_to_review() -> None:
    billed = [invoice("1", ("BASE", 500), currency=None), invoice("2", ("BASE", 1))]
    outcome, reasons = outcomes(audit(billed, AGREED))[0]
    assert (outcome, reasons[0]) == ("REVIEW", "CURRENCY_NOT_SET")


def test_a_credit_note_goes_to_review_unless_it_is_expected() -> None:
    credit = invoice("1", ("REFUND", 25), invoice_type="381", orig_invoice_no="77")
    result = audit([credit], AGREED)
    assert outcomes(result) == [("REVIEW", ["CREDIT"])]
    assert "for invoice 77" in result.invoices["explanation"][0].as_py()
    expected = [*AGREED, expect("S1", "REFUND", -25)]
    for amount in (25, -25):
        credit = invoice("1", ("REFUND", amount), invoice_type="381")
        result = audit([credit], expected)
        assert outcomes(result) == [("AUTO_APPROVE", [])]
        assert result.invoices["billed"].to_pylist() == [-25]


@pytest.mark.parametrize("amounts", [(-20, -20), (20, 20), (20, -20)])
def test_a_credit_that_is_expected_is_given_once(amounts: tuple[int, int]) -> None:
    credit_notes = [
        invoice(number, ("BASE", amount), invoice_type="381")
        for number, amount in zip(("1", "2"), amounts, strict=True)
    ]
    result = audit(credit_notes, [expect("S1", "BASE", -20)])
    assert outcomes(result) == [("AUTO_APPROVE", []), ("REVIEW", ["OVER_ACCRUAL"])]


def test_a_credit_that_is_expected_is_not_missing_from_the_invoice() -> None:
    expected = [*AGREED, expect("S1", "REFUND", -25)]
    result = audit([invoice("1", ("BASE", 500), ("FUEL", 50))], expected)
    assert outcomes(result) == [("AUTO_APPROVE", [])]


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ({"billing_kind": "balance_due"}, "BALANCE_DUE"),
        ({"billing_kind": "rebill"}, "REBILL"),
        ({"invoice_type": "383"}, "BALANCE_DUE"),
    ],
)
def test_a_bill_that_follows_another_goes_to_a_person_and_is_no_duplicate(
    header: dict[str, str], reason: str
) -> None:
    later = invoice("2", ("FUEL", 50), pro_no="P1", **header)
    history = [before("1", pro_norm="P1", amount=Decimal(500))]
    assert outcomes(audit([later], AGREED, history=history)) == [("REVIEW", [reason])]


def test_bill_first_leaves_charges_alone_where_the_bill_is_tolerable() -> None:
    billed = [invoice("1", ("BASE", 450), ("FUEL", 100))]
    tolerances = {
        "version": 1,
        "compare": "bill_first",
        "defaults": {"amount": 1, "percent": 1},
    }
    assert outcomes(audit(billed, AGREED, tolerances)) == [("APPROVE_WITH_VARIANCE", [])]
    billed = [invoice("1", ("BASE", 450), ("FUEL", 102))]
    outcome, reasons = outcomes(audit(billed, AGREED, tolerances))[0]
    assert (outcome, reasons) == ("DISPUTE", ["FUEL", "BILL_AMT_OUT_OF_TOLERANCE", "RATE"])


def test_small_variances_of_many_charges_can_break_the_tolerance_of_the_bill() -> None:
    shipments = [f"S{number}" for number in range(3)]
    expected = [expect(shipment, "BASE", 1000) for shipment in shipments]
    billed = invoice("1", *[("BASE", "1000.90", shipment) for shipment in shipments])
    result = audit([billed], expected)
    assert outcomes(result) == [("DISPUTE", ["BILL_AMT_OUT_OF_TOLERANCE"])]
    assert {status for _, status, _ in charges(result)} == {"WITHIN"}


@dataclass(frozen=True)
class Finding:
    record: int
    reason: str
    message: str


def test_what_our_own_rules_found_is_not_told_twice() -> None:
    finding = Finding(0, "TOTAL_MISMATCH", "total == sum(charge_line.amount) does not hold")
    billed = [invoice("1", ("BASE", 500), ("FUEL", 50), total="551.00")]
    result = audit(billed, AGREED, mapping_findings=[finding])
    assert outcomes(result) == [("REVIEW", ["TOTAL_MISMATCH"])]
    assert "does not hold" not in result.invoices["explanation"][0].as_py()


def test_what_a_mapping_found_goes_to_review_with_its_reason() -> None:
    finding = Finding(1, "BILL_TO", "bill-to is not ours.")
    billed = [
        invoice("1", ("BASE", 500), ("FUEL", 50)),
        invoice("2", ("BASE", 10), shipment_ref="S2"),
    ]
    result = audit(billed, [*AGREED, expect("S2", "BASE", 10)], mapping_findings=[finding])
    assert outcomes(result) == [("AUTO_APPROVE", []), ("REVIEW", ["BILL_TO"])]
    assert result.invoices["explanation"][1].as_py().endswith("bill-to is not ours.")


amounts = st.decimals("-99999999.9999", "99999999.9999", places=4)


@settings(max_examples=8, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["BASE", "FUEL", "TOLL"]), amounts), min_size=1))
def test_sums_are_exact(lines: list[tuple[str, Decimal]]) -> None:
    result = audit([invoice("1", *lines)], AGREED)
    total = sum((amount for _, amount in lines), Decimal(0))
    row = result.invoices.to_pylist()[0]
    assert row["billed"] == total
    assert row["expected"] == 550
    assert row["variance"] == total - 550
    assert "TOTAL_MISMATCH" not in row["reasons"]


@settings(max_examples=4, deadline=None)
@given(st.permutations([("BASE", "500.00"), ("FUEL", "49.99"), ("LIFTGATE", "75.00")]))
def test_the_order_of_lines_changes_nothing(lines: list[tuple[str, str]]) -> None:
    result = audit([invoice("1", *lines)], AGREED)
    assert sorted(result.invoices["reasons"][0].as_py()) == [
        "ACCESSORIAL_UNAUTHORISED",
        "BILL_AMT_OUT_OF_TOLERANCE",
    ]


def test_the_largest_amounts_are_kept_to_the_last_digit() -> None:
    largest = Decimal("99999999999999.9999")
    result = audit([invoice("1", ("BASE", largest))], [expect("S1", "BASE", largest)])
    assert outcomes(result) == [("AUTO_APPROVE", [])]
    result = audit([invoice("1", ("BASE", largest))], [expect("S1", "BASE", "0.0001")])
    assert outcomes(result)[0][0] == Outcome.DISPUTE
    assert result.lines["variance"].to_pylist() == [largest - Decimal("0.0001")]


def test_dictionary_encoded_columns_are_read_as_well() -> None:
    batch = tables([invoice("1", ("BASE", 500), ("FUEL", 50))])
    lines = batch["charge_line"]
    place = lines.column_names.index("charge_code")
    encoded = lines["charge_code"].dictionary_encode()
    batch["charge_line"] = lines.set_column(place, "charge_code", encoded)
    tolerances = tolerances_from(TOLERANCES, "tolerances.yaml")
    assert outcomes(reconcile(batch, table(AGREED), tolerances)) == [("AUTO_APPROVE", [])]
    assert pa.types.is_dictionary(encoded.type)
