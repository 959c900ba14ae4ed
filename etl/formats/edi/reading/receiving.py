"""Receipts of what a buffer holds: the interchanges, groups and transactions with their defects."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from etl.defects import Defect
from etl.formats.edi.reading.content import Reading
from etl.formats.edi.reading.transactions import OpenEnvelope
from etl.formats.edi.receipt import ReceivedGroup, ReceivedInterchange, ReceivedTransaction


def received(reading: Reading, defects: Sequence[Defect]) -> list[ReceivedInterchange]:
    """The interchanges that the buffer has part of.

    An envelope that goes on in the next buffer keeps its receipt, so that this one is filled
    further. Transactions outside of any interchange have none.
    """
    transactions, structures = reading.transactions, reading.declaration.structures
    for envelope in (*transactions.interchanges, *transactions.groups):
        _open(envelope, reading)
    of_record: dict[int, list[Defect]] = defaultdict(list)
    for defect in defects:
        if defect.record is not None:
            of_record[defect.record].append(defect)
    numbers = transactions.numbers.to_pylist()
    for record in range(len(transactions)):
        group = _group(reading, record)
        if group is None:
            continue
        segments = int(transactions.stop[record] - transactions.start[record])
        if record == 0 and reading.part.goes_on and group.transactions:
            one = group.transactions[-1]
            one.segments += segments - reading.part.head
        else:
            kind = transactions.kinds[transactions.kind[record]]
            used = int(reading.used[record])
            one = ReceivedTransaction(
                number=numbers[record] or "",
                document=kind.document,
                version=kind.version,
                header=reading.index.elements(int(transactions.start[record])),
                structure=structures.all[used].version if used >= 0 else "",
                segments=segments,
            )
            group.transactions.append(one)
        one.defects += of_record[record]
    found = []
    for envelope in transactions.interchanges:
        assert envelope.interchange is not None
        found.append(envelope.interchange)
    for envelope in transactions.groups:
        if envelope.group is not None:
            envelope.group.counted = envelope.counted
    return found


def _open(envelope: OpenEnvelope, reading: Reading) -> None:
    """Make the receipt of an interchange or group where it has none yet."""
    if envelope.file is not None and envelope.interchange is None:
        envelope.interchange = ReceivedInterchange(
            syntax=reading.declaration.syntax.name,
            file=envelope.file.name,
            sha256=envelope.file.sha256,
            number=envelope.number,
            elements=envelope.elements,
            delimiters=reading.buffer.delimiters,
            notes=envelope.notes,
            defects=envelope.defects,
        )
    elif envelope.file is None and envelope.group is None:
        envelope.group = ReceivedGroup(envelope.number, envelope.elements, defects=envelope.defects)
        if envelope.around is not None and envelope.around.interchange is not None:
            envelope.around.interchange.groups.append(envelope.group)


def _group(reading: Reading, record: int) -> ReceivedGroup | None:
    """The receipt of the group that a transaction stands in; one without elements stands for the
    messages of an interchange outside of groups."""
    transactions = reading.transactions
    number = int(transactions.group[record])
    if number >= 0:
        return transactions.groups[number].group
    number = int(transactions.interchange[record])
    if number < 0:
        return None
    interchange = transactions.interchanges[number].interchange
    assert interchange is not None
    if not interchange.groups or interchange.groups[-1].elements:
        interchange.groups.append(ReceivedGroup("", []))
    return interchange.groups[-1]
