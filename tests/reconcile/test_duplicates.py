"""The same invoice again, and the same freight under another number."""

from decimal import Decimal

from tests.reconcile.freight import audit, before, expect, invoice, outcomes

AGREED = [expect("S1", "BASE", 500)]
BILLED = ("BASE", 500)
DUPLICATE = ("REVIEW", ["DUPLICATE_BILL"])
APPROVED = ("AUTO_APPROVE", [])


def test_the_same_invoice_twice_in_a_batch_is_paid_once() -> None:
    result = audit([invoice("1", BILLED), invoice("1", BILLED)], AGREED)
    assert outcomes(result) == [APPROVED, DUPLICATE]
    assert result.invoices["duplicate_of"].to_pylist() == [None, "acme/freight_invoice/1/0"]


def test_two_versions_of_an_invoice_in_one_batch_both_wait() -> None:
    other = invoice("1", BILLED, record_hash="other")
    result = audit([invoice("1", BILLED), other], AGREED)
    assert [outcome[0] for outcome in outcomes(result)] == ["REVIEW", "REVIEW"]
    assert "which one counts" in result.invoices["explanation"][0].as_py()


def test_the_same_invoice_again_in_a_later_batch_is_a_duplicate() -> None:
    result = audit([invoice("1", BILLED)], AGREED, history=[before("1")])
    assert outcomes(result) == [DUPLICATE]
    assert "in batch B1" in result.invoices["explanation"][0].as_py()


def test_a_corrected_invoice_is_no_duplicate_and_its_history_is_told() -> None:
    history = [before("1", record_hash="earlier content")]
    result = audit([invoice("1", BILLED)], AGREED, history=history)
    assert outcomes(result) == [APPROVED]
    assert "corrects the version" in result.invoices["explanation"][0].as_py()


def test_only_the_latest_version_in_history_counts() -> None:
    history = [before("1"), before("1", record_hash="correction", batch_id="B2")]
    assert outcomes(audit([invoice("1", BILLED)], AGREED, history=history)) == [APPROVED]


def test_what_was_rejected_may_be_sent_again() -> None:
    history = [before("1", disposition="rejected", pro_norm="P1")]
    billed = [invoice("1", BILLED, pro_no="P-1")]
    assert outcomes(audit(billed, AGREED, history=history)) == [APPROVED]


def test_a_pro_billed_under_another_number_is_a_duplicate() -> None:
    history = [before("1", pro_norm="P1")]
    result = audit([invoice("2", BILLED, pro_no="p-1")], AGREED, history=history)
    assert outcomes(result) == [DUPLICATE]
    assert "PRO P1 was billed before as invoice 1" in result.invoices["explanation"][0].as_py()


def test_a_pro_billed_twice_in_one_batch_is_a_duplicate() -> None:
    billed = [invoice("1", BILLED, pro_no="P1"), invoice("2", BILLED, pro_no="P1")]
    assert outcomes(audit(billed, AGREED)) == [APPROVED, DUPLICATE]


def test_a_pro_in_the_references_counts_too() -> None:
    references = [{"type": "PRO", "value_norm": "P1"}]
    billed = [invoice("2", BILLED, references=references)]
    assert outcomes(audit(billed, AGREED, history=[before("1", pro_norm="P1")])) == [DUPLICATE]


def test_another_carriers_pro_of_the_same_number_is_no_duplicate() -> None:
    history = [before("1", pro_norm="P1", carrier_scac="PXPR")]
    assert outcomes(audit([invoice("2", BILLED, pro_no="P1")], AGREED, history=history)) == [
        APPROVED
    ]


def test_bills_without_a_pro_or_bol_are_not_duplicates_of_each_other() -> None:
    agreed = [*AGREED, expect("S2", "BASE", 500)]
    billed = [invoice("1", BILLED), invoice("2", BILLED, shipment_ref="S2")]
    assert outcomes(audit(billed, agreed, history=[before("3")])) == [APPROVED, APPROVED]


def test_the_same_bol_and_amount_is_a_duplicate_for_the_bol() -> None:
    history = [before("1", bol_norm="B77", amount=Decimal(500))]
    result = audit([invoice("2", BILLED, bol_no="B-77")], AGREED, history=history)
    assert outcomes(result) == [("REVIEW", ["DUPLICATE_BILL_FOR_BOL"])]


def test_a_bol_that_was_paid_with_another_amount_is_over_accrued() -> None:
    history = [before("1", bol_norm="B77", amount=Decimal("499.99"))]
    billed = [invoice("2", BILLED, bol_no="B77")]
    assert outcomes(audit(billed, AGREED, history=history)) == [("REVIEW", ["OVER_ACCRUAL"])]
    history[0]["disposition"] = "held"
    assert outcomes(audit(billed, AGREED, history=history)) == [APPROVED]


def test_two_freight_bills_of_one_bol_are_told_apart_by_their_pros() -> None:
    history = [before("1", bol_norm="B77", pro_norm="P1", amount=Decimal("320"))]
    billed = [invoice("2", BILLED, bol_no="B77", pro_no="P2")]
    assert outcomes(audit(billed, AGREED, history=history)) == [APPROVED]


def test_a_bol_of_many_shipments_is_not_used_up_by_one_bill() -> None:
    agreed = [expect("S1", "BASE", 500, bol_no="B77"), expect("S2", "BASE", 320, bol_no="B77")]
    history = [before("1", bol_norm="B77", amount=Decimal("320"))]
    billed = [invoice("2", BILLED, bol_no="B77")]
    assert outcomes(audit(billed, agreed, history=history)) == [APPROVED]


def test_two_bills_of_a_batch_cannot_use_the_same_expected_charge() -> None:
    billed = [invoice("1", BILLED), invoice("2", BILLED)]
    result = audit(billed, AGREED)
    assert outcomes(result) == [APPROVED, ("REVIEW", ["OVER_ACCRUAL"])]


def test_two_bills_may_share_the_charges_of_a_shipment() -> None:
    agreed = [*AGREED, expect("S1", "LIFTGATE", 75)]
    billed = [invoice("1", BILLED), invoice("2", ("LIFTGATE", 75))]
    assert outcomes(audit(billed, agreed)) == [APPROVED, APPROVED]


def test_a_duplicate_does_not_use_up_what_the_true_bill_needs() -> None:
    history = [before("9", pro_norm="P9")]
    billed = [invoice("1", BILLED, pro_no="P9"), invoice("2", BILLED, pro_no="P2")]
    assert outcomes(audit(billed, AGREED, history=history)) == [DUPLICATE, APPROVED]


def test_an_earlier_credit_is_not_an_earlier_bill() -> None:
    history = [before("1", pro_norm="P1", amount=Decimal(-20))]
    assert outcomes(audit([invoice("2", BILLED, pro_no="P1")], AGREED, history=history)) == [
        APPROVED
    ]
