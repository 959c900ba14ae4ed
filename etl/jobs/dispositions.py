"""What happens next to each document: it is pushed, stored, or held for a person."""

from __future__ import annotations

from collections.abc import Sequence

from etl.jobs.documents import BatchDocuments
from etl.jobs.stages.reconcile import INVOICE
from etl.ledger import Disposition
from etl.reconcile import Outcome, Reason


def review_repeated(documents: BatchDocuments) -> None:
    """Without an audit, an invoice that is in the batch twice is still pushed once only."""
    seen: set[str] = set()
    for row in documents.rows.get(INVOICE, ()):
        if row["disposition"] is None and row["business_key"] in seen:
            row |= {
                "outcome": Outcome.REVIEW,
                "reasons": [Reason.DUPLICATE_BILL],
                "explanation": f"invoice {row['document_no']} is in this batch more than once",
                "billed": row["amount"],
                "expected": None,
                "variance": None,
            }
        seen.add(row["business_key"])


def hold(documents: BatchDocuments, outcomes: Sequence[str]) -> None:
    """Invoices whose outcome is not one to be pushed wait; other record types are not pushed."""
    for kind, rows in documents.rows.items():
        for row in rows:
            if row["disposition"] is not None:
                continue
            if kind != INVOICE:
                row["disposition"] = Disposition.STORED
            elif row.get("outcome") and row["outcome"] not in outcomes:
                row["disposition"] = Disposition.HELD


def store(documents: BatchDocuments) -> None:
    """In a job that pushes nothing, what is right is kept and what the audit refused waits."""
    for rows in documents.rows.values():
        for row in rows:
            if row["disposition"] is None:
                refused = row.get("outcome") in (Outcome.DISPUTE, Outcome.REVIEW)
                row["disposition"] = Disposition.HELD if refused else Disposition.STORED
