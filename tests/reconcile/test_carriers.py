"""A partner bills in its own name."""

from __future__ import annotations

from tests.reconcile.freight import audit, before, expect, invoice, outcomes

EXPECTED = [expect("S1", "BASE", 500), expect("S2", "BASE", 500)]
OWN = {"acme": frozenset({"ACLT", "ACLX"}), "stranger": frozenset({"STRG"})}
HELD = ("REVIEW", ["CARRIER_OF_OTHERS"])
PAID = ("AUTO_APPROVE", [])


def test_an_invoice_in_the_name_of_a_carrier_that_is_not_declared_is_held() -> None:
    result = audit(
        [
            invoice("1", ("BASE", 500), partner="acme"),
            invoice("2", ("BASE", 500), partner="stranger", shipment_ref="S2"),
        ],
        EXPECTED,
        bills_for=OWN,
    )
    assert outcomes(result) == [PAID, HELD]
    [_, told] = result.invoices["explanation"].to_pylist()
    assert "stranger bills in the name of ACLT, which is not its carrier (STRG)" in told


def test_where_nothing_is_declared_any_carrier_may_be_named() -> None:
    bills = [invoice("1", ("BASE", 500), partner="desk")]
    assert outcomes(audit(bills, EXPECTED, bills_for=OWN)) == [PAID]


def test_a_bill_in_anothers_name_uses_up_nothing_and_is_none_for_duplicates() -> None:
    first = invoice("1", ("BASE", 500), partner="stranger", business_key="s/1", pro_no="P")
    for number in ("1", "2"):
        own = invoice(number, ("BASE", 500), partner="acme", business_key="a/1", pro_no="P")
        bills = [first | {"arrived": 1}, own | {"arrived": 2}]
        assert outcomes(audit(bills, EXPECTED, bills_for=OWN)) == [HELD, PAID]


def test_one_that_waits_from_an_earlier_night_counts_for_nothing() -> None:
    waits = before(
        "1", business_key="s/1", disposition="held", outcome="REVIEW", partner="stranger"
    )
    history = [waits | {"reasons": ["CARRIER_OF_OTHERS"], "pro_norm": "P"}]
    bills = [invoice("1", ("BASE", 500), partner="acme", business_key="a/1", pro_no="P")]
    assert outcomes(audit(bills, EXPECTED, history=history, bills_for=OWN)) == [PAID]


def test_one_that_was_paid_stays_the_bill() -> None:
    paid = before("1", business_key="s/1", partner="stranger", pro_norm="P", file_id="F")
    own = invoice("2", ("BASE", 500), partner="acme", business_key="a/2", pro_no="P")
    again = invoice(
        "1", ("BASE", 500), partner="stranger", business_key="s/1", pro_no="P", file_id="F"
    )
    result = audit([again, own], EXPECTED, history=[paid], bills_for=OWN)
    assert outcomes(result) == [HELD, ("REVIEW", ["DUPLICATE_BILL"])]
