"""Was this already billed: the same invoice again, or the same freight under another number."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa

from etl.reconcile.bills import Bills, Kind
from etl.reconcile.frames import MONEY, Column, as_text, frame
from etl.reconcile.reasons import Reason, Weight, findings

_HISTORY = pa.schema(
    [
        pa.field("business_key", pa.string()),
        pa.field("record_hash", pa.string()),
        pa.field("carrier_scac", pa.string()),
        pa.field("invoice_no_norm", pa.string()),
        pa.field("pro_norm", pa.string()),
        pa.field("bol_norm", pa.string()),
        pa.field("amount", MONEY),
        pa.field("batch_id", pa.string()),
        pa.field("disposition", pa.string()),
    ]
)
_PAID = ["pushed", "unchanged"]


def earlier_bills(history: pa.Table | None) -> pd.DataFrame:
    """History as the rules see it: `pro`, `bol`, `place`; what was rejected counts as not billed.

    Args:
        history: documents of earlier batches, oldest first.
    """
    earlier = frame(history, _HISTORY).rename(columns={"pro_norm": "pro", "bol_norm": "bol"})
    earlier = earlier[(earlier["disposition"] != "rejected").fillna(True)]
    earlier["place"] = "in batch " + earlier["batch_id"].fillna("unknown")
    return earlier.reset_index(drop=True)


def repeated_invoices(bills: Bills, earlier: pd.DataFrame) -> pd.DataFrame:
    """DUPLICATE_BILL for an invoice that came before under the same business key.

    Twice in the batch with the same content: the second is the duplicate. Twice with different
    content: both wait, since nobody can tell which one counts. Against history only the same
    content is a duplicate; other content corrects the earlier version and is a note.
    """
    columns = ["record_id", "business_key", "record_hash", "invoice_no"]
    known = bills.headers[columns].dropna(subset=["business_key"])
    found = []

    hashes = known.groupby("business_key", sort=False)["record_hash"].transform("nunique")
    disputed = known[hashes > 1]
    found.append(
        _found(
            disputed,
            Reason.DUPLICATE_BILL,
            [
                f"invoice {number} is in this batch more than once with different content: "
                "ask the carrier which one counts"
                for number in disputed["invoice_no"]
            ],
            disputed["business_key"],
        )
    )
    again = known[(hashes == 1) & known.duplicated("business_key")]
    found.append(
        _found(
            again,
            Reason.DUPLICATE_BILL,
            [f"invoice {number} is in this batch more than once" for number in again["invoice_no"]],
            again["business_key"],
        )
    )

    latest = earlier.drop_duplicates("business_key", keep="last")
    before = known.merge(
        latest[["business_key", "record_hash", "place"]].dropna(subset=["business_key"]),
        on="business_key",
        suffixes=("", "_before"),
    )
    same = (before["record_hash"] == before["record_hash_before"]).fillna(False)
    repeated, corrected = before[same], before[~same]
    found.append(
        _found(
            repeated,
            Reason.DUPLICATE_BILL,
            [
                f"invoice {number} was billed before with the same content, {place}"
                for number, place in zip(repeated["invoice_no"], repeated["place"], strict=True)
            ],
            repeated["business_key"],
        )
    )
    found.append(
        findings(
            corrected["record_id"],
            Weight.NOTE,
            None,
            [
                f"corrects the version of invoice {number} {place}"
                for number, place in zip(corrected["invoice_no"], corrected["place"], strict=True)
            ],
        )
    )
    return pd.concat(found, ignore_index=True)


def rebilled_freight(
    bills: Bills, earlier: pd.DataFrame, bols_of_many_shipments: pd.DataFrame
) -> pd.DataFrame:
    """The same freight under another invoice number, told by PRO, then by BOL.

    - the same carrier and PRO: DUPLICATE_BILL;
    - the same carrier, BOL and amount: DUPLICATE_BILL_FOR_BOL;
    - the same carrier and BOL, another amount, the earlier one paid: OVER_ACCRUAL, since what was
      expected for the shipment is used up. Not where both bills have a PRO (two freight bills for
      one BOL), nor for a BOL of many shipments.

    Credit notes, debit notes, balance-due bills and rebills refer to freight billed before on
    purpose: they are no duplicates.

    Args:
        bols_of_many_shipments: columns carrier_scac, bol.
    """
    current = bills.headers[bills.headers["kind"] == Kind.BILL]
    columns = ["business_key", "carrier_scac", "invoice_no_norm", "pro", "bol", "amount", "place"]
    in_batch = current.rename(columns={"total": "amount"}).assign(place="in this batch")
    before = pd.concat(
        [
            earlier[(earlier["amount"] > 0).fillna(True)][[*columns, "disposition"]].assign(
                order=-1
            ),
            in_batch[columns].assign(disposition="pushed", order=in_batch["record_id"]),
        ],
        ignore_index=True,
    )

    by_pro = _pairs(current, before, "pro")
    found_by_pro = _found(
        by_pro,
        Reason.DUPLICATE_BILL,
        [
            f"PRO {pro} was billed before as invoice {number}, {place}"
            for pro, number, place in zip(
                by_pro["pro"], by_pro["invoice_no_norm_before"], by_pro["place"], strict=True
            )
        ],
        by_pro["business_key_before"],
    )

    by_bol = _pairs(
        current[~current["record_id"].isin(by_pro["record_id"])],
        before,
        "bol",
        prefer_equal_amount=True,
    )
    equal = (by_bol["total"] == by_bol["amount"]).fillna(False)
    split = by_bol["pro"].notna() & by_bol["pro_before"].notna()
    shared = by_bol.merge(
        bols_of_many_shipments.assign(shared=True), on=["carrier_scac", "bol"], how="left"
    )["shared"].fillna(False)
    used_up = ~equal & ~split & ~shared.astype(bool).to_numpy()
    used_up &= by_bol["disposition"].isin(_PAID)
    found_by_bol = []
    for rows, reason in (
        (equal, Reason.DUPLICATE_BILL_FOR_BOL),
        (used_up, Reason.OVER_ACCRUAL),
    ):
        hit = by_bol[rows]
        details = [
            f"BOL {bol} was billed before as invoice {number} of {amount}, {place}"
            for bol, number, amount, place in zip(
                hit["bol"],
                hit["invoice_no_norm_before"],
                as_text(hit["amount"]),
                hit["place"],
                strict=True,
            )
        ]
        found_by_bol.append(_found(hit, reason, details, hit["business_key_before"]))
    return pd.concat([found_by_pro, *found_by_bol], ignore_index=True)


def _pairs(
    current: pd.DataFrame, before: pd.DataFrame, key: str, prefer_equal_amount: bool = False
) -> pd.DataFrame:
    """Each bill with the first earlier bill of the same carrier and `key` but another number."""
    pairs = current.dropna(subset=["carrier_scac", key]).merge(
        before.dropna(subset=["carrier_scac", key]),
        on=["carrier_scac", key],
        suffixes=("", "_before"),
    )
    earlier = (pairs["order"] < pairs["record_id"]).fillna(False)
    pairs = pairs[earlier & (pairs["invoice_no_norm"] != pairs["invoice_no_norm_before"])]
    if prefer_equal_amount:
        equal = (pairs["total"] == pairs["amount"]).fillna(False)
        pairs = pd.concat([pairs[equal], pairs[~equal]])
    return pairs.drop_duplicates("record_id").reset_index(drop=True)


def _found(
    bills: pd.DataFrame, reason: Reason, details: list[str], duplicate_of: Column
) -> pd.DataFrame:
    return findings(bills["record_id"], Weight.BLOCKING, reason, details, list(duplicate_of))
