"""Which of our shipments an invoice bills, told by its shipment reference, PRO or BOL."""

from __future__ import annotations

import pandas as pd

from etl.reconcile.bills import Bills
from etl.reconcile.expectations import Expectations
from etl.reconcile.frames import Column
from etl.reconcile.freight import KIND_OF_REFERENCE
from etl.reconcile.reasons import Reason, Weight, findings


def matched_shipments(bills: Bills, expectations: Expectations) -> pd.DataFrame:
    """One row for each shipment that an invoice bills.

    The reference on the charges is tried as a shipment reference, then as a PRO, then as a BOL.
    An invoice for one shipment is also tried by the numbers of its header and references.

    Returns:
        record_id, carrier_scac, ref (as billed; null where the charges give none), shipment
        (ours; null where unknown), matched_by (SHIPMENT, PRO, BOL; null where unknown).
    """
    headers = bills.headers
    billed = bills.lines[["record_id", "ref"]].drop_duplicates()
    refs_of_bill = billed.groupby("record_id")["ref"].nunique()
    refs_of_bill = headers["record_id"].map(refs_of_bill).fillna(0)
    single = headers[refs_of_bill <= 1]

    # Charges without a reference on an invoice for one shipment belong to that shipment.
    with_ref = billed.dropna(subset=["ref"])
    without_any = billed[~billed["record_id"].isin(with_ref["record_id"])]
    many = headers.loc[refs_of_bill > 1, "record_id"]
    loose = billed[billed["ref"].isna() & billed["record_id"].isin(many)]
    billed = pd.concat([with_ref, without_any, loose], ignore_index=True)
    billed = billed.merge(headers[["record_id", "carrier_scac"]], on="record_id")

    candidates = _candidates(billed, single, bills.references)
    hits = candidates.merge(expectations.keys, on=["carrier_scac", "kind", "key"])
    hits = hits.sort_values("rank", kind="stable").drop_duplicates(["record_id", "ref"])
    hits = hits.rename(columns={"kind": "matched_by"})
    return billed.merge(
        hits[["record_id", "ref", "shipment", "matched_by"]], on=["record_id", "ref"], how="left"
    )


def with_problems(matched: pd.DataFrame, charges: pd.DataFrame) -> pd.DataFrame:
    """`matched` with the column `problem`: SHIPMENT_NOT_FOUND, NO_RATE; null where charges can be
    compared.

    Args:
        charges: see :func:`etl.reconcile.validity.counting_charges`.
    """
    scope = ["carrier_scac", "shipment", "day"]
    charged = charges[scope].drop_duplicates().assign(rated=True)
    rated = matched[scope].merge(charged, on=scope, how="left")["rated"].notna()
    problem = pd.Series(None, index=matched.index, dtype="string[pyarrow]")
    problem[matched["shipment"].isna()] = Reason.SHIPMENT_NOT_FOUND
    problem[matched["shipment"].notna() & ~rated] = Reason.NO_RATE
    # A charge of an invoice for many shipments that names none is judged as a charge.
    refs = matched.groupby("record_id")["ref"].transform("nunique")
    problem[matched["ref"].isna() & (refs > 1)] = None
    return matched.assign(problem=problem)


def unmatched(matched: pd.DataFrame, bills: Bills) -> pd.DataFrame:
    """SHIPMENT_NOT_FOUND and NO_RATE, one finding an invoice and reason."""
    matched = matched.assign(ref=matched["ref"].fillna(_of_header(matched, bills)))
    found = []
    for reason, column, sentence in (
        (Reason.SHIPMENT_NOT_FOUND, "ref", "no shipment of ours is known as"),
        (Reason.NO_RATE, "shipment", "nothing is expected for shipment"),
    ):
        rows = matched[(matched["problem"] == reason).fillna(False)]
        listed = rows.groupby("record_id", sort=False)[column].agg(list)
        details = [_sentence(sentence, names) for names in listed]
        found.append(findings(listed.index.to_list(), Weight.BLOCKING, reason, details))
    return pd.concat(found, ignore_index=True)


def _of_header(matched: pd.DataFrame, bills: Bills) -> Column:
    """The other numbers that an invoice was looked for by: ``PRO 448210607, BOL 17``."""
    headers = bills.headers.set_index("record_id")
    pro, bol = "PRO " + headers["pro"], "BOL " + headers["bol"]
    told = (pro + ", " + bol).fillna(pro).fillna(bol)
    return matched["record_id"].map(told)


def _sentence(sentence: str, names: list[str | None]) -> str:
    shown = [name if isinstance(name, str) else "(no reference)" for name in names[:3]]
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"{sentence} {', '.join(shown)}{more}"


def _candidates(
    billed: pd.DataFrame, single: pd.DataFrame, references: pd.DataFrame
) -> pd.DataFrame:
    """record_id, ref, carrier_scac, kind, key, rank: what to try, the lowest rank first."""
    tries = [
        billed.assign(kind=kind, key=billed["ref"], rank=rank)
        for rank, kind in enumerate(["SHIPMENT", "PRO", "BOL"])
    ]
    alone = billed[billed["record_id"].isin(single["record_id"])]
    of_header = alone.merge(single[["record_id", "pro", "bol"]], on="record_id")
    for rank, kind in ((3, "PRO"), (4, "BOL")):
        key = of_header[kind.lower()]
        tries.append(of_header[alone.columns].assign(kind=kind, key=key, rank=rank))
    named = references[["record_id", "type", "value_norm"]].rename(columns={"value_norm": "key"})
    named = alone.merge(named, on="record_id")
    named["kind"] = named["type"].map(KIND_OF_REFERENCE).astype("string[pyarrow]")
    tries.append(named[[*alone.columns, "key", "kind"]].assign(rank=5))
    return pd.concat(tries, ignore_index=True).dropna(subset=["carrier_scac", "kind", "key"])
