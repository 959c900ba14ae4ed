"""The freight audit: every invoice against itself, its history and what was expected."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

import pandas as pd
import pyarrow as pa

from etl.reconcile.arithmetic import currencies, totals
from etl.reconcile.bills import Bills, bills
from etl.reconcile.carriers import other_carriers
from etl.reconcile.charges import (
    BILLED,
    billed_charges,
    charge_findings,
    compared_charges,
    later_bill_findings,
)
from etl.reconcile.decision import (
    bill_findings,
    bill_sums,
    decided,
    nothing_to_compare,
    nothing_to_reclaim,
)
from etl.reconcile.duplicates import Billing, rebilled_freight
from etl.reconcile.earlier import Earlier, earlier_bills, ranked
from etl.reconcile.expectations import Expectations, expectations
from etl.reconcile.frames import MONEY, SUM, Column, arrow
from etl.reconcile.freight import freight_of, numbers_of, with_ours
from etl.reconcile.matching import matched_shipments, unmatched, with_problems
from etl.reconcile.reasons import Weight, findings
from etl.reconcile.repeated import repeated_invoices
from etl.reconcile.tolerances import Tolerances
from etl.reconcile.used_up import used_up, uses_before
from etl.reconcile.validity import counting_charges, invalid_charges, with_days

RECONCILED_INVOICE = pa.schema(
    [
        pa.field("record_id", pa.int64(), nullable=False),
        pa.field("business_key", pa.string()),
        pa.field("outcome", pa.string(), nullable=False),
        pa.field("reasons", pa.list_(pa.string()), nullable=False),
        pa.field("billed", SUM, nullable=False),
        pa.field("expected", SUM),
        pa.field("variance", SUM),
        pa.field("currency", pa.string()),
        pa.field("matched_by", pa.string()),
        pa.field("duplicate_of", pa.string()),
        pa.field("explanation", pa.string(), nullable=False),
    ]
)
"""A row an invoice. `billed` and `expected` are without tax; `expected` is null where a part of
the invoice can't be compared; `matched_by` is SHIPMENT, PRO or BOL, joined by `+` if mixed."""

RECONCILED_LINE = pa.schema(
    [
        pa.field("record_id", pa.int64(), nullable=False),
        pa.field("shipment_ref", pa.string()),
        pa.field("charge_code", pa.string()),
        pa.field("currency", pa.string()),
        pa.field("billed", SUM, nullable=False),
        pa.field("expected", SUM),
        pa.field("variance", SUM, nullable=False),
        pa.field("variance_percent", pa.decimal128(38, 4)),
        pa.field("tolerance_amount", MONEY),
        pa.field("tolerance_percent", MONEY),
        pa.field("status", pa.string(), nullable=False),
        pa.field("reason", pa.string()),
    ]
)
"""A row a charge of a shipment. The tolerances are those for the direction of the variance."""


class MappingFinding(Protocol):
    """What a mapping's business check says about a record; `record` is its record_id."""

    @property
    def record(self) -> int:
        """The record_id of the invoice."""
        ...

    @property
    def reason(self) -> str:
        """The reason code that the check names."""
        ...

    @property
    def message(self) -> str:
        """A sentence for the explanation."""
        ...


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """Outcomes by invoice (:data:`RECONCILED_INVOICE`) and charges (:data:`RECONCILED_LINE`)."""

    invoices: pa.Table
    lines: pa.Table


def reconcile(
    invoices: Mapping[str, pa.Table],
    expected: pa.Table,
    tolerances: Tolerances,
    *,
    shipments: pa.Table | None = None,
    history: pa.Table | None = None,
    history_references: pa.Table | None = None,
    used_charges: pa.Table | None = None,
    mapping_findings: Iterable[MappingFinding] = (),
    bills_for: Mapping[str, frozenset[str]] | None = None,
) -> Reconciliation:
    """Audit the freight invoices of a batch; the order of the rules is the order of the audit.

    Args:
        invoices: the tables freight_invoice, charge_line and reference, joined by record_id,
            which is unique in the batch. `file_id` and `arrived` of freight_invoice, where they
            are given, say which file brought an invoice, and when in the order of all files.
        expected: expected charges, oldest first.
        shipments: known shipments, so that NO_RATE and SHIPMENT_NOT_FOUND can be told apart.
        history: documents of earlier batches, oldest first: business_key, record_hash,
            carrier_scac, invoice_no_norm, shipment_ref, pro_norm, bol_norm, amount, batch_id,
            outcome, disposition, reasons, file_id, arrived, partner, document_id; with the earlier
            processing of this batch's own files.
        history_references: document_id, type, value_norm of them.
        used_charges: what earlier bills have used of the expected charges; see
            :func:`etl.reconcile.used_up.uses_before`.
        tolerances: see :func:`etl.reconcile.tolerances.tolerances_from`.
        mapping_findings: business findings of the mappings' own checks; each makes a REVIEW.
        bills_for: by partner, the carriers in whose name it may bill; any, where it is left out.
    """
    none = tolerances.placeholders
    batch = bills(invoices, none)
    earlier = earlier_bills(history, history_references, batch, none)
    wanted = expectations(expected, shipments, none)

    found = [totals(batch), currencies(batch)]
    found.append(_of_mappings(mapping_findings, pd.concat(found)))
    matched = with_days(matched_shipments(batch, wanted), batch, wanted)
    charges = counting_charges(matched, wanted)
    matched = with_problems(matched, charges)
    others = other_carriers(batch, bills_for or {})
    every = _trusted(ranked(batch, earlier), others)
    past = uses_before(used_charges)
    duplicates = _duplicates(batch, earlier, every, wanted, matched, tolerances, past)
    duplicate_ids = _blocking(pd.concat([others, duplicates], ignore_index=True))
    rows = compared_charges(batch, matched, charges, tolerances, duplicate_ids, past)
    sums = bill_sums(batch, rows, tolerances)

    by_charge = nothing_to_reclaim(charge_findings(rows), sums)
    if tolerances.bill_first:
        settled = by_charge["record_id"].isin(sums.loc[sums["within"], "record_id"])
        by_charge = by_charge[~settled]
    found += [
        others,
        duplicates,
        unmatched(matched, batch),
        invalid_charges(matched, wanted),
        used_up(rows, duplicate_ids, every, past),
        later_bill_findings(batch, rows),
        by_charge,
        bill_findings(sums),
    ]
    found.append(nothing_to_compare(sums, pd.concat(found)))
    decisions = decided(batch, sums, pd.concat(found, ignore_index=True))
    decisions["matched_by"] = _matched_by(batch, matched)
    return Reconciliation(arrow(decisions, RECONCILED_INVOICE), _lines(rows))


def _duplicates(
    batch: Bills,
    earlier: Earlier,
    every: pd.DataFrame,
    wanted: Expectations,
    matched: pd.DataFrame,
    tolerances: Tolerances,
    past: pd.DataFrame,
) -> pd.DataFrame:
    """What was billed before, under the same number or another one."""
    numbers = pd.concat([numbers_of(batch), earlier.numbers], ignore_index=True)
    numbers = with_ours(numbers, wanted.keys)
    repeated = repeated_invoices(batch, every, numbers)
    approved_before = past.merge(earlier.bills[["bill", "business_key"]], on="business_key")
    approved_before = approved_before.rename(columns={"bill": "record_id"})
    charges = [billed_charges(batch, matched), approved_before[BILLED]]
    billing = Billing(
        every,
        freight_of(numbers),
        pd.concat(charges, ignore_index=True),
        wanted.many_shipments,
        _blocking(repeated),
    )
    rebilled = rebilled_freight(batch, earlier, billing, tolerances.placeholders)
    return pd.concat([repeated, rebilled], ignore_index=True)


def _trusted(every: pd.DataFrame, others: pd.DataFrame) -> pd.DataFrame:
    """Without bills in another's name; what was approved before stays a bill all the same."""
    counts = ~every["bill"].isin(others["record_id"]) | every["approved"].astype(bool)
    return every[counts].reset_index(drop=True)


def _blocking(found: pd.DataFrame) -> Column:
    return found.loc[found["weight"] == Weight.BLOCKING, "record_id"]


def _of_mappings(mapping_findings: Iterable[MappingFinding], ours: pd.DataFrame) -> pd.DataFrame:
    """What mappings found and our own rules did not; ours have the numbers."""
    known = set(zip(ours["record_id"], ours["reason"], strict=True))
    found = [each for each in mapping_findings if (each.record, each.reason) not in known]
    return findings(
        [finding.record for finding in found],
        [int(Weight.BLOCKING)] * len(found),
        [finding.reason for finding in found],
        [finding.message.rstrip(".") for finding in found],
    )


def _matched_by(batch: Bills, matched: pd.DataFrame) -> Column:
    kinds = matched.dropna(subset=["matched_by"])[["record_id", "matched_by"]].drop_duplicates()
    several = kinds["record_id"].duplicated(keep=False)
    joined = kinds[several].groupby("record_id")["matched_by"].agg(lambda of: "+".join(sorted(of)))
    by = pd.concat([kinds[~several].set_index("record_id")["matched_by"], joined])
    return batch.headers["record_id"].map(by).astype("string[pyarrow]")


def _lines(rows: pd.DataFrame) -> pa.Table:
    over = rows["variance"] > 0
    lines = rows.assign(
        shipment_ref=rows["shipment"].fillna(rows["ref"]),
        tolerance_amount=rows["amount"].where(over, rows["under_amount"]),
        tolerance_percent=rows["percent"].where(over, rows["under_percent"]),
    )
    return arrow(lines, RECONCILED_LINE)
