from __future__ import annotations

import io
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from etl.formats import format_named
from etl.formats.records import RecordsReader, chunk_of
from etl.raw import LINEAGE, DeclarationError
from tests.formats.source_files import source_file

MONEY = pa.decimal128(18, 4)


def lineage(*files: str) -> dict[str, pa.Array]:
    return {
        "file_sha256": pa.array([f"hash of {file}" for file in files]),
        "file_name": pa.array(list(files)),
        "interchange_no": pa.array(["000000001"] * len(files)),
        "group_no": pa.nulls(len(files), pa.string()),
        "document_no": pa.array([f"{n:04}" for n in range(len(files))]),
        "position": pa.array(range(10, 10 + len(files)), pa.int64()),
    }


INVOICES = pa.table(
    {
        "record_id": pa.array([7, 3], pa.int64()),
        "total": pa.array([Decimal("10.5"), None], MONEY),
        **lineage("a.edi", "b.edi"),
    }
)
LINES = pa.table(
    {
        "record_id": pa.array([3, 7, 9, 7], pa.int64()),
        "code": ["FUEL", "BASE", "LOST", "MISC"],
        **lineage("b.edi", "a.edi", "c.edi", "a.edi"),
    }
)
TABLES = {"freight_invoice": INVOICES, "charge_line": LINES}


def reader() -> RecordsReader:
    found = format_named("records").reader({"format": "records", "record": "freight_invoice"})
    assert isinstance(found, RecordsReader)
    return found


def parquet_file(table: pa.Table, name: str) -> bytes:
    out = io.BytesIO()
    parquet.write_table(table, out)
    return out.getvalue()


def test_columns_keep_their_types() -> None:
    records = chunk_of(TABLES).records()
    assert records.column("total").type == MONEY
    assert records.column("total").to_pylist() == [Decimal("10.5000"), None]
    assert records.record.tolist() == [0, 1]


def test_children_follow_the_order_of_their_records_and_strangers_are_left_out() -> None:
    children = chunk_of(TABLES).children("charge_line")
    assert children.record.tolist() == [0, 0, 1]
    assert children.column("code").to_pylist() == ["BASE", "MISC", "FUEL"]


def test_the_main_table_is_the_one_named_or_else_the_first() -> None:
    assert len(chunk_of(TABLES).records()) == 2
    assert len(chunk_of(TABLES, "charge_line").records()) == 4
    turned = {"charge_line": LINES, "freight_invoice": INVOICES}
    assert len(reader().chunk_of(turned).records()) == 2
    assert len(chunk_of(TABLES).children(None)) == 2


def test_lineage_is_carried_over() -> None:
    chunk = chunk_of(TABLES)
    table = chunk.children("charge_line").lineage()
    assert table.schema == LINEAGE
    names = [chunk.files[index].name for index in table.column("file").to_pylist()]
    assert names == ["a.edi", "a.edi", "b.edi"]
    assert chunk.files[0].sha256 == "hash of a.edi"
    assert table.column("position").to_pylist() == [11, 13, 10]
    position = chunk.records().position(1, "total")
    assert (position.file, position.document, position.row) == ("b.edi", "0001", 11)
    assert position.column == "total"


def test_the_bytes_behind_a_record_are_said_to_be_in_the_archive() -> None:
    with pytest.raises(OSError, match="in the archive"):
        chunk_of(TABLES).files[0].open()


def test_tables_without_lineage_can_be_mapped_too() -> None:
    chunk = chunk_of({"thing": pa.table({"record_id": pa.array([1], pa.int64())})})
    (row,) = chunk.records().lineage().to_pylist()
    assert (chunk.files[row["file"]].name, row["position"]) == ("", 0)


def test_tables_without_rows_give_no_rows() -> None:
    chunk = chunk_of({name: table.slice(0, 0) for name, table in TABLES.items()})
    assert (len(chunk.records()), len(chunk.children("charge_line")), chunk.files) == (0, 0, [])
    assert chunk.records().column("total").type == MONEY


def test_what_is_not_there_is_named_with_the_nearest() -> None:
    chunk = chunk_of(TABLES)
    with pytest.raises(DeclarationError, match="did you mean 'total'"):
        chunk.records().column("totl")
    with pytest.raises(DeclarationError, match="did you mean 'charge_line'"):
        chunk.children("charge_lines")
    with pytest.raises(DeclarationError, match="freight_invoice, charge_line"):
        chunk_of(TABLES, "shipment")
    with pytest.raises(DeclarationError, match="record_id"):
        chunk_of({"thing": pa.table({"a": [1]})})
    with pytest.raises(DeclarationError):
        chunk_of({})


def test_the_block_paths_and_rows_are_checked() -> None:
    with pytest.raises(DeclarationError, match=r"source\.record"):
        format_named("records").reader({"format": "records"})
    reader().check_path("total")
    reader().check_row("charge_line")
    reader().check_row(None)
    with pytest.raises(DeclarationError):
        reader().check_path("B3.02")
    with pytest.raises(DeclarationError):
        reader().check_row("a/b")


def test_parquet_files_named_by_table_are_read_as_one_set() -> None:
    files = [
        source_file(parquet_file(LINES, "c"), "records/charge_line.parquet"),
        source_file(parquet_file(INVOICES, "f"), "records/freight_invoice.parquet"),
    ]
    (chunk,) = reader().read(files)
    assert chunk.records().column("total").to_pylist() == [Decimal("10.5000"), None]
    assert chunk.children("charge_line").column("code").to_pylist() == ["BASE", "MISC", "FUEL"]
    assert chunk.defects == []
    assert list(reader().read([])) == []


def test_files_that_are_no_tables_of_records_are_defects() -> None:
    files = [
        source_file(parquet_file(INVOICES, "f"), "freight_invoice.parquet"),
        source_file(b"junk", "charge_line.parquet"),
        source_file(parquet_file(pa.table({"a": [1]}), "p"), "party.parquet"),
    ]
    (chunk,) = reader().read(files)
    assert len(chunk.records()) == 2
    assert [(d.code, chunk.files[d.file].name) for d in chunk.defects] == [
        ("NOT_PARQUET", "charge_line.parquet"),
        ("NOT_RECORDS", "party.parquet"),
    ]


def test_children_without_their_main_table_are_not_read() -> None:
    (chunk,) = reader().read([source_file(parquet_file(LINES, "c"), "charge_line.parquet")])
    assert len(chunk.records()) == 0
    assert [d.code for d in chunk.defects] == ["MISSING_TABLE"]


@given(st.binary(max_size=60) | st.binary(max_size=40).map(lambda b: b"PAR1" + b + b"PAR1"))
def test_any_bytes_give_defects_and_no_crash(content: bytes) -> None:
    (chunk,) = reader().read([source_file(content, "freight_invoice.parquet")])
    assert len(chunk.records()) == 0
    assert [d.code for d in chunk.defects] == ["NOT_PARQUET", "MISSING_TABLE"]
