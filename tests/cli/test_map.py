import json
from pathlib import Path

import pyarrow.parquet as pq

from tests.cli.conftest import BROKEN, GOOD, CommandLine
from tests.freight_bills import bills_file

MAPPING = "acme-freight/x12-210"


def test_records_are_printed_one_a_line_and_defects_beside_them(
    etl: CommandLine, tmp_path: Path
) -> None:
    file = tmp_path / "bills.edi"
    file.write_text(bills_file(GOOD, BROKEN), "utf-8")
    result = etl("map", str(file), "--mapping", MAPPING, code=1)
    [line] = result.stdout.splitlines()
    record = json.loads(line)
    assert record["invoice_no"] == "C-1"
    assert record["lineage"]["mapping"].startswith(MAPPING)
    assert "UNKNOWN_CODE" in result.stderr
    assert "QQQ" in result.stderr


def test_tables_are_written_as_csv_and_parquet(etl: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "bills.edi"
    file.write_text(bills_file(GOOD), "utf-8")
    etl("map", str(file), "-m", MAPPING, "--format", "parquet", "--to", str(tmp_path / "out"))
    assert pq.read_table(tmp_path / "out/charge_line.parquet").num_rows == 2
    etl("map", str(file), "-m", MAPPING, "--format", "csv", "--to", str(tmp_path / "out"))
    assert "C-1" in (tmp_path / "out/freight_invoice.csv").read_text("utf-8")
    printed = etl("map", str(file), "-m", MAPPING, "--format", "csv", "--table", "charge_line")
    assert printed.stdout.count("\n") == 3


def test_an_unknown_mapping_gets_a_suggestion(etl: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "bills.edi"
    file.write_text(bills_file(GOOD), "utf-8")
    result = etl("map", str(file), "-m", "acme-freight/x12-201", code=2)
    assert f"Did you mean {MAPPING!r}?" in result.output
