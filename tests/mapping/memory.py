"""A source in memory: rows are dicts, a path is a key, a child row belongs to its `record`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from etl.defects import Defect, Position
from etl.raw import LINEAGE, Conditions, Crossing, DeclarationError, PassedOver, SourceFile, Unread

FILE = SourceFile("orders.txt", "ab" * 32, 1, lambda: BytesIO(b"x"))


class MemoryRows:
    """Rows of dicts; row i stands on line i + 1."""

    def __init__(self, rows: Sequence[Mapping[str, Any]], records: Sequence[int]) -> None:
        self._rows, self._records = rows, records

    @property
    def record(self) -> npt.NDArray[np.int64]:
        return np.array(self._records, np.int64)

    @property
    def key(self) -> npt.NDArray[np.int64]:
        return np.array([id(row) for row in self._rows], np.int64)

    def __len__(self) -> int:
        return len(self._rows)

    def column(self, path: str) -> pa.Array:
        values = [row.get(path) for row in self._rows]
        return pa.array(values) if any(v is not None for v in values) else pa.nulls(len(values))

    def lineage(self) -> pa.Table:
        count = len(self._rows)
        return pa.table(
            {
                "file": pa.array([row.get("_file", 0) for row in self._rows], pa.int32()),
                "interchange_no": pa.array(["7"] * count, pa.string()),
                "group_no": pa.nulls(count, pa.string()),
                "document_no": pa.array([str(record) for record in self._records], pa.string()),
                "position": pa.array(range(1, count + 1), pa.int64()),
                "structure": pa.nulls(count, pa.string()),
                "number_in_file": pa.array([record + 1 for record in self._records], pa.int64()),
            },
            schema=LINEAGE,
        )

    def position(self, index: int, path: str | None = None) -> Position:
        return Position(file=FILE.name, row=index + 1, column=path)


@dataclass
class MemoryChunk:
    """Top-level rows, and child rows by row declaration, each with its `record`."""

    rows: Sequence[Mapping[str, Any]]
    child_rows: Mapping[str | None, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    files: Sequence[SourceFile] = (FILE,)
    defects: Sequence[Defect] = ()

    breaks_off: bool = False

    def records(self) -> MemoryRows:
        return MemoryRows(self.rows, range(len(self.rows)))

    def children(self, row: str | None) -> MemoryRows:
        rows = self.child_rows.get(row, ())
        return MemoryRows(rows, [child["record"] for child in rows])

    def unread(self) -> list[Unread]:
        """Nothing: our own records are no partner's."""
        return []

    def passed_over(self) -> list[PassedOver]:
        return []


class MemoryReader:
    """Knows every path but those with `bad` in them, and every row but `NOWHERE`."""

    def check_path(self, path: str, row: str | None = None) -> None:
        if "bad" in path:
            raise DeclarationError("path", repr(path), "a path without bad in it")

    def crossings(self, path: str, row: str | None = None) -> list[Crossing]:
        return []

    def conditions(self, row: str | None) -> Conditions:
        return Conditions(row)

    def check_row(self, row: str | None) -> None:
        if row == "NOWHERE":
            raise DeclarationError("row", repr(row), "a row that there is")

    def read(self, files: Sequence[SourceFile]) -> Iterator[MemoryChunk]:
        yield MemoryChunk(())
