"""What we expected to be billed, and under which numbers its shipments are known."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import pyarrow as pa

from etl.reconcile.frames import MONEY, frame, normalised, wide
from etl.reconcile.placeholders import Placeholders

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
        pa.field("effective_from", pa.date32()),
        pa.field("effective_to", pa.date32()),
    ]
)
_SHIPMENT = pa.schema(
    [
        pa.field("carrier_scac", pa.string()),
        pa.field("shipment_ref", pa.string()),
        pa.field("pro_no", pa.string()),
        pa.field("bol_no", pa.string()),
        pa.field("ship_date", pa.date32()),
    ]
)


_NAMES = (("shipment", "shipment_ref"), ("pro", "pro_no"), ("bol", "bol_no"))
"""The normalised numbers of a shipment, and the columns that they are taken from."""


@dataclass(frozen=True, slots=True)
class Expectations:
    """Expected charges and the keys of shipments.

    Attributes:
        charges: carrier_scac, shipment, charge_code, source, expected, expected_currency, state,
            effective_from, effective_to; oldest first, in all their versions.
        shipped: carrier_scac, shipment, ship_date; where we know it, and each once.
        keys: carrier_scac, kind (SHIPMENT, PRO, BOL), key, shipment; one row a key, and only
            keys that name one shipment.
        many_shipments: carrier_scac, bol; the BOLs that name more than one.
    """

    charges: pd.DataFrame
    shipped: pd.DataFrame
    keys: pd.DataFrame
    many_shipments: pd.DataFrame


def expectations(
    expected: pa.Table, shipments: pa.Table | None, none: Placeholders
) -> Expectations:
    """Read expected charges (oldest first) and shipments.

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
    shipped = known.dropna(subset=["shipment", "ship_date"])
    shipped = shipped.drop_duplicates(["carrier_scac", "shipment"], keep="last")
    charges = charges.assign(
        expected=wide(charges["amount"]), expected_currency=charges["currency"]
    )
    return Expectations(
        charges=charges.reset_index(drop=True),
        shipped=shipped[["carrier_scac", "shipment", "ship_date"]],
        keys=keys[named == 1],
        many_shipments=many.rename(columns={"key": "bol"})[["carrier_scac", "bol"]],
    )


def _keys(shipments: pd.DataFrame) -> pd.DataFrame:
    shipments = shipments.dropna(subset=["carrier_scac", "shipment"])
    shipments = shipments.drop_duplicates()
    keys = [
        shipments[["carrier_scac", "shipment"]].assign(kind=name.upper(), key=shipments[name])
        for name, _ in _NAMES
    ]
    return pd.concat(keys, ignore_index=True).dropna(subset=["key"]).drop_duplicates()
