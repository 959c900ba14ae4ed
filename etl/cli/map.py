"""`etl map`: one file through one mapping, for the engineer who writes it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from etl.canonical import RecordSet, nested
from etl.cli.printing import print_json, print_table
from etl.cli.session import Session, json_option, pass_session
from etl.defects import Severity
from etl.errors import ExitCode
from etl.jobs.map_file import UnreadOf, map_one_file, mapping_named
from etl.raw import Unread


@click.command("map")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--mapping", "-m", required=True, help="Which mapping: PARTNER/MAPPING.")
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["jsonl", "expected", "csv", "parquet"]),
    default="jsonl",
    show_default=True,
    help="jsonl: a nested record a line; expected: what a sample's .expected.json holds; csv and "
    "parquet: a flat file a table.",
)
@click.option(
    "--to",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder for csv and parquet; default: this one.",
)
@click.option("--table", help="With --format csv: print only this table, to standard output.")
@click.option(
    "--unread",
    "wants_unread",
    is_flag=True,
    help="Print what no path of the mapping read instead of the records: segments, columns, "
    "elements and attributes with values, how often and where first.",
)
@json_option
@pass_session
@click.pass_context
def map_file(
    ctx: click.Context,
    session: Session,
    file: Path,
    mapping: str,
    output_format: str,
    folder: Path | None,
    table: str | None,
    wants_unread: bool,
    as_json: bool,
) -> None:
    """Map FILE to canonical records and print them; nothing is noted, moved or pushed.

    Defects go to standard error, one a line, with their exact positions. Exit code 1 means that
    documents were rejected.

    \b
    Examples:
      etl map invoice.edi --mapping acme-freight/x12-210
      etl map invoices.csv -m parcelxpress/billing-csv --format parquet --to /tmp/out
      etl map invoices.csv -m parcelxpress/billing-csv --format csv --table charge_line
      etl map invoices.csv -m parcelxpress/billing-csv --format expected > expected.json
      etl map invoice.edi --mapping acme-freight/x12-210 --unread
    """
    if as_json and not wants_unread:
        raise click.UsageError("--json is for --unread; records are printed as --format says")
    unread = UnreadOf() if wants_unread else None
    rejected = False
    parts: list[RecordSet] = []
    views: list[dict[str, Any]] = []
    offset = 0
    with session.workspace() as workspace:
        for mapped in map_one_file(workspace, file, mapping_named(workspace, mapping), unread):
            for defect in mapped.defects:
                rejected = rejected or defect.severity is Severity.REJECT
                click.echo(f"{defect.code}: {defect}", err=True)
            for finding in mapped.findings:
                click.echo(f"{finding.reason}: {finding.message}", err=True)
            if unread is not None:
                continue
            accepted = mapped.records.select(~mapped.rejected)
            if output_format == "jsonl":
                for index in range(accepted.num_records):
                    view = nested(accepted, index, with_lineage=True)
                    click.echo(json.dumps(view, ensure_ascii=False))
            elif output_format == "expected":
                views += [nested(accepted, index) for index in range(accepted.num_records)]
            else:
                parts.append(accepted.with_record_offset(offset))
                offset += mapped.records.num_records
    if unread is not None:
        _print_unread(unread.listed(), as_json=as_json)
    elif output_format == "expected":
        print_json(views)
    elif parts:
        _write(RecordSet.concat(parts), output_format, folder or Path(), table)
    ctx.exit(ExitCode.EXCEPTIONS if rejected else ExitCode.OK)


def _print_unread(found: list[Unread], *, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    print_table(
        "",
        ["not read", "times", "first value", "first place"],
        [(each.name, each.count, each.value or "", each.position) for each in found],
    )


def _write(records: RecordSet, output_format: str, folder: Path, table: str | None) -> None:
    if table is not None:
        if table not in records.tables:
            raise click.UsageError(f"no table {table!r}; there are {', '.join(records.tables)}")
        pacsv.write_csv(records.tables[table], sys.stdout.buffer)
        return
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in records.tables.items():
        path = folder / f"{name}.{output_format}"
        _write_table(content, path)
        click.echo(f"{path}: {content.num_rows} rows", err=True)


def _write_table(content: pa.Table, path: Path) -> None:
    if path.suffix == ".csv":
        pacsv.write_csv(content, path)
    else:
        pq.write_table(content, path)
