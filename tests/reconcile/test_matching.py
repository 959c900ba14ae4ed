"""Which shipment an invoice bills, and what is expected for it."""

import pytest

from tests.reconcile.freight import audit, charges, expect, invoice, outcomes

AGREED = [expect("SHP-1", "BASE", 500, pro_no="P-1", bol_no="BOL 1")]
BILLED = ("BASE", 500)
APPROVED = [("AUTO_APPROVE", [])]


@pytest.mark.parametrize(
    ("header", "matched_by"),
    [
        ({"shipment_ref": "shp 1"}, "SHIPMENT"),
        ({"shipment_ref": "P1"}, "PRO"),
        ({"shipment_ref": "BOL1"}, "BOL"),
        ({"shipment_ref": None, "pro_no": "P1"}, "PRO"),
        ({"shipment_ref": None, "bol_no": "bol-1"}, "BOL"),
        ({"shipment_ref": "theirs", "bol_no": "bol-1"}, "BOL"),
        ({"shipment_ref": None, "references": [{"type": "BOL", "value_norm": "BOL1"}]}, "BOL"),
        (
            {"shipment_ref": None, "references": [{"type": "LOAD", "value_norm": "SHP1"}]},
            "SHIPMENT",
        ),
    ],
)
def test_a_shipment_is_found_by_any_of_its_numbers(header: dict, matched_by: str) -> None:
    result = audit([invoice("1", BILLED, **header)], AGREED)
    assert outcomes(result) == APPROVED
    assert result.invoices["matched_by"].to_pylist() == [matched_by]


def test_an_unknown_shipment_goes_to_review_and_its_charges_are_not_disputed() -> None:
    result = audit([invoice("1", BILLED, shipment_ref="nowhere")], AGREED, shipments=[])
    assert outcomes(result) == [("REVIEW", ["SHIPMENT_NOT_FOUND"])]
    assert charges(result) == [("BASE", "UNEXPECTED", "SHIPMENT_NOT_FOUND")]
    row = result.invoices.to_pylist()[0]
    assert (row["expected"], row["matched_by"]) == (None, None)
    assert "known as NOWHERE" in row["explanation"]


def test_a_shipment_without_expected_charges_has_no_rate() -> None:
    shipments = [{"carrier_scac": "ACLT", "shipment_ref": "S9", "pro_no": "P9"}]
    result = audit([invoice("1", BILLED, shipment_ref="P9")], AGREED, shipments=shipments)
    assert outcomes(result) == [("REVIEW", ["NO_RATE"])]
    assert result.invoices["matched_by"].to_pylist() == ["PRO"]


def test_another_carriers_shipment_is_not_ours_to_pay() -> None:
    billed = [invoice("1", BILLED, shipment_ref="SHP1", carrier_scac="PXPR")]
    assert outcomes(audit(billed, AGREED)) == [("REVIEW", ["SHIPMENT_NOT_FOUND"])]


def test_an_invoice_without_any_reference_goes_to_review() -> None:
    result = audit([invoice("1", BILLED, shipment_ref=None)], AGREED)
    assert outcomes(result) == [("REVIEW", ["SHIPMENT_NOT_FOUND"])]


def test_an_invoice_that_is_looked_for_by_its_pro_and_bol_is_told_by_them() -> None:
    billed = [invoice("1", BILLED, shipment_ref=None, pro_no="P-9", bol_no="B-9")]
    result = audit(billed, AGREED)
    assert "no shipment of ours is known as PRO P9, BOL B9" in (
        result.invoices["explanation"][0].as_py()
    )


def test_a_bol_of_two_shipments_decides_nothing() -> None:
    expected = [*AGREED, expect("SHP-2", "BASE", 320, bol_no="BOL 1")]
    billed = [invoice("1", BILLED, shipment_ref="BOL1")]
    assert outcomes(audit(billed, expected)) == [("REVIEW", ["SHIPMENT_NOT_FOUND"])]


def test_an_invoice_for_many_shipments_is_compared_shipment_by_shipment() -> None:
    expected = [expect("T1", "BASE", 10), expect("T2", "BASE", 20), expect("T2", "FUEL", 2)]
    billed = invoice("1", ("BASE", 10, "T1"), ("BASE", 25, "T2"), ("FUEL", 2, "T2"))
    result = audit([billed], expected)
    lines = result.lines.to_pylist()
    assert [(line["shipment_ref"], line["status"]) for line in lines] == [
        ("T1", "MATCHED"),
        ("T2", "OVER"),
        ("T2", "MATCHED"),
    ]
    assert outcomes(result)[0][0] == "DISPUTE"


def test_one_unknown_shipment_among_many_holds_the_invoice() -> None:
    billed = invoice("1", ("BASE", 500, "SHP1"), ("BASE", 25, "T2"), ("FUEL", 2, "T2"))
    assert outcomes(audit([billed], AGREED)) == [("REVIEW", ["SHIPMENT_NOT_FOUND"])]


def test_header_numbers_do_not_stand_for_the_shipments_of_a_collective_invoice() -> None:
    billed = invoice("1", ("BASE", 500, "X1"), ("BASE", 500, "X2"), pro_no="P1")
    assert outcomes(audit([billed], AGREED)) == [("REVIEW", ["SHIPMENT_NOT_FOUND"])]


def test_a_fee_without_a_shipment_on_a_collective_invoice_was_not_expected() -> None:
    expected = [expect("T1", "BASE", 10), expect("T2", "BASE", 20)]
    billed = invoice("1", ("BASE", 10, "T1"), ("BASE", 20, "T2"), ("MISC", 15, None))
    result = audit([billed], expected)
    assert outcomes(result)[0] == (
        "DISPUTE",
        ["ACCESSORIAL_UNAUTHORISED", "BILL_AMT_OUT_OF_TOLERANCE"],
    )


def test_a_charge_without_a_shipment_belongs_to_the_only_one() -> None:
    expected = [*AGREED, expect("SHP-1", "FUEL", 50)]
    billed = invoice("1", ("BASE", 500, "SHP1"), ("FUEL", 50, None))
    assert outcomes(audit([billed], expected)) == APPROVED


def test_the_last_version_of_an_expected_charge_counts() -> None:
    expected = [expect("S1", "BASE", 400), expect("S1", "BASE", 500)]
    assert outcomes(audit([invoice("1", BILLED)], expected)) == APPROVED


def test_closed_charges_are_not_expected_again() -> None:
    expected = [expect("S1", "BASE", 500, state="closed")]
    assert outcomes(audit([invoice("1", BILLED)], expected)) == [("REVIEW", ["NO_RATE"])]


def test_what_was_agreed_for_the_load_counts_before_the_contract() -> None:
    expected = [
        expect("S1", "BASE", 500, source="tender"),
        expect("S1", "BASE", 470, source="rate"),
        expect("S1", "FUEL", 47, source="rate"),
    ]
    assert outcomes(audit([invoice("1", BILLED)], expected)) == APPROVED
