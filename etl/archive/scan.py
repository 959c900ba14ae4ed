"""Reading one kind of records over many batches, as one table."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from pyarrow import fs

from etl.archive.batch_folder import BatchFolder
from etl.errors import TerminalError

BATCH_COLUMN = "batch_id"


def scan(
    batches: Sequence[BatchFolder],
    name: str,
    *,
    columns: Sequence[str] | None,
    where: pc.Expression | None,
    schema: pa.Schema | None,
) -> pa.Table:
    """Read the table `name` of each batch that has it, one after the other.

    See :meth:`etl.archive.Archive.scan` for the arguments.
    """
    having = [batch for batch in batches if batch.table_path(name).exists()]
    try:
        stored = [pq.read_schema(batch.table_path(name)) for batch in having]
        full = schema if schema is not None else _unified(stored)
        if full.get_field_index(BATCH_COLUMN) < 0:
            full = full.append(pa.field(BATCH_COLUMN, pa.string()))
        dataset = _dataset(having, name, full)
        wanted = list(columns) if columns is not None else full.names
        return dataset.to_table(columns=wanted, filter=where)
    except (pa.ArrowException, OSError) as error:
        raise TerminalError(
            f"the tables {name!r} of the archive cannot be read: {error}; run `etl archive verify`"
        ) from error


def _unified(schemas: Sequence[pa.Schema]) -> pa.Schema:
    """All columns that any of the files has; one that a file lacks is null there."""
    return pa.unify_schemas(schemas, promote_options="permissive") if schemas else pa.schema([])


def _dataset(batches: Sequence[BatchFolder], name: str, schema: pa.Schema) -> ds.Dataset:
    """One fragment a batch, which knows the batch's id without reading the file."""
    parquet, local = ds.ParquetFileFormat(), fs.LocalFileSystem()
    fragments = [
        parquet.make_fragment(
            str(batch.table_path(name)),
            local,
            partition_expression=pc.field(BATCH_COLUMN) == batch.id,
        )
        for batch in batches
    ]
    return ds.FileSystemDataset(fragments, schema, parquet, local)
