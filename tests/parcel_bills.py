"""ParcelXpress' billing files and the expected charges behind them, as tests send them."""

from __future__ import annotations

from tests.freight_bills import EXPECTED_HEADER
from tests.night import REPOSITORY

_SAMPLE = "mappings/parcelxpress/samples/billing-csv/two-invoices-and-a-credit.csv"
_HEADER = (REPOSITORY / _SAMPLE).read_text("cp1252").splitlines()[0]
PARCEL = "PX7204130526FR"


def parcel_row(
    number: str,
    amount: str,
    *,
    kind: str = "INV",
    text: str = "Transport",
    parcel: str = PARCEL,
    total: str | None = None,
    shipped: str = "02.03.2026",
) -> str:
    """A charge of a parcel, of an invoice of its own unless `total` says otherwise.

    Args:
        kind: INV, or CRN for a credit note.
        shipped: the day of the shipment, may be empty.
    """
    return (
        f"471188;{number};{kind};09.03.2026;08.04.2026;EUR;{total or amount};0,00;{parcel};"
        f"{shipped};EXPRESS;LS880902;Jansen;3011 AA;NL;14,0;FRT;100;{text};{amount};0"
    )


def parcels_file(*rows: str) -> bytes:
    """A billing file."""
    return "\r\n".join([_HEADER, *rows, ""]).encode("cp1252")


def expected_base(
    amount: str, parcel: str = PARCEL, valid: tuple[str, str] = ("2026-01-01", "2026-12-31")
) -> str:
    """The TMS's file with the freight that is expected for a parcel; `valid` from and to."""
    return f"{EXPECTED_HEADER}\nrate,R1,PXPR,{parcel},,,BASE,{amount},EUR,,{','.join(valid)}\n"
