from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from etl.canonical import complete, record_types
from etl.canonical.keys import business_keys
from etl.canonical.record_types import RecordType, record_type_of
from tests.canonical.invoices import record_set


def keyed_by(kind: dict[str, str], *, required: bool = True) -> RecordType:
    return record_type_of(
        "fact",
        {
            "title": "Fact",
            "x-business-key": ["carrier", "key"],
            "required": ["carrier", "key"] if required else ["carrier"],
            "properties": {"carrier": {"type": "string"}, "key": kind},
        },
    )


def keys(kind: RecordType, *values: Any) -> list[str | None]:
    rows = [{"record_id": 0, "carrier": "ACLT", "key": value} for value in values]
    table = pa.Table.from_pylist(rows, schema=kind.arrow_schema)
    found: list[str | None] = business_keys(kind, table, "tms").to_pylist()
    return found


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ({"type": "string"}, "A-1", "A-1"),
        ({"type": "integer"}, 7, "7"),
        ({"type": "boolean"}, False, "false"),
        ({"type": "string", "format": "money"}, Decimal("12.50"), "12.5"),
        ({"type": "string", "format": "quantity"}, Decimal("0.000001"), "0.000001"),
        ({"type": "string", "format": "quantity"}, Decimal(100), "100"),
        ({"type": "string", "format": "date"}, date(2026, 3, 29), "2026-03-29"),
        (
            {"type": "string", "format": "date-time"},
            datetime(2026, 3, 29, 0, 30, tzinfo=UTC),
            "2026-03-29T00:30:00Z",
        ),
        (
            {"type": "string", "format": "date-time"},
            datetime(2026, 3, 29, 0, 30, 0, 250_000, tzinfo=UTC),
            "2026-03-29T00:30:00.250000Z",
        ),
    ],
)
def test_a_field_of_any_type_stands_in_the_key_by_its_canonical_text(
    kind: dict[str, str], value: Any, text: str
) -> None:
    assert keys(keyed_by(kind), value, value) == [f"tms/fact/ACLT:{text}/0"] * 2


def test_an_optional_field_without_a_value_is_a_dash_and_a_required_one_leaves_no_key() -> None:
    date_kind = {"type": "string", "format": "date"}
    day = date(2026, 3, 29)
    assert keys(keyed_by(date_kind, required=False), day, None) == [
        "tms/fact/ACLT:2026-03-29/0",
        "tms/fact/ACLT:-/0",
    ]
    assert keys(keyed_by(date_kind), None) == [None]


def test_a_key_of_a_field_that_is_not_there_is_refused_with_the_schema() -> None:
    with pytest.raises(ValueError, match="fact: the key names 'no'"):
        record_type_of(
            "fact", {"title": "F", "x-business-key": ["no"], "required": [], "properties": {}}
        )


FROZEN: dict[str, tuple[dict[str, Any], str]] = {
    "acknowledgement": ({"acknowledgement_no": "7-1"}, "p/acknowledgement/7-1/0"),
    "expected_charge": (
        {
            "source": "rate",
            "carrier_scac": "ACLT",
            "shipment_ref": "s-1",
            "charge_code": "FUEL",
        },
        "p/expected_charge/rate:ACLT:S1:FUEL/0",
    ),
    "freight_invoice": (
        {"invoice_no": "inv-00 1", "revision": 3},
        "p/freight_invoice/INV001/3",
    ),
    "shipment": ({"shipment_ref": "ü 12"}, "p/shipment/Ü12/0"),
    "vendor_bill": (
        {"source_key": "p/freight_invoice/X/0"},
        "p/vendor_bill/p/freight_invoice/X/0/0",
    ),
}


@pytest.mark.parametrize("name", FROZEN)
def test_keys_that_ledgers_hold_keep_their_bytes(name: str) -> None:
    values, key = FROZEN[name]
    done = complete(record_set(name, **{name: [values]}), "p")
    assert done.main["business_key"].to_pylist() == [key]


def test_the_keys_of_all_types_of_today_are_frozen() -> None:
    assert {kind.name for kind in record_types().values() if kind.is_main} >= set(FROZEN)
