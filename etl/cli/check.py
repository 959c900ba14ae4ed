"""`etl check`: is everything that is declared right?"""

from __future__ import annotations

import click

from etl.cli.printing import print_json, print_table
from etl.cli.progress import progress
from etl.cli.session import Session, json_option, pass_session
from etl.errors import ExitCode
from etl.jobs.check import Checked, check_connections, check_project


@click.command()
@click.option(
    "--connect",
    is_flag=True,
    help="Also log in to every partner and to the target, and try the rights we need there "
    "(an empty probe file is made, moved and removed in the partner's folders).",
)
@json_option
@pass_session
@click.pass_context
def check(ctx: click.Context, session: Session, connect: bool, as_json: bool) -> None:
    """Check schedules.yaml, partners, mappings and code lists, and run the mappings' samples.

    Needs no network and no secrets, but for --connect. Exit code 2 means that something declared
    is wrong, 3 that a server does not let us in.

    \b
    Examples:
      etl check
      etl --environment prod check --connect
    """
    with progress(quiet=as_json) as shown:
        shown.stage("check declarations")
        declared = list(check_project(session.project))
        tried = []
        if connect:
            shown.stage("check connections")
            tried = list(check_connections(session.project))
    if as_json:
        print_json([*declared, *tried])
    else:
        print_table(
            "",
            ["", "what", "found"],
            [(_level(each), each.subject, each.message) for each in [*declared, *tried]],
        )
    if not all(each.ok for each in declared):
        ctx.exit(ExitCode.USAGE)
    ctx.exit(ExitCode.OK if all(each.ok for each in tried) else ExitCode.TECHNICAL)


def _level(checked: Checked) -> str:
    if not checked.ok:
        return "WRONG"
    return "warn" if checked.warns else "ok"
