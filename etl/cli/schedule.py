"""`etl schedule`: fire jobs when they are due."""

from __future__ import annotations

import signal

import click

from etl.cli.printing import print_json, print_table, printable
from etl.cli.run import print_result
from etl.cli.session import Session, json_option, pass_session
from etl.errors import EtlError, ExitCode
from etl.jobs.scheduler import Fired, fire_due, planned, serve


@click.command()
@click.option("--once", is_flag=True, help="Fire what is due now, then end (for cron, systemd).")
@click.option("--list", "only_list", is_flag=True, help="Only show the schedule.")
@json_option
@pass_session
@click.pass_context
def schedule(
    ctx: click.Context, session: Session, once: bool, only_list: bool, as_json: bool
) -> None:
    """Run jobs by the triggers of schedules.yaml, until it is stopped.

    Every due slot is claimed once in the ledger, by job and nominal local time, so several
    schedulers may run side by side, the hour that autumn repeats fires once, and the one that
    spring skips fires too. Slots missed while nothing ran are caught up by one run, or skipped,
    as the job's catch_up says.

    \b
    Examples:
      etl schedule --list
      etl --environment prod schedule
    """
    with session.workspace() as workspace:
        if only_list:
            listed = planned(workspace)
            if as_json:
                print_json(listed)
            else:
                print_table(
                    "",
                    ["job", "next (local)", "zone", "last fired"],
                    [(each.job, each.next, each.zone, each.last) for each in listed],
                    empty="no job has a trigger",
                )
        elif once:
            fired = fire_due(workspace)
            for each in fired:
                _print(each, as_json)
            ctx.exit(max(map(_exit_code, fired), default=ExitCode.OK))
        else:
            # a service manager stops us by SIGTERM; the run under way is then resumed next time
            signal.signal(signal.SIGTERM, signal.default_int_handler)
            serve(workspace, lambda each: _print(each, as_json), _print_error)


def _print_error(error: EtlError) -> None:
    click.echo(f"error: {printable(str(error))}; the next look tries again", err=True)


def _exit_code(fired: Fired) -> int:
    if fired.doubted is not None:
        return ExitCode.EXCEPTIONS
    if fired.result is not None:
        return fired.result.exit_code
    return fired.error.exit_code if fired.error is not None else ExitCode.OK


def _print(fired: Fired, as_json: bool) -> None:
    if fired.doubted is not None:
        click.echo(f"warning: {printable(fired.doubted)}", err=True)
    if fired.missed:
        missed = ", ".join(f"{slot:%Y-%m-%d %H:%M}" for slot in fired.missed)
        how = "passed over, as catch_up says" if fired.slot is None else "caught up by this run"
        click.echo(f"{fired.job}: missed {missed}; {how}", err=True)
    if fired.result is not None:
        print_result(fired.result, as_json)
    elif fired.error is not None:
        slot = f"{fired.job} {fired.slot:%Y-%m-%d %H:%M}"
        click.echo(f"error: {slot}, which is not run again: {fired.error}", err=True)
