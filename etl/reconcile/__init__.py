"""Freight invoices against expected charges: match, tolerate, decide."""

from etl.reconcile.audit import (
    RECONCILED_INVOICE,
    RECONCILED_LINE,
    Reconciliation,
    reconcile,
)
from etl.reconcile.placeholders import Placeholders
from etl.reconcile.reasons import COUNTS_FOR_NOTHING, Outcome, Reason, Status
from etl.reconcile.signs import signed_totals
from etl.reconcile.tolerances import Tolerances, tolerances_from, tolerances_of, tolerances_schema

__all__ = [
    "COUNTS_FOR_NOTHING",
    "RECONCILED_INVOICE",
    "RECONCILED_LINE",
    "Outcome",
    "Placeholders",
    "Reason",
    "Reconciliation",
    "Status",
    "Tolerances",
    "reconcile",
    "signed_totals",
    "tolerances_from",
    "tolerances_of",
    "tolerances_schema",
]
