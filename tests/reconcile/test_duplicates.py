"""The same invoice again, and the same freight under another number."""

from decimal import Decimal
from typing import Any

import pytest

from tests.reconcile.freight import audit, before, expect, invoice, outcomes, table

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


@pytest.mark.parametrize("numbers", [{"pro_no": "P1"}, {"bol_no": "B1"}])
def test_a_correction_is_no_duplicate_of_a_bill_that_repeats_what_it_corrects(
    numbers: dict[str, str],
) -> None:
    known = {name.replace("_no", "_norm"): number for name, number in numbers.items()}
    history = [before("1", record_hash="h", shipment_ref="S1", **known)]
    billed = [invoice("2", BILLED, **numbers), invoice("1", BILLED, **numbers)]
    reasons = [reasons for _, reasons in outcomes(audit(billed, AGREED, history=history))]
    assert [bool(each) for each in reasons] == [True, False]


@pytest.mark.parametrize("pro", ["P1", "P2"])
def test_a_correction_comes_before_bills_that_are_only_new(pro: str) -> None:
    history = [before("1", record_hash="h", shipment_ref="S1", pro_norm="P1", bol_norm="B1")]
    history[0]["amount"] = Decimal(501)
    billed = [
        invoice("2", BILLED, pro_no=pro, bol_no="B1"),
        invoice("1", BILLED, pro_no="P1", bol_no="B1"),
    ]
    reasons = [reasons for _, reasons in outcomes(audit(billed, AGREED, history=history))]
    assert [bool(each) for each in reasons] == [True, False]


def test_a_correction_is_no_duplicate_of_the_copy_from_another_folder() -> None:
    history = [before("1", record_hash="h", shipment_ref="S1")]
    billed = [invoice("1", BILLED, business_key=ELSEWHERE), invoice("1", BILLED)]
    assert outcomes(audit(billed, AGREED, history=history)) == [DUPLICATE, APPROVED]


@pytest.mark.parametrize("reason", ["BALANCE_DUE", "REBILL"])
def test_what_waits_as_a_bill_on_an_earlier_one_keeps_back_no_first_bill(reason: str) -> None:
    known = before("1", pro_norm="P1", disposition="held", outcome="REVIEW", reasons=[reason])
    billed = [invoice("2", BILLED, pro_no="P1")]
    assert outcomes(audit(billed, AGREED, history=[known])) == [APPROVED]


def credit_note(number: str, amount: Any, **header: Any) -> dict[str, Any]:
    return invoice(number, ("BASE", amount), invoice_type="381", **header)


@pytest.mark.parametrize("amount", [20, -20])
def test_a_credit_note_is_corrected_whatever_sign_it_is_written_with(amount: int) -> None:
    history = [before("1", record_hash="h", shipment_ref="S1", amount=Decimal(-20))]
    agreed = [expect("S1", "BASE", -20)]
    assert outcomes(audit([credit_note("1", amount)], agreed, history=history)) == [APPROVED]


def test_a_credit_note_under_the_number_of_its_bill_is_told_as_that() -> None:
    history = [before("1", record_hash="h", shipment_ref="S1")]
    result = audit([credit_note("1", -500)], [expect("S1", "BASE", -500)], history=history)
    assert reused(result) == [True]
    told = result.invoices["explanation"][0].as_py()
    assert "number 1 is that of a bill for this freight" in told


def test_an_earlier_credit_is_not_an_earlier_bill() -> None:
    history = [before("1", pro_norm="P1", amount=Decimal(-20))]
    assert outcomes(audit([invoice("2", BILLED, pro_no="P1")], AGREED, history=history)) == [
        APPROVED
    ]


def reused(result: Any) -> list[bool]:
    return [reasons == ["INVOICE_NO_REUSED"] for _, reasons in outcomes(result)]


def test_a_number_that_comes_again_for_other_freight_replaces_nothing() -> None:
    history = [before("1", record_hash="h", shipment_ref="S-9", pro_norm="P9", bol_norm="B9")]
    billed = [invoice("1", BILLED, pro_no="P1", bol_no="B1")]
    result = audit(billed, AGREED, history=history)
    assert reused(result) == [True]
    told = result.invoices["explanation"][0].as_py()
    assert "number 1 bills other freight already (shipment S9, pro P9, bol B9), in batch B1" in told


def test_a_number_is_reused_also_where_its_first_bill_still_waits() -> None:
    waiting = before("1", record_hash="h", shipment_ref="S9", disposition="held", outcome="DISPUTE")
    assert reused(audit([invoice("1", BILLED)], AGREED, history=[waiting])) == [True]


@pytest.mark.parametrize("named", ["PO", "BOL"])
def test_a_reference_that_both_name_does_not_make_other_freight_the_same(named: str) -> None:
    history = [before("1", record_hash="h", shipment_ref="S9", pro_norm="P9", document_id="D")]
    shared = {"type": named, "value_norm": "X77"}
    billed = invoice("1", BILLED, pro_no="P1", references=[shared])
    references = table([{"document_id": "D", **shared}])
    result = audit([billed], AGREED, history=history, history_references=references)
    assert reused(result) == [True]


@pytest.mark.parametrize(
    "header",
    [
        {"pro_no": "P1", "bol_no": "B1"},
        {"pro_no": "P1", "references": [{"type": "BOL", "value_norm": "B7"}]},
        {"shipment_ref": "WRONG", "pro_no": "P1", "bol_no": "B1"},
        {"shipment_ref": None, "bol_no": "B1"},
    ],
)
def test_a_correction_may_name_its_freight_by_other_numbers(header: dict[str, Any]) -> None:
    agreed = [expect("S1", "BASE", 500, pro_no="P1", bol_no="B1")]
    history = [before("1", record_hash="h", shipment_ref="s-1", pro_norm="P1", bol_norm="B1")]
    result = audit([invoice("1", BILLED, **header)], agreed, history=history)
    assert outcomes(result) == [APPROVED]
    assert "corrects the version" in result.invoices["explanation"][0].as_py()


def parcels(number: str, *names: str, **header: Any) -> dict[str, Any]:
    billed = [("BASE", 10, name) for name in names]
    return invoice(number, *billed, shipment_ref=None, **header)


@pytest.mark.parametrize(
    ("names", "is_reused"),
    [(("T1", "T2", "T3"), False), (("T1", "T2"), False), (("T1", "T8", "T9"), True)],
)
def test_a_collective_invoice_is_corrected_by_one_that_has_most_of_its_parcels(
    names: tuple[str, ...], is_reused: bool
) -> None:
    agreed = [expect(name, "BASE", 10) for name in ("T1", "T2", "T3", "T8", "T9")]
    history = [before("1", record_hash="h", document_id="D")]
    references = table(
        [
            {"document_id": "D", "type": "SHIPMENT", "value_norm": name}
            for name in ("T1", "T2", "T3", "T4")
        ]
    )
    result = audit([parcels("1", *names)], agreed, history=history, history_references=references)
    assert reused(result) == [is_reused]


def test_a_number_used_for_two_freights_in_one_batch_waits_for_both() -> None:
    agreed = [*AGREED, expect("S2", "BASE", 500)]
    billed = [invoice("1", BILLED), invoice("1", BILLED, shipment_ref="S2", record_hash="other")]
    assert reused(audit(billed, agreed)) == [True, True]


def test_a_credit_note_under_the_number_of_a_bill_does_not_replace_it() -> None:
    history = [before("1", record_hash="h", shipment_ref="S1")]
    credit = invoice("1", ("BASE", -500), invoice_type="381")
    result = audit([credit], [expect("S1", "BASE", -500)], history=history)
    assert reused(result) == [True]


def test_the_same_key_of_another_carrier_is_other_freight() -> None:
    history = [before("1", record_hash="h", shipment_ref="S1", carrier_scac="PXPR")]
    assert reused(audit([invoice("1", BILLED)], AGREED, history=history)) == [True]


ELSEWHERE = "service/freight_invoice/1/0"


def test_an_invoice_from_two_folders_is_one_bill_whatever_its_format() -> None:
    history = [before("1", business_key=ELSEWHERE, record_hash="h", shipment_ref="S1")]
    history[0]["partner"] = "service"
    result = audit([invoice("1", BILLED)], AGREED, history=history)
    assert outcomes(result) == [DUPLICATE]
    assert "billed before through service, in batch B1" in result.invoices["explanation"][0].as_py()
    assert result.invoices["duplicate_of"].to_pylist() == [ELSEWHERE]


def test_an_invoice_from_two_folders_of_one_night_is_paid_once() -> None:
    other = invoice("1", BILLED, business_key=ELSEWHERE, record_hash="h")
    assert outcomes(audit([invoice("1", BILLED), other], AGREED)) == [APPROVED, DUPLICATE]


def test_a_number_from_another_folder_for_other_freight_goes_to_review() -> None:
    history = [before("1", business_key=ELSEWHERE, record_hash="h", shipment_ref="S9")]
    assert reused(audit([invoice("1", BILLED)], AGREED, history=history)) == [True]


def test_a_bill_that_was_paid_counts_whenever_it_was_received() -> None:
    waited = invoice("1", BILLED, pro_no="P1", file_id="F1", arrived=1)
    paid = before("2", pro_norm="P1", file_id="F2", arrived=2)
    assert outcomes(audit([waited], AGREED, history=[paid])) == [DUPLICATE]


def test_of_two_that_wait_the_one_that_came_first_counts() -> None:
    waiting = before("2", pro_norm="P1", disposition="held", outcome="REVIEW", file_id="F2")
    first = invoice("1", BILLED, pro_no="P1", file_id="F1", arrived=1)
    for arrived, expected in ((2, [APPROVED]), (0, [DUPLICATE])):
        history = [waiting | {"arrived": arrived}]
        assert outcomes(audit([first], AGREED, history=history)) == expected


def test_what_is_approved_and_not_in_the_target_yet_counts_as_a_bill() -> None:
    first = invoice("1", BILLED, pro_no="P1", file_id="F1", arrived=1)
    refused = {"disposition": "held", "outcome": "AUTO_APPROVE", "reasons": ["UNKNOWN_PARTNER"]}
    history = [before("2", pro_norm="P1", file_id="F2", arrived=2) | refused]
    assert outcomes(audit([first], AGREED, history=history)) == [DUPLICATE]


@pytest.mark.parametrize("reason", ["DUPLICATE_BILL", "DUPLICATE_BILL_FOR_BOL"])
def test_what_waits_as_a_duplicate_counts_for_nothing(reason: str) -> None:
    held = {"disposition": "held", "outcome": "REVIEW", "reasons": [reason]}
    history = [before("2", pro_norm="P1", file_id="F2", arrived=0) | held]
    again = invoice("1", BILLED, pro_no="P1", file_id="F1", arrived=1)
    assert outcomes(audit([again], AGREED, history=history)) == [APPROVED]


def test_the_bill_that_was_paid_stays_the_bill_when_all_its_batch_is_done_again() -> None:
    numbers = {"pro_no": "P1", "file_id": "F1", "arrived": 1}
    billed = [invoice("1", BILLED, **numbers), invoice("2", BILLED, **numbers | {"file_id": "F2"})]
    history = [before("2", pro_norm="P1", file_id="F2", arrived=1)]
    assert outcomes(audit(billed, AGREED, history=history)) == [DUPLICATE, APPROVED]
    for each in billed:
        each["pro_no"] = None
    history[0]["pro_norm"] = None
    assert outcomes(audit(billed, AGREED, history=history)) == [
        ("REVIEW", ["OVER_ACCRUAL"]),
        APPROVED,
    ]


def test_a_paid_bill_that_is_read_under_another_number_today_is_not_paid_again() -> None:
    history = [before("1", pro_norm="P1", file_id="F1", arrived=1)]
    billed = [invoice("1A", BILLED, pro_no="P1", file_id="F1", arrived=1)]
    assert outcomes(audit(billed, AGREED, history=history)) == [DUPLICATE]
    history[0]["disposition"] = "held"
    assert outcomes(audit(billed, AGREED, history=history)) == [APPROVED]


def test_one_bol_and_price_of_two_shipments_are_two_bills() -> None:
    agreed = [expect(name, "BASE", 500, bol_no="B1") for name in ("S1", "S2")]
    billed = [
        invoice("1", BILLED, bol_no="B1", pro_no="P1"),
        invoice("2", BILLED, bol_no="B1", pro_no="P2", shipment_ref="S2"),
    ]
    assert outcomes(audit(billed, agreed)) == [APPROVED, APPROVED]
    history = [before("1", bol_norm="B1", pro_norm="P1", shipment_ref="S1")]
    assert outcomes(audit(billed[1:], agreed, history=history)) == [APPROVED]
    for each in billed:
        each["pro_no"] = None
    assert outcomes(audit(billed, agreed)) == [APPROVED, APPROVED]


def test_one_bol_and_price_of_one_shipment_are_one_bill_whatever_the_pros() -> None:
    history = [before("1", bol_norm="B1", pro_norm="P1", shipment_ref="S1")]
    billed = [invoice("2", BILLED, bol_no="B1", pro_no="P2")]
    assert outcomes(audit(billed, AGREED, history=history)) == [
        ("REVIEW", ["DUPLICATE_BILL_FOR_BOL"])
    ]


def test_a_shipment_billed_in_two_parts_of_a_batch_is_no_duplicate() -> None:
    agreed = [expect("S1", "BASE", 500), expect("S1", "LIFTGATE", 75)]
    parts = [invoice("1", BILLED), invoice("2", ("LIFTGATE", 75))]
    for numbers in ({"pro_no": "P1"}, {"bol_no": "B1"}, {"pro_no": "P1", "bol_no": "B1"}):
        assert outcomes(audit([each | numbers for each in parts], agreed)) == [APPROVED, APPROVED]
    overlapping = [parts[0], invoice("2", ("LIFTGATE", 75), ("BASE", 500))]
    result = audit([each | {"pro_no": "P1"} for each in overlapping], agreed)
    assert outcomes(result)[1] == DUPLICATE
