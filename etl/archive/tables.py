"""Tables as Parquet files, written whole and the same for the same content."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from etl.durable import written_whole
from etl.errors import TerminalError

_ROWS_A_GROUP = 1 << 18


class Writer:
    """Takes a table in pieces of one schema."""

    def __init__(self, parquet: pq.ParquetWriter, schema: pa.Schema) -> None:
        self._parquet = parquet
        self._schema = schema

    def write(self, table: pa.Table) -> None:
        """Append rows; raises ValueError for another schema.

        How the table is cut into chunks, and metadata such as pandas', do not reach the file.
        """
        if not table.schema.equals(self._schema):
            raise ValueError(f"expected the columns\n{self._schema}\nnot\n{table.schema}")
        plain = table.replace_schema_metadata(None).combine_chunks()
        self._parquet.write_table(plain, row_group_size=_ROWS_A_GROUP)


@contextmanager
def writer(path: Path, schema: pa.Schema) -> Iterator[Writer]:
    """Write a Parquet file that takes its name only when all of it is on the disk."""
    plain = schema.remove_metadata()
    with (
        written_whole(path) as part,
        pq.ParquetWriter(part, plain, compression="zstd", version="2.6") as parquet,
    ):
        yield Writer(parquet, schema)


def read(path: Path) -> pa.Table:
    """Read a Parquet file; raises TerminalError when it is damaged."""
    try:
        with pq.ParquetFile(path) as file:
            return file.read()
    except (pa.ArrowException, OSError) as error:
        raise TerminalError(
            f"{path} cannot be read: {error}; run `etl archive verify` and restore it"
        ) from error
