"""What people have to look at in the exchange with partners; all of it in queue `integration`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from etl.fence import FAULT, told
from etl.formats.edi.writing.unwritable import UnwritableError
from etl.jobs.batch import BatchFile
from etl.jobs.edi.control_numbers import Gap
from etl.jobs.queues import INTEGRATION
from etl.ledger import ExceptionKind, Interchange, NewException, document_id

ACKNOWLEDGEMENT = "acknowledgement"
"""The record type of partners' answers."""

CONTROL_NUMBER_GAP = "CONTROL_NUMBER_GAP"
_ERRORS_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Answer:
    """A partner's answer to something that we sent.

    Attributes:
        row: of the table of acknowledgements; of a TA1, the same columns.
        errors: its rows of errors.
    """

    row: Mapping[str, Any]
    errors: Sequence[Mapping[str, Any]]
    file: BatchFile

    @property
    def result(self) -> str:
        """A, E, P or R; a whole whose documents are judged differently is accepted in part."""
        said = str(self.row["result"])
        judged = {error["result"] for error in self.errors} - {None}
        if said in ("A", "E") and "R" in judged:
            return "P"
        # the result of an 824 is that of the first document which it names
        of_one = said == "R" and self.row["level"] == "application"
        return "P" if of_one and judged - {"R"} else said

    def document_id(self, batch_id: str) -> str | None:
        """The ledger's id of the document that it is; None for a TA1, which is none."""
        record = self.row["record_id"]
        return None if record is None else document_id(batch_id, ACKNOWLEDGEMENT, record)

    @property
    def subject(self) -> str:
        """What it says that it answers, for people."""
        named = [
            f"{name} {self.row[column]}"
            for name, column in (
                ("interchange", "of_control_no"),
                ("group", "of_group_no"),
                ("document", "of_document_no"),
            )
            if self.row[column]
        ]
        return ", ".join(named) or "nothing"


def unwritable(
    interchange_id: str, file: BatchFile, batch_id: str, error: UnwritableError
) -> NewException:
    """An acknowledgement that cannot be written, because of a value that has to stand in it."""
    return NewException(
        kind=ExceptionKind.DATA,
        queue=INTEGRATION,
        code="ACKNOWLEDGEMENT_UNWRITABLE",
        message=f"{file.name}: what it is to be answered with cannot be written: {error}",
        details={
            "position": str(error.position),
            "value": error.value,
            "expected": error.expected,
        },
        partner=file.partner,
        batch_id=batch_id,
        file_id=file.id,
        subject=interchange_id,
    )


def unanswerable(file: BatchFile, batch_id: str, error: Exception) -> NewException:
    """A file whose interchanges the code raised for."""
    return NewException(
        kind=ExceptionKind.TECHNICAL,
        queue=INTEGRATION,
        code=FAULT,
        message=f"{file.name}: {told('noting or answering its interchanges', error)}",
        details={},
        partner=file.partner,
        batch_id=batch_id,
        file_id=file.id,
        subject=f"interchanges of {file.sha256}",
    )


def gap(found: Gap, missing: Sequence[tuple[int, int]], job: str, batch_id: str) -> NewException:
    """Control numbers that were left out: files that did not come, or come late.

    Args:
        missing: the ranges that are still missing.
        job: the job that would receive them.
    """
    channel = found.channel
    ranges = [f"{a}" if a == b else f"{a} to {b}" for a, b in missing]
    return NewException(
        kind=ExceptionKind.DATA,
        queue=INTEGRATION,
        code=CONTROL_NUMBER_GAP,
        message=f"{found.file_name} came, but not the interchanges {', '.join(ranges)} from "
        f"{channel.sender}; ask the partner whether they were sent",
        details={
            "job": job,
            "syntax": channel.syntax,
            "sender": channel.sender,
            "receiver": channel.receiver,
            "first": found.first,
            "last": found.last,
            "missing": ranges,
            "file": found.file_name,
        },
        partner=channel.partner,
        batch_id=batch_id,
        subject=f"{channel.syntax} {channel.sender} {channel.receiver} {found.first}-{found.last}",
    )


def rejected(answer: Answer, sent: Interchange, batch_id: str) -> NewException:
    """Something of ours that the partner did not accept, or not all of it."""
    whole = "rejected" if answer.result == "R" else "rejected a part of"
    errors = [
        {
            name: error[name]
            for name in (
                *("of_document", "of_transaction_no", "result", "segment_id", "segment_no"),
                *("element_no", "component_no", "code", "value", "message"),
            )
            if error[name] is not None
        }
        for error in answer.errors
        if error["result"] in (None, "R")
    ]
    first = f": {_place(errors[0])}" if errors else ""
    return NewException(
        kind=ExceptionKind.DATA,
        queue=INTEGRATION,
        code="REJECTED_BY_PARTNER",
        message=f"{sent.partner} {whole} {sent.file_name} ({answer.subject}){first}",
        details={
            "interchange": sent.id,
            "file": sent.file_name,
            "level": answer.row["level"],
            "result": answer.result,
            "note": answer.row["note"],
            "errors": errors[:_ERRORS_SHOWN],
        },
        partner=sent.partner,
        batch_id=batch_id,
        file_id=answer.file.id,
        document_id=answer.document_id(batch_id),
        subject=f"{sent.id} {answer.row['of_group_no'] or ''}".strip(),
    )


def unknown(answer: Answer, batch_id: str) -> NewException:
    """An answer to something that we never sent."""
    row = answer.row
    return NewException(
        kind=ExceptionKind.DATA,
        queue=INTEGRATION,
        code="ACKNOWLEDGEMENT_UNKNOWN",
        message=f"{answer.file.name}: {answer.file.partner} answers {answer.subject}, which we "
        "did not send",
        details={
            name: row[name]
            for name in ("of_control_no", "of_group_no", "of_group_kind", "of_document_no")
        },
        partner=answer.file.partner,
        batch_id=batch_id,
        file_id=answer.file.id,
        document_id=document_id(batch_id, ACKNOWLEDGEMENT, row["record_id"]),
        subject=f"{answer.file.sha256} {answer.subject}",
    )


def overdue(sent: Interchange, job: str) -> NewException:
    """Something of ours that the partner has not acknowledged in time.

    Args:
        job: the job that would receive the answer; empty: only to name the exception.
    """
    return NewException(
        kind=ExceptionKind.TECHNICAL,
        queue=INTEGRATION,
        code="ACKNOWLEDGEMENT_OVERDUE",
        message=f"{sent.partner} has not acknowledged {sent.file_name} "
        f"(interchange {sent.control_no}), expected by {sent.ack_expected_by:%Y-%m-%d %H:%M} UTC; "
        "ask whether it arrived",
        details={"job": job, "interchange": sent.id, "expected_by": sent.ack_expected_by},
        partner=sent.partner,
        subject=sent.id,
    )


def _place(error: Mapping[str, Any]) -> str:
    """Where an error is, for a message."""
    return " ".join(f"{name} {value}" for name, value in error.items())
