"""An interchange of ours as the ledger keeps it: its numbers, groups, documents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from etl.formats.edi.outgoing import OutgoingInterchange, OutgoingTransaction
from etl.formats.edi.structures.files import documents, nearest_version, structure_of
from etl.formats.edi.writing.serial import numbered
from etl.formats.edifact.syntax import EDIFACT
from etl.formats.x12.syntax import X12
from etl.ledger import NewGroup

_NUMBER_LENGTHS = {"x12": (4, 9), "edifact": (1, 14)}
"""Of ST02 and of UNH 0062."""


def group_count(syntax: str, transactions: Sequence[OutgoingTransaction]) -> int:
    """How many control numbers of groups the transactions need."""
    return len(_grouped(transactions)) if syntax == "x12" else 0


def control_no(syntax: str, number: int) -> str:
    """An interchange control number as it stands in its header."""
    return f"{number:09d}" if syntax == "x12" else str(number)


def address(syntax: str, party: tuple[str, str]) -> str:
    """A party as it stands in its header: the qualifier first in X12, last in EDIFACT."""
    name, qualifier = party
    return f"{qualifier}:{name}" if syntax == "x12" else f"{name}:{qualifier}".rstrip(":")


def document_types(outgoing: OutgoingInterchange) -> list[str]:
    """What is in it, each kind once, in its order: ``TA1``, ``997``."""
    kinds = [note.id for note in outgoing.notes]
    kinds += [transaction.document for transaction in outgoing.transactions]
    return list(dict.fromkeys(kinds))


def groups_of(outgoing: OutgoingInterchange) -> Iterator[NewGroup]:
    """Its groups with the control numbers that they get; EDIFACT messages stand in one without
    number."""
    transactions = outgoing.transactions
    if outgoing.syntax != "x12":
        numbers = numbered(transactions, EDIFACT.transaction, *_NUMBER_LENGTHS["edifact"])
        references = [each for each in map(_document_number, transactions) if each]
        yield NewGroup("", "", numbers, references)
        return
    groups = _grouped(transactions)
    for number, members in enumerate(groups, start=outgoing.group_number):
        numbers = numbered(members, X12.transaction, *_NUMBER_LENGTHS["x12"])
        yield NewGroup(_functional_id(members[0]), str(number), numbers)


def _grouped(transactions: Sequence[OutgoingTransaction]) -> list[list[OutgoingTransaction]]:
    """The transactions of each group: a group for each document and version."""
    groups: dict[tuple[str, str], list[OutgoingTransaction]] = {}
    for transaction in transactions:
        groups.setdefault((transaction.document, transaction.version), []).append(transaction)
    return list(groups.values())


def _functional_id(transaction: OutgoingTransaction) -> str:
    document = transaction.document
    if document not in documents(X12):
        return ""
    version = nearest_version(X12, document, transaction.version)
    return structure_of(X12, document, version).group


def _document_number(transaction: OutgoingTransaction) -> str | None:
    """The number of an EDIFACT document: BGM 1004."""
    for segment in transaction.segments:
        if segment.id == "BGM":
            number = segment.elements[1] if len(segment.elements) > 1 else ()
            return number[0][0] if number and number[0] else None
    return None
