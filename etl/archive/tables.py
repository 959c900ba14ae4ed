"""Tables as Parquet files, written whole and the same for the same content."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from etl.durable import written_whole
from etl.errors import TerminalError

_ROWS_A_GROUP = 1 << 18
_SAMPLE = 10_000
_REPEATED = 4
"""A column of which each value comes fewer times than this has no dictionary."""


class Writer:
    """Takes a table in pieces of one schema; the first piece decides how columns are encoded."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._path = path
        self._schema = schema
        self._parquet: pq.ParquetWriter | None = None

    def write(self, table: pa.Table) -> None:
        """Append rows; raises ValueError for another schema.

        How the table is cut into chunks, and metadata such as pandas', do not reach the file.
        """
        if not table.schema.equals(self._schema):
            raise ValueError(f"expected the columns\n{self._schema}\nnot\n{table.schema}")
        plain = table.replace_schema_metadata(None).combine_chunks()
        self._opened(plain).write_table(plain, row_group_size=_ROWS_A_GROUP)

    def close(self) -> None:
        """Write the file's end; one without rows too."""
        self._opened(self._schema.remove_metadata().empty_table()).close()

    def abandon(self) -> None:
        """Close what was opened; the file is of no use."""
        if self._parquet is not None:
            self._parquet.close()

    def _opened(self, first: pa.Table) -> pq.ParquetWriter:
        if self._parquet is None:
            varied = _varied(first)
            self._parquet = pq.ParquetWriter(
                self._path,
                first.schema,
                compression="zstd",
                version="2.6",
                use_dictionary=[
                    path for name, path in _paths(first.schema).items() if name not in varied
                ],
                column_encoding=varied or None,
            )
        return self._parquet


@contextmanager
def writer(path: Path, schema: pa.Schema) -> Iterator[Writer]:
    """Write a Parquet file that takes its name only when all of it is on the disk."""
    with written_whole(path) as part:
        opened = Writer(part, schema)
        try:
            yield opened
        except BaseException:
            opened.abandon()
            raise
        opened.close()


def _varied(table: pa.Table) -> dict[str, str]:
    """The encoding of columns that repeat little, where a dictionary would only add its indices.

    Ids, keys and counted numbers differ from the value before in their last digits: what is kept
    is the difference. A third of an archive is saved by it.
    """
    found = {}
    for field, column in zip(table.schema, table.slice(0, _SAMPLE).columns, strict=True):
        if pa.types.is_string(field.type):
            encoding = "DELTA_BYTE_ARRAY"
        elif pa.types.is_integer(field.type):
            encoding = "DELTA_BINARY_PACKED"
        else:
            continue
        if pc.count_distinct(column).as_py() * _REPEATED > len(column):
            found[field.name] = encoding
    return found


def _paths(schema: pa.Schema) -> dict[str, str]:
    """How Parquet names the column of a field; a list's values have a path of their own."""
    return {
        field.name: f"{field.name}.list.element" if pa.types.is_list(field.type) else field.name
        for field in schema
    }


def read(path: Path) -> pa.Table:
    """Read a Parquet file; raises TerminalError when it is damaged."""
    try:
        with pq.ParquetFile(path) as file:
            return file.read()
    except (pa.ArrowException, OSError) as error:
        raise TerminalError(
            f"{path} cannot be read: {error}; run `etl archive verify` and restore it"
        ) from error
