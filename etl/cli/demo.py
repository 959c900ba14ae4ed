"""`etl demo`: the whole night on sample files, with nothing to set up."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path

import click

from etl.cli.printing import console, print_json, print_table
from etl.cli.progress import progress
from etl.cli.run import print_result, result_as_dict
from etl.cli.session import Session, json_option, pass_session
from etl.demo.night import JOB, demo_project, demo_root, odoo_settings
from etl.errors import ExitCode
from etl.jobs.result import RunResult
from etl.jobs.run import run_job
from etl.jobs.workspace import Workspace, open_workspace
from etl.ledger import Document, ExceptionItem


@click.command()
@click.option(
    "--odoo", "url", help="Push to this Odoo instead of the outbox, e.g. http://host:8069."
)
@click.option("--db", help="With --odoo: its database.")
@click.option("--login", default="admin", show_default=True, help="With --odoo: the user.")
@json_option
@pass_session
def demo(session: Session, url: str | None, db: str | None, login: str, as_json: bool) -> None:
    """Run the nightly job on sample files of three carriers, and show what happened.

    An SFTP server is started on the loopback with the sample files; they are pulled, archived,
    mapped, audited against the expected charges, and the approved bills are written to the outbox
    (or pushed to --odoo). Run it again: nothing is pushed twice.

    The password or API key for --odoo comes from ETL_ODOO_PASSWORD, or is asked for.

    \b
    Examples:
      etl demo
      ETL_ODOO_PASSWORD=… etl demo --odoo http://localhost:8069 --db test --login etl
    """
    odoo = None
    if url is not None:
        if db is None:
            raise click.UsageError("--odoo needs --db")
        odoo = odoo_settings(url, db, login, _password())
    root = demo_root((session.folder or Path.cwd()).resolve())
    with (
        demo_project(root, odoo) as project,
        open_workspace(project) as workspace,
        progress(quiet=as_json) as shown,
    ):
        result = run_job(workspace, JOB, progress=shown)
        with workspace.ledger.read() as ledger:
            documents = [
                document
                for batch in result.batches
                for document in ledger.documents.of_batch(batch, "freight_invoice")
            ]
            waiting = [
                item
                for batch in result.batches
                for item in ledger.exceptions.find(batch_id=batch, limit=None)
            ]
    if as_json:
        print_json(result_as_dict(result))
    else:
        _print(workspace, result, documents, waiting)
    # what waits for people is part of the show, and no failure of it
    click.get_current_context().exit(ExitCode.TECHNICAL if result.errors else ExitCode.OK)


def _password() -> str:
    given = os.environ.get("ETL_ODOO_PASSWORD")
    return given or str(click.prompt("password or API key", hide_input=True, err=True))


def _print(
    workspace: Workspace,
    result: RunResult,
    documents: list[Document],
    waiting: list[ExceptionItem],
) -> None:
    print_result(result, as_json=False)
    click.echo()
    if documents:
        _print_outcomes(documents)
        print_table(
            "\nwhat waits for people",
            ["queue", "why", "partner", "document", "what"],
            [
                (i.queue, i.code, i.partner, _number(i), _short(i.message))
                for i in sorted(waiting, key=lambda item: (item.queue, item.code))
            ],
        )
    else:
        counts = result.counts
        console.print(
            f"{counts.pushed} pushed, all {counts.unchanged} documents unchanged: every file holds "
            "bytes that came before, so nothing was done twice. For another target, run the "
            "demonstration in an empty folder."
        )
    _print_places(workspace, result, documents)


def _print_outcomes(documents: list[Document]) -> None:
    groups: dict[tuple[str, ...], list[Decimal]] = {}
    for d in documents:
        group = (d.partner, d.outcome or "", d.disposition or "", d.currency or "")
        groups.setdefault(group, []).append(d.amount or Decimal(0))
    print_table(
        "freight invoices",
        ["partner", "audit", "ended", "currency", ">invoices", ">amount"],
        [(*group, len(amounts), sum(amounts)) for group, amounts in sorted(groups.items())],
    )


def _print_places(workspace: Workspace, result: RunResult, documents: list[Document]) -> None:
    project = workspace.project
    click.echo("\nwhere everything lies")
    for batch in result.batches:
        folder = workspace.archive.find_batch(batch)
        if folder is not None:
            click.echo(f"  originals, records, audit   {project.shown(folder.path)}")
    if project.target == "outbox":
        click.echo(
            f"  vendor bills for Odoo       {project.shown(project.folders.outbox / 'odoo')}"
        )
    click.echo(f"  the ledger                  {project.ledger.resolve()}")
    click.echo("\nlook closer")
    pushed = [d for d in documents if d.disposition == "pushed"]
    if pushed:
        click.echo(f"  etl trace {pushed[0].document_no}")
    click.echo("  etl exceptions list")
    click.echo(f"  etl show {result.run_id}")
    click.echo("  etl archive verify")


def _number(item: ExceptionItem) -> str:
    return (item.business_key or "").split("/")[2] if item.business_key else ""


def _short(message: str) -> str:
    return message if len(message) <= 110 else message[:109] + "…"
