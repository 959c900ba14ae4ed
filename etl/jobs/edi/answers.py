"""Partners' answers to what we sent: matched by control numbers, rejections made exceptions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa

from etl.jobs.edi import exceptions
from etl.jobs.edi.exceptions import ACKNOWLEDGEMENT, Answer
from etl.jobs.edi.received import Reception
from etl.jobs.preparation import Prepared
from etl.ledger import Interchange, NewException, Transaction


def match_answers(ledger: Transaction, prepared: Prepared, batch_id: str) -> list[NewException]:
    """Note every answer of a batch at the interchange that it means.

    Returns:
        What is to be looked at: rejections, and answers to what we never sent. Exceptions that an
        answer settles are closed.
    """
    found = []
    for answer in (*_answers(prepared), *_notes(prepared.mapped.receptions)):
        sent = _sent(ledger, answer)
        if sent is None:
            found.append(exceptions.unknown(answer, batch_id))
            continue
        ended = ledger.answers.answer(
            sent,
            result=answer.result,
            level=answer.row["level"],
            at=_when(answer),
            batch_id=batch_id,
            group_no=answer.row["of_group_no"],
        )
        rejected = exceptions.rejected(answer, sent, batch_id)
        settled = []
        if ended:
            settled.append(exceptions.overdue(sent, "").fingerprint)
        if answer.result in ("P", "R"):
            found.append(rejected)
        else:
            settled.append(rejected.fingerprint)
        ledger.exceptions.close(fingerprints=settled, closed_by=batch_id)
    return found


def _notes(receptions: Sequence[Reception]) -> Iterator[Answer]:
    """TA1 segments, which stand outside of what a mapping reads: number, date, time, result and
    note code of our interchange."""
    for reception in receptions:
        for interchange in reception.interchanges:
            for note in interchange.notes:
                _, number, *_, result, code = (*map(str.strip, note), *[""] * 5)[:6]
                if note[0].strip() != "TA1" or result not in ("A", "E", "R"):
                    continue
                row = {
                    "record_id": None,
                    "acknowledgement_no": interchange.number,
                    "level": "transport",
                    "result": result,
                    "of_control_no": number,
                    "of_group_no": None,
                    "of_group_kind": None,
                    "of_document_no": None,
                    "answered_at": None,
                    "note": code,
                }
                yield Answer(row, [], reception.file)


def _answers(prepared: Prepared) -> Iterator[Answer]:
    records = prepared.mapped.accepted.get(ACKNOWLEDGEMENT)
    if records is None:
        return
    of_file = {(file.partner, file.sha256): file for file in prepared.files}
    errors: dict[int, list[Mapping[str, Any]]] = {}
    children: pa.Table = records.tables["acknowledgement_error"]
    for error in children.to_pylist():
        errors.setdefault(error["record_id"], []).append(error)
    for row in records.main.to_pylist():
        file = of_file[row["partner"], row["file_sha256"]]
        yield Answer(row, errors.get(row["record_id"], []), file)


def _sent(ledger: Transaction, answer: Answer) -> Interchange | None:
    """What is answered, by the most exact number that the answer gives."""
    row, find = answer.row, ledger.answers
    partner = answer.file.partner
    if row["of_group_no"]:
        found = find.of_group(partner, row["of_group_no"], row["of_group_kind"])
    elif row["of_control_no"]:
        found = find.of_interchange(partner, row["of_control_no"])
    else:
        found = None
    if found is None and row["of_document_no"]:
        found = find.of_reference(partner, row["of_document_no"])
    return found


def _when(answer: Answer) -> datetime:
    """When it came: the time that a partner writes into it may be anything."""
    return answer.file.received_at
