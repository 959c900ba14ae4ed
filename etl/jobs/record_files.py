"""Record sets as Parquet files of a batch: ``records/freight_invoice.parquet`` with its children
``records/freight_invoice.charge_line.parquet`` beside it."""

from __future__ import annotations

from collections.abc import Collection

import pyarrow as pa
import pyarrow.compute as pc

from etl.archive import BatchFolder
from etl.canonical import RecordSet, record_type


def write_records(folder: BatchFolder, records: RecordSet) -> None:
    """Write the tables of a record set, replacing what an earlier try wrote."""
    for name, table in records.tables.items():
        folder.write_table(_file_name(records.record_type, name), table)


def read_records(folder: BatchFolder, name: str, file_sha256s: Collection[str]) -> RecordSet | None:
    """The records of the type `name` that came in some of a batch's files; None: there are none."""
    main = folder.find_table(name)
    if main is None:
        return None
    tables = {
        child: folder.read_table(_file_name(name, child)) for child in record_type(name).children
    }
    of_files = pc.is_in(main["file_sha256"], value_set=pa.array(sorted(file_sha256s), pa.string()))
    return RecordSet(name, {name: main, **tables}).select(of_files.combine_chunks())


def _file_name(record_type_name: str, table: str) -> str:
    return table if table == record_type_name else f"{record_type_name}.{table}"
