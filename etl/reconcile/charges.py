"""Billed charges against expected ones, by shipment and charge code."""

from __future__ import annotations

import pandas as pd

from etl.reconcile.bills import Bills, Kind
from etl.reconcile.frames import ZERO, Column, as_text, wide
from etl.reconcile.reasons import REASON_OF_CHARGE, Reason, Status, Weight, findings
from etl.reconcile.tolerances import Tolerances
from etl.reconcile.variance import percent_of, with_limits, within

_SCOPE = ["carrier_scac", "shipment", "charge_code"]
BILLED = ["record_id", "shipment", "charge_code"]
"""Columns of what a bill bills of our shipments."""


def compared_charges(
    bills: Bills,
    matched: pd.DataFrame,
    charges: pd.DataFrame,
    tolerances: Tolerances,
    duplicates: Column,
    past: pd.DataFrame,
) -> pd.DataFrame:
    """A row for each charge of a shipment, billed or expected, with its variance and status.

    Lines of one shipment and charge code are added up first. An expected charge that none of the
    batch's invoices bills is NOT_BILLED on the first ordinary invoice of its shipment, unless
    another bill was approved for it on another night.

    Args:
        charges: see :func:`etl.reconcile.validity.counting_charges`.
        duplicates: record_ids of duplicates; they use up no expected charge.
        past: see :func:`etl.reconcile.used_up.uses_before`.
    """
    rows = _billed(bills, matched).merge(charges, on=[*_SCOPE, "day"], how="left")
    missing = _not_billed(rows, matched, bills, charges, duplicates, past)
    rows = pd.concat([rows, missing], ignore_index=True)
    rows = rows.merge(bills.headers[["record_id", "kind"]], on="record_id")

    # A credit note gives back; only an expected credit says that it should.
    useless = (rows["kind"] == Kind.CREDIT) & (rows["expected"] > 0)
    rows["expected"] = rows["expected"].where(~useless.fillna(False))
    same_currency = (rows["currency"] == rows["expected_currency"]).fillna(False)
    rows["foreign"] = rows["expected"].notna() & ~same_currency
    rows["expected"] = rows["expected"].where(~rows["foreign"])
    rows["variance"] = rows["billed"] - rows["expected"].fillna(ZERO)
    rows["variance_percent"] = percent_of(rows["variance"], rows["expected"])

    scopes = rows[["carrier_scac", "charge_code"]].drop_duplicates()
    limits = [tolerances.of_charge(*scope) for scope in scopes.itertuples(index=False)]
    rows = rows.merge(with_limits(scopes, limits), on=["carrier_scac", "charge_code"], how="left")
    rows["within"] = within(rows, tolerances.require_both)
    rows["status"] = _status(rows)
    rows["reason"] = _reason(rows)
    return rows.sort_values("record_id", kind="stable").reset_index(drop=True)


def charge_findings(rows: pd.DataFrame) -> pd.DataFrame:
    """What the compared charges of ordinary bills say about them."""
    judged = rows[(rows["kind"] == Kind.BILL) & rows["problem"].isna() & rows["reason"].notna()]
    foreign = judged[judged["foreign"]]
    details = [
        f"{code} is billed in {billed}, expected in {expected}"
        for code, billed, expected in zip(
            foreign["charge_code"], foreign["currency"], foreign["expected_currency"], strict=True
        )
    ]
    judged = judged[~judged["foreign"]]
    weight = (judged["variance"] > 0).map({True: int(Weight.OVER), False: int(Weight.UNDER)})
    return pd.concat(
        [
            findings(foreign["record_id"], Weight.BLOCKING, Reason.CURRENCY_MISMATCH, details),
            findings(judged["record_id"], list(weight), list(judged["reason"]), _sentences(judged)),
        ],
        ignore_index=True,
    )


def later_bill_findings(bills: Bills, rows: pd.DataFrame) -> pd.DataFrame:
    """CREDIT, BALANCE_DUE, REBILL: what refers to an earlier bill goes to a person.

    What the earlier bill has used up of the expected charges is not known by charge, so nothing
    of it is approved here, but for a credit that is expected to the cent.
    """
    headers = bills.headers
    disagreeing = rows.loc[rows["reason"].notna(), "record_id"]
    found = []
    for kind, reason, sentence in (
        (Kind.CREDIT, Reason.CREDIT, "a credit note that was not expected"),
        (Kind.BALANCE_DUE, Reason.BALANCE_DUE, "a balance due on freight billed before"),
        (Kind.REBILL, Reason.REBILL, "freight billed anew"),
    ):
        hit = headers[headers["kind"] == kind]
        if kind == Kind.CREDIT:
            hit = hit[hit["record_id"].isin(disagreeing)]
        details = [
            sentence if pd.isna(earlier) else f"{sentence}, for invoice {earlier}"
            for earlier in hit["orig_invoice_no"]
        ]
        found.append(findings(hit["record_id"], Weight.BLOCKING, reason, details))
    return pd.concat(found, ignore_index=True)


def billed_charges(bills: Bills, matched: pd.DataFrame) -> pd.DataFrame:
    """record_id, shipment (ours; null where unknown), charge_code: each once."""
    billed = _billed(bills, matched)[BILLED]
    return billed.drop_duplicates().reset_index(drop=True)


def _billed(bills: Bills, matched: pd.DataFrame) -> pd.DataFrame:
    """record_id, carrier_scac, ref, shipment, day, problem, charge_code, currency, billed."""
    lines = bills.lines[["record_id", "ref", "charge_code", "currency", "amount"]]
    # A charge without a reference goes to the shipment of its invoice where that has only one.
    only = matched.drop_duplicates("record_id", keep=False).set_index("record_id")["ref"]
    lines = lines.assign(ref=lines["ref"].fillna(lines["record_id"].map(only)))
    scope = ["record_id", "ref", "carrier_scac", "shipment", "day", "problem"]
    of_match = matched[scope]
    lines = lines.merge(of_match, on=["record_id", "ref"], how="left")
    sums = lines.groupby([*scope, "charge_code", "currency"], sort=False, dropna=False)[
        "amount"
    ].sum()
    return wide(sums).rename("billed").reset_index()


def _not_billed(
    billed: pd.DataFrame,
    matched: pd.DataFrame,
    bills: Bills,
    charges: pd.DataFrame,
    duplicates: Column,
    past: pd.DataFrame,
) -> pd.DataFrame:
    """Expected charges without a bill, given to the first ordinary invoice of their shipment."""
    scope = ["carrier_scac", "shipment"]
    ordinary = bills.headers[bills.headers["kind"] == Kind.BILL]
    ordinary = ordinary.loc[~ordinary["record_id"].isin(duplicates), ["record_id", "currency"]]
    first = matched.dropna(subset=scope).merge(ordinary, on="record_id").drop_duplicates(scope)
    first = first[["record_id", "ref", *scope, "day", "problem", "currency"]]

    missing = first.merge(charges, on=[*scope, "day"])
    found = billed.loc[~billed["record_id"].isin(duplicates), _SCOPE].drop_duplicates()
    missing = missing.merge(found.assign(found=True), on=_SCOPE, how="left")
    # An expected credit is not missing from the invoice it belongs to; a discount is.
    owed = (missing["expected"] > 0) | (missing["charge_code"] == "DISCOUNT")
    missing = missing[missing["found"].isna() & owed.fillna(False)].drop(columns="found")
    missing = missing[~_billed_before(missing, bills, past)]
    return missing.assign(billed=pd.Series(ZERO, missing.index, dtype=billed["billed"].dtype))


def _billed_before(missing: pd.DataFrame, bills: Bills, past: pd.DataFrame) -> Column:
    """Whether a bill under another business key was approved for the charge."""
    keys = missing["record_id"].map(bills.headers.set_index("record_id")["business_key"])
    of_others = missing[_SCOPE].assign(own=keys).reset_index().merge(past, on=_SCOPE)
    of_others = of_others[(of_others["business_key"] != of_others["own"]).fillna(True)]
    return missing.index.to_series().isin(of_others["index"])


def _status(rows: pd.DataFrame) -> Column:
    status = pd.Series(str(Status.OVER), index=rows.index, dtype="string[pyarrow]")
    status[rows["variance"] < 0] = Status.UNDER
    status[rows["within"]] = Status.WITHIN
    status[rows["variance"] == 0] = Status.MATCHED
    status[(rows["billed"] == 0) & (rows["expected"] != 0).fillna(False)] = Status.NOT_BILLED
    status[rows["expected"].isna()] = Status.UNEXPECTED
    return status


def _reason(rows: pd.DataFrame) -> Column:
    reason = rows["charge_code"].map(REASON_OF_CHARGE).astype("string[pyarrow]")
    reason = reason.fillna(str(Reason.SURCHARGE_MISMATCH))
    unauthorised = (rows["status"] == Status.UNEXPECTED) & (rows["variance"] > 0)
    reason[unauthorised] = Reason.ACCESSORIAL_UNAUTHORISED
    reason[rows["kind"] == Kind.CREDIT] = Reason.CREDIT
    reason[rows["foreign"]] = Reason.CURRENCY_MISMATCH
    agreed = (rows["within"] | (rows["variance"] == 0)) & ~rows["foreign"]
    return rows["problem"].fillna(reason.where(~agreed))


def _sentences(rows: pd.DataFrame) -> list[str]:
    shipments = rows.groupby("record_id")["shipment"].transform("nunique")
    place = (" for " + rows["shipment"]).where(shipments > 1, "").fillna("")
    sentences = []
    for code, where, status, billed, expected, variance, over in zip(
        rows["charge_code"],
        place,
        rows["status"],
        as_text(rows["billed"]),
        as_text(rows["expected"].fillna(ZERO)),
        as_text(rows["variance"].abs()),
        rows["variance"] > 0,
        strict=True,
    ):
        wanted = "nothing" if status == Status.UNEXPECTED else expected
        sign = "+" if over else "-"
        sentences.append(f"{code} {billed} billed{where}, {wanted} expected ({sign}{variance})")
    return sentences
