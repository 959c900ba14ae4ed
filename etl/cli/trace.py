"""`etl trace`: from any name or number to the whole story."""

from __future__ import annotations

import click

from etl.cli.interchanges import print_interchanges
from etl.cli.printing import console, print_json, print_table
from etl.cli.session import Session, json_option, pass_session
from etl.errors import ExitCode
from etl.ledger import Trace


@click.command()
@click.argument("key")
@json_option
@pass_session
@click.pass_context
def trace(ctx: click.Context, session: Session, key: str, as_json: bool) -> None:
    """The story behind KEY: file, original, batch, document, audit, exception, bill.

    KEY is a file's name, a sha256 (8 digits of it are enough), an invoice number, a PRO, a BOL, a
    tracking number, an external id, an id or number in Odoo, or the control number of an
    interchange or a group.

    \b
    Examples:
      etl trace ACLT-100234
      etl trace 3f9a1c0e
      etl trace BILL/2026/11/0007 --json
    """
    with session.workspace() as workspace, workspace.ledger.read() as ledger:
        found = ledger.trace(key)
    if as_json:
        print_json(found.as_dict())
    elif not found.found:
        click.echo(f"nothing is known of {key!r}", err=True)
    else:
        _print(found, session)
    ctx.exit(ExitCode.OK if found.found else ExitCode.EXCEPTIONS)


def _print(found: Trace, session: Session) -> None:
    """The chain in the order of the file's way."""
    folders = {batch.id: batch.folder for batch in found.batches}
    archive = session.project.folders.archive
    console.print(f"[bold]{found.key}[/bold] is known as: {', '.join(found.matched)}")
    print_table(
        "files",
        ["partner", "name", "version", "received", "picked up", "sha256", "duplicate of"],
        [
            (
                f.partner,
                f.original_name,
                f.version,
                f.received_at,
                f.picked_up_at,
                f.sha256[:12],
                f.duplicate_of,
            )
            for f in found.files
        ],
    )
    print_table(
        "originals",
        ["sha256", "where"],
        [
            (
                f.sha256[:12],
                session.project.shown(archive / folders[f.batch_id] / f"originals/{f.sha256}.zst"),
            )
            for f in found.files
            if f.duplicate_of is None and f.batch_id in folders
        ],
    )
    print_table(
        "batches",
        ["batch", "run", "state", "rerun of", "sealed", "manifest"],
        [
            (b.id, b.run_id, b.state, b.rerun_of, b.sealed_at, (b.manifest_sha256 or "")[:12])
            for b in found.batches
        ],
    )
    print_table(
        "documents",
        ["batch", "document", "PRO", "BOL", ">amount", "currency", "outcome", "ended", "reasons"],
        [
            (
                d.batch_id,
                d.document_no,
                d.pro_norm,
                d.bol_norm,
                d.amount,
                d.currency,
                d.outcome,
                d.disposition,
                d.reasons,
            )
            for d in found.documents
        ],
    )
    print_table(
        "exceptions",
        ["id", "queue", "code", "state", "what"],
        [(e.id, e.queue, e.code, e.state, e.message) for e in found.exceptions],
    )
    print_table(
        "pushed",
        ["target", "external id", "model", "id", "number", "state", "when"],
        [
            (p.target, p.external_id, p.model, p.remote_id, p.remote_ref, p.state, p.pushed_at)
            for p in found.pushes
        ],
    )
    print_interchanges(found.interchanges)
    if found.truncated:
        console.print("there are more documents; name one of them to see only its story")
