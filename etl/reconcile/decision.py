"""From the findings of all rules to one outcome an invoice, with the numbers behind it."""

from __future__ import annotations

import pandas as pd

from etl.reconcile.bills import Bills, Kind
from etl.reconcile.frames import ZERO, Column, as_text, rounded, wide
from etl.reconcile.reasons import OUTCOME_OF_WEIGHT, Outcome, Reason, Weight, findings
from etl.reconcile.tolerances import Tolerances
from etl.reconcile.variance import percent_of, with_limits, within

_MOST_DETAILS = 5
"""What one sentence bears; the reconciled lines have them all."""


def bill_sums(bills: Bills, rows: pd.DataFrame, tolerances: Tolerances) -> pd.DataFrame:
    """By invoice: billed and expected without tax, variance, percent, whether tolerated, and
    whether every charge is exactly as expected.

    `expected` and what follows from it are null where a charge can't be compared.
    """
    incomparable = rows.loc[rows["problem"].notna() | rows["foreign"], "record_id"]
    by_bill = rows.groupby("record_id", sort=False)[["billed", "expected"]].sum(min_count=1)
    headers = bills.headers[["record_id", "carrier_scac", "kind"]]
    sums = headers.merge(by_bill.reset_index(), on="record_id", how="left")
    sums["billed"] = wide(sums["billed"]).fillna(ZERO)
    sums["expected"] = wide(sums["expected"]).where(~sums["record_id"].isin(incomparable))
    sums["variance"] = sums["billed"] - sums["expected"]
    sums["variance_percent"] = percent_of(sums["variance"], sums["expected"])
    carriers = sums[["carrier_scac"]].drop_duplicates()
    limits = [tolerances.of_bill(carrier) for carrier in carriers["carrier_scac"]]
    sums = sums.merge(with_limits(carriers, limits), on="carrier_scac", how="left")
    sums["within"] = within(sums, tolerances.require_both)
    differing = rows.loc[rows["variance"] != 0, "record_id"]
    sums["exact"] = ~sums["record_id"].isin(differing)
    return sums


def nothing_to_reclaim(by_charge: pd.DataFrame, sums: pd.DataFrame) -> pd.DataFrame:
    """`by_charge`, its overcharges weighing no more than undercharges where the bill as a whole
    is not above what was expected: a dispute would have nothing to win back."""
    not_above = sums.loc[(sums["variance"] <= 0).fillna(False), "record_id"]
    capped = by_charge["weight"].clip(upper=int(Weight.UNDER))
    capped = capped.where(by_charge["weight"] <= Weight.OVER, by_charge["weight"])
    weight = by_charge["weight"].where(~by_charge["record_id"].isin(not_above), capped)
    return by_charge.assign(weight=weight)


def bill_findings(sums: pd.DataFrame) -> pd.DataFrame:
    """BILL_AMT_OUT_OF_TOLERANCE for ordinary bills, too high or too low."""
    out = sums[(sums["kind"] == Kind.BILL) & sums["expected"].notna() & ~sums["within"]]
    weight = (out["variance"] > 0).map({True: int(Weight.OVER), False: int(Weight.UNDER)})
    reasons = [Reason.BILL_AMT_OUT_OF_TOLERANCE] * len(out)
    return findings(out["record_id"], list(weight), reasons, [""] * len(out))


def nothing_to_compare(sums: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    """NO_RATE for what no rule objects to only because nothing was expected: approvals are made
    of agreements, never of silence."""
    judged = found.loc[found["weight"] > Weight.NOTE, "record_id"]
    silent = sums.loc[sums["expected"].isna() & ~sums["record_id"].isin(judged), "record_id"]
    details = ["nothing is expected to compare it with"] * len(silent)
    return findings(silent, Weight.BLOCKING, Reason.NO_RATE, details)


def decided(bills: Bills, sums: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    """A row an invoice: outcome, reasons, sums, explanation; the heaviest finding decides."""
    found = found.sort_values(["record_id", "weight"], ascending=[True, False], kind="stable")
    by_bill = found.groupby("record_id", sort=False)
    heaviest = by_bill["weight"].max()
    reasons = found.dropna(subset=["reason"]).drop_duplicates(["record_id", "reason"])
    details = found[(found["detail"] != "").fillna(False)].drop_duplicates(["record_id", "detail"])
    duplicate_of = found.dropna(subset=["duplicate_of"]).drop_duplicates("record_id")

    decisions = bills.headers[["record_id", "business_key", "currency"]].merge(
        sums.drop(columns=["carrier_scac", "kind"]), on="record_id"
    )
    ids = decisions["record_id"]
    weight = ids.map(heaviest).fillna(0)
    outcome = weight.map({int(weight): str(name) for weight, name in OUTCOME_OF_WEIGHT.items()})
    approved = decisions["exact"].map(
        {True: Outcome.AUTO_APPROVE, False: Outcome.APPROVE_WITH_VARIANCE}
    )
    decisions["outcome"] = outcome.astype("string[pyarrow]").fillna(
        approved.astype("string[pyarrow]")
    )
    decisions["reasons"] = _lists(ids, reasons, "reason")
    decisions["duplicate_of"] = ids.map(duplicate_of.set_index("record_id")["duplicate_of"])
    decisions["explanation"] = _explanations(decisions, _lists(ids, details, "detail"))
    return decisions


def _lists(ids: Column, rows: pd.DataFrame, column: str) -> Column:
    lists = rows.groupby("record_id", sort=False)[column].agg(list).to_dict()
    return pd.Series([lists.get(record_id, []) for record_id in ids], index=ids.index, dtype=object)


def _explanations(decisions: pd.DataFrame, details: Column) -> list[str]:
    """One sentence an invoice: the sums, then what was found."""
    sentences = []
    for currency, billed, expected, variance, percent, outcome, found in zip(
        decisions["currency"].fillna("(no currency)"),
        as_text(decisions["billed"]),
        as_text(decisions["expected"]),
        as_text(decisions["variance"]),
        as_text(rounded(decisions["variance_percent"], 2)),
        decisions["outcome"],
        details,
        strict=True,
    ):
        sentence = f"Billed {billed} {currency}"
        if not pd.isna(expected):
            sentence += f", expected {expected}"
            if variance not in ("0.00", "-0.00"):
                sign = "" if variance.startswith("-") else "+"
                share = "" if pd.isna(percent) else f", {sign}{percent} %"
                sentence += f" ({sign}{variance}{share})"
        if outcome == Outcome.APPROVE_WITH_VARIANCE:
            sentence += ", within tolerance"
        if found:
            more = [f"and {len(found) - _MOST_DETAILS} more"] if len(found) > _MOST_DETAILS else []
            sentence += ": " + "; ".join([*found[:_MOST_DETAILS], *more])
        sentences.append(sentence + ".")
    return sentences
