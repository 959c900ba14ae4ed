"""What was read, as Parquet files of a batch.

Record sets: ``records/freight_invoice.parquet`` with its children
``records/freight_invoice.charge_line.parquet`` beside it; and ``defects.parquet``, everything that
was found wrong in the files, also what only tells and rejects nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

import pyarrow as pa
import pyarrow.compute as pc

from etl.archive import BatchFolder
from etl.canonical import RecordSet, RecordType, record_type
from etl.jobs.stages.map import Trouble

_DEFECTS = pa.schema(
    [
        ("file_id", pa.string()),
        ("file_name", pa.string()),
        ("record_type", pa.string()),
        ("record_id", pa.int64()),
        ("severity", pa.string()),
        ("code", pa.string()),
        ("message", pa.string()),
        ("position", pa.string()),
        ("value", pa.string()),
        ("expected", pa.string()),
    ]
)


def write_records(folder: BatchFolder, records: RecordSet) -> None:
    """Write the tables of a record set, replacing what an earlier try wrote."""
    for name, table in records.tables.items():
        folder.write_table(_file_name(records.record_type, name), table)


def read_records(folder: BatchFolder, name: str, file_sha256s: Collection[str]) -> RecordSet | None:
    """The records of the type `name` that came in some of a batch's files; None: there are none."""
    main = folder.find_table(name)
    if main is None:
        return None
    kind = record_type(name)
    main = _with_all_columns(main, kind)
    tables = {
        table: _with_all_columns(folder.read_table(_file_name(name, table)), record_type(child))
        for table, child in kind.children.items()
    }
    of_files = pc.is_in(main["file_sha256"], value_set=pa.array(sorted(file_sha256s), pa.string()))
    return RecordSet(name, {name: main, **tables}).select(of_files.combine_chunks())


def write_defects(folder: BatchFolder, troubles: Iterable[Trouble]) -> None:
    """Write the defects of all files, one row each."""
    rows = [
        {
            "file_id": trouble.file.id,
            "file_name": trouble.file.name,
            "record_type": trouble.record_type,
            "record_id": trouble.record_id,
            "severity": str(defect.severity),
            "code": defect.code,
            "message": defect.message,
            "position": str(defect.position),
            "value": defect.value,
            "expected": defect.expected,
        }
        for trouble in troubles
        for defect in trouble.defects
    ]
    folder.write_table("defects", pa.Table.from_pylist(rows, _DEFECTS))


def _with_all_columns(table: pa.Table, kind: RecordType) -> pa.Table:
    """The table with nulls in the columns that the version which wrote it did not have."""
    for field in kind.arrow_schema:
        if field.name not in table.column_names:
            table = table.append_column(field, pa.nulls(table.num_rows, field.type))
    return table.select(kind.arrow_schema.names)


def _file_name(record_type_name: str, table: str) -> str:
    return table if table == record_type_name else f"{record_type_name}.{table}"
