"""`etl run` and `etl rerun`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import click

from etl.cli.printing import console, print_fields, print_json, print_table, printable
from etl.cli.progress import progress
from etl.cli.session import Session, json_option, pass_session
from etl.jobs.changes import Change
from etl.jobs.plan import plan_run
from etl.jobs.rerun import preview
from etl.jobs.rerun import rerun as rerun_batch
from etl.jobs.result import RunResult
from etl.jobs.run import run_job
from etl.jobs.scope import STAGES


@click.command()
@click.argument("job")
@click.option(
    "--date",
    "on",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The day the run is for (YYYY-MM-DD); default: today, UTC.",
)
@click.option(
    "--dry-run",
    is_flag=True,
    help="Read the partners' files and say what would happen; move, note and push nothing. "
    "Not for servers that delete a file when it is read.",
)
@json_option
@pass_session
@click.pass_context
def run(
    ctx: click.Context,
    session: Session,
    job: str,
    on: datetime | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Run JOB once: pull, archive, map, reconcile, push.

    What a killed or failed run left is finished first. Running again changes nothing: the same
    bytes are never processed twice, the same bill is never pushed twice.

    \b
    Examples:
      etl run nightly
      etl run nightly --date 2026-11-20
      etl --environment prod run nightly --json
    """
    nominal_date = on.date() if on else None
    with session.workspace() as workspace, progress(quiet=as_json) as shown:
        if dry_run:
            plan = plan_run(workspace, job, nominal_date, shown)
            if as_json:
                print_json(plan.as_dict())
            else:
                print_table("would be pulled", ["partner", "file", ">bytes"], plan.files)
                print_changes(plan.changes)
                for error in plan.errors:
                    click.echo(f"error: {printable(error)}", err=True)
            ctx.exit(plan.exit_code)
        result = run_job(workspace, job, nominal_date, shown)
    print_result(result, as_json)
    ctx.exit(result.exit_code)


@click.command()
@click.argument("batch")
@click.option(
    "--from",
    "stage",
    type=click.Choice(STAGES),
    default="map",
    show_default=True,
    help="The first stage done again; what comes before is taken from the batch.",
)
@click.option("--file", help="Only this file of the batch: its name, id or sha256.")
@click.option("--dry-run", is_flag=True, help="Say what would change; write and push nothing.")
@json_option
@pass_session
@click.pass_context
def rerun(
    ctx: click.Context,
    session: Session,
    batch: str,
    stage: str,
    file: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Process BATCH again, with today's mappings, code lists, tolerances and expected charges.

    The originals come from the archive; the result is a batch of its own, and the old one stays
    as it was sealed. Bills that are in Odoo already and did not change are left alone.

    \b
    Examples:
      etl rerun 20261123T023000-a1b2c3 --dry-run
      etl rerun 20261123T023000-a1b2c3 --file invoices.csv
      etl rerun 20261123T023000-a1b2c3 --from reconcile
    """
    with session.workspace() as workspace, progress(quiet=as_json) as shown:
        if dry_run:
            changes = preview(workspace, batch, stage=stage, file=file, progress=shown)
            if as_json:
                print_json([change for change in changes if change.differs])
            else:
                print_changes(changes)
            return
        result = rerun_batch(workspace, batch, stage=stage, file=file, progress=shown)
    print_result(result, as_json)
    ctx.exit(result.exit_code)


def result_as_dict(result: RunResult) -> dict[str, Any]:
    """How a run ended, for a script."""
    return {
        "run": result.run_id,
        "job": result.job,
        "date": result.nominal_date,
        "state": result.state,
        "batches": result.batches,
        "waiting": result.waiting,
        "counts": result.counts.as_dict(),
        "new_exceptions": result.new_exceptions,
        "errors": result.errors,
        "partners": [
            {
                "partner": pulled.partner,
                "received": pulled.received,
                "duplicates": pulled.duplicates,
                "left": pulled.left,
                "error": str(pulled.error) if pulled.error else None,
            }
            for pulled in result.pulled
        ],
    }


def print_result(result: RunResult, as_json: bool) -> None:
    """How a run ended, for a person or a script."""
    if as_json:
        print_json(result_as_dict(result))
        return
    counts = result.counts
    console.print(f"[bold]{result.job}[/bold] for {result.nominal_date}: {result.state.value}")
    print_fields(
        {
            "run": result.run_id,
            "batch": ", ".join(result.batches) or "none: nothing new came",
            "files": f"{counts.files} received, {counts.duplicate_files} of them seen before"
            if result.pulled
            else f"{counts.files} processed again",
            "documents": f"{counts.read} read = {counts.stored} stored + {counts.pushed} pushed + "
            f"{counts.unchanged} unchanged + {counts.held} held + {counts.rejected} rejected"
            + (f" + {counts.superseded} superseded by later files" if counts.superseded else "")
            + (f" + {counts.waiting} waiting" if counts.waiting else ""),
        }
    )
    if result.waiting:
        click.echo(f"  open for the next run: batch {', '.join(result.waiting)}")
    for pulled in result.pulled:
        for left in pulled.left:
            click.echo(f"  left at {pulled.partner}: {left.name}: {left.reason}")
    for error in result.errors:
        click.echo(f"error: {printable(error)}", err=True)
    if result.new_exceptions:
        click.echo(f"{result.new_exceptions} exceptions to work: etl exceptions list")


def print_changes(changes: Sequence[Change]) -> None:
    """What a dry run found that would be different."""
    differing = [change for change in changes if change.differs]
    if not differing:
        click.echo(f"none of {len(changes)} documents would change")
        return
    print_table(
        f"{len(differing)} of {len(changes)} documents would change",
        ["document", "outcome before", "after", ">amount before", ">after", "push"],
        [
            (
                change.business_key,
                change.outcome_before,
                change.outcome_after,
                change.amount_before,
                change.amount_after,
                change.push,
            )
            for change in differing
        ],
    )
