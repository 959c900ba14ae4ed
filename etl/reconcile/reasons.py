"""The vocabulary of the audit: outcomes, reason codes, line statuses, and how they weigh.

Reason codes follow Oracle Transportation Management's freight bill audit where it has one
(DUPLICATE_BILL, BILL_AMT_OUT_OF_TOLERANCE, …); the others are named in the same manner.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum, StrEnum

import pandas as pd
import pyarrow as pa

from etl.reconcile.frames import Column, pandas


class Outcome(StrEnum):
    """What the audit decides about one invoice."""

    AUTO_APPROVE = "AUTO_APPROVE"
    APPROVE_WITH_VARIANCE = "APPROVE_WITH_VARIANCE"
    DISPUTE = "DISPUTE"
    REVIEW = "REVIEW"


class Status(StrEnum):
    """How one charge of one shipment compares with what was expected."""

    MATCHED = "MATCHED"
    WITHIN = "WITHIN"
    OVER = "OVER"
    UNDER = "UNDER"
    UNEXPECTED = "UNEXPECTED"
    NOT_BILLED = "NOT_BILLED"


class Reason(StrEnum):
    """Why an invoice was not simply approved."""

    TOTAL_MISMATCH = "TOTAL_MISMATCH"
    CURRENCY_NOT_SET = "CURRENCY_NOT_SET"
    CURRENCY_MISMATCH = "CURRENCY_MISMATCH"
    CARRIER_OF_OTHERS = "CARRIER_OF_OTHERS"
    DUPLICATE_BILL = "DUPLICATE_BILL"
    DUPLICATE_BILL_FOR_BOL = "DUPLICATE_BILL_FOR_BOL"
    INVOICE_NO_REUSED = "INVOICE_NO_REUSED"
    OVER_ACCRUAL = "OVER_ACCRUAL"
    CREDIT = "CREDIT"
    BALANCE_DUE = "BALANCE_DUE"
    REBILL = "REBILL"
    SHIPMENT_NOT_FOUND = "SHIPMENT_NOT_FOUND"
    NO_RATE = "NO_RATE"
    BILL_AMT_OUT_OF_TOLERANCE = "BILL_AMT_OUT_OF_TOLERANCE"
    RATE = "RATE"
    MINIMUM = "MINIMUM"
    FUEL = "FUEL"
    TAX = "TAX"
    SURCHARGE_MISMATCH = "SURCHARGE_MISMATCH"
    DISCOUNT_MISMATCH = "DISCOUNT_MISMATCH"
    ACCESSORIAL_UNAUTHORISED = "ACCESSORIAL_UNAUTHORISED"


COUNTS_FOR_NOTHING = frozenset(
    {
        Reason.CARRIER_OF_OTHERS,
        Reason.DUPLICATE_BILL,
        Reason.DUPLICATE_BILL_FOR_BOL,
        Reason.INVOICE_NO_REUSED,
    }
)
"""What waits for one of these is no bill by which another could be a duplicate."""


class Weight(IntEnum):
    """How heavy a finding is; the heaviest one of an invoice decides its outcome.

    A fact that makes the comparison itself doubtful (a duplicate, a wrong total) weighs more than
    an overcharge: disputing a bill that should not be there at all would be a mistake.
    """

    NOTE = 0
    UNDER = 1
    OVER = 2
    BLOCKING = 3


OUTCOME_OF_WEIGHT: dict[Weight, Outcome] = {
    Weight.UNDER: Outcome.REVIEW,
    Weight.OVER: Outcome.DISPUTE,
    Weight.BLOCKING: Outcome.REVIEW,
}

REASON_OF_CHARGE: dict[str, Reason] = {
    "BASE": Reason.RATE,
    "MINIMUM": Reason.MINIMUM,
    "FUEL": Reason.FUEL,
    "DISCOUNT": Reason.DISCOUNT_MISMATCH,
    "VAT_GST": Reason.TAX,
}
"""The reason for a charge that differs, by charge code; any other is SURCHARGE_MISMATCH."""


FINDINGS = pa.schema(
    [
        pa.field("record_id", pa.int64()),
        pa.field("weight", pa.int64()),
        pa.field("reason", pa.string()),
        pa.field("detail", pa.string()),
        pa.field("duplicate_of", pa.string()),
    ]
)
"""What every rule gives: a row a finding. A NOTE has no reason and changes no outcome."""


def findings(
    record_ids: Sequence[int] | Column,
    weight: Weight | Sequence[int],
    reason: Reason | Sequence[str] | None,
    details: Sequence[str],
    duplicate_of: Sequence[str | None] | None = None,
) -> pd.DataFrame:
    """A frame of schema :data:`FINDINGS`; scalars count for every row."""
    count = len(details)
    columns = {
        "record_id": list(record_ids),
        "weight": [int(weight)] * count if isinstance(weight, Weight) else list(weight),
        "reason": [reason] * count if reason is None or isinstance(reason, str) else list(reason),
        "detail": list(details),
        "duplicate_of": list(duplicate_of) if duplicate_of is not None else [None] * count,
    }
    return pandas(pa.table(columns, schema=FINDINGS))
