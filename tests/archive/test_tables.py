from decimal import Decimal
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from etl.archive import tables
from etl.errors import TerminalError


def write(path: Path, *pieces: pa.Table) -> bytes:
    with tables.writer(path, pieces[0].schema) as writer:
        for piece in pieces:
            writer.write(piece)
    return path.read_bytes()


def test_types_come_back_exactly(tmp_path: Path) -> None:
    table = pa.table(
        {
            "amount": pa.array([Decimal("12345678901234.5678"), None], pa.decimal128(18, 4)),
            "at": pa.array([0, None], pa.timestamp("us", "UTC")),
            "day": pa.array([1, None], pa.date32()),
            "reasons": pa.array([["RATE"], []], pa.list_(pa.string())),
            "code": pa.array(["a", "b"]).dictionary_encode(),
        }
    )
    write(tmp_path / "t.parquet", table)
    assert tables.read(tmp_path / "t.parquet").equals(table)


def test_the_bytes_do_not_depend_on_chunks_or_pandas(tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": range(1000), "y": [f"v{i % 7}" for i in range(1000)]})
    from_pandas = pa.Table.from_pandas(frame, preserve_index=False)
    plain = from_pandas.replace_schema_metadata(None)
    chunked = pa.concat_tables([plain.slice(0, 300), plain.slice(300)])
    same = {write(tmp_path / "t.parquet", table) for table in (from_pandas, plain, chunked)}
    assert len(same) == 1


def test_a_table_may_be_written_in_pieces(tmp_path: Path) -> None:
    piece = pa.table({"x": [1, 2]})
    write(tmp_path / "t.parquet", piece, piece, piece)
    assert tables.read(tmp_path / "t.parquet")["x"].to_pylist() == [1, 2] * 3


def test_an_empty_table_keeps_its_columns(tmp_path: Path) -> None:
    empty = pa.table({"x": pa.array([], pa.int64())})
    write(tmp_path / "t.parquet", empty)
    assert tables.read(tmp_path / "t.parquet").equals(empty)


def test_pieces_of_another_schema_are_refused_and_nothing_is_left(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="expected the columns"):
        write(tmp_path / "t.parquet", pa.table({"x": [1]}), pa.table({"x": ["a"]}))
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_file_is_told_by_name(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"x": [1]}), path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(TerminalError, match=r"t\.parquet cannot be read"):
        tables.read(path)


def test_columns_that_count_on_are_kept_as_differences_and_read_back_as_they_were(
    tmp_path: Path,
) -> None:
    size = 20_000
    table = pa.table(
        {
            "id": [f"20261130T210314-52df49/freight_invoice/{number}" for number in range(size)],
            "record_id": pa.array(range(size), pa.int64()),
            "partner": ["acme", None] * (size // 2),
            "reasons": pa.array([["A"], [], None, ["A", "B"]] * (size // 4)),
            "seen": [True, False] * (size // 2),
            "amount": pa.array([Decimal(number) / 100 for number in range(size)]),
        }
    )
    path = tmp_path / "t.parquet"
    with tables.writer(path, table.schema) as writer:
        writer.write(table.slice(0, 7))
        writer.write(table.slice(7))
    assert tables.read(path).equals(table)
    with tables.writer(path, table.schema) as writer:
        writer.write(table)
    whole = path.read_bytes()
    assert len(whole) < 8 * size
    with tables.writer(path, table.schema) as writer:
        writer.write(table)
    assert path.read_bytes() == whole
    with tables.writer(path, table.schema):
        pass
    assert tables.read(path).equals(table.schema.empty_table())
