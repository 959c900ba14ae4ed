"""Freight invoices against expected charges: match, tolerate, decide."""

from etl.reconcile.audit import (
    RECONCILED_INVOICE,
    RECONCILED_LINE,
    Reconciliation,
    reconcile,
)
from etl.reconcile.reasons import Outcome, Reason, Status
from etl.reconcile.tolerances import Tolerances, tolerances_from, tolerances_of, tolerances_schema

__all__ = [
    "RECONCILED_INVOICE",
    "RECONCILED_LINE",
    "Outcome",
    "Reason",
    "Reconciliation",
    "Status",
    "Tolerances",
    "reconcile",
    "tolerances_from",
    "tolerances_of",
    "tolerances_schema",
]
