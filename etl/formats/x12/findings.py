"""The defects of a chunk, and the exact place of each."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from etl.defects import Defect, Position, Severity
from etl.formats.refusal import shortened
from etl.formats.x12.buffer import Buffer
from etl.formats.x12.segments import SegmentIndex
from etl.formats.x12.transactions import Transactions, element


class Places:
    """Names places of a buffer as the partner knows them; slow, for reports only."""

    def __init__(self, index: SegmentIndex, buffer: Buffer) -> None:
        self._index, self._buffer = index, buffer

    def at(self, offset: int) -> tuple[int, Position]:
        """The file of a byte of the buffer, and where in it that byte stands."""
        file, origin = self._buffer.origin(offset)
        return file, Position(self._buffer.files[file].name, byte_offset=origin)

    def of(
        self, segment: int, place: int | None = None, component: int | None = None
    ) -> tuple[int, Position]:
        """The file of a segment, and where in it the segment, or a value of it, stands."""
        offset = int(self._index.start[segment])
        if place is not None:
            cells = self._index.cells(self._index.pick(np.array([segment])), place)
            if component is not None:
                cells = self._index.components(cells, component)
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
            interchange=element(transactions.interchanges[interchange].elements, 13)
            if interchange >= 0
            else None,
            group=transactions.groups[group].number if group >= 0 else None,
            document=transactions.numbers[record].as_py(),
            segment=segment - int(transactions.start[record]) + 1,
        )


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
    ) -> None:
        """Report a defect; nothing where `severity` is None, which the mapping ignores."""
        if severity is not None:
            file, at = place
            self.defects.append(
                Defect(code, message, at, shortened(value), expected, record, file, severity)
            )
