"""Which queue a trouble waits in, and how it is told there.

Technical and data troubles are the integration engineers' (queue `integration`); what the facts
disagree on is the freight auditors' and the clerks' of accounts payable.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from etl.defects import Defect, Severity
from etl.errors import EtlError
from etl.jobs.stages.map import Trouble
from etl.ledger.documents import document_id
from etl.ledger.exceptions import NewException
from etl.ledger.models import ExceptionKind
from etl.odoo.target import Rejected, RejectionKind
from etl.reconcile import COUNTS_FOR_NOTHING

INTEGRATION = "integration"
DISPUTES = "disputes"
DUPLICATES = "duplicates"
FREIGHT_AUDIT = "freight-audit"
MASTER_DATA = "master-data"
ACCOUNTS_PAYABLE = "accounts-payable"

_MASTER_DATA_CODES = (
    "UNKNOWN_PARTNER",
    "AMBIGUOUS_PARTNER",
    "UNKNOWN_PRODUCT",
    "AMBIGUOUS_PRODUCT",
    "UNKNOWN_TAX",
    "AMBIGUOUS_TAX",
    "TAX_IN_PRICE",
    "UNKNOWN_CURRENCY",
    "CURRENCY_INACTIVE",
    "CURRENCY_NO_RATE",
)
_DEFECTS_SHOWN = 50


def technical(code: str, subject: str, job: str, error: EtlError | None = None) -> NewException:
    """A connection, a server or a disk that failed; closed by the next time that it works.

    Args:
        code: what failed, ``PULL_FAILED``, ``PUSH_FAILED`` or ``DELIVERY_FAILED``.
        subject: with whom, a partner or a target.
        error: None: only to name the exception, e.g. to close it.
    """
    return NewException(
        kind=ExceptionKind.TECHNICAL,
        queue=INTEGRATION,
        code=code,
        message=f"{subject}: {error}",
        details={"job": job, "error": type(error).__name__},
        subject=f"{job} {subject}",
    )


def data(trouble: Trouble, batch_id: str, business_key: str | None, *, known: bool) -> NewException:
    """A document or file that breaks its contract, or that the code raised for, which is technical;
    the first defect that keeps it out gives the code, and stands before those that only tell.

    Args:
        known: whether the ledger has a row for the document.
    """
    defects = sorted(trouble.defects, key=lambda defect: defect.severity is not Severity.REJECT)
    first = defects[0]
    more = len(defects) - 1
    also = f" (and {more} more)" if more else ""
    return NewException(
        kind=ExceptionKind.TECHNICAL if trouble.fault else ExceptionKind.DATA,
        queue=INTEGRATION,
        code=first.code,
        message=f"{first}{also}",
        details={"defects": [_defect(defect) for defect in defects[:_DEFECTS_SHOWN]]},
        partner=trouble.file.partner,
        batch_id=batch_id,
        file_id=trouble.file.id,
        document_id=document_of(batch_id, trouble) if known else None,
        business_key=business_key,
        subject=f"{trouble.file.sha256} {first.position}",
    )


def audit(
    document: Mapping[str, Any], lines: list[dict[str, Any]], batch_id: str, copy: int = 1
) -> NewException:
    """An invoice that the audit did not approve.

    Args:
        copy: which of the batch's held documents under its business key it is.
        document: a row of documents with outcome and reasons, and what the audit says of it.
        lines: its rows of the reconciliation's lines.
    """
    reasons = list(document["reasons"])
    return NewException(
        kind=ExceptionKind.BUSINESS,
        queue=_audit_queue(document["outcome"], reasons),
        code=reasons[0] if reasons else str(document["outcome"]),
        message=document["explanation"],
        details={
            "outcome": document["outcome"],
            "reasons": reasons,
            "billed": document["billed"],
            "expected": document["expected"],
            "variance": document["variance"],
            "currency": document["currency"],
            "lines": [line for line in lines if line["reason"]],
        },
        partner=document["partner"],
        batch_id=batch_id,
        file_id=document["file_id"],
        document_id=document_id(batch_id, document["record_type"], document["record_id"]),
        business_key=document["business_key"],
        # each waits for itself, though they are called the same
        subject=f"{document['file_id']} {copy}" if copy > 1 else "",
    )


def push(rejected: Rejected, document: Mapping[str, Any], batch_id: str) -> NewException:
    """A bill that the target did not take."""
    queue = ACCOUNTS_PAYABLE
    if rejected.code in _MASTER_DATA_CODES:
        queue = MASTER_DATA
    elif rejected.kind is RejectionKind.TECHNICAL:
        queue = INTEGRATION
    return NewException(
        kind=ExceptionKind(rejected.kind),
        queue=queue,
        code=rejected.code,
        message=rejected.message,
        details={
            "value": rejected.value,
            "expected": rejected.expected,
            "remote_id": rejected.remote_id,
        },
        partner=document["partner"],
        batch_id=batch_id,
        file_id=document["file_id"],
        document_id=document_id(batch_id, document["record_type"], document["record_id"]),
        business_key=rejected.source_key,
    )


def document_of(batch_id: str, trouble: Trouble) -> str | None:
    """The ledger's id of the document that a trouble concerns."""
    if trouble.record_type is None or trouble.record_id is None:
        return None
    return document_id(batch_id, trouble.record_type, trouble.record_id)


def counts_for_nothing(reasons: Iterable[str]) -> bool:
    """Whether an invoice is held as one that should not be there: billed before, or by another."""
    return not COUNTS_FOR_NOTHING.isdisjoint(reasons)


def _audit_queue(outcome: str, reasons: list[str]) -> str:
    if any(reason.startswith(("DUPLICATE", "INVOICE_NO_REUSED")) for reason in reasons):
        return DUPLICATES
    return DISPUTES if outcome == "DISPUTE" else FREIGHT_AUDIT


def _defect(defect: Defect) -> dict[str, Any]:
    return {
        "code": defect.code,
        "message": defect.message,
        "position": str(defect.position),
        "value": defect.value,
        "expected": defect.expected,
        "severity": str(defect.severity),
    }
