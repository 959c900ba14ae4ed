"""Mapping behind a fence: a document that the plan raises for is kept out, the others go on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from etl.canonical import RecordSet
from etl.defects import Defect, Position
from etl.errors import ConfigurationError
from etl.fence import Caught, fenced
from etl.mapping.plan import Mapped, Plan
from etl.mapping.scope import Context
from etl.raw import Chunk, PassedOver, Rows, SourceFile, Unread

_Indices = npt.NDArray[np.int64]

_MOST = 400
"""Attempts on the documents of one chunk."""


@dataclass(frozen=True, slots=True)
class KeptOut:
    """A document that the plan raised for.

    Attributes:
        record: index of its top-level row in the chunk.
        file: index of its file in the chunk's.
        position: where it stands.
    """

    record: int
    file: int
    position: Position
    error: Exception


def mapped_apart(plan: Plan, chunk: Chunk, context: Context) -> tuple[Mapped, list[KeptOut]]:
    """Map a chunk of whole records that the plan raised for as a whole.

    Returns:
        What became of the records that it does not raise for, numbered anew; and the others.

    Raises:
        ConfigurationError: a `function:` of the mapping failed.
        Exception: the chunk itself can't be taken apart.
    """
    documents = chunk.records()
    lineage = documents.lineage()
    ended = fenced(
        range(len(documents)),
        lambda some: plan.apply(Portion(chunk, some), context),
        passing=(ConfigurationError,),
        most=_MOST,
    )
    kept_out = [
        KeptOut(record, lineage["file"][record].as_py(), documents.position(record), each.error)
        for each in ended
        if isinstance(each, Caught)
        for record in each.items
    ]
    parts = [each for each in ended if not isinstance(each, Caught)]
    return _joined(parts) if parts else _only_told(plan, chunk), kept_out


class Portion:
    """Some records of a chunk, as a chunk of their own."""

    breaks_off = False

    def __init__(self, chunk: Chunk, records: Sequence[int]) -> None:
        """`records` are indices of top-level rows, ascending."""
        self._chunk = chunk
        self._number = {record: number for number, record in enumerate(records)}
        self._first = 0 in self._number

    @property
    def files(self) -> Sequence[SourceFile]:
        """All files of the chunk."""
        return self._chunk.files

    @property
    def defects(self) -> Sequence[Defect]:
        """Those of the records; what concerns whole files is told with the chunk's first one."""
        return [
            defect if defect.record is None else replace(defect, record=self._number[defect.record])
            for defect in self._chunk.defects
            if (self._first if defect.record is None else defect.record in self._number)
        ]

    def unread(self) -> Sequence[Unread]:
        """What nothing has read of the whole chunk."""
        return self._chunk.unread() if self._first else []

    def passed_over(self) -> Sequence[PassedOver]:
        """What concerns whole files is told with the chunk's first record."""
        return self._chunk.passed_over() if self._first else []

    def records(self) -> Rows:
        """The records' top-level rows."""
        return self._of(self._chunk.records())

    def children(self, row: str | None) -> Rows:
        """The records' child rows."""
        return self._of(self._chunk.children(row))

    def _of(self, rows: Rows) -> Rows:
        number = np.full(int(rows.record.max(initial=-1)) + 1, -1, np.int64)
        for record, at in self._number.items():
            if record < len(number):
                number[record] = at
        renumbered = number[rows.record]
        places = np.flatnonzero(renumbered >= 0)
        return _PortionRows(rows, places, renumbered[places])


@dataclass(frozen=True)
class _PortionRows:
    """Rows at some `places` of all rows, with the `record` numbers of the portion."""

    rows: Rows
    places: _Indices
    record: _Indices

    @property
    def key(self) -> _Indices:
        return self.rows.key[self.places]

    def __len__(self) -> int:
        return len(self.places)

    def column(self, path: str) -> pa.Array:
        return self.rows.column(path).take(pa.array(self.places))

    def lineage(self) -> pa.Table:
        return self.rows.lineage().take(pa.array(self.places))

    def position(self, index: int, path: str | None = None) -> Position:
        return self.rows.position(int(self.places[index]), path)


def _joined(parts: Sequence[Mapped]) -> Mapped:
    """Portions as one result, their records numbered one after the other."""
    offsets = list(accumulate((part.records.num_records for part in parts), initial=0))
    shifted = list(zip(parts, offsets, strict=False))
    return Mapped(
        RecordSet.concat([part.records.with_record_offset(offset) for part, offset in shifted]),
        np.concatenate([part.rejected for part in parts]),
        [
            defect if defect.record is None else replace(defect, record=defect.record + offset)
            for part, offset in shifted
            for defect in part.defects
        ],
        [
            replace(finding, record=finding.record + offset)
            for part, offset in shifted
            for finding in part.findings
        ],
    )


def _only_told(plan: Plan, chunk: Chunk) -> Mapped:
    """No records, only what the reader says of whole files."""
    told = [defect for defect in chunk.defects if defect.record is None]
    return replace(plan.nothing(), defects=told)
