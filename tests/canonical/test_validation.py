from decimal import Decimal
from typing import Any

import pytest

from etl.canonical import complete, validate
from etl.defects import Severity
from tests.canonical.invoices import record_set, text_of

GOOD: dict[str, Any] = {
    "carrier_scac": "ACLT",
    "invoice_no": "A1",
    "invoice_date": text_of("freight_invoice", "invoice_date", "2024-01-02"),
    "currency": "USD",
    "total": Decimal("10.50"),
}


def test_a_good_invoice_has_no_defects() -> None:
    records = record_set(
        "freight_invoice",
        freight_invoice=[GOOD],
        charge_line=[{"record_id": 0, "charge_code": "BASE", "amount": Decimal(1)}],
    )
    assert validate(complete(records, "acme")) == []


def test_a_missing_value_is_told_with_its_record_and_place() -> None:
    place = {"file_name": "f.edi", "interchange_no": "1", "document_no": "0001", "position": 12}
    records = record_set(
        "freight_invoice",
        freight_invoice=[GOOD, {**GOOD, **place, "total": None}],
    )
    (defect,) = validate(complete(records, "acme"))
    assert (defect.code, defect.record, defect.severity) == ("MISSING_VALUE", 1, Severity.REJECT)
    assert "freight_invoice.total is missing" in str(defect)
    assert str(defect.position) == "f.edi: interchange 1 document 0001 segment 12"


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("currency", "usd", "ISO 4217"),
        ("invoice_type", "999", "one of 380, 381, 383, 384"),
        ("carrier_scac", "TOOLONG", "Standard Carrier Alpha Code"),
        ("revision", -1, "Revision"),
    ],
)
def test_a_bad_value_is_told_with_what_is_expected(field: str, value: Any, expected: str) -> None:
    records = record_set("freight_invoice", freight_invoice=[{**GOOD, field: value}])
    (defect,) = validate(complete(records, "acme"))
    assert defect.code == "BAD_VALUE"
    assert defect.value == str(value)
    assert expected in (defect.expected or "")
    assert f"freight_invoice.{field}" in defect.message


@pytest.mark.parametrize("field", ["shipment_ref", "pro_no", "bol_no"])
def test_a_number_that_is_longer_than_the_ledger_keeps_is_no_number(field: str) -> None:
    # letters of two bytes each: characters count
    longest, longer = "é" * 200, "é" * 201
    for value, count in ((longest, 0), (longer, 1)):
        records = record_set("freight_invoice", freight_invoice=[{**GOOD, field: value}])
        assert len(validate(complete(records, "acme"))) == count
    [defect] = validate(complete(records, "acme"))
    assert (defect.code, defect.value) == ("BAD_VALUE", longer[:200])
    assert "at most 200 characters" in (defect.expected or "")


def test_a_number_counts_by_its_letters_and_digits() -> None:
    for number, count in (("1" + "-" * 999, 0), ("1" * 1_000_000, 1)):
        records = record_set(
            "freight_invoice",
            freight_invoice=[{**GOOD, "invoice_no": number}],
            reference=[{"record_id": 0, "type": "PRO", "value_raw": number}],
        )
        defects = validate(complete(records, "acme"))
        assert len(defects) == 2 * count
        assert all(len(str(defect)) < 1_000 for defect in defects)


def test_a_bad_child_points_to_its_record_in_the_main_table() -> None:
    records = record_set(
        "freight_invoice",
        freight_invoice=[{**GOOD, "record_id": 40}, {**GOOD, "record_id": 41}],
        reference=[{"record_id": 41, "type": "NONSENSE", "value_raw": "1", "position": 3}],
    )
    (defect,) = validate(complete(records, "acme"))
    assert defect.record == 1
    assert defect.position.row == 3
    assert "reference.type" in defect.message
