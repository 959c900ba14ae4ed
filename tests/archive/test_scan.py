from datetime import timedelta

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from etl.archive import Archive
from etl.errors import TerminalError
from tests.archive.conftest import FIRST_DAY, Sealed, charges


def test_all_sealed_batches_are_read_as_one_table(sealed: Sealed) -> None:
    table = sealed.archive.scan("expected_charge")
    assert table.column_names == ["business_key", "amount", "batch_id"]
    assert table["batch_id"].to_pylist() == [f"batch-{n}" for n in range(3) for _ in range(3)]
    assert table["amount"].type == pa.decimal128(18, 4)


def test_rows_come_in_the_order_of_sealing(archive: Archive) -> None:
    for name, day in (("late", FIRST_DAY), ("early", FIRST_DAY - timedelta(days=9))):
        batch = archive.open_batch(name, day)
        batch.write_table("expected_charge", charges(0))
        batch.seal({})
    found = archive.scan("expected_charge", columns=["batch_id"])["batch_id"].to_pylist()
    assert found == ["late"] * 3 + ["early"] * 3


def test_only_what_is_asked_for_is_given(sealed: Sealed) -> None:
    table = sealed.archive.scan(
        "expected_charge",
        since=FIRST_DAY + timedelta(days=1),
        columns=["business_key"],
        where=pc.field("business_key") != "key-1-0",
    )
    assert table.to_pydict() == {
        "business_key": ["key-1-1", "key-1-2", "key-2-0", "key-2-1", "key-2-2"]
    }


def test_an_open_batch_is_read_only_by_itself(sealed: Sealed) -> None:
    own = sealed.archive.open_batch("own", FIRST_DAY)
    own.write_table("expected_charge", charges(9))
    assert sealed.archive.scan("expected_charge").num_rows == 9
    table = sealed.archive.scan("expected_charge", own=own)
    assert table["batch_id"].to_pylist()[9:] == ["own"] * 3
    own.seal({})
    assert sealed.archive.scan("expected_charge", own=own).num_rows == 12


def test_batches_without_the_table_are_passed_over(sealed: Sealed) -> None:
    sealed.archive.open_batch("empty", FIRST_DAY).seal({})
    assert sealed.archive.scan("expected_charge").num_rows == 9


def test_columns_that_came_later_are_null_before(sealed: Sealed) -> None:
    batch = sealed.archive.open_batch("newer", FIRST_DAY)
    batch.write_table("expected_charge", charges(5).append_column("rate_id", pa.array(["r"] * 3)))
    batch.seal({})
    rates = sealed.archive.scan("expected_charge")["rate_id"].to_pylist()
    assert rates == [None] * 9 + ["r"] * 3


def test_a_given_schema_holds_even_without_a_file(archive: Archive) -> None:
    schema = charges(0).schema
    empty = archive.scan("expected_charge", schema=schema)
    assert empty.schema == schema.append(pa.field("batch_id", pa.string()))
    assert empty.num_rows == 0
    assert archive.scan("expected_charge").num_rows == 0


def test_a_damaged_file_is_told(sealed: Sealed) -> None:
    path = sealed.folder(1) / "records" / "expected_charge.parquet"
    path.write_bytes(b"PAR1")
    with pytest.raises(TerminalError, match="'expected_charge' of the archive cannot be read"):
        sealed.archive.scan("expected_charge")


def test_a_type_that_does_not_fit_is_told(sealed: Sealed) -> None:
    schema = pa.schema([("business_key", pa.int64())])
    with pytest.raises(TerminalError, match="cannot be read"):
        sealed.archive.scan("expected_charge", schema=schema)
