"""Delimited and XML reading against their peers, in one run: `python benchmarks/csv_xml.py`.

Each figure is CPU time of a process of its own (all threads, without imports), the best of three
in turn, with the peak resident memory, imports included. The CSV has twelve columns of a parcel
carrier, some quoted; we read it to strings with lines checked and counted, and take eight columns.
The XML is UBL freight invoices of ten lines, a file each; 12 values an invoice and 4 a line are
taken by XPath, in plain lxml the same.
"""

from __future__ import annotations

import csv
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
from lxml import etree

from etl.formats import delimited, xml
from etl.raw import SourceFile

COLUMNS = [
    "Invoice Number",
    "Invoice Date",
    "Account",
    "Tracking Number",
    "Charge Code",
    "Charge Description",
    "Net Amount",
    "Currency",
    "Weight",
    "Zone",
    "Consignee",
    "Reference",
]
TAKEN = [name for name in COLUMNS if name not in {"Account", "Zone", "Consignee", "Reference"}]
CSV_BYTES = 100_000_000
INVOICES, LINES = 2_000, 10
UBL = "urn:oasis:names:specification:ubl:schema:xsd:"
NAMESPACES = {
    "fi": f"{UBL}FreightInvoice-2",
    "cac": f"{UBL}CommonAggregateComponents-2",
    "cbc": f"{UBL}CommonBasicComponents-2",
}
HEAD = [
    "cbc:ID",
    "cbc:IssueDate",
    "cbc:InvoiceTypeCode",
    "cbc:DocumentCurrencyCode",
    "cac:Shipment/cbc:ID",
    "cac:Shipment/cac:Consignment/cbc:ID",
    "cac:AccountingSupplierParty/cac:Party/cac:PartyName/cbc:Name",
    "cac:AccountingCustomerParty/cac:Party/cac:PartyName/cbc:Name",
    "cac:TaxTotal/cbc:TaxAmount",
    "cac:LegalMonetaryTotal/cbc:PayableAmount",
    "cac:LegalMonetaryTotal/cbc:PayableAmount/@currencyID",
    "cac:PaymentTerms/cbc:Note",
]
LINE = ["cbc:ID", "cbc:LineExtensionAmount", "cac:Item/cbc:Name", "cac:Price/cbc:PriceAmount"]


def write_csv(path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        number = 0
        while file.tell() < CSV_BYTES:
            writer.writerows(
                [
                    f"INV{n // 8:08}",
                    f"2026-11-{n % 28 + 1:02}",
                    "00012345",
                    f"1Z999AA1{n:010}",
                    ("BASE", "FUE", "RES", "LFT")[n % 4],
                    "Fuel surcharge, net" if n % 4 == 1 else "Ground commercial",
                    f"{n % 9000 / 100:.2f}",
                    "EUR",
                    f"{n % 400 / 10:.1f}",
                    f"{n % 9:03}",
                    f'Müller "{n % 50}" GmbH' if n % 10 == 0 else f"Consignee {n % 50}",
                    f"PO-{n:07}",
                ]
                for n in range(number, number + 10_000)
            )
            number += 10_000


def ubl(number: int) -> str:
    lines = "".join(
        f"<cac:InvoiceLine><cbc:ID>{n}</cbc:ID><cbc:InvoicedQuantity unitCode='C62'>1"
        f"</cbc:InvoicedQuantity><cbc:LineExtensionAmount currencyID='EUR'>{n}.50"
        f"</cbc:LineExtensionAmount><cac:Item><cbc:Name>Charge {n}</cbc:Name></cac:Item><cac:Price>"
        f"<cbc:PriceAmount currencyID='EUR'>{n}.50</cbc:PriceAmount></cac:Price>"
        "</cac:InvoiceLine>\n"
        for n in range(1, LINES + 1)
    )
    party = "<cac:Party><cac:PartyName><cbc:Name>Company</cbc:Name></cac:PartyName></cac:Party>"
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<FreightInvoice xmlns="{NAMESPACES["fi"]}" xmlns:cac="{NAMESPACES["cac"]}"
    xmlns:cbc="{NAMESPACES["cbc"]}">
<cbc:ID>FI{number}</cbc:ID><cbc:IssueDate>2026-11-23</cbc:IssueDate>
<cbc:InvoiceTypeCode>380</cbc:InvoiceTypeCode>
<cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>
<cac:Shipment><cbc:ID>S{number}</cbc:ID><cac:Consignment><cbc:ID>C{number}</cbc:ID>
</cac:Consignment></cac:Shipment>
<cac:AccountingSupplierParty>{party}</cac:AccountingSupplierParty>
<cac:AccountingCustomerParty>{party}</cac:AccountingCustomerParty>
<cac:PaymentTerms><cbc:Note>30 days</cbc:Note></cac:PaymentTerms>
<cac:TaxTotal><cbc:TaxAmount currencyID="EUR">11.40</cbc:TaxAmount></cac:TaxTotal>
<cac:LegalMonetaryTotal><cbc:PayableAmount currencyID="EUR">71.40</cbc:PayableAmount>
</cac:LegalMonetaryTotal>
{lines}</FreightInvoice>
"""


def csv_ours(folder: Path) -> int:
    path = folder / "parcel.csv"
    file = SourceFile(path.name, "", path.stat().st_size, lambda: path.open("rb"))
    rows = 0
    for chunk in delimited.FORMAT.reader({"format": "csv"}).read([file]):
        records = chunk.records()
        assert all(len(records.column(name)) == len(records) for name in TAKEN)
        assert len(records.lineage()) == len(records)
        assert not chunk.defects
        rows += len(records)
    return rows


def csv_pandas(folder: Path) -> int:
    frame = pd.read_csv(folder / "parcel.csv", dtype=str, keep_default_na=False, usecols=TAKEN)
    return len(frame)


def csv_module(folder: Path) -> int:
    columns: list[list[str]] = [[] for _ in TAKEN]
    with (folder / "parcel.csv").open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        header = next(reader)
        places = [header.index(name) for name in TAKEN]
        for row in reader:
            for column, place in zip(columns, places, strict=True):
                column.append(row[place])
    return len(columns[0])


def xml_ours(folder: Path) -> int:
    files = [
        SourceFile(path.name, "", path.stat().st_size, lambda path=path: path.open("rb"))
        for path in sorted(folder.glob("*.xml"))
    ]
    source = {"format": "xml", "row": "/fi:FreightInvoice", "namespaces": NAMESPACES}
    invoices = 0
    for chunk in xml.FORMAT.reader(source).read(files):
        records, lines = chunk.records(), chunk.children("cac:InvoiceLine")
        assert all(records.column(path).null_count == 0 for path in HEAD)
        assert all(lines.column(path).null_count == 0 for path in LINE)
        assert len(records.lineage()) == len(records)
        assert len(lines) == LINES * len(records)
        invoices += len(records)
    return invoices


def xml_lxml(folder: Path) -> int:
    head = [etree.XPath(path, namespaces=NAMESPACES) for path in HEAD]
    line = [etree.XPath(path, namespaces=NAMESPACES) for path in LINE]
    each = etree.XPath("cac:InvoiceLine", namespaces=NAMESPACES)

    def text(nodes: list[object]) -> str:
        return str(getattr(nodes[0], "text", nodes[0])).strip()

    invoices: list[list[str]] = []
    lines: list[list[str]] = []
    for path in sorted(folder.glob("*.xml")):
        root = etree.parse(path).getroot()
        invoices.append([text(xpath(root)) for xpath in head])
        lines += [[text(xpath(element)) for xpath in line] for element in each(root)]
    assert len(lines) == LINES * len(invoices)
    return len(invoices)


PEERS: dict[str, tuple[Callable[[Path], int], str]] = {
    "csv: etl": (csv_ours, "csv"),
    "csv: pandas.read_csv (str)": (csv_pandas, "csv"),
    "csv: csv module": (csv_module, "csv"),
    "xml: etl": (xml_ours, "xml"),
    "xml: plain lxml": (xml_lxml, "xml"),
}


def measure(name: str, folder: Path) -> None:
    """In a process of its own: print rows, CPU seconds, peak memory in MB."""
    before = time.process_time()
    rows = PEERS[name][0](folder)
    cpu = time.process_time() - before
    print(rows, cpu, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_csv(folder / "parcel.csv")
        for number in range(INVOICES):
            (folder / f"{number:05}.xml").write_text(ubl(number), encoding="utf-8")
        megabytes = (folder / "parcel.csv").stat().st_size / 1e6
        runs: dict[str, list[tuple[float, float, float]]] = {peer: [] for peer in PEERS}
        for _ in range(3):
            for peer, found in runs.items():
                done = subprocess.run(
                    [sys.executable, __file__, peer, name],
                    capture_output=True,
                    text=True,
                    check=True,
                )
                rows, cpu, memory = map(float, done.stdout.split())
                found.append((cpu, memory, rows))
        for peer, found in runs.items():
            cpu, memory, rows = min(found)
            figure = (
                f"{megabytes / cpu:7.1f} MB/CPU-s"
                if PEERS[peer][1] == "csv"
                else f"{rows / cpu:7.0f} invoices/CPU-s"
            )
            print(f"{peer:30} {figure:22} {rows:10,.0f} rows {memory:7.0f} MB peak")


if __name__ == "__main__":
    if len(sys.argv) == 3:
        measure(sys.argv[1], Path(sys.argv[2]))
    else:
        main()
