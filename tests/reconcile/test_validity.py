"""Expected charges count on the days of their validity: the day of the shipment decides."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.reconcile.freight import audit, expect, invoice, outcomes

BILLED = ("BASE", 500)
APPROVED = ("AUTO_APPROVE", [])
NO_RATE = ("REVIEW", ["NO_RATE"])
START, END = date(2026, 3, 1), date(2026, 6, 30)
INSIDE, LONG_AFTER = date(2026, 4, 1), date(2027, 1, 5)


def agreed(start: date | None = START, end: date | None = END, amount: int = 500) -> dict[str, Any]:
    return expect("S1", "BASE", amount, effective_from=start, effective_to=end)


def known(ship_date: date) -> dict[str, Any]:
    return {"carrier_scac": "ACLT", "shipment_ref": "S1", "ship_date": ship_date}


@pytest.mark.parametrize(
    ("day", "outcome"),
    [
        (date(2026, 2, 28), NO_RATE),
        (START, APPROVED),
        (INSIDE, APPROVED),
        (END, APPROVED),
        (date(2026, 7, 1), NO_RATE),
    ],
)
@pytest.mark.parametrize("dated", ["ship_date", "invoice_date"])
def test_both_ends_belong_to_the_validity(
    day: date, outcome: tuple[str, list[str]], dated: str
) -> None:
    assert outcomes(audit([invoice("1", BILLED, **{dated: day})], [agreed()])) == [outcome]


def test_the_explanation_says_when_it_would_have_been_valid() -> None:
    result = audit([invoice("1", BILLED, ship_date=date(2026, 7, 1))], [agreed()])
    told = result.invoices["explanation"][0].as_py()
    assert (
        "BASE is expected for shipment S1 from 2026-03-01 to 2026-06-30, not on 2026-07-01" in told
    )


@pytest.mark.parametrize(
    ("start", "end", "day"),
    [(None, END, INSIDE), (START, None, LONG_AFTER), (None, None, LONG_AFTER), (START, END, None)],
)
def test_what_is_not_dated_is_valid(start: date | None, end: date | None, day: date | None) -> None:
    billed = invoice("1", BILLED, ship_date=day)
    assert outcomes(audit([billed], [agreed(start, end)])) == [APPROVED]


def test_the_day_of_the_shipment_counts_and_not_that_of_the_invoice() -> None:
    billed = invoice("1", BILLED, ship_date=INSIDE, invoice_date=LONG_AFTER)
    assert outcomes(audit([billed], [agreed()])) == [APPROVED]
    billed = invoice("1", BILLED, ship_date=LONG_AFTER, invoice_date=INSIDE)
    assert outcomes(audit([billed], [agreed()])) == [NO_RATE]


def test_where_the_bill_does_not_say_it_the_day_that_we_know_counts() -> None:
    billed = invoice("1", BILLED, invoice_date=LONG_AFTER)
    assert outcomes(audit([billed], [agreed()], shipments=[known(INSIDE)])) == [APPROVED]
    assert outcomes(audit([billed], [agreed()], shipments=[known(LONG_AFTER)])) == [NO_RATE]


def test_a_credit_note_is_not_held_to_the_day_on_which_it_was_written() -> None:
    credit = invoice("1", ("BASE", -500), invoice_type="381", invoice_date=LONG_AFTER)
    assert outcomes(audit([credit], [agreed(amount=-500)])) == [APPROVED]


@pytest.mark.parametrize("day", [END, date(2026, 7, 1)])
def test_of_two_versions_the_one_that_is_valid_on_the_day_counts(day: date) -> None:
    new = agreed(date(2026, 7, 1), None, 510)
    billed = invoice("1", ("BASE", 500 if day == END else 510), ship_date=day)
    for versions in ([agreed(), new], [new, agreed()]):
        assert outcomes(audit([billed], versions)) == [APPROVED]


def test_bills_of_one_batch_are_each_held_against_their_own_day() -> None:
    charges = [agreed(), expect("S2", "BASE", 500, effective_from=START, effective_to=END)]
    billed = [
        invoice("1", BILLED, ship_date=INSIDE),
        invoice("2", BILLED, shipment_ref="S2", ship_date=LONG_AFTER),
    ]
    assert outcomes(audit(billed, charges)) == [APPROVED, NO_RATE]


def test_a_better_source_counts_only_while_it_is_valid() -> None:
    tender = agreed(START, INSIDE, 400) | {"source": "tender"}
    billed = invoice("1", BILLED, ship_date=END)
    assert outcomes(audit([billed], [agreed(), tender])) == [APPROVED]
