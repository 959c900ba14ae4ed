"""What control numbers were received before: for duplicates, gaps, and gaps that were filled."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from etl.ledger.chunks import chunks
from etl.ledger.interchange_models import Direction, Interchange, InterchangeGroup
from etl.ledger.models import ExceptionItem


@dataclass(frozen=True, slots=True)
class Channel:
    """Interchanges that are numbered together: of one partner's sender to one receiver."""

    partner: str
    syntax: str
    sender: str
    receiver: str


class ControlHistory:
    """The numbers received, within one transaction; only looks."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def with_numbers(
        self, channel: Channel, control_nos: Collection[str], but_told: Collection[str] = ()
    ) -> dict[str, list[Interchange]]:
        """The interchanges received under these numbers, by number, the earliest first.

        Args:
            but_told: codes of exceptions; a file that one of them tells of does not count.
        """
        told = select(ExceptionItem.file_id).where(
            ExceptionItem.code.in_(but_told), ExceptionItem.file_id == Interchange.file_id
        )
        found: dict[str, list[Interchange]] = {}
        for some in chunks(sorted(control_nos)):
            query = (
                select(Interchange)
                .where(*_received(channel), Interchange.control_no.in_(some), ~told.exists())
                .order_by(Interchange.sequence, Interchange.id)
            )
            for row in self._session.scalars(query):
                found.setdefault(row.control_no, []).append(row)
        return found

    def with_groups(
        self, channel: Channel, numbers: Collection[str]
    ) -> dict[tuple[str, str], list[Interchange]]:
        """The interchanges that had groups of these numbers, by the group's kind and number."""
        found: dict[tuple[str, str], list[Interchange]] = {}
        for some in chunks(sorted(numbers)):
            query = (
                select(Interchange, InterchangeGroup.kind, InterchangeGroup.number)
                .join(InterchangeGroup, InterchangeGroup.interchange_id == Interchange.id)
                .where(*_received(channel), InterchangeGroup.number.in_(some))
                .order_by(Interchange.sequence, Interchange.id)
            )
            for row, kind, number in self._session.execute(query):
                found.setdefault((kind, number), []).append(row)
        return found

    def highest(self, channel: Channel, before: int) -> int | None:
        """The highest number received before a place in the ledger's order; None: there was
        none."""
        query = select(func.max(Interchange.control_value)).where(
            *_received(channel), Interchange.sequence < before
        )
        return self._session.scalar(query)

    def missing(self, channel: Channel, first: int, last: int) -> list[tuple[int, int]]:
        """The ranges of numbers between `first` and `last`, both included, that never came."""
        query = (
            select(Interchange.control_value)
            .where(*_received(channel), Interchange.control_value.between(first, last))
            .distinct()
            .order_by(Interchange.control_value)
        )
        ranges, start = [], first
        for value in self._session.scalars(query):
            assert value is not None
            if value > start:
                ranges.append((start, value - 1))
            start = value + 1
        return [*ranges, (start, last)] if start <= last else ranges


def _received(channel: Channel) -> tuple[ColumnElement[bool], ...]:
    return (
        Interchange.partner == channel.partner,
        Interchange.direction == Direction.IN,
        Interchange.syntax == channel.syntax,
        Interchange.sender == channel.sender,
        Interchange.receiver == channel.receiver,
    )
