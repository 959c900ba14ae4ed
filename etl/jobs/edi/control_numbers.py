"""Control numbers against those received before: what came twice, and what never came."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from etl.config.partner import Partner
from etl.defects import Defect, Position, Severity
from etl.formats.edi.receipt import ReceivedInterchange
from etl.jobs.edi.received import Reception, channel_of
from etl.jobs.workspace import Workspace
from etl.ledger import Channel, Interchange, Transaction
from etl.ledger.interchanges import number_in

DUPLICATE = "DUPLICATE_CONTROL_NUMBER"

BROKEN_OFF = ("TRUNCATED", "IEA_MISSING", "UNZ_MISSING")
"""What tells of an interchange that is not whole: it is sent again under its number."""

_Members = list[tuple[Reception, int]]
_SEVERITIES = {"reject": Severity.REJECT, "warn": Severity.WARN}
_Number = tuple[str, str]
"""Kind of a group, empty for an interchange, and control number."""


@dataclass(frozen=True, slots=True)
class _Came:
    """A file with a number: its place in the ledger's order; its bytes and its name."""

    when: int
    sha256: str
    name: str


@dataclass(frozen=True, slots=True)
class Repeated:
    """A control number that came before; `place` is that of its interchange in the file."""

    reception: Reception
    place: int
    defect: Defect


@dataclass(frozen=True, slots=True)
class Gap:
    """Numbers that were left out.

    Attributes:
        first, last: the numbers between those that came.
        file_name: where the number after the gap came.
    """

    channel: Channel
    first: int
    last: int
    file_name: str


def repeated_numbers(workspace: Workspace, receptions: Sequence[Reception]) -> list[Repeated]:
    """Interchanges and groups whose control number came before with other bytes.

    The same file processed again is no repetition, nor is one that came later.
    """
    found: list[Repeated] = []
    for channel, members in _by_channel(receptions).items():
        policy = workspace.partner_of(channel.partner).edi.control_numbers
        if policy.duplicates in _SEVERITIES:
            found += _repeated_interchanges(
                workspace, channel, members, _SEVERITIES[policy.duplicates]
            )
        if policy.groups in _SEVERITIES:
            found += _repeated_groups(workspace, channel, members, _SEVERITIES[policy.groups])
    return found


def gaps_of(
    ledger: Transaction, partners: Mapping[str, Partner], receptions: Sequence[Reception]
) -> Iterator[Gap]:
    """Where the numbers received do not follow on those that came before; the files' own numbers
    are noted already. What came late, and fills an earlier gap, makes none."""
    for channel, members in _by_channel(receptions).items():
        if partners[channel.partner].edi.control_numbers.gaps != "warn":
            continue
        names = {
            value: reception.file.name
            for reception, place in members
            if (value := number_in(reception.interchanges[place].number)) is not None
        }
        before = min(reception.file.sequence for reception, _ in members)
        highest = ledger.control_history.highest(channel, before)
        for value in sorted(names):
            if highest is not None and value > highest + 1:
                yield Gap(channel, highest + 1, value - 1, names[value])
            highest = max(value, highest or value)


def _by_channel(receptions: Sequence[Reception]) -> dict[Channel, _Members]:
    """The interchanges of all files, by who numbers them, in the order they came."""
    channels: dict[Channel, _Members] = defaultdict(list)
    for reception in sorted(receptions, key=lambda each: each.file.sequence):
        for place, received in enumerate(reception.interchanges):
            channels[channel_of(reception.file.partner, received)].append((reception, place))
    return channels


def _repeated_interchanges(
    workspace: Workspace, channel: Channel, members: _Members, severity: Severity
) -> Iterator[Repeated]:
    numbers = {one.interchanges[place].number.strip() for one, place in members}
    with workspace.ledger.read() as ledger:
        rows = ledger.control_history.with_numbers(channel, numbers, BROKEN_OFF)
    earlier = _earlier({("", number): found for number, found in rows.items()})
    for reception, place in members:
        received = reception.interchanges[place]
        whole = not any(defect.code in BROKEN_OFF for defect in received.defects)
        before = _first_other(earlier, ("", received.number.strip()), reception, counts=whole)
        if before is not None:
            header = "ISA" if received.syntax == "x12" else "UNB"
            at = Position(reception.file.name, interchange=received.number, segment_id=header)
            yield Repeated(reception, place, _defect("interchange", at, received, before, severity))


def _repeated_groups(
    workspace: Workspace, channel: Channel, members: _Members, severity: Severity
) -> Iterator[Repeated]:
    numbers = {
        group.number
        for reception, place in members
        for group in reception.interchanges[place].groups
        if group.number
    }
    with workspace.ledger.read() as ledger:
        earlier = _earlier(ledger.control_history.with_groups(channel, numbers))
    for reception, place in members:
        received = reception.interchanges[place]
        for group in received.groups:
            kind = group.elements[1].strip() if len(group.elements) > 1 else ""
            before = _first_other(earlier, (kind, group.number), reception)
            if group.number and before is not None:
                at = Position(
                    reception.file.name,
                    interchange=received.number,
                    group=group.number,
                    segment_id=group.elements[0] if group.elements else None,
                )
                defect = _defect("group", at, received, before, severity, group.number)
                yield Repeated(reception, place, defect)


def _earlier(rows: Mapping[_Number, Sequence[Interchange]]) -> dict[_Number, list[_Came]]:
    """How each number came, as the ledger knows it."""
    return {
        number: [_Came(row.sequence, row.sha256, row.file_name) for row in found]
        for number, found in rows.items()
    }


def _first_other(
    earlier: dict[_Number, list[_Came]],
    number: _Number,
    reception: Reception,
    *,
    counts: bool = True,
) -> str | None:
    """The name of an earlier file of other bytes with this number; this file becomes one itself
    where it `counts`."""
    file = reception.file
    own = _Came(file.sequence, file.sha256, file.name)
    known = earlier.setdefault(number, [])
    before = [came for came in known if came.when < own.when and came.sha256 != own.sha256]
    if counts:
        known.append(own)
    return before[0].name if before else None


def _defect(
    what: str,
    at: Position,
    received: ReceivedInterchange,
    before: str,
    severity: Severity,
    number: str | None = None,
) -> Defect:
    value = number if number is not None else received.number
    return Defect(
        code=DUPLICATE,
        message=f"{what} {value} came before in {before}; if the partner meant to correct it, it "
        "must send it under a new control number",
        position=at,
        value=value,
        expected="a control number that was not used before",
        severity=severity,
    )
