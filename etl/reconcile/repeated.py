"""An invoice number that is known: the same bill again, a correction of it, or other freight.

Numbers are a carrier's, whoever delivers the invoice: the same number from two partners' folders is
the same bill.
"""

from __future__ import annotations

import pandas as pd

from etl.reconcile.bills import Bills
from etl.reconcile.candidates import first_other, latest
from etl.reconcile.frames import ZERO, Column
from etl.reconcile.freight import same_freight
from etl.reconcile.reasons import Reason, Weight, findings

_MOST_NUMBERS = 3


def repeated_invoices(bills: Bills, every: pd.DataFrame, numbers: pd.DataFrame) -> pd.DataFrame:
    """DUPLICATE_BILL, INVOICE_NO_REUSED, or a note that an earlier version is corrected.

    - Under the same business key, the same content as what was approved (or waits since): a
      duplicate. Other content of the same freight corrects it and is a note; of other freight it
      would replace a bill that has nothing to do with it: INVOICE_NO_REUSED.
    - Under another business key of the same carrier and number: a duplicate where the freight is
      the same, whatever the content, since it would be a second bill; else INVOICE_NO_REUSED.
    - Twice in the batch with different content: both wait, since nobody can tell which one counts,
      but one that was approved before.

    Args:
        every: see :func:`etl.reconcile.earlier.ranked`.
        numbers: of all bills; see :func:`etl.reconcile.freight.with_ours`.
    """
    names = bills.headers[["record_id", "invoice_no"]].rename(columns={"record_id": "bill"})
    current = every[every["in_batch"]].merge(names, on="bill")
    parts = [
        _against_history(current, every[~every["in_batch"]], numbers),
        _within_batch(current, numbers),
        _under_other_keys(current, every, numbers),
    ]
    return pd.concat(parts, ignore_index=True)


def _against_history(
    current: pd.DataFrame, past: pd.DataFrame, numbers: pd.DataFrame
) -> pd.DataFrame:
    approved = latest(current, past[past["approved"]], "business_key")
    waiting = latest(current, past[~past["approved"]], "business_key")
    since = waiting.merge(
        approved[["bill", "arrived_before"]], on="bill", how="left", suffixes=("", "_approved")
    )
    arrived = since["arrived_before_approved"].fillna(float("-inf"))
    waiting = since[since["arrived_before"] >= arrived].drop(columns="arrived_before_approved")

    both = pd.concat([approved, waiting], ignore_index=True)
    again = both[_equal(both, "record_hash")].drop_duplicates("bill")
    other = both[~both["bill"].isin(again["bill"])].drop_duplicates("bill")
    fitting = _corrects(other, numbers)
    corrected, reused = other[fitting], other[~fitting]
    details = [
        f"invoice {number} was billed before with the same content, {place}"
        for number, place in zip(again["invoice_no"], again["place_before"], strict=True)
    ]
    notes = [
        f"corrects the version of invoice {number} {place}"
        for number, place in zip(corrected["invoice_no"], corrected["place_before"], strict=True)
    ]
    return pd.concat(
        [
            _found(again, Reason.DUPLICATE_BILL, details),
            findings(corrected["bill"], Weight.NOTE, None, notes),
            _reused(reused, numbers),
        ],
        ignore_index=True,
    )


def _within_batch(current: pd.DataFrame, numbers: pd.DataFrame) -> pd.DataFrame:
    keyed = current.dropna(subset=["business_key"])
    keyed = keyed[keyed.duplicated("business_key", keep=False)]
    first = keyed.drop_duplicates("business_key")
    later = keyed[keyed.duplicated("business_key")].merge(
        first, on="business_key", suffixes=("", "_before")
    )
    later = later.rename(columns={"bill_before": "other"})
    later["business_key_before"] = later["business_key"]
    same = _equal(later, "record_hash")
    again, versions = later[same], later[~same]
    fitting = _corrects(versions, numbers)
    reused, unclear = versions[~fitting], versions[fitting]
    # the first of them waits too, unless it was approved before the others came
    told_reused = pd.concat([reused, _turned(reused)], ignore_index=True).drop_duplicates("bill")
    unclear = pd.concat([unclear, _turned(unclear)], ignore_index=True).drop_duplicates("bill")
    unclear = unclear[~unclear["bill"].isin(told_reused["bill"])]
    return pd.concat(
        [
            _found(
                unclear,
                Reason.DUPLICATE_BILL,
                [
                    f"invoice {number} is in this batch more than once with different content: "
                    "ask the carrier which one counts"
                    for number in unclear["invoice_no"]
                ],
            ),
            _found(
                again,
                Reason.DUPLICATE_BILL,
                [
                    f"invoice {number} is in this batch more than once"
                    for number in again["invoice_no"]
                ],
            ),
            _reused(told_reused, numbers),
        ],
        ignore_index=True,
    )


def _under_other_keys(
    current: pd.DataFrame, every: pd.DataFrame, numbers: pd.DataFrame
) -> pd.DataFrame:
    pairs = first_other(
        current, every, ["carrier_scac", "invoice_no_norm"], differing="business_key"
    )
    same = same_freight(pairs, numbers)
    again, reused = pairs[same.to_numpy()], pairs[~same.to_numpy()]
    in_batch = reused[reused["in_batch_before"].astype(bool)]
    told = pd.concat([reused, _turned(in_batch)], ignore_index=True).drop_duplicates("bill")
    details = [
        f"invoice {number} of {carrier} was billed before through {partner}, {place}"
        for number, carrier, partner, place in zip(
            again["invoice_no"],
            again["carrier_scac"],
            again["partner_before"].fillna("another partner"),
            again["place_before"],
            strict=True,
        )
    ]
    return pd.concat(
        [_found(again, Reason.DUPLICATE_BILL, details), _reused(told, numbers)], ignore_index=True
    )


def _corrects(pairs: pd.DataFrame, numbers: pd.DataFrame) -> Column:
    """Whether `bill` is another version of `other`: of one carrier, for the same freight, and both
    bills or both credit notes."""
    carrier = pairs["carrier_scac"].fillna("") == pairs["carrier_scac_before"].fillna("")
    same = same_freight(pairs, numbers)
    same.index = pairs.index
    return carrier.astype(bool) & ~_of_other_sign(pairs) & same


def _of_other_sign(pairs: pd.DataFrame) -> Column:
    """Whether one is a bill and the other a credit note."""
    signs: Column = ((pairs["amount"] < 0) != (pairs["amount_before"] < 0)).fillna(False)
    return signs.astype(bool)


def _turned(pairs: pd.DataFrame) -> pd.DataFrame:
    """The other way round, for those of the batch that were not approved before."""
    waiting = pairs[~pairs["approved_before"].astype(bool)]
    turned = waiting.assign(bill=waiting["other"], other=waiting["bill"])
    return turned.assign(place_before=turned["place"], business_key_before=turned["business_key"])


def _reused(pairs: pd.DataFrame, numbers: pd.DataFrame) -> pd.DataFrame:
    named = numbers[numbers["bill"].isin(pairs["other"])].drop_duplicates(["bill", "kind"])
    named = named.assign(told=named["kind"].str.lower() + " " + named["number"])
    told = named.groupby("bill", sort=False)["told"].agg(", ".join)
    freight = pairs["other"].map(told)
    same = same_freight(pairs, numbers).to_numpy() & _of_other_sign(pairs).to_numpy()
    details = [
        f"number {number} "
        f"{_taken(credited, amount < 0)}"
        f"{f' ({other})' if isinstance(other, str) else ''}, {place}: "
        "it replaces nothing; ask the carrier for a number of its own"
        for number, credited, amount, other, place in zip(
            pairs["invoice_no"],
            same,
            pairs["amount"].fillna(ZERO),
            freight,
            pairs["place_before"],
            strict=True,
        )
    ]
    return _found(pairs, Reason.INVOICE_NO_REUSED, details)


def _taken(of_this_freight: bool, credit: bool) -> str:
    """What a number stands for already."""
    if not of_this_freight:
        return "bills other freight already"
    return f"is that of a {'bill' if credit else 'credit note'} for this freight already"


def _equal(pairs: pd.DataFrame, column: str) -> Column:
    return (pairs[column] == pairs[f"{column}_before"]).fillna(False).astype(bool)


def _found(pairs: pd.DataFrame, reason: Reason, details: list[str]) -> pd.DataFrame:
    of = list(pairs["business_key_before"])
    return findings(pairs["bill"], Weight.BLOCKING, reason, details, of)
