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


CLASSES = """\
mapping: parcelxpress/classes
version: 1
record: freight_invoice
source: {format: csv, group_by: [no], where: {class: [FRT, FSC]}}
fields:
  invoice_no: no
  invoice_date: {const: 2026-11-20}
  currency: {const: EUR}
  total: total
children:
  charge_line: {fields: {charge_code: {const: BASE}, amount: amount}}
"""


def test_a_charge_of_a_class_that_where_does_not_know_is_no_approved_invoice(
    etl: CommandLine, tmp_path: Path
) -> None:
    file = tmp_path / "classes.csv"
    file.write_text(
        "no,total,class,amount\nA,10.00,FRT,10.00\nA,10.00,NEW,90.00\nB,1.00,FRT,1.00\n", "utf-8"
    )
    mapping = etl.night.root / "mappings/parcelxpress/classes.yaml"
    mapping.write_text(CLASSES, "utf-8")
    result = etl("map", str(file), "-m", "parcelxpress/classes", code=1)
    assert [json.loads(line)["invoice_no"] for line in result.stdout.splitlines()] == ["B"]
    assert "LEFT_OUT: classes.csv: row 3 column class: where leaves out 1 row" in result.stderr
    mapping.write_text(CLASSES.replace("FSC]}", "FSC]}, ignore: {class: NEW}"), "utf-8")
    result = etl("map", str(file), "-m", "parcelxpress/classes")
    assert len(result.stdout.splitlines()) == 2
    assert result.stderr == ""


def test_what_a_mapping_does_not_read_is_listed(etl: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "classes.csv"
    file.write_text("no,total,class,amount,text\nA,10.00,FRT,10.00,Hello\n", "utf-8")
    mapping = etl.night.root / "mappings/parcelxpress/classes.yaml"
    mapping.write_text(CLASSES, "utf-8")
    arguments = ("map", str(file), "-m", "parcelxpress/classes", "--unread")
    [row] = etl.json(*arguments)
    assert (row["name"], row["count"], row["value"]) == ("text", 1, "Hello")
    assert (row["position"]["row"], row["position"]["column"]) == (2, "text")
    printed = etl(*arguments).stdout
    assert "Hello" in printed
    assert "invoice_no" not in printed
    etl("map", str(file), "-m", "parcelxpress/classes", "--json", code=2)
