"""`etl edi write`."""

from __future__ import annotations

from pathlib import Path

import click

from etl.cli.printing import print_fields, print_json
from etl.cli.progress import progress
from etl.cli.session import Session, json_option, pass_session
from etl.errors import ExitCode
from etl.jobs.edi_write import write_file
from etl.ledger import as_dict


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--partner", required=True, help="Whom it is for: a folder of mappings/.")
@click.option("--deliver", is_flag=True, help="Put it on the partner's server now.")
@json_option
@pass_session
@click.pass_context
def write(
    ctx: click.Context, session: Session, file: Path, partner: str, deliver: bool, as_json: bool
) -> None:
    """Write the transactions of FILE, JSON or YAML, as an interchange to a partner.

    The control numbers come from the ledger, ids, separators and charset from the partner's
    partner.yaml. The file lies in outbox/PARTNER until it is delivered: now, or by the next run of
    a job of the partner with the step acknowledge. What the partner has to acknowledge is waited
    for.

    \b
    Examples:
      etl edi write tender.yaml --partner northport-lines
      etl edi write booking.json --partner northport-lines --deliver
    """
    with session.workspace() as workspace, progress(quiet=as_json) as shown:
        done = write_file(workspace, file, partner, deliver=deliver, progress=shown)
    row = done.interchange
    if as_json:
        print_json(
            {
                **as_dict(row),
                "path": done.path,
                "error": str(done.error) if done.error is not None else None,
            }
        )
    else:
        print_fields(
            {
                "file": session.project.shown(done.path),
                "interchange": f"{row.control_no} from {row.sender} to {row.receiver}",
                "documents": f"{row.documents} ({', '.join(row.document_types)})",
                "state": row.state,
                "answer by": row.ack_expected_by,
            }
        )
    if done.error is not None:
        click.echo(f"error: {done.error}; the next run delivers it", err=True)
        ctx.exit(ExitCode.TECHNICAL)
