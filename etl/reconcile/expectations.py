"""What we expected to be billed, and under which numbers its shipments are known."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import pyarrow as pa

from etl.reconcile.frames import MONEY, frame, normalised, wide
from etl.reconcile.placeholders import Placeholders

_SOURCES = ["tender", "quote", "rate", "accrual"]
"""Which source counts where several speak of a shipment: what was agreed for this one load goes
before the contract's rate, and that before our own accrual of it."""

_EXPECTED = pa.schema(
    [
        pa.field("source", pa.string()),
        pa.field("carrier_scac", pa.string()),
        pa.field("shipment_ref", pa.string()),
        pa.field("pro_no", pa.string()),
        pa.field("bol_no", pa.string()),
        pa.field("charge_code", pa.string()),
        pa.field("amount", MONEY),
        pa.field("currency", pa.string()),
        pa.field("state", pa.string()),
    ]
)
_SHIPMENT = pa.schema(
    [
        pa.field("carrier_scac", pa.string()),
        pa.field("shipment_ref", pa.string()),
        pa.field("pro_no", pa.string()),
        pa.field("bol_no", pa.string()),
    ]
)


_NAMES = (("shipment", "shipment_ref"), ("pro", "pro_no"), ("bol", "bol_no"))
"""The normalised numbers of a shipment, and the columns that they are taken from."""


@dataclass(frozen=True, slots=True)
class Expectations:
    """Expected charges and the keys of shipments.

    Attributes:
        charges: carrier_scac, shipment, charge_code, expected, expected_currency; one row a
            charge of a shipment.
        keys: carrier_scac, kind (SHIPMENT, PRO, BOL), key, shipment; one row a key, and only
            keys that name one shipment.
        many_shipments: carrier_scac, bol; the BOLs that name more than one.
    """

    charges: pd.DataFrame
    keys: pd.DataFrame
    many_shipments: pd.DataFrame


def expectations(
    expected: pa.Table, shipments: pa.Table | None, none: Placeholders
) -> Expectations:
    """Read expected charges (oldest first: the last one of a key counts) and shipments.

    Args:
        none: which references are none; a charge of none of our shipments is left out.
    """
    charges, known = frame(expected, _EXPECTED), frame(shipments, _SHIPMENT)
    for data in (charges, known):
        for name, column in _NAMES:
            data[name] = none.left_out_of(normalised(data[column]))
    charges = charges.dropna(subset=["shipment"])

    names = ["carrier_scac", *(name for name, _ in _NAMES)]
    keys = _keys(pd.concat([charges[names], known[names]], ignore_index=True))
    named = keys.groupby(["carrier_scac", "kind", "key"])["shipment"].transform("size")
    many = keys[(named > 1) & (keys["kind"] == "BOL")].drop_duplicates(["carrier_scac", "key"])
    return Expectations(
        charges=_counting(charges),
        keys=keys[named == 1],
        many_shipments=many.rename(columns={"key": "bol"})[["carrier_scac", "bol"]],
    )


def _counting(charges: pd.DataFrame) -> pd.DataFrame:
    scope = ["carrier_scac", "shipment"]
    charges = charges.drop_duplicates(["source", *scope, "charge_code"], keep="last")
    charges = charges[charges["state"].fillna("open").isin(["open", "partly_matched"])]
    rank = charges["source"].map({name: rank for rank, name in enumerate(_SOURCES)})
    rank = rank.fillna(len(_SOURCES)).astype("int64")
    best = rank.groupby([charges[name] for name in scope]).transform("min")
    charges = charges[rank == best]
    charges = charges.assign(
        expected=wide(charges["amount"]), expected_currency=charges["currency"]
    )
    return charges[[*scope, "charge_code", "expected", "expected_currency"]].reset_index(drop=True)


def _keys(shipments: pd.DataFrame) -> pd.DataFrame:
    shipments = shipments.dropna(subset=["carrier_scac", "shipment"])
    shipments = shipments.drop_duplicates()
    keys = [
        shipments[["carrier_scac", "shipment"]].assign(kind=name.upper(), key=shipments[name])
        for name, _ in _NAMES
    ]
    return pd.concat(keys, ignore_index=True).dropna(subset=["key"]).drop_duplicates()
