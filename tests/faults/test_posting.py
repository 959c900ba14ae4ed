from tests.faults.conftest import RealNight
from tests.freight_bills import EXPECTED_HEADER, FreightBill, bills_file

APPROVED = FreightBill("P-1", "LD-P1")
DISPUTED = FreightBill("P-2", "LD-P2")


def test_a_job_that_says_so_posts_what_was_approved_and_nothing_else(
    real_night: RealNight,
) -> None:
    real_night.connect(push={"mapping": "odoo/vendor_bill", "post": "approved"})
    expected = EXPECTED_HEADER + "\n" + APPROVED.expected() + DISPUTED.expected(FUEL="1.00")
    real_night.drop("tms", "expected_charges_1.csv", expected)
    real_night.drop("acme-freight", "bills.edi", bills_file(APPROVED, DISPUTED))
    assert real_night.etl("run", "nightly").returncode == 1
    [bill] = real_night.bills()
    assert (bill["ref"], bill["state"]) == ("P-1", "posted")
    traced = real_night.etl("trace", str(bill["id"]), "--json")
    assert '"id in Odoo"' in traced.stdout
    assert '"state": "posted"' in traced.stdout
