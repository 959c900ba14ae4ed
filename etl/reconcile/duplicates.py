"""The same freight billed under another number: by its PRO, or by its BOL."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from etl.reconcile.bills import Bills, Kind
from etl.reconcile.candidates import first_other
from etl.reconcile.earlier import Earlier
from etl.reconcile.frames import as_text
from etl.reconcile.placeholders import Placeholders, common_numbers
from etl.reconcile.reasons import Reason, Weight, findings

_NUMBER = "invoice_no_norm"


@dataclass(frozen=True, slots=True)
class Billing:
    """What bills of the batch and of history are told apart by.

    Attributes:
        every: see :func:`etl.reconcile.earlier.ranked`.
        freight: bill, freight, ours; see :func:`etl.reconcile.freight.freight_of`.
        charges: record_id, shipment, charge_code: what the batch bills of our shipments, and what
            approved bills of history have used of what was expected for them.
        bols_of_many_shipments: carrier_scac, bol.
        repeated: bills of the batch that an earlier rule calls repetitions; nothing is a duplicate
            of them.
    """

    every: pd.DataFrame
    freight: pd.DataFrame
    charges: pd.DataFrame
    bols_of_many_shipments: pd.DataFrame
    repeated: pd.Series[int]


def rebilled_freight(
    bills: Bills, earlier: Earlier, billing: Billing, none: Placeholders
) -> pd.DataFrame:
    """Duplicates of an earlier bill under another number, within the batch or in history.

    - the same carrier and PRO: DUPLICATE_BILL;
    - the same carrier, BOL and amount: DUPLICATE_BILL_FOR_BOL, but not where the two are known to
      be for different shipments;
    - the same carrier and BOL, another amount, the earlier one approved: OVER_ACCRUAL, since what
      was expected for the shipment is used up. Not where both bills have a PRO (two freight bills
      for one BOL) or different shipments, nor for a BOL of many shipments.

    Two bills of a batch that share no charge of our shipments are a split, and no duplicates; so is
    a bill beside one that was approved on another night.
    Credit notes, debit notes, balance-due bills and rebills refer to freight billed before on
    purpose: they are no duplicates. A number on bills of many shipments is no reference; it is told
    as a note.
    """
    ordinary = bills.headers.loc[bills.headers["kind"] == Kind.BILL, ["record_id", "pro", "bol"]]
    ordinary = ordinary.rename(columns={"record_id": "bill"})
    pros = pd.concat([earlier.pros, ordinary[["bill", "pro"]].dropna()], ignore_index=True)
    bols = pd.concat([earlier.bols, ordinary[["bill", "bol"]].dropna()], ignore_index=True)

    every = billing.every[billing.every["ordinary"].astype(bool)]
    every = every.merge(billing.freight, on="bill", how="left")
    common = {
        name: common_numbers(every.merge(numbers, on="bill", how="left"), name, none)
        for name, numbers in (("pro", pros), ("bol", bols))
    }
    pros, bols = _uncommon(every, pros, common["pro"]), _uncommon(every, bols, common["bol"])
    every = every.merge(pros.drop_duplicates("bill"), on="bill", how="left")
    # Of shipments that we don't know, only PROs of their own tell that there are two.
    known = every["ours"].fillna(False).astype(bool) | every["pro"].notna()
    every["apart"] = every["freight"].where(known)

    counting = ~every["bill"].isin(billing.repeated)
    by_pro = first_other(
        every[every["in_batch"]],
        every[counting].drop(columns="pro").merge(pros, on="bill"),
        ["carrier_scac", "pro"],
        _NUMBER,
    )
    by_pro = _no_splits(by_pro, billing.charges)

    with_bol = every.merge(bols, on="bill")
    current = with_bol[with_bol["in_batch"] & ~with_bol["bill"].isin(by_pro["bill"])]
    before = with_bol[~with_bol["bill"].isin(billing.repeated)]
    equal = _of_one_freight(current, before, ["carrier_scac", "bol", "amount"])
    equal = _no_splits(equal, billing.charges)
    current = current[~current["bill"].isin(equal["bill"])]
    used_up = _no_splits(_used_up(current, before, billing.bols_of_many_shipments), billing.charges)
    details = [
        f"PRO {pro} was billed before as invoice {number}, {place}"
        for pro, number, place in zip(
            by_pro["pro"], by_pro["invoice_no_norm_before"], by_pro["place_before"], strict=True
        )
    ]
    return pd.concat(
        [
            _found(by_pro, Reason.DUPLICATE_BILL, details),
            _found(equal, Reason.DUPLICATE_BILL_FOR_BOL, _told(equal)),
            _found(used_up, Reason.OVER_ACCRUAL, _told(used_up)),
            _notes(bills, common),
        ],
        ignore_index=True,
    )


def _uncommon(every: pd.DataFrame, numbers: pd.DataFrame, common: pd.DataFrame) -> pd.DataFrame:
    """bill and number, without those that are common."""
    name = numbers.columns[1]
    scope = ["carrier_scac", name]
    named = numbers.merge(every[["bill", "carrier_scac"]], on="bill")
    named = named.merge(common[[*scope, "shipments"]], on=scope, how="left")
    return named.loc[named["shipments"].isna(), ["bill", name]].reset_index(drop=True)


def _of_one_freight(current: pd.DataFrame, before: pd.DataFrame, on: list[str]) -> pd.DataFrame:
    """The first earlier bill of another number that may be for the same shipment: one of them is
    not known, or they are equal."""
    known = current["apart"].notna()
    found = [
        first_other(current[~known], before, on, _NUMBER),
        first_other(current[known], before, [*on, "apart"], _NUMBER),
        first_other(current[known], before[before["apart"].isna()], on, _NUMBER),
    ]
    pairs = pd.concat(found, ignore_index=True).sort_values("rank_before", kind="stable")
    return pairs.drop_duplicates("bill").sort_values("bill").reset_index(drop=True)


def _used_up(
    current: pd.DataFrame, before: pd.DataFrame, many_shipments: pd.DataFrame
) -> pd.DataFrame:
    on = ["carrier_scac", "bol"]
    shared = current.merge(many_shipments.assign(shared=True), on=on, how="left")["shared"]
    current = current[shared.isna().to_numpy()]
    before = before[(before["approved"] | before["in_batch"]).astype(bool)]
    found = [
        _of_one_freight(current[current["pro"].isna()], before, on),
        _of_one_freight(current[current["pro"].notna()], before[before["pro"].isna()], on),
    ]
    return pd.concat(found, ignore_index=True)


def _no_splits(pairs: pd.DataFrame, charges: pd.DataFrame) -> pd.DataFrame:
    """Without the pairs that bill one shipment of ours, and none of its charges both."""
    mine = (
        pairs[["bill", "other"]]
        .merge(charges, left_on="bill", right_on="record_id")
        .drop(columns="record_id")
    )
    theirs = charges.rename(columns={"record_id": "other"})
    of_one = mine.merge(theirs[["other", "shipment"]].drop_duplicates(), on=["other", "shipment"])
    both = mine.merge(theirs, on=["other", "shipment", "charge_code"])
    unknown = charges.loc[charges["shipment"].isna(), "record_id"]
    split = pairs["bill"].isin(of_one["bill"]) & ~pairs["bill"].isin(both["bill"])
    split &= ~pairs["bill"].isin(unknown) & ~pairs["other"].isin(unknown)
    return pairs[~split].reset_index(drop=True)


def _told(pairs: pd.DataFrame) -> list[str]:
    return [
        f"BOL {bol} was billed before as invoice {number} of {amount}, {place}"
        for bol, number, amount, place in zip(
            pairs["bol"],
            pairs["invoice_no_norm_before"],
            as_text(pairs["amount_before"] if "amount_before" in pairs else pairs["amount"]),
            pairs["place_before"],
            strict=True,
        )
    ]


def _notes(bills: Bills, common: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """That a number is no reference, on the bills that carry it."""
    found = [
        findings(
            bills.placeholders["record_id"],
            Weight.NOTE,
            None,
            [f"{number} is no reference" for number in bills.placeholders["number"]],
        )
    ]
    for name, numbers in common.items():
        hit = bills.headers.merge(numbers, on=["carrier_scac", name])
        details = [
            f"{name.upper()} {number} is no reference: it stands on bills of {shipments} shipments "
            f"({total} bills of {carrier} in all)"
            for number, shipments, total, carrier in zip(
                hit[name], hit["shipments"], hit["bills"], hit["carrier_scac"], strict=True
            )
        ]
        found.append(findings(hit["record_id"], Weight.NOTE, None, details))
    return pd.concat(found, ignore_index=True)


def _found(pairs: pd.DataFrame, reason: Reason, details: list[str]) -> pd.DataFrame:
    of = list(pairs["business_key_before"])
    return findings(pairs["bill"], Weight.BLOCKING, reason, details, of)
