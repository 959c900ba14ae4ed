"""An invoice of the largest amounts waits for a person, and is no fault of the code."""

from tests.night import Night
from tests.parcel_bills import expected_base, parcel_row, parcels_file

LARGEST = "99999999999999,9999"


def test_three_hundred_of_the_largest_amounts_are_held_with_their_sum(night: Night) -> None:
    night.drop("tms", "expected_charges_1.csv", expected_base(LARGEST.replace(",", ".")))
    rows = [parcel_row("1", LARGEST, total=LARGEST)] * 300
    night.drop("parcelxpress", "PXPR_INV_1.csv", parcels_file(*rows))
    done = night.etl("run", "nightly")
    assert done.returncode == 1, done.stdout + done.stderr
    with night.open().ledger.read() as ledger:
        [item] = ledger.exceptions.find()
        batch = item.batch_id
    assert (item.code, item.queue) == ("TOTAL_MISMATCH", "freight-audit")
    assert "Billed 29999999999999999.97 EUR" in item.message
    again = night.etl("rerun", str(batch), "--from", "push")
    assert again.returncode == 1, again.stdout + again.stderr
