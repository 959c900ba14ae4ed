"""Which freight a bill is for, by shipments, PROs and BOLs; whether two bills have the same one."""

from __future__ import annotations

import pandas as pd

from etl.reconcile.bills import Bills
from etl.reconcile.frames import Column

KIND_OF_REFERENCE = {"PRO": "PRO", "TRACKING": "PRO", "BOL": "BOL", "LOAD": "SHIPMENT"}
"""What a reference of each type is to a freight; others say nothing of it."""

_BY_SHIPMENT = ("SHIPMENT", "PRO", "BOL")
"""As what the reference on charges is tried, the first one that is known counts."""


def numbers_of(bills: Bills) -> pd.DataFrame:
    """bill (its record_id), carrier_scac, kind (SHIPMENT, PRO, BOL), number: each once."""
    headers = bills.headers[["record_id", "carrier_scac", "shipment", "pro", "bol"]]
    parts = [
        headers[["record_id"]].assign(kind=name.upper(), number=headers[name])
        for name in ("shipment", "pro", "bol")
    ]
    parts.append(bills.lines[["record_id"]].assign(kind="SHIPMENT", number=bills.lines["ref"]))
    parts.append(
        bills.references[["record_id"]].assign(
            kind=bills.references["type"].map(KIND_OF_REFERENCE).astype("string[pyarrow]"),
            number=bills.references["value_norm"],
        )
    )
    numbers = pd.concat(parts, ignore_index=True).dropna(subset=["kind", "number"])
    numbers = numbers.drop_duplicates().merge(headers[["record_id", "carrier_scac"]])
    return numbers.rename(columns={"record_id": "bill"})


def with_ours(numbers: pd.DataFrame, keys: pd.DataFrame) -> pd.DataFrame:
    """`numbers`, and our own shipments that they name as numbers of the kind SHIPMENT; `rank` says
    how directly, null for what is not ours.

    Args:
        keys: see :class:`etl.reconcile.expectations.Expectations`; each names one shipment.
    """
    tries = [numbers.assign(key_kind=numbers["kind"], rank=_rank(numbers["kind"]))]
    named = numbers[numbers["kind"] == "SHIPMENT"]
    tries += [named.assign(key_kind=kind, rank=0) for kind in _BY_SHIPMENT[1:]]
    keys = keys.rename(columns={"kind": "key_kind", "key": "number"})
    ours = pd.concat(tries, ignore_index=True).merge(
        keys, on=["carrier_scac", "key_kind", "number"]
    )
    ours = ours[["bill", "carrier_scac", "shipment", "rank"]].rename(columns={"shipment": "number"})
    ours = ours.assign(kind="SHIPMENT").sort_values("rank", kind="stable")
    both = pd.concat([ours, numbers], ignore_index=True)
    return both.drop_duplicates(["bill", "kind", "number"]).reset_index(drop=True)


def freight_of(numbers: pd.DataFrame) -> pd.DataFrame:
    """bill, freight: the one shipment of a bill; of ours where it names one, else as it is billed.

    A bill of several shipments has none.
    """
    shipments = numbers[numbers["kind"] == "SHIPMENT"].fillna({"rank": len(_BY_SHIPMENT)})
    best = shipments.groupby("bill")["rank"].transform("min")
    shipments = shipments[shipments["rank"] == best]
    one = shipments.drop_duplicates("bill", keep=False)
    ours = one["rank"] < len(_BY_SHIPMENT)
    return one.assign(freight=one["number"], ours=ours)[["bill", "freight", "ours"]]


def same_freight(pairs: pd.DataFrame, numbers: pd.DataFrame) -> Column:
    """Whether `bill` and `other` of each pair are for the same freight.

    Each kind of number that both bills have speaks for it or against it: for it where they share at
    least half of the numbers of the one that has more. More must speak for it than against it.
    Nothing speaks against an `other` of which no number at all is known.

    Args:
        pairs: bill, other; a bill in one row at most.
    """
    pairs = pairs[["bill", "other"]].reset_index(drop=True)
    numbers = numbers[["bill", "kind", "number"]]
    counts = numbers.groupby(["bill", "kind"]).size().rename("of_other").reset_index()
    mine = pairs.merge(numbers, on="bill").merge(
        numbers.rename(columns={"bill": "other"}).assign(shared=1),
        on=["other", "kind", "number"],
        how="left",
    )
    mine["shared"] = mine["shared"].fillna(0).astype("int64")
    votes = mine.groupby(["bill", "other", "kind"])["shared"].agg(["size", "sum"]).reset_index()
    votes = votes.merge(counts.rename(columns={"bill": "other"}), on=["other", "kind"])
    larger = votes[["size", "of_other"]].max(axis=1)
    votes["vote"] = (2 * votes["sum"] >= larger).map({True: 1, False: -1})
    same = pairs["bill"].map(votes.groupby("bill")["vote"].sum()).fillna(0) > 0
    result: Column = same.astype(bool) | ~pairs["other"].isin(numbers["bill"])
    return result


def _rank(kinds: Column) -> Column:
    return kinds.map({name: rank for rank, name in enumerate(_BY_SHIPMENT)}).astype("int64")
