"""What a night of N invoices brings: the carrier's files, and ours with expected charges and
shipments.

Every invoice has two charge lines of its own amounts; one in fifty has a fuel surcharge of which
the audit disapproves. The same N gives the same bytes; nights after the first have other numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.freight_bills import EXPECTED_HEADER, FreightBill, interchange

SHAPES = {
    "x12": "one X12 file",
    "small": "5,000 small X12 files",
    "csv": "one CSV file",
    "ubl": "UBL, a file an invoice",
}
PARTNER = {"x12": "acme-freight", "small": "acme-freight"} | {
    "csv": "parcelxpress",
    "ubl": "rhein-forwarding",
}
SMALL_FILES = 5000

_SCAC = {"x12": "ACLT", "small": "ACLT", "csv": "PXPR", "ubl": "FWDE"}
_SHIPMENT_HEADER = (
    "shipment_ref,carrier_scac,mode,service,ship_date,origin_city,origin_state,origin_country,"
    "destination_city,destination_state,destination_country,pro_no,bol_no,po_no,payment_term,"
    "weight,weight_unit,status\n"
)
_CSV_HEADER = (
    "Account;InvoiceNo;InvoiceType;InvoiceDate;DueDate;Currency;InvoiceTotal;TaxTotal;TrackingNo;"
    "ShipDate;Service;CustomerRef;RecipientName;RecipientPostcode;RecipientCountry;BilledWeightKg;"
    "ChargeClass;ChargeCode;ChargeText;NetAmount;TaxRate\n"
)


@dataclass(frozen=True)
class Invoice:
    """An invoice with two charges, in cents; `agreed` is the fuel that was agreed on."""

    number: int
    freight: int
    fuel: int
    agreed: int

    @property
    def total(self) -> int:
        return self.freight + self.fuel


def invoices(size: int, night: int) -> Iterator[Invoice]:
    """The invoices of a night, counted from 1."""
    for number in range((night - 1) * size + 1, night * size + 1):
        freight = 5000 + number * 37 % 90000
        agreed = freight // 8
        yield Invoice(number, freight, agreed * 3 if number % 50 == 0 else agreed, agreed)


def files(shape: str, size: int, night: int = 1) -> Iterator[tuple[str, str, bytes]]:
    """Partner, name and content of each file of a night."""
    wanted = list(invoices(size, night))
    scac = _SCAC[shape]
    expected = "".join(_expected(scac, each) for each in wanted)
    yield "tms", f"expected_charges_{night}.csv", f"{EXPECTED_HEADER}\n{expected}".encode()
    shipments = "".join(_shipment(scac, each) for each in wanted)
    yield "tms", f"shipments_{night}.csv", (_SHIPMENT_HEADER + shipments).encode()
    partner = PARTNER[shape]
    if shape == "x12":
        yield partner, f"ACLT_210_{night}.edi", _x12(wanted, night)
    elif shape == "small":
        count = min(SMALL_FILES, size)
        for number in range(count):
            some = wanted[number::count]
            control = night * SMALL_FILES + number
            yield partner, f"ACLT_210_{control}.edi", _x12(some, control)
    elif shape == "csv":
        rows = "".join(_csv(each) for each in wanted)
        yield partner, f"PXPR_INV_{night}.csv", (_CSV_HEADER + rows).encode("cp1252")
    else:
        for each in wanted:
            yield partner, f"FWDE_{each.number}.xml", _UBL.format(**_ubl_values(each)).encode()


def _money(cents: int, point: str = ".") -> str:
    return f"{cents // 100}{point}{cents % 100:02}"


def _expected(scac: str, invoice: Invoice) -> str:
    number = invoice.number
    head = f"rate,R1,{scac},SHP-{number},P{number},B{number}"
    return "".join(
        f"{head},{code},{_money(cents)},{'USD' if scac == 'ACLT' else 'EUR'},,2026-01-01,\n"
        for code, cents in (("BASE", invoice.freight), ("FUEL", invoice.agreed))
    )


def _shipment(scac: str, invoice: Invoice) -> str:
    number = invoice.number
    return (
        f"SHP-{number},{scac},3,LTL,2026-11-10,Columbus,OH,US,Baltimore,MD,US,P{number},B{number},"
        f"45{number:08},PP,1240,LBR,DELIVERED\n"
    )


def _x12(some: list[Invoice], control_number: int) -> bytes:
    sets = [
        FreightBill(
            f"I{each.number}",
            f"SHP-{each.number}",
            (("400", each.freight), ("FUE", each.fuel)),
            pro=f"P{each.number}",
            bol=f"B{each.number}",
        ).segments(f"{position:06}")
        for position, each in enumerate(some, start=1)
    ]
    return interchange(*sets, control_number=control_number).encode()


def _csv(invoice: Invoice) -> str:
    head = (
        f"471188;I{invoice.number};INV;16.11.2026;16.12.2026;EUR;{_money(invoice.total, ',')};0,00;"
        f"SHP-{invoice.number};09.11.2026;EXPRESS;LS{invoice.number};Ateliers Durand;69003;FR;2,4;"
    )
    return (
        f"{head}FRT;100;Transport;{_money(invoice.freight, ',')};0\n"
        f"{head}FSC;120;Treibstoffzuschlag;{_money(invoice.fuel, ',')};0\n"
    )


def _ubl_values(invoice: Invoice) -> dict[str, str | int]:
    return {
        "number": invoice.number,
        "freight": _money(invoice.freight),
        "fuel": _money(invoice.fuel),
        "total": _money(invoice.total),
    }


_UBL = """<?xml version="1.0" encoding="UTF-8"?>
<FreightInvoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:FreightInvoice-2"
                xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
                xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
  <cbc:UBLVersionID>2.1</cbc:UBLVersionID>
  <cbc:ID>I{number}</cbc:ID>
  <cbc:IssueDate>2026-11-16</cbc:IssueDate>
  <cbc:InvoiceTypeCode>380</cbc:InvoiceTypeCode>
  <cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>
  <cac:Shipment>
    <cbc:ID>SHP-{number}</cbc:ID>
    <cac:Consignment>
      <cbc:ID>B{number}</cbc:ID>
      <cbc:CarrierAssignedID>P{number}</cbc:CarrierAssignedID>
    </cac:Consignment>
  </cac:Shipment>
  <cac:AdditionalDocumentReference>
    <cbc:ID>B{number}</cbc:ID>
    <cbc:DocumentTypeCode>730</cbc:DocumentTypeCode>
  </cac:AdditionalDocumentReference>
  <cac:AccountingSupplierParty>
    <cac:Party>
      <cac:PartyName>
        <cbc:Name>Rhein Forwarding GmbH</cbc:Name>
      </cac:PartyName>
    </cac:Party>
  </cac:AccountingSupplierParty>
  <cac:AllowanceCharge>
    <cbc:ChargeIndicator>true</cbc:ChargeIndicator>
    <cbc:AllowanceChargeReasonCode>DFL</cbc:AllowanceChargeReasonCode>
    <cbc:AllowanceChargeReason>Dieselfloater</cbc:AllowanceChargeReason>
    <cbc:Amount currencyID="EUR">{fuel}</cbc:Amount>
  </cac:AllowanceCharge>
  <cac:LegalMonetaryTotal>
    <cbc:PayableAmount currencyID="EUR">{total}</cbc:PayableAmount>
  </cac:LegalMonetaryTotal>
  <cac:InvoiceLine>
    <cbc:ID>1</cbc:ID>
    <cbc:InvoicedQuantity unitCode="C62">1</cbc:InvoicedQuantity>
    <cbc:LineExtensionAmount currencyID="EUR">{freight}</cbc:LineExtensionAmount>
    <cac:Item>
      <cbc:Name>Fracht Duisburg - Linz</cbc:Name>
      <cac:SellersItemIdentification>
        <cbc:ID>FRA</cbc:ID>
      </cac:SellersItemIdentification>
    </cac:Item>
  </cac:InvoiceLine>
</FreightInvoice>
"""
