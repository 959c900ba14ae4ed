"""`etl exceptions`: the queues that people work."""

from __future__ import annotations

import getpass
from decimal import Decimal, InvalidOperation

import click

from etl.cli.printing import console, print_fields, print_json, print_table
from etl.cli.progress import progress
from etl.cli.run import print_result
from etl.cli.session import Session, json_option, pass_session
from etl.errors import ExitCode
from etl.jobs.retry import retry as retry_exceptions
from etl.ledger import as_dict
from etl.ledger.exceptions import WAITING
from etl.ledger.models import ExceptionKind, ExceptionState

_AMOUNTS = ("billed", "expected", "variance")


@click.group()
def exceptions() -> None:
    """List, show, retry and close what waits for a person.

    Technical (a server was away), data (a file breaks its contract) and business exceptions (the
    facts disagree) are never mixed up.
    """


@exceptions.command("list")
@click.option("--queue", help="Only this queue, e.g. disputes.")
@click.option("--kind", type=click.Choice([kind.value for kind in ExceptionKind]))
@click.option("--partner", help="Only this partner.")
@click.option("--closed", is_flag=True, help="Those that were closed instead of the open ones.")
@click.option("--limit", default=100, show_default=True)
@json_option
@pass_session
def list_(
    session: Session,
    queue: str | None,
    kind: str | None,
    partner: str | None,
    closed: bool,
    limit: int,
    as_json: bool,
) -> None:
    """What waits, oldest first.

    \b
    Examples:
      etl exceptions list
      etl exceptions list --queue disputes --json
    """
    with session.workspace() as workspace, workspace.ledger.read() as ledger:
        found = ledger.exceptions.find(
            states=(ExceptionState.CLOSED,) if closed else WAITING,
            queue=queue,
            kind=ExceptionKind(kind) if kind else None,
            partner=partner,
            limit=limit,
        )
    if as_json:
        print_json([as_dict(item) for item in found])
        return
    print_table(
        "",
        ["id", "queue", "code", "partner", "document", "since", "what"],
        [
            (
                item.id,
                item.queue,
                item.code,
                item.partner,
                (item.business_key or "").split("/")[2:3],
                item.first_at,
                _short(item.message),
            )
            for item in found
        ],
        empty="nothing waits",
    )


@exceptions.command()
@click.argument("item_id", metavar="ID")
@json_option
@pass_session
def show(session: Session, item_id: str, as_json: bool) -> None:
    """One exception with its numbers, and where its original lies.

    \b
    Examples:
      etl exceptions show 3f9a1c0e77aa
    """
    with session.workspace() as workspace:
        with workspace.ledger.read() as ledger:
            item = ledger.exceptions.named(item_id)
            file = ledger.files.get(item.file_id) if item.file_id else None
        original = workspace.archive.find_original(file.sha256) if file else None
    if as_json:
        print_json({**as_dict(item), "original": original.path if original else None})
        return
    print_fields(
        {
            "id": item.id,
            "queue": item.queue,
            "kind": item.kind,
            "code": item.code,
            "state": item.state,
            "what": item.message,
            "partner": item.partner,
            "file": file.original_name if file else None,
            "original": f"{session.project.shown(original.path)} (zstd)" if original else None,
            "document": item.business_key,
            "batch": item.batch_id,
            "first": item.first_at,
            "last": item.last_at,
            "met": "once" if item.attempts == 1 else f"{item.attempts} times",
        }
    )
    details = dict(item.details)
    lines, defects = details.pop("lines", []), details.pop("defects", [])
    closed = details.pop("closed", {})
    print_fields({f"closed {name}": value for name, value in closed.items()})
    shown = {name: _amount(name, value) for name, value in details.items()}
    print_fields({name: value for name, value in shown.items() if value not in (None, [], "")})
    if lines:
        columns = ["charge_code", "shipment_ref", "billed", "expected", "variance", "reason"]
        print_table(
            "charges",
            [f">{name}" if name in _AMOUNTS else name for name in columns],
            [[_amount(name, line.get(name)) for name in columns] for line in lines],
        )
    if defects:
        columns = ["code", "position", "value", "expected", "message"]
        print_table("defects", columns, [[each.get(name) for name in columns] for each in defects])
    console.print(f"after mending the cause: etl exceptions retry {item.id}")


@exceptions.command()
@click.argument("ids", metavar="ID...", nargs=-1)
@click.option("--queue", help="All open ones of this queue.")
@json_option
@pass_session
@click.pass_context
def retry(
    ctx: click.Context, session: Session, ids: tuple[str, ...], queue: str | None, as_json: bool
) -> None:
    """Process the files behind these exceptions again, with today's mappings and data.

    What is right now goes on its way and its exception is closed; what is still wrong stays.

    \b
    Examples:
      etl exceptions retry 3f9a1c0e77aa
      etl exceptions retry --queue master-data
    """
    if bool(ids) == bool(queue):
        raise click.UsageError("name exceptions by their ids, or a --queue")
    with session.workspace() as workspace, progress(quiet=as_json) as shown:
        results = retry_exceptions(workspace, ids, queue, shown)
    if not results and not as_json:
        click.echo("nothing to retry")
    for result in results:
        print_result(result, as_json)
    ctx.exit(max((result.exit_code for result in results), default=ExitCode.OK))


@exceptions.command()
@click.argument("ids", metavar="ID...", nargs=-1, required=True)
@click.option("--reason", required=True, help="Why nothing more is to be done; kept with it.")
@pass_session
def close(session: Session, ids: tuple[str, ...], reason: str) -> None:
    """Close exceptions that need nothing more, e.g. a duplicate that the carrier withdrew.

    Who closed them (the user of this machine), when and why is kept with them.

    \b
    Examples:
      etl exceptions close 3f9a1c0e77aa --reason "withdrawn by the carrier, mail of 24 November"
    """
    with session.workspace() as workspace, workspace.ledger.begin() as ledger:
        for item_id in ids:
            ledger.exceptions.named(item_id)
        closed = ledger.exceptions.close(ids=ids, note={"by": getpass.getuser(), "reason": reason})
    click.echo(f"{closed} closed")


def _amount(name: str, value: object) -> object:
    """Amounts are kept as text, with all the places that the records have."""
    if name not in _AMOUNTS or not isinstance(value, str):
        return value
    try:
        return Decimal(value)
    except InvalidOperation:
        return value


def _short(message: str) -> str:
    return message if len(message) <= 100 else message[:99] + "…"
