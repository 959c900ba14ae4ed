"""The defects of a chunk, and the exact place of each."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np

from etl.defects import Defect, Position, Severity
from etl.formats.edi.reading.buffer import Buffer
from etl.formats.edi.reading.parts import WHOLE, Part
from etl.formats.edi.reading.segments import SegmentIndex
from etl.formats.edi.reading.transactions import Transactions
from etl.formats.refusal import shortened

MOST_ALIKE = 10
"""Defects of one code that are told of one transaction, and of a file in one chunk; more would
say nothing new."""


class Places:
    """Names places of a buffer as the partner knows them; slow, for reports only."""

    def __init__(self, index: SegmentIndex, buffer: Buffer, part: Part = WHOLE) -> None:
        self._index, self._buffer, self._part = index, buffer, part

    def at(self, offset: int) -> tuple[int, Position]:
        """The file of a byte of the buffer, and where in it that byte stands."""
        file, origin = self._buffer.origin(offset)
        return file, Position(self._buffer.files[file].name, byte_offset=origin)

    def piece(self, segment: int) -> int:
        """The piece of the buffer that a segment stands in."""
        return self._buffer.piece(int(self._index.start[segment]))

    def of(
        self, segment: int, place: int | None = None, component: int | None = None
    ) -> tuple[int, Position]:
        """The file of a segment, and where in it the segment, or a value of it, stands."""
        offset = int(self._index.start[segment])
        if place is not None:
            one = self._index.pick(np.array([segment]))
            cells = (
                self._index.cells(one, place)
                if component is None
                else self._index.component(one, place, component)
            )
            offset = int(cells.start[0])
        file, at = self.at(offset)
        segment_id = self._index.segment_id(segment)
        return file, replace(at, segment_id=segment_id, element=place, component=component)

    def inside(
        self,
        transactions: Transactions,
        record: int,
        segment: int,
        place: int | None = None,
        component: int | None = None,
    ) -> tuple[int, Position]:
        """As :meth:`of`, with the control numbers around transaction `record`."""
        file, at = self.of(segment, place, component)
        interchange, group = transactions.interchange[record], transactions.group[record]
        return file, replace(
            at,
            interchange=transactions.interchanges[interchange].number if interchange >= 0 else None,
            group=transactions.groups[group].number if group >= 0 else None,
            document=transactions.numbers[record].as_py(),
            segment=self._number(transactions, record, segment),
        )

    def _number(self, transactions: Transactions, record: int, segment: int) -> int:
        """The number of a segment in its transaction, ST or UNH being 1."""
        number = segment - int(transactions.start[record]) + 1
        again = not self._part.goes_on or number <= self._part.head
        return int(number if again else number + self._part.shift)


class Findings:
    """Collects defects."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self.defects: list[Defect] = []

    def add(
        self,
        code: str,
        severity: Severity | None,
        message: str,
        place: tuple[int, Position],
        *,
        record: int | None = None,
        value: str | None = None,
        expected: str | None = None,
    ) -> Defect | None:
        """Report a defect; nothing where `severity` is None, which the mapping ignores."""
        if severity is None:
            return None
        file, at = place
        found = Defect(code, message, at, shortened(value), expected, record, file, severity)
        self.defects.append(found)
        return found


class TransactionFindings:
    """Collects defects of transactions; of each, not more than a few that are alike."""

    def __init__(self, findings: Findings, transactions: Transactions) -> None:
        self._findings, self._transactions = findings, transactions
        self._told: Counter[tuple[int, int, str]] = Counter()

    def tell(
        self,
        code: str,
        severity: Severity | None,
        record: int,
        segment: int,
        message: str,
        *,
        place: int | None = None,
        component: int | None = None,
        offset: int | None = None,
        value: str | None = None,
        expected: str | None = None,
    ) -> None:
        """Report for transaction `record`; -1: for the file that `segment` stands in.

        `place` is an element of the segment, `offset` a byte of the buffer where that is more
        exact.
        """
        places = self._findings.places
        kind = (record, places.piece(segment) if record < 0 else 0, code)
        self._told[kind] += 1
        if severity is None or self._told[kind] > MOST_ALIKE:
            return
        if record < 0:
            file, at = places.of(segment, place, component)
        else:
            file, at = places.inside(self._transactions, record, segment, place, component)
        if offset is not None:
            at = replace(at, byte_offset=places.at(offset)[1].byte_offset)
        self._findings.add(
            code,
            severity,
            message,
            (file, at),
            record=record if record >= 0 else None,
            value=value,
            expected=expected,
        )
