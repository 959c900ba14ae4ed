"""Money back through the whole job: its sign and its corrections."""

from __future__ import annotations

from decimal import Decimal

import pytest

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
