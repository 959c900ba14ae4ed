"""Real carriers' files read as they are; the folder is named by ETL_CORPUS."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from etl.formats import format_named
from etl.raw import Chunk
from tests.formats.source_files import source_file

CORPUS = os.environ.get("ETL_CORPUS")

pytestmark = pytest.mark.skipif(CORPUS is None, reason="ETL_CORPUS not set")

UBL = "urn:oasis:names:specification:ubl:schema:xsd:"
NAMESPACES = {
    "fi": f"{UBL}FreightInvoice-2",
    "cac": f"{UBL}CommonAggregateComponents-2",
    "cbc": f"{UBL}CommonBasicComponents-2",
}


def read(name: str, source: dict[str, Any]) -> Chunk:
    file = Path(str(CORPUS)) / name
    (chunk,) = (
        format_named(source["format"])
        .reader(source)
        .read([source_file(file.read_bytes(), file.name)])
    )
    return chunk


def test_the_ubl_freight_invoice_adds_up_to_its_total() -> None:
    source = {"format": "xml", "row": "/fi:FreightInvoice", "namespaces": NAMESPACES}
    chunk = read("ubl/UBL-FreightInvoice-2.1-Example.xml", source)
    invoice, lines = chunk.records(), chunk.children("cac:InvoiceLine")
    assert invoice.column("cbc:ID").to_pylist() == ["TOSL108"]
    assert invoice.column("cac:LegalMonetaryTotal/cbc:PayableAmount").to_pylist() == ["729"]
    assert invoice.column("//cbc:PayableAmount/@currencyID").to_pylist() == ["EUR"]
    amounts = lines.column("cbc:LineExtensionAmount").to_pylist()
    total = invoice.column("cac:LegalMonetaryTotal/cbc:LineExtensionAmount")[0].as_py()
    assert sum(map(Decimal, amounts)) == Decimal(total)
    assert chunk.defects == []


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("ups_billing_columns_1_66_header", "Tracking Number"),
        ("fedex_all_columns_header", "Net Charge Amount"),
        ("dhl_express_invoice_header", "Line Type"),
    ],
)
def test_carriers_headers_are_read_and_warned_to_hold_no_rows(name: str, column: str) -> None:
    chunk = read(f"carrier_csv/{name}.csv", {"format": "csv", "columns": [column]})
    assert [defect.code for defect in chunk.defects] == ["NO_RECORDS"]


def test_a_public_order_list_reads_whole() -> None:
    chunk = read("datasets/brunel_supply_chain/OrderList.csv", {"format": "csv"})
    orders = chunk.records()
    assert len(orders) == 9215
    assert orders.column("#1").null_count == 0
    assert chunk.defects == []
