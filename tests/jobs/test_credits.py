"""Money back through the whole job: its sign, its corrections, and that it is taken once."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pytest

from etl.jobs.retry import retry
from tests.night import Night
from tests.parcel_bills import expected_base, parcel_row, parcels_file


def credit_note(number: str, amount: str, text: str = "Gutschrift") -> str:
    return parcel_row(number, amount, kind="CRN", text=text)


@pytest.mark.parametrize(("first", "second"), [("19,10", "19,10"), ("-19,10", "19,10")])
def test_a_corrected_credit_note_with_positive_amounts_is_a_correction(
    night: Night, first: str, second: str
) -> None:
    night.drop("tms", "expected_charges_1.csv", expected_base("-19.10"))
    night.drop("parcelxpress", "PXPR_INV_1.csv", parcels_file(credit_note("C-1", first)))
    assert night.run().counts.pushed == 1
    corrected = credit_note("C-1", second, "Korrektur")
    night.drop("parcelxpress", "PXPR_INV_2.csv", parcels_file(corrected))
    result = night.run()
    assert (result.counts.pushed, result.counts.held) == (1, 0)


def test_a_credit_note_stands_negative_in_the_ledger_whatever_its_sender_writes(
    night: Night,
) -> None:
    night.drop("tms", "expected_charges_1.csv", expected_base("-19.10"))
    content = parcels_file(credit_note("C-1", "19,10"), credit_note("C-2", "-19,10"))
    night.drop("parcelxpress", "PXPR_INV_1.csv", content)
    result = night.run()
    with night.open().ledger.read() as ledger:
        rows = ledger.documents.of_batch(result.batches[0], "freight_invoice")
        assert [row.amount for row in rows] == [Decimal("-19.10")] * 2


@pytest.mark.parametrize("nights", [[["C-1", "C-2"]], [["C-1"], ["C-2"]], [["C-2"], ["C-1"]]])
def test_an_expected_credit_is_taken_once(night: Night, nights: Sequence[Sequence[str]]) -> None:
    night.drop("tms", "expected_charges_1.csv", expected_base("-19.10"))
    pushed = 0
    for number, names in enumerate(nights):
        notes = [credit_note(name, "19,10") for name in names]
        night.drop("parcelxpress", f"PXPR_INV_{number}.csv", parcels_file(*notes))
        pushed += night.run().counts.pushed
    assert pushed == 1
    with night.open().ledger.read() as ledger:
        [item] = ledger.exceptions.find()
    assert item.code == "OVER_ACCRUAL"
    # nor where it is looked at again alone
    retry(night.open(), [item.id])
    with night.open().ledger.read() as ledger:
        assert [each.code for each in ledger.exceptions.find()] == ["OVER_ACCRUAL"]


@pytest.mark.parametrize(
    ("nights", "told"),
    [
        ([["1", "2"]], "another invoice of this batch bills BASE"),
        ([["1"], ["2"]], "was billed before as invoice 1, in batch"),
    ],
)
def test_what_is_expected_of_a_parcel_is_paid_once(
    night: Night, nights: Sequence[Sequence[str]], told: str
) -> None:
    night.drop("tms", "expected_charges_1.csv", expected_base("19.10"))
    for number, names in enumerate(nights):
        bills = parcels_file(*(parcel_row(name, "19,10") for name in names))
        night.drop("parcelxpress", f"PXPR_INV_{number}.csv", bills)
        night.run()
    with night.open().ledger.read() as ledger:
        [item] = ledger.exceptions.find()
    assert (item.code, item.business_key) == ("OVER_ACCRUAL", "parcelxpress/freight_invoice/2/0")
    retry(night.open(), [item.id])
    with night.open().ledger.read() as ledger:
        [item] = ledger.exceptions.find()
    assert item.code == "OVER_ACCRUAL"
    assert told in item.message
    # the bill that has it may be corrected
    corrected = parcels_file(parcel_row("1", "19,10", text="Paket"))
    night.drop("parcelxpress", "PXPR_INV_9.csv", corrected)
    assert night.run().counts.pushed == 1


def test_charges_of_a_shipment_may_be_credited_one_by_one_on_other_nights(night: Night) -> None:
    agreed = expected_base("-19.10") + expected_base("-1.62").splitlines()[1].replace(
        "BASE", "FUEL"
    )
    night.drop("tms", "expected_charges_1.csv", agreed + "\n")
    fuel = credit_note("C-2", "1,62").replace(";FRT;100;", ";FSC;120;")
    for number, note in enumerate((credit_note("C-1", "19,10"), fuel)):
        night.drop("parcelxpress", f"PXPR_INV_{number}.csv", parcels_file(note))
        assert night.run().counts.pushed == 1
