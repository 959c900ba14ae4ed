"""Sums that no single amount could hold are judged like others, to the last decimal."""

from __future__ import annotations

from decimal import Decimal

from tests.reconcile.freight import audit, expect, invoice, outcomes

LARGEST = Decimal("99999999999999.9999")
"""What an amount can be."""


def test_charges_that_add_up_beyond_the_largest_amount_are_held_with_their_sum() -> None:
    billed = invoice("1", *[("BASE", LARGEST)] * 300, total=LARGEST)
    result = audit([billed], [expect("S1", "BASE", LARGEST)])
    [(outcome, reasons)] = outcomes(result)
    assert (outcome, reasons[0]) == ("REVIEW", "TOTAL_MISMATCH")
    assert result.invoices["billed"].to_pylist() == [300 * LARGEST]
    assert result.lines["variance"].to_pylist() == [299 * LARGEST]
    assert result.lines["variance_percent"].to_pylist() == [Decimal(29900)]


def test_expected_charges_may_add_up_beyond_it_by_bill() -> None:
    names = [f"S{number}" for number in range(1, 31)]
    billed = invoice(
        "1", *[("BASE", LARGEST, name) for name in names], total=LARGEST, shipment_ref=None
    )
    result = audit([billed], [expect(name, "BASE", LARGEST) for name in names])
    assert outcomes(result) == [("REVIEW", ["TOTAL_MISMATCH"])]
    assert result.invoices["expected"].to_pylist() == [30 * LARGEST]


def test_charges_and_credits_that_add_up_to_what_is_expected_are_approved() -> None:
    pairs = [("BASE", LARGEST)] * 200 + [("BASE", -LARGEST)] * 199
    result = audit([invoice("1", *pairs)], [expect("S1", "BASE", LARGEST)])
    assert outcomes(result) == [("AUTO_APPROVE", [])]


def test_taxes_may_add_up_beyond_it_too() -> None:
    billed = invoice("1", *[("BASE", 1)] * 300, total=300)
    for line in billed["lines"]:
        line["tax_amount"] = LARGEST
    [(_, reasons)] = outcomes(audit([billed], [expect("S1", "BASE", 300)]))
    assert reasons == ["TOTAL_MISMATCH"]


def test_a_small_difference_of_the_largest_amounts_is_within_or_beyond_tolerance() -> None:
    for cents, outcome in (
        (Decimal("1.00"), "APPROVE_WITH_VARIANCE"),
        (Decimal("1.01"), "DISPUTE"),
    ):
        billed = invoice("1", ("BASE", LARGEST))
        result = audit([billed], [expect("S1", "BASE", LARGEST - cents)])
        assert [each for each, _ in outcomes(result)] == [outcome]


def test_the_largest_overcharge_over_the_smallest_amount_has_a_percentage() -> None:
    billed = invoice("1", *[("BASE", LARGEST)] * 300, total=LARGEST)
    result = audit([billed], [expect("S1", "BASE", "0.0001")])
    assert result.lines["variance_percent"].to_pylist()[0] > LARGEST
