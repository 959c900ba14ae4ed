"""Defects with exact positions, from refused cells and broken schema rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from etl.canonical import RecordSet, lineage_position, violations
from etl.defects import Defect, Position, Severity
from etl.mapping.left_out import LeftOut
from etl.mapping.scope import PARENT, Mask, Refusal, Scope
from etl.mapping.tables import MappedTable
from etl.raw import Chunk

_SHOWN = 200
"""Characters of a value in a defect."""

_EACH = 20
"""Defects told for one field of one record: more of the same help nobody."""

_VALUES = 10
"""Values that are told of rows left out."""

LEFT_OUT = "LEFT_OUT"

_EXACT = 2000
"""Positions that the format is asked for in one chunk, which is slow. A mapping that is wrong for
every document would else cost minutes; the defects after these name the row only."""


class Report:
    """Makes the defects of one chunk."""

    def __init__(self, chunk: Chunk) -> None:
        self._files = chunk.files
        self._exact_left = _EXACT
        self._told: dict[tuple[str, str, int], int] = {}

    def refused_cells(self, tables: Mapping[str, MappedTable]) -> Iterator[Defect]:
        """The defects of all cells that a step refused, and of rows that nobody named."""
        for mapped in tables.values():
            for scope in mapped.scopes:
                for refusal in scope.refusals:
                    yield from self._of_refusal(scope, refusal)
            for left in mapped.left_out:
                yield from self._of_left_out(left)

    def violated_rules(
        self, records: RecordSet, tables: Mapping[str, MappedTable], broken: Mask
    ) -> Iterator[Defect]:
        """The defects of cells that break the schema, but for those that were refused before.

        Of the records in `broken`, which the reader refused (cut off, or another document), it is
        not told what is missing in them."""
        refused = {
            (id(scope), refusal.field, row)
            for mapped in tables.values()
            for scope in mapped.scopes
            for refusal in scope.refusals
            for row in refusal.rows.tolist()
        }
        for violation in violations(records):
            origin = tables[violation.table].origin(violation.row)
            if origin is not None and (id(origin[0]), violation.field, origin[1]) in refused:
                continue
            if broken[violation.record] and violation.value is None:
                continue
            if not self._is_news(violation.table, violation.field, violation.record):
                continue
            position, file = lineage_position(records.tables[violation.table], violation.row), 0
            if origin is not None:
                scope, row = origin
                position = self.position(scope, row, scope.paths.get(violation.field, ()))
                file = file_of(scope, row)
            yield Defect(
                code=violation.code,
                message=violation.message,
                position=position,
                value=violation.value,
                expected=violation.expected,
                record=violation.record,
                file=file,
            )

    def position(self, scope: Scope, row: int, paths: tuple[str, ...]) -> Position:
        """Where the value stands that a row has from the first of `paths` that has one."""
        if self._exact_left <= 0:
            return self._of_row(scope, row)
        self._exact_left -= 1
        own = [path for path in paths if scope.parent is None or not path.startswith(PARENT)]
        for path in own:
            if len(own) == 1 or scope.rows.column(path)[row].is_valid:
                return scope.rows.position(row, path)
        return scope.rows.position(row, own[0] if own else None)

    def _of_row(self, scope: Scope, row: int) -> Position:
        cell = scope.lineage.slice(row, 1).to_pylist()[0]
        in_segments = cell["interchange_no"] is not None
        return Position(
            file=self._files[cell["file"]].name,
            interchange=cell["interchange_no"],
            group=cell["group_no"],
            document=cell["document_no"],
            segment=cell["position"] if in_segments else None,
            row=None if in_segments else cell["position"],
        )

    def _of_refusal(self, scope: Scope, refusal: Refusal) -> Iterator[Defect]:
        values = refusal.values.to_pylist()
        for row, value in zip(refusal.rows.tolist(), values, strict=True):
            record = int(scope.rows.record[row])
            if not self._is_news(scope.table, refusal.field, record):
                continue
            yield Defect(
                code=refusal.code,
                message=f"{scope.table}.{refusal.field}: {refusal.message}",
                position=self.position(scope, row, refusal.paths),
                value=None if value is None else value[:_SHOWN],
                expected=refusal.expected,
                record=record,
                file=file_of(scope, row),
                severity=refusal.severity,
            )

    def _of_left_out(self, left: LeftOut) -> Iterator[Defect]:
        """A defect for each record that lacks money, and a warning for each file."""
        records = left.scope.records.tolist()
        rows: dict[tuple[int | None, int], list[int]] = {}
        for number, row in enumerate(left.scope.row_indexes.tolist()):
            file = file_of(left.scope, row)
            record = records[number] if left.money[number] else None
            rows.setdefault((record, file), []).append(number)
        values = left.values.to_pylist()
        indexes = left.scope.row_indexes
        for (record, file), numbers in rows.items():
            counts = Counter(values[number] for number in numbers).most_common()
            shown = ", ".join(f"{value[:40]!r} {count} times" for value, count in counts[:_VALUES])
            more = f" and {len(counts) - _VALUES} more values" if len(counts) > _VALUES else ""
            name = left.choice.name
            paths = (name,) if left.choice.is_path else ()
            yield Defect(
                code=LEFT_OUT,
                message=f"{left.scope.table}: rows of the source are left out by {name}, whose "
                f"value nobody named ({shown}{more}): read such rows in a block of their own, or "
                "name them in a block with ignore: true",
                position=self.position(left.scope, int(indexes[numbers[0]]), paths),
                value=values[numbers[0]][:_SHOWN],
                expected=f"one of {', '.join(sorted(left.choice.values))}",
                record=record,
                file=file,
                severity=Severity.WARN if record is None else Severity.REJECT,
            )

    def _is_news(self, table: str, field: str, record: int) -> bool:
        key = (table, field, record)
        self._told[key] = self._told.get(key, 0) + 1
        return self._told[key] <= _EACH


def file_of(scope: Scope, row: int) -> int:
    """The index in the chunk's files of the file that a row stands in."""
    return int(scope.lineage["file"][row].as_py())
