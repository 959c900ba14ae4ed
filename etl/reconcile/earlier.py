"""What was billed before, and the strict order in which bills count.

Only what was approved or is in the target counts, whenever it was received, and of two bills that
wait the one that came first. What waits as a repetition of another bill counts for nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import pyarrow as pa

from etl.reconcile.bills import Bills, Kind
from etl.reconcile.frames import MONEY, Column, frame, normalised
from etl.reconcile.freight import KIND_OF_REFERENCE
from etl.reconcile.placeholders import Placeholders
from etl.reconcile.reasons import COUNTS_FOR_NOTHING, Outcome, Reason

_HISTORY = pa.schema(
    [
        pa.field("document_id", pa.string()),
        pa.field("batch_id", pa.string()),
        pa.field("file_id", pa.string()),
        pa.field("arrived", pa.int64()),
        pa.field("partner", pa.string()),
        pa.field("business_key", pa.string()),
        pa.field("record_hash", pa.string()),
        pa.field("carrier_scac", pa.string()),
        pa.field("invoice_no_norm", pa.string()),
        pa.field("shipment_ref", pa.string()),
        pa.field("pro_norm", pa.string()),
        pa.field("bol_norm", pa.string()),
        pa.field("amount", MONEY),
        pa.field("outcome", pa.string()),
        pa.field("disposition", pa.string()),
        pa.field("reasons", pa.list_(pa.string())),
    ]
)
_REFERENCES = pa.schema(
    [
        pa.field("document_id", pa.string()),
        pa.field("type", pa.string()),
        pa.field("value_norm", pa.string()),
    ]
)
_PAID = ["pushed", "unchanged"]
_APPROVED = [str(Outcome.AUTO_APPROVE), str(Outcome.APPROVE_WITH_VARIANCE)]
_GONE = ["rejected", "superseded"]
"""A bill that was refused for its form, or replaced by a later version of it, was never billed."""

_ON_AN_EARLIER_ONE = frozenset({Reason.CREDIT, Reason.BALANCE_DUE, Reason.REBILL})
"""What has one of these reasons refers to a bill, and is none by which another is a duplicate."""

_SAME = ["file_id", "business_key"]
"""What tells a bill in a file: it may have been processed many times."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """Bills of earlier batches.

    Attributes:
        bills: bill (an id below zero), carrier_scac, business_key, record_hash, invoice_no_norm,
            amount, partner, approved, arrived, place (for a sentence), ordinary (no credit, and
            nothing that refers to an earlier bill); one row a bill that counts.
        numbers: bill, carrier_scac, kind, number; as of :func:`etl.reconcile.freight.numbers_of`.
        pros: bill, pro; the PROs by which a bill is found, of its header and references.
        bols: bill, bol; likewise.
        approved: file_id, business_key; the bills of the batch itself that were approved before.
    """

    bills: pd.DataFrame
    numbers: pd.DataFrame
    pros: pd.DataFrame
    bols: pd.DataFrame
    approved: pd.DataFrame


def earlier_bills(
    history: pa.Table | None, references: pa.Table | None, batch: Bills, none: Placeholders
) -> Earlier:
    """History as the rules see it.

    Args:
        history: documents of earlier batches in the order in which they were processed, the earlier
            processing of this batch's own files among them.
        references: document_id, type, value_norm of these documents; the type SHIPMENT is that of
            their charges.
        none: which references are none.
    """
    known = frame(history, _HISTORY)
    known["bill"] = -1 - pd.Series(range(len(known)), dtype="int64")
    known["approved"] = approved(known)
    counting = _counting(known)
    own = counting.merge(batch.headers[_SAME].dropna().drop_duplicates(), on=_SAME)["bill"]
    is_own = counting["bill"].isin(own)
    own_approved = counting.loc[is_own & counting["approved"], _SAME]
    # Another reading of a file of ours counts only where it came to be paid.
    files = batch.headers["file_id"].dropna().unique()
    outdated = counting["file_id"].isin(files) & ~counting["disposition"].isin(_PAID)
    bills = counting[~is_own & ~outdated].reset_index(drop=True)
    bills["ordinary"] = (bills["amount"] > 0).fillna(True) & ~_has_one(bills, _ON_AN_EARLIER_ONE)
    bills["place"] = "in batch " + bills["batch_id"].fillna("unknown")
    bills["shipment"] = none.left_out_of(normalised(bills["shipment_ref"]))
    for name in ("pro", "bol"):
        bills[name] = none.left_out_of(normalised(bills[f"{name}_norm"]))

    named = frame(references, _REFERENCES).dropna()
    named["number"] = none.left_out_of(named["value_norm"])
    named = named.dropna().merge(bills[["document_id", "bill"]], on="document_id")
    return Earlier(
        bills=bills,
        numbers=_numbers(bills, named),
        pros=_found_by(bills, named, "pro"),
        bols=_found_by(bills, named, "bol"),
        approved=own_approved,
    )


def ranked(batch: Bills, earlier: Earlier) -> pd.DataFrame:
    """All bills that count, of history and of the batch, in the strict order in which they do.

    First what was approved, then another version of that, then what waits; each by the arrival of
    its file, and of one file by the order in it.

    Returns:
        The columns of :attr:`Earlier.bills` but `bill` being the record_id for those of the batch,
        and rank; `in_batch`.
    """
    columns = [
        "bill",
        "carrier_scac",
        "business_key",
        "record_hash",
        "invoice_no_norm",
        "amount",
        "partner",
        "approved",
        "arrived",
        "place",
        "ordinary",
    ]
    headers = batch.headers.rename(columns={"record_id": "bill", "total": "amount"})
    before = headers[_SAME].merge(
        earlier.approved.drop_duplicates().assign(approved=True), on=_SAME, how="left"
    )
    headers = headers.assign(
        approved=(before["approved"].notna() & headers["file_id"].notna()).astype(bool),
        arrived=headers["arrived"].astype("float64").fillna(float("inf")),
        place="in this batch",
        ordinary=headers["kind"] == Kind.BILL,
    )
    past = earlier.bills[columns].assign(
        arrived=earlier.bills["arrived"].astype("float64").fillna(float("-inf")), in_batch=False
    )
    every = pd.concat([past, headers[columns].assign(in_batch=True)], ignore_index=True)
    counts = every["approved"].astype(bool)
    version = every["business_key"].isin(every.loc[counts, "business_key"].dropna())
    level = (~counts).astype(int) + (~counts & ~version).astype(int)
    every = every.assign(level=level)
    every = every.sort_values(["level", "arrived", "in_batch"], kind="stable")
    return every.drop(columns="level").assign(rank=range(len(every))).reset_index(drop=True)


def approved(known: pd.DataFrame) -> Column:
    """Whether documents count as paid, by their outcome and disposition."""
    gone = known["disposition"].isin(_GONE)
    paid: Column = known["disposition"].isin(_PAID) | (known["outcome"].isin(_APPROVED) & ~gone)
    return paid


def _counting(known: pd.DataFrame) -> pd.DataFrame:
    """Of each bill in each file one row: as it was approved last, else as it waits now."""
    known = known.assign(file_id=known["file_id"].fillna(known["bill"].astype("string[pyarrow]")))
    paid = known[known["approved"]].drop_duplicates(_SAME, keep="last")
    rest = known.merge(paid[_SAME].assign(settled=True), on=_SAME, how="left")
    rest = rest[rest["settled"].isna()].drop(columns="settled").drop_duplicates(_SAME, keep="last")
    rest = rest[~_has_one(rest, COUNTS_FOR_NOTHING) & ~rest["disposition"].isin(_GONE)]
    both = pd.concat([paid, rest], ignore_index=True)
    return both.sort_values("bill", ascending=False, kind="stable").reset_index(drop=True)


def _has_one(known: pd.DataFrame, wanted: frozenset[Reason]) -> Column:
    """Whether one of a document's reasons is among those wanted."""
    reasons = known["reasons"].array.__arrow_array__().to_pylist()
    hit = [each is not None and not wanted.isdisjoint(each) for each in reasons]
    return pd.Series(hit, index=known.index, dtype=bool)


def _numbers(bills: pd.DataFrame, named: pd.DataFrame) -> pd.DataFrame:
    parts = [
        bills[["bill"]].assign(kind=name.upper(), number=bills[name])
        for name in ("shipment", "pro", "bol")
    ]
    kind_of = KIND_OF_REFERENCE | {"SHIPMENT": "SHIPMENT"}
    kinds = named["type"].map(kind_of).astype("string[pyarrow]")
    parts.append(named[["bill", "number"]].assign(kind=kinds))
    numbers = pd.concat(parts, ignore_index=True).dropna(subset=["kind", "number"])
    return numbers.drop_duplicates().merge(bills[["bill", "carrier_scac"]])


def _found_by(bills: pd.DataFrame, named: pd.DataFrame, name: str) -> pd.DataFrame:
    of_kind = named.loc[named["type"] == name.upper(), ["bill", "number"]]
    both = [bills[["bill", name]], of_kind.rename(columns={"number": name})]
    return pd.concat(both, ignore_index=True).dropna().drop_duplicates()
