import hashlib
import struct
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from etl.canonical import RecordSet, complete
from tests.canonical.invoices import record_set

INVOICE: dict[str, Any] = {"invoice_no": "A1", "currency": "USD", "total": Decimal("10.50")}
LINES: list[dict[str, Any]] = [
    {"record_id": 0, "charge_code": "BASE", "amount": Decimal(10)},
    {"record_id": 0, "charge_code": "FUEL", "amount": Decimal("0.5")},
]


def invoice(changes: dict[str, Any] | None = None, lines: Any = None) -> RecordSet:
    return record_set(
        "freight_invoice",
        freight_invoice=[{**INVOICE, **(changes or {})}],
        charge_line=LINES if lines is None else lines,
    )


def hashed(records: RecordSet) -> list[str]:
    hashes: list[str] = complete(records, "acme").main["record_hash"].to_pylist()
    return hashes


def digest(fields: str) -> bytes:
    return hashlib.sha256(fields.encode()).digest()[:8]


def numbers(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}q", *values)


def texts(*values: str) -> bytes:
    lengths = struct.pack(f"<{len(values)}i", *map(len, values))
    return lengths + "".join(values).encode()


def test_the_hash_is_the_same_in_every_version() -> None:
    names = "billing_kind,currency,invoice_no,invoice_no_norm,invoice_type,revision,total"
    line = digest("charge_line:amount,charge_code,currency,line_no")
    said = (
        numbers(1)
        + digest(f"freight_invoice:{names}")
        + texts("original")
        + texts("USD")
        + texts("A1")
        + texts("A1")
        + texts("380")
        + numbers(0)
        + numbers(10_5000)
        + numbers(2)
        + line
        + line
        + numbers(10_0000, 5000)
        + texts("BASE", "FUEL")
        + texts("USD", "USD")
        + numbers(1, 2)
    )
    expected = hashlib.sha256(said).hexdigest()
    assert hashed(invoice()) == [expected]
    assert expected == "a9a43010984bbaf4cd18766e6551fe5487d76b454a283f5981beaf6d1d444aa5"


def test_quantities_and_dates_are_whole_numbers_and_what_is_absent_leaves_no_trace() -> None:
    names = "billing_kind,currency,due_date,invoice_no,invoice_no_norm,invoice_type,revision"
    dated = invoice(
        {"due_date": date(1969, 12, 31), "total": None},
        lines=[
            {"record_id": 0, "rate": Decimal("-1.5")},
            {"record_id": 0, "raw_desc": "Zoll", "amount": Decimal(3)},
        ],
    )
    said = (
        numbers(1)
        + digest(f"freight_invoice:{names}")
        + texts("original")
        + texts("USD")
        + numbers(-1)
        + texts("A1")
        + texts("A1")
        + texts("380")
        + numbers(0)
        + numbers(2)
        + digest("charge_line:currency,line_no,rate")
        + digest("charge_line:amount,currency,line_no,raw_desc")
        + numbers(3_0000)
        + texts("USD", "USD")
        + numbers(1, 2)
        + numbers(-1_500_000)
        + texts("Zoll")
    )
    assert hashed(dated) == [hashlib.sha256(said).hexdigest()]


@pytest.mark.parametrize(
    "changes",
    [
        {"total": Decimal("10.51")},
        {"currency": "EUR"},
        {"bill_to_name": ""},
        {"carrier_name": "10.5"},
    ],
)
def test_other_content_gives_another_hash(changes: dict[str, Any]) -> None:
    assert hashed(invoice(changes)) != hashed(invoice())


def test_children_count_with_their_values_and_their_order() -> None:
    known = {*hashed(invoice()), *hashed(invoice(lines=LINES[:1])), *hashed(invoice(lines=[]))}
    known |= set(hashed(invoice(lines=LINES[::-1])))
    assert len(known) == 4


def test_where_and_when_it_was_received_does_not_count() -> None:
    from_elsewhere = {
        "file_name": "b.edi",
        "document_no": "77",
        "position": 9,
        "record_id": 0,
        "received_date": np.datetime64("2024-01-02").item(),
    }
    assert hashed(invoice(from_elsewhere)) == hashed(invoice())


def test_column_order_chunks_and_neighbours_do_not_count() -> None:
    alone = complete(invoice(), "acme")
    crowd = record_set(
        "freight_invoice",
        freight_invoice=[{"invoice_no": "Z", "carrier_name": "Z"}, INVOICE],
        charge_line=[{**line, "record_id": 1} for line in LINES]
        + [{"record_id": 0, "raw_desc": "interleaved"}],
    )
    assert hashed(crowd)[1] == alone.main["record_hash"][0].as_py()
    chunked = pa.concat_tables([alone.main.slice(0, 0), alone.main])
    assert hashed(alone.with_tables({"freight_invoice": chunked})) == hashed(alone)
    sliced = {name: pa.concat_tables([t, t]).combine_chunks() for name, t in alone.tables.items()}
    sliced = {name: t.slice(t.num_rows // 2) for name, t in sliced.items()}
    assert hashed(alone.with_tables(sliced)) == hashed(alone)
    turned = {name: t.select(t.column_names[::-1]) for name, t in alone.tables.items()}
    assert hashed(alone.with_tables(turned)) == hashed(alone)


def test_rows_of_other_records_do_not_count() -> None:
    crowd = record_set(
        "freight_invoice",
        freight_invoice=[INVOICE, {"invoice_no": "Z"}],
        charge_line=[{**line, "record_id": 1} for line in LINES],
    )
    assert hashed(crowd)[0] == hashed(invoice(lines=[]))[0]


def test_values_can_not_run_into_each_other() -> None:
    one = {"carrier_name": "a\x1fb", "bill_to_name": "c"}
    other = {"carrier_name": "c", "bill_to_name": "a\x1fb"}
    spilled = {"bill_to_name": "a\x1fb\x1fc", "carrier_name": ""}
    assert len({*hashed(invoice(one)), *hashed(invoice(other)), *hashed(invoice(spilled))}) == 3


def test_no_records_have_no_hashes() -> None:
    assert hashed(RecordSet.empty("freight_invoice")) == []
