from decimal import Decimal

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from etl.canonical import complete, nested, record_type, record_types
from tests.canonical.invoices import record_set, text_of


def test_the_nested_view_is_plain_json_and_keeps_to_the_schema() -> None:
    records = complete(
        record_set(
            "freight_invoice",
            freight_invoice=[
                {"invoice_no": "other"},
                {
                    "carrier_scac": "ACLT",
                    "invoice_no": "A-1",
                    "invoice_date": text_of("freight_invoice", "invoice_date", "2024-01-02"),
                    "currency": "USD",
                    "total": Decimal("100.50"),
                },
            ],
            charge_line=[
                {"record_id": 0, "charge_code": "FUEL", "amount": Decimal(1)},
                {"record_id": 1, "charge_code": "BASE", "amount": Decimal("100.50")},
                {"record_id": 1, "charge_code": "FUEL", "amount": Decimal(0)},
            ],
        ),
        "acme",
    )
    view = nested(records, 1)
    assert view["total"] == "100.5"
    assert view["invoice_date"] == "2024-01-02"
    assert [line["amount"] for line in view["charge_line"]] == ["100.5", "0"]
    assert view["reference"] == []
    assert "due_date" not in view
    registry = Registry().with_resources(  # type: ignore[var-annotated]
        (f"{name}.json", Resource.from_contents(dict(kind.schema)))
        for name, kind in record_types().items()
    )
    schema = dict(record_type("freight_invoice").schema)
    assert list(Draft202012Validator(schema, registry=registry).iter_errors(view)) == []


def test_lineage_is_shown_when_asked_for() -> None:
    records = complete(record_set("shipment", shipment=[{"shipment_ref": "s 1"}]), "tms")
    view = nested(records, 0, with_lineage=True)
    assert view["business_key"] == "tms/shipment/S1/0"
    assert view["lineage"]["partner"] == "tms"
