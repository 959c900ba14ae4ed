"""Money back is negative, whatever sign the sender of a credit note writes."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

CREDIT_NOTE = "381"
"""UN/EDIFACT 1001."""


def written_positive(types: pa.ChunkedArray, totals: pa.ChunkedArray) -> pa.ChunkedArray:
    """Which invoices are credit notes with a positive total; their amounts are to be negated."""
    credit = pc.equal(types, CREDIT_NOTE)
    return pc.fill_null(pc.and_(credit, pc.greater(totals, pa.scalar(0, totals.type))), False)


def signed_totals(invoices: pa.Table) -> pa.ChunkedArray:
    """The totals of freight invoices, negative where they are money back."""
    totals = invoices["total"]
    positive = written_positive(invoices["invoice_type"], totals)
    return pc.if_else(positive, pc.negate(totals), totals)
