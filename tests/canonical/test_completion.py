from decimal import Decimal

from etl.canonical import complete
from tests.canonical.invoices import record_set


def test_defaults_inheritance_numbers_and_keys_are_filled_in() -> None:
    records = record_set(
        "freight_invoice",
        freight_invoice=[
            {"invoice_no": "inv-00 1", "currency": "USD", "shipment_ref": "S1"},
            {"invoice_no": "X2", "currency": "EUR", "revision": 3},
        ],
        charge_line=[
            {"record_id": 0, "amount": Decimal(1)},
            {"record_id": 0, "amount": Decimal(2), "currency": "CAD", "line_no": 7},
            {"record_id": 1, "amount": Decimal(3)},
        ],
        reference=[{"record_id": 1, "value_raw": "po 0815/a"}],
    )
    done = complete(records, "acme")
    assert done.main["invoice_no_norm"].to_pylist() == ["INV001", "X2"]
    assert done.main["invoice_type"].to_pylist() == ["380", "380"]
    assert done.main["revision"].to_pylist() == [0, 3]
    assert done.main["business_key"].to_pylist() == [
        "acme/freight_invoice/INV001/0",
        "acme/freight_invoice/X2/3",
    ]
    lines = done.tables["charge_line"]
    assert lines["line_no"].to_pylist() == [1, 7, 1]
    assert lines["currency"].to_pylist() == ["USD", "CAD", "EUR"]
    assert lines["shipment_ref"].to_pylist() == ["S1", "S1", None]
    assert lines["partner"].to_pylist() == ["acme"] * 3
    assert done.tables["reference"]["value_norm"].to_pylist() == ["PO0815A"]


def test_a_key_of_several_fields_and_a_key_that_lacks_one() -> None:
    charge = {"source": "rate", "carrier_scac": "ACLT", "shipment_ref": "s-1"}
    done = complete(
        record_set("expected_charge", expected_charge=[{**charge, "charge_code": "FUEL"}, charge]),
        "tms",
    )
    assert done.main["business_key"].to_pylist() == [
        "tms/expected_charge/rate:ACLT:S1:FUEL/0",
        None,
    ]


def test_completing_twice_changes_nothing() -> None:
    records = record_set(
        "freight_invoice",
        freight_invoice=[{"invoice_no": "1"}],
        charge_line=[{"record_id": 0, "raw_code": "F"}],
    )
    once = complete(records, "acme")
    assert complete(once, "acme") == once
