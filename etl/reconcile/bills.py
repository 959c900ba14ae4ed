"""The freight invoices of a batch as the rules see them: headers, charge lines, references."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import pandas as pd
import pyarrow as pa

from etl.reconcile.frames import MONEY, Column, frame, normalised, wide
from etl.reconcile.placeholders import Placeholders
from etl.reconcile.signs import CREDIT_NOTE, written_positive

_DEBIT_NOTE = "383"
"""UN/EDIFACT 1001."""


class Kind(StrEnum):
    """What an invoice is to the audit: a first bill, or one that refers to an earlier one."""

    BILL = "bill"
    CREDIT = "credit"
    BALANCE_DUE = "balance_due"
    REBILL = "rebill"


_INVOICE = pa.schema(
    [
        pa.field("record_id", pa.int64()),
        pa.field("partner", pa.string()),
        pa.field("file_id", pa.string()),
        pa.field("arrived", pa.int64()),
        pa.field("business_key", pa.string()),
        pa.field("record_hash", pa.string()),
        pa.field("carrier_scac", pa.string()),
        pa.field("invoice_no", pa.string()),
        pa.field("invoice_no_norm", pa.string()),
        pa.field("invoice_type", pa.string()),
        pa.field("billing_kind", pa.string()),
        pa.field("orig_invoice_no", pa.string()),
        pa.field("invoice_date", pa.date32()),
        pa.field("ship_date", pa.date32()),
        pa.field("currency", pa.string()),
        pa.field("total", MONEY),
        pa.field("tax_total", MONEY),
        pa.field("shipment_ref", pa.string()),
        pa.field("pro_no", pa.string()),
        pa.field("bol_no", pa.string()),
    ]
)
_LINE = pa.schema(
    [
        pa.field("record_id", pa.int64()),
        pa.field("shipment_ref", pa.string()),
        pa.field("charge_code", pa.string()),
        pa.field("amount", MONEY),
        pa.field("currency", pa.string()),
        pa.field("tax_amount", MONEY),
    ]
)
_REFERENCE = pa.schema(
    [
        pa.field("record_id", pa.int64()),
        pa.field("type", pa.string()),
        pa.field("value_norm", pa.string()),
    ]
)


@dataclass(frozen=True, slots=True)
class Bills:
    """The invoices of a batch.

    Attributes:
        headers: a row an invoice, by record_id; besides the canonical columns `shipment`
            (normalised), `pro`, `bol` (from the header, else from the references) and `kind`
            (:class:`Kind`). `file_id` and `arrived` say which file brought it, and when in the
            order of all files; null: now, after all others.
        lines: a row a charge; besides the canonical columns `ref`, the normalised shipment
            reference, null where the charge is for the whole invoice.
        references: a row a reference number.
        placeholders: record_id, number; what stands where a reference should be.

    Placeholders are left out of all references.

    A credit note counts as money back whatever sign its sender writes: where its total is
    positive, its amounts are negated here.
    """

    headers: pd.DataFrame
    lines: pd.DataFrame
    references: pd.DataFrame
    placeholders: pd.DataFrame


def bills(invoices: Mapping[str, pa.Table], none: Placeholders) -> Bills:
    """The frames of the record set `invoices` (freight_invoice, charge_line, reference).

    Args:
        none: which references are none.
    """
    headers = frame(invoices["freight_invoice"], _INVOICE).sort_values("record_id")
    headers = headers.reset_index(drop=True)
    lines = frame(invoices.get("charge_line"), _LINE)
    references = frame(invoices.get("reference"), _REFERENCE)

    headers["kind"] = _kind(headers)
    lines["ref"] = normalised(lines["shipment_ref"])
    for name, column in (("shipment", "shipment_ref"), ("pro", "pro_no"), ("bol", "bol_no")):
        headers[name] = normalised(headers[column])
    placeholders = []
    for data, name in (
        (headers, "shipment"),
        (headers, "pro"),
        (headers, "bol"),
        (lines, "ref"),
        (references, "value_norm"),
    ):
        written = data.assign(number=none.found_in(data[name]))[["record_id", "number"]]
        placeholders.append(written.dropna().drop_duplicates())
        data[name] = none.left_out_of(data[name])
    references = references.dropna(subset=["value_norm"]).reset_index(drop=True)
    headers["pro"] = _first_known(headers, "pro", references, "PRO")
    headers["bol"] = _first_known(headers, "bol", references, "BOL")

    columns = (pa.chunked_array(pa.array(headers[name])) for name in ("invoice_type", "total"))
    turned = pd.Series(written_positive(*columns).to_numpy(), index=headers.index)
    turned_ids = headers.loc[turned, "record_id"]
    _negate(headers, turned, ["total", "tax_total"])
    _negate(lines, lines["record_id"].isin(turned_ids), ["amount", "tax_amount"])
    written = pd.concat(placeholders, ignore_index=True).drop_duplicates()
    return Bills(headers, lines, references, written)


def _kind(headers: pd.DataFrame) -> Column:
    kind = pd.Series(str(Kind.BILL), index=headers.index, dtype="string[pyarrow]")
    kind[(headers["invoice_type"] == _DEBIT_NOTE).fillna(False)] = Kind.BALANCE_DUE
    for name in (Kind.BALANCE_DUE, Kind.REBILL):
        kind[(headers["billing_kind"] == name).fillna(False)] = name
    kind[(headers["invoice_type"] == CREDIT_NOTE).fillna(False)] = Kind.CREDIT
    return kind


def _first_known(headers: pd.DataFrame, column: str, references: pd.DataFrame, kind: str) -> Column:
    of_kind = references[references["type"] == kind].drop_duplicates("record_id")
    from_references = headers["record_id"].map(of_kind.set_index("record_id")["value_norm"])
    return headers[column].fillna(from_references.astype(headers[column].dtype))


def _negate(data: pd.DataFrame, rows: Column, columns: list[str]) -> None:
    for column in columns:
        data[column] = data[column].where(~rows, -wide(data[column]))
