"""Expected charges that another bill has used up: each is paid, and each credit taken, once."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa

from etl.reconcile.bills import Kind
from etl.reconcile.earlier import approved
from etl.reconcile.frames import Column, frame
from etl.reconcile.reasons import Reason, Weight, findings

_SCOPE = ["carrier_scac", "shipment", "charge_code"]

_USED = pa.schema(
    [
        pa.field("business_key", pa.string()),
        pa.field("invoice_no_norm", pa.string()),
        pa.field("carrier_scac", pa.string()),
        pa.field("shipment_ref", pa.string()),
        pa.field("charge_code", pa.string()),
        pa.field("batch_id", pa.string()),
        pa.field("outcome", pa.string()),
        pa.field("disposition", pa.string()),
    ]
)


def uses_before(used: pa.Table | None) -> pd.DataFrame:
    """The expected charges that approved bills of earlier batches have used, once for each bill.

    Args:
        used: charges that bills of earlier batches were compared with: business_key,
            invoice_no_norm, carrier_scac, shipment_ref (of ours, normalised), charge_code,
            batch_id, and the bill's outcome and disposition.

    Returns:
        The same columns, `shipment` for shipment_ref.
    """
    past = frame(used, _USED).rename(columns={"shipment_ref": "shipment"})
    return past[approved(past)].drop_duplicates([*_SCOPE, "business_key"])


def used_up(
    rows: pd.DataFrame, duplicates: Column, every: pd.DataFrame, past: pd.DataFrame
) -> pd.DataFrame:
    """OVER_ACCRUAL where an ordinary bill or a credit note uses an expected charge that another one
    has used: one of the batch that counts before it, or one that was approved on another night.

    What was approved before itself keeps what it has.

    Args:
        rows: see :func:`etl.reconcile.charges.compared_charges`.
        duplicates: record_ids of duplicates; they use up nothing.
        every: see :func:`etl.reconcile.earlier.ranked`.
        past: see :func:`uses_before`.
    """
    here = every.loc[every["in_batch"], ["bill", "rank", "approved", "business_key"]]
    uses = rows["expected"].notna() & (rows["billed"] != 0)
    uses &= rows["kind"].isin([Kind.BILL, Kind.CREDIT]) & ~rows["record_id"].isin(duplicates)
    billed = rows.loc[uses, ["record_id", *_SCOPE]]
    billed = billed.merge(here.rename(columns={"bill": "record_id"}), on="record_id", how="left")
    billed = billed.sort_values("rank", kind="stable")
    return pd.concat([_in_batch(billed), _before(billed, past)], ignore_index=True)


def _in_batch(billed: pd.DataFrame) -> pd.DataFrame:
    again = billed[billed.duplicated(_SCOPE)]
    details = [
        f"another invoice of this batch bills {code} of shipment {shipment} too"
        for code, shipment in zip(again["charge_code"], again["shipment"], strict=True)
    ]
    return findings(again["record_id"], Weight.BLOCKING, Reason.OVER_ACCRUAL, details)


def _before(billed: pd.DataFrame, past: pd.DataFrame) -> pd.DataFrame:
    billed = billed[~billed["approved"].fillna(False).astype(bool)]
    # of thousands of bills of one shipment the first two tell whether there is another than itself
    first = past.drop_duplicates(_SCOPE)
    second = past.drop(first.index).drop_duplicates(_SCOPE)
    again = billed.merge(pd.concat([first, second]), on=_SCOPE, suffixes=("", "_before"))
    other = (again["business_key"] != again["business_key_before"]).fillna(True)
    again = again[other].drop_duplicates(["record_id", *_SCOPE])
    details = [
        f"{code} of shipment {shipment} was billed before as invoice {number}, in batch {batch}"
        for code, shipment, number, batch in zip(
            again["charge_code"],
            again["shipment"],
            again["invoice_no_norm"],
            again["batch_id"],
            strict=True,
        )
    ]
    of = list(again["business_key_before"])
    return findings(again["record_id"], Weight.BLOCKING, Reason.OVER_ACCRUAL, details, of)
