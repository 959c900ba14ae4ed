"""Does an invoice agree with itself: its total with its charges, its currency with theirs."""

from __future__ import annotations

import pandas as pd

from etl.reconcile.bills import Bills
from etl.reconcile.frames import as_text, wide
from etl.reconcile.reasons import Reason, Weight, findings


def totals(bills: Bills) -> pd.DataFrame:
    """TOTAL_MISMATCH where the total is not the sum of the charges and taxes.

    Charges are without tax. Taxes are the invoice's tax total or, where it gives none, the sum
    of the taxes of its charges.
    """
    headers = bills.headers
    sums = bills.lines.groupby("record_id", sort=False).agg(
        charges=("amount", "sum"), taxes=("tax_amount", "sum"), count=("amount", "size")
    )
    sums = headers[["record_id"]].merge(sums, on="record_id", how="left")
    charges = wide(sums["charges"]).fillna(0)
    taxes = wide(headers["tax_total"]).fillna(wide(sums["taxes"])).fillna(0)
    billed = charges + taxes
    wrong = (wide(headers["total"]) != billed).fillna(True)

    details = [
        f"the total of {total} is not its {count} charges and taxes, {charge} + {tax} = {both}"
        for total, count, charge, tax, both in zip(
            as_text(headers["total"])[wrong],
            sums["count"].fillna(0)[wrong],
            as_text(charges)[wrong],
            as_text(taxes)[wrong],
            as_text(billed)[wrong],
            strict=True,
        )
    ]
    return findings(headers["record_id"][wrong], Weight.BLOCKING, Reason.TOTAL_MISMATCH, details)


def currencies(bills: Bills) -> pd.DataFrame:
    """CURRENCY_NOT_SET where an invoice has none, CURRENCY_MISMATCH where its charges differ."""
    headers = bills.headers
    unset = headers["record_id"][headers["currency"].isna()]
    lines = bills.lines.merge(
        headers[["record_id", "currency"]], on="record_id", suffixes=("", "_of_bill")
    )
    other = lines[(lines["currency"] != lines["currency_of_bill"]).fillna(False)]
    other = other.drop_duplicates("record_id")
    details = [
        f"a charge is in {currency}, the invoice in {of_bill}"
        for currency, of_bill in zip(other["currency"], other["currency_of_bill"], strict=True)
    ]
    return pd.concat(
        [
            findings(
                unset,
                Weight.BLOCKING,
                Reason.CURRENCY_NOT_SET,
                ["the invoice names no currency"] * len(unset),
            ),
            findings(other["record_id"], Weight.BLOCKING, Reason.CURRENCY_MISMATCH, details),
        ],
        ignore_index=True,
    )
