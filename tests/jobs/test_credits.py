"""Money back through the whole job: its sign, its corrections, and that it is given once."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.freight_bills import EXPECTED_HEADER
from tests.night import REPOSITORY, Night

SAMPLE = "mappings/parcelxpress/samples/billing-csv/two-invoices-and-a-credit.csv"
HEADER = (REPOSITORY / SAMPLE).read_text("cp1252").splitlines()[0]
PARCEL = "PX7204130526FR"


def billing(*notes: tuple[str, str, str], kind: str = "CRN", parcel: str = PARCEL) -> bytes:
    """ParcelXpress' file; a note is number, amount and text."""
    rows = [
        f"471188;{number};{kind};09.03.2026;08.04.2026;EUR;{amount};0,00;{parcel};02.03.2026;"
        f"EXPRESS;LS880902;Jansen;3011 AA;NL;14,0;FRT;100;{text};{amount};0"
        for number, amount, text in notes
    ]
    return "\r\n".join([HEADER, *rows, ""]).encode("cp1252")


def expected(*amounts: str, parcel: str = PARCEL) -> str:
    rows = [
        f"rate,R1,PXPR,{parcel},,,BASE,{amount},EUR,,2026-01-01,2026-12-31\n" for amount in amounts
    ]
    return EXPECTED_HEADER + "\n" + "".join(rows)


@pytest.mark.parametrize(("first", "second"), [("19,10", "19,10"), ("-19,10", "19,10")])
def test_a_corrected_credit_note_with_positive_amounts_is_a_correction(
    night: Night, first: str, second: str
) -> None:
    night.drop("tms", "expected_charges_1.csv", expected("-19.10"))
    night.drop("parcelxpress", "PXPR_INV_1.csv", billing(("C-1", first, "Gutschrift")))
    assert night.run().counts.pushed == 1
    night.drop("parcelxpress", "PXPR_INV_2.csv", billing(("C-1", second, "Korrektur")))
    result = night.run()
    assert (result.counts.pushed, result.counts.held) == (1, 0)


def test_a_credit_note_stands_negative_in_the_ledger_whatever_its_sender_writes(
    night: Night,
) -> None:
    night.drop("tms", "expected_charges_1.csv", expected("-19.10"))
    content = billing(("C-1", "19,10", "Gutschrift"), ("C-2", "-19,10", "Gutschrift"))
    night.drop("parcelxpress", "PXPR_INV_1.csv", content)
    result = night.run()
    with night.open().ledger.read() as ledger:
        rows = ledger.documents.of_batch(result.batches[0], "freight_invoice")
        assert [row.amount for row in rows] == [Decimal("-19.10")] * 2
