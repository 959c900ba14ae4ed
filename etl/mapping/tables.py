"""Mapped columns put together as canonical tables, with lineage, and with the way back from a
table's row to the source's row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from etl.canonical import RecordType
from etl.canonical.records import column, repeated
from etl.mapping.left_out import LeftOut
from etl.mapping.scope import Scope
from etl.raw import Chunk


@dataclass(frozen=True)
class MappedTable:
    """A canonical table, not yet completed, and where its rows come from.

    Attributes:
        table: of the type's Arrow schema, sorted by `record_id`.
        scopes: the scopes that gave rows.
        scope_of: for each row, the index of its scope.
        row_of: for each row, the index of its row in the scope's source rows.
        left_out: rows that the conditions of its blocks left out although nobody named them.
        earlier: how many rows at its start come from chunks before; no scope gave them.
    """

    table: pa.Table
    scopes: Sequence[Scope]
    scope_of: npt.NDArray[np.int64]
    row_of: npt.NDArray[np.int64]
    earlier: int = 0
    left_out: Sequence[LeftOut] = ()

    def origin(self, row: int) -> tuple[Scope, int] | None:
        """The scope of a table's row, and the row's index in its source rows; None for a row of a
        chunk before."""
        if row < self.earlier:
            return None
        row -= self.earlier
        return self.scopes[self.scope_of[row]], int(self.row_of[row])

    def after(self, before: pa.Table) -> MappedTable:
        """The same behind the rows of the same record that came in chunks before."""
        table = pa.concat_tables([before, self.table])
        return replace(self, table=table, earlier=before.num_rows)


def mapped_table(
    kind: RecordType, scopes: Sequence[Scope], chunk: Chunk, label: str
) -> MappedTable:
    """The rows of all scopes as one table.

    Args:
        kind: the table's type.
        scopes: one for each block of the table.
        chunk: where they come from.
        label: mapping and version, for the lineage.
    """
    parts = [_part(kind, scope, chunk, label) for scope in scopes]
    table = pa.concat_tables(parts) if parts else kind.arrow_schema.empty_table()
    scope_of = np.repeat(np.arange(len(scopes)), [len(scope) for scope in scopes])
    row_of = np.concatenate([np.zeros(0, np.int64), *(scope.row_indexes for scope in scopes)])
    if len(parts) > 1:
        order = np.argsort(table["record_id"].to_numpy(), kind="stable")
        same = _same_in_all_rows(chunk, label)
        arrays = []
        for name in table.column_names:
            if name in same:
                arrays.append(repeated(same[name], len(order)))
            elif table[name].null_count == len(order):
                arrays.append(repeated(None, len(order), table[name].type))
            else:
                arrays.append(column(table, name).take(pa.array(order)))
        table = pa.Table.from_arrays(arrays, schema=table.schema)
        scope_of, row_of = scope_of[order], row_of[order]
    return MappedTable(table, scopes, scope_of, row_of)


def _same_in_all_rows(chunk: Chunk, label: str) -> dict[str, str]:
    """Columns of the lineage whose values need no sorting."""
    if len(chunk.files) != 1:
        return {"mapping": label}
    file = chunk.files[0]
    return {"mapping": label, "file_sha256": file.sha256, "file_name": file.name}


def _part(kind: RecordType, scope: Scope, chunk: Chunk, label: str) -> pa.Table:
    columns = {"record_id": pa.array(scope.records), **scope.mapped, **_lineage(scope, chunk)}
    columns["mapping"] = repeated(label, len(scope))
    schema = kind.arrow_schema
    arrays = [
        columns[field.name] if field.name in columns else repeated(None, len(scope), field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(arrays, schema=schema)


def _lineage(scope: Scope, chunk: Chunk) -> dict[str, pa.Array]:
    lineage = scope.lineage
    if scope.picked is not None:
        lineage = lineage.take(pa.array(scope.picked))
    files = column(lineage, "file")
    hashes = [file.sha256 for file in chunk.files]
    names = [file.name for file in chunk.files]
    return {
        "file_sha256": _of_file(hashes, files),
        "file_name": _of_file(names, files),
        "interchange_no": column(lineage, "interchange_no"),
        "group_no": column(lineage, "group_no"),
        "document_no": column(lineage, "document_no"),
        "position": column(lineage, "position"),
        "structure": column(lineage, "structure"),
        "number_in_file": column(lineage, "number_in_file"),
    }


def _of_file(values: list[str], files: pa.Array) -> pa.Array:
    if len(values) == 1:
        return repeated(values[0], len(files))
    return pa.array(values, pa.string()).take(files)
