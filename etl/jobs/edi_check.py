"""Check an X12 or EDIFACT file by itself, and make the acknowledgements that it would get.

Nothing is noted in the ledger, and nothing is mapped: what is checked is whether the file is right
as EDI, by the severities and deviations that a partner declares.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import file_digest
from pathlib import Path
from typing import Any

from etl.config.project import Project
from etl.defects import Defect, Severity
from etl.errors import ConfigurationError
from etl.formats import format_named
from etl.formats.edi.acknowledging.acknowledgements import (
    APPLICATION_KINDS,
    SYNTAX_KINDS,
    acknowledgements,
    application_acknowledgements,
    tell_with_last,
    usual_kinds,
)
from etl.formats.edi.acknowledging.application import DocumentResult, Reason
from etl.formats.edi.acknowledging.verdict import result_of, verdict_of
from etl.formats.edi.detection import HEAD, syntax_of
from etl.formats.edi.reading.reader import EdiReader
from etl.formats.edi.receipt import (
    Receipts,
    ReceivedGroup,
    ReceivedInterchange,
)
from etl.formats.edi.syntax import Syntax
from etl.formats.edi.writing.writer import written
from etl.formats.file_kinds import is_text, kind_of
from etl.jobs.edi.source import envelope_of, reading_in
from etl.raw import SourceFile

KINDS = tuple(
    kind
    for syntax in ("x12", "edifact")
    for kind in (*SYNTAX_KINDS[syntax], APPLICATION_KINDS[syntax])
)
"""Acknowledgements that can be made."""


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """A file that was read and checked.

    Attributes:
        syntax: ``x12`` or ``edifact``.
        interchanges: in order, with what is wrong with them, their groups and transactions.
        others: what is wrong outside of any interchange: an unreadable header, junk.
    """

    name: str
    syntax: str
    interchanges: tuple[ReceivedInterchange, ...]
    others: tuple[Defect, ...]

    @property
    def defects(self) -> list[Defect]:
        """All of them."""
        return [*_told(self.interchanges), *self.others]

    @property
    def rejecting(self) -> bool:
        """Whether any of them rejects something."""
        return any(defect.severity is Severity.REJECT for defect in self.defects)


def rules_of(project: Project, partner: str) -> dict[str, Any]:
    """How a partner's files are read (``edi: read:`` of its partner.yaml), as keys of a mapping's
    ``source:``; raises ConfigurationError for a partner that is not there."""
    declared = asdict(reading_in(project, project.partner(partner).edi.read))
    return {key: value for key, value in declared.items() if value}


def source_of(syntax: Syntax, rules: Mapping[str, Any]) -> dict[str, Any]:
    """The ``source:`` block that reads a syntax by some rules, which may be for both."""
    envelope = envelope_of(syntax.name, rules.get("envelope", {}))
    return {"format": syntax.name, **rules, "envelope": envelope}


def syntax_in(path: Path) -> Syntax:
    """The syntax of a file by its first bytes.

    Raises ConfigurationError: the file is not there, or is neither X12 nor EDIFACT.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(HEAD)
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}") from None
    syntax = syntax_of(head)
    if syntax is None or not is_text(head):
        found = kind_of(head)
        what = f"it is {found[0]}" if found else "there is no ISA and no UNB in it"
        raise ConfigurationError(f"{path}: neither X12 nor EDIFACT: {what}")
    return syntax


def check_file(file: Path, rules: Mapping[str, Any]) -> CheckedFile:
    """Read and check a file: every transaction that has a structure.

    Args:
        rules: of a mapping's ``source:`` the keys envelope, structure, deviations and charset.

    Raises:
        ConfigurationError: the file is not there, or is neither X12 nor EDIFACT.
        DeclarationError: a rule is wrong.
    """
    syntax = syntax_in(file)
    with file.open("rb") as stream:
        sha256 = file_digest(stream, "sha256").hexdigest()
    reader = format_named(syntax.name).reader(source_of(syntax, rules))
    assert isinstance(reader, EdiReader)
    receipts, defects = Receipts(), list[Defect]()
    for chunk in reader.read(
        [SourceFile(file.name, sha256, file.stat().st_size, lambda: file.open("rb"))]
    ):
        receipts.extend(chunk.receipts())
        defects += chunk.defects
    told = set(map(id, _told(receipts.interchanges)))
    others = tuple(defect for defect in defects if id(defect) not in told)
    return CheckedFile(file.name, syntax.name, tuple(receipts.interchanges), others)


def acknowledged(
    checked: CheckedFile,
    kinds: Collection[str],
    *,
    number: int,
    created: datetime,
    charset: str = "ascii",
) -> bytes:
    """The acknowledgements that we would send for a file; empty where there are none.

    Args:
        kinds: ``TA1``, ``997``, ``999``, ``824``, ``CONTRL``, ``APERAK``; none: the usual ones.
        number: control number of the first interchange; the following ones count on.
        created: local time.
        charset: Python codec that X12 is written in.

    Raises ConfigurationError for kinds of the other syntax.
    """
    syntax_kinds, application = SYNTAX_KINDS[checked.syntax], APPLICATION_KINDS[checked.syntax]
    known = (*syntax_kinds, application)
    if wrong := [kind for kind in kinds if kind not in known]:
        raise ConfigurationError(
            f"{', '.join(wrong)}: {checked.name} is {checked.syntax}; its acknowledgements are "
            f"{', '.join(known)}"
        )
    tell_with_last(checked.interchanges, checked.others)
    content = b""
    for received in checked.interchanges:
        wanted = kinds or usual_kinds(received)
        made = acknowledgements(received, wanted)
        if application in wanted:
            made += application_acknowledgements(
                received, list(_results(received)), number=number, created=created
            )
        for each in made:
            outgoing = each.outgoing(number=number, created=created, charset=charset)
            content += written(outgoing)
            number += 1
    return content


def report(checked: CheckedFile) -> dict[str, Any]:
    """All that was found, by interchange, group and transaction, for a script."""
    return {
        "file": checked.name,
        "syntax": checked.syntax,
        "interchanges": [_interchange(each) for each in checked.interchanges],
        "defects": [_defect(each) for each in checked.others],
    }


def addresses(received: ReceivedInterchange) -> tuple[str, str]:
    """Sender and receiver as partner.yaml has them: ``ZZ:BRIGHTWATER``, ``4012345000009:14``."""
    if received.syntax == "x12":
        sender, receiver = (
            f"{received.element(at)}:{received.element(at + 1)}".strip(":") for at in (5, 7)
        )
        return sender, receiver
    return received.element(2), received.element(3)


def _interchange(received: ReceivedInterchange) -> dict[str, Any]:
    sender, receiver = addresses(received)
    return {
        "number": received.number,
        "sender": sender,
        "receiver": receiver,
        "result": result_of(received),
        "defects": [_defect(each) for each in received.defects],
        "groups": [_group(each) for each in received.groups],
    }


def _group(group: ReceivedGroup) -> dict[str, Any]:
    return {
        "number": group.number or None,
        "result": result_of(group),
        "defects": [_defect(each) for each in group.defects],
        "transactions": [
            {
                "number": each.number,
                "document": each.document,
                "version": each.version,
                "structure": each.structure or None,
                "segments": each.segments,
                "result": verdict_of(each.defects),
                "defects": [_defect(defect) for defect in each.defects],
            }
            for each in group.transactions
        ],
    }


def _defect(defect: Defect) -> dict[str, Any]:
    at = {
        name: value if isinstance(value, str) else int(value)
        for name, value in asdict(defect.position).items()
        if value is not None
    }
    return {
        "code": defect.code,
        "severity": defect.severity,
        "message": defect.message,
        "position": at,
        "value": defect.value,
        "expected": defect.expected,
    }


def _results(received: ReceivedInterchange) -> Iterator[DocumentResult]:
    """Of each transaction what the check alone can say: its number stands for the document's."""
    for group in received.groups:
        for each in group.transactions:
            yield DocumentResult(
                document=each.document,
                number=each.number,
                accepted=not each.rejected,
                group=group.number,
                transaction=each.number,
                reasons=tuple(Reason(defect.code, _reason(defect)) for defect in each.defects),
            )


def _reason(defect: Defect) -> str:
    at = defect.position
    place = f"segment {at.segment} {at.segment_id}" if at.segment else ""
    element = f" element {at.element}" if at.element else ""
    return f"{place}{element}: {defect.message}".lstrip(": ")


def _told(interchanges: Sequence[ReceivedInterchange]) -> list[Defect]:
    found = list[Defect]()
    for interchange in interchanges:
        found += interchange.defects
        for group in interchange.groups:
            found += group.defects
            for transaction in group.transactions:
                found += transaction.defects
    return found
