"""The command `etl`: its groups, the options that all commands share, and its exit codes."""

from __future__ import annotations

import gc
import logging
import os
import sys
import traceback
from pathlib import Path
from typing import Any

import click

from etl import __version__, failpoints
from etl.cli.session import Session
from etl.errors import EtlError, ExitCode

_COMMANDS = {
    "archive": "etl.cli.archive:archive",
    "check": "etl.cli.check:check",
    "demo": "etl.cli.demo:demo",
    "edi": "etl.cli.edi:edi",
    "exceptions": "etl.cli.exceptions:exceptions",
    "ledger": "etl.cli.ledger:ledger",
    "map": "etl.cli.map:map_file",
    "rerun": "etl.cli.run:rerun",
    "run": "etl.cli.run:run",
    "runs": "etl.cli.status:runs",
    "schedule": "etl.cli.schedule:schedule",
    "show": "etl.cli.status:show",
    "status": "etl.cli.status:status",
    "trace": "etl.cli.trace:trace",
}


_ALLOCATIONS = 50_000
"""Objects more than were freed, after which Python looks for cycles among the newest; its own 700
look through all rows of a night again and again, a tenth of its time, and find next to none."""


class _Commands(click.Group):
    """Loads a command's module when it is asked for, and turns errors into exit codes."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, _, name = _COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(__import__(module, fromlist=[name]), name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except EtlError as error:
            click.echo(f"error: {error}", err=True)
            ctx.exit(error.exit_code)
        except BrokenPipeError:
            # the reader of our output has seen enough (`etl runs | head`)
            sys.stderr.close()
            ctx.exit(ExitCode.OK)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except KeyboardInterrupt:
            click.echo("interrupted; run the same command again to finish the work", err=True)
            ctx.exit(ExitCode.TECHNICAL)
        except Exception as error:
            if logging.getLogger().isEnabledFor(logging.DEBUG):
                traceback.print_exc()
            click.echo(
                f"error: {type(error).__name__}: {error}\nThis is a fault of etl itself. "
                "Run again with --debug and report what it prints; the work done so far is safe.",
                err=True,
            )
            ctx.exit(ExitCode.TECHNICAL)


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 all well, 1 finished with exceptions to work, 2 wrong use or "
    "configuration, 3 technical failure (run again).",
)
@click.option(
    "--project",
    "-p",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="ETL_PROJECT",
    help="The folder of schedules.yaml; default: this folder or the nearest above it.",
)
@click.option(
    "--environment",
    "-e",
    envvar="ETL_ENVIRONMENT",
    help="An environment of schedules.yaml; default: its default_environment.",
)
@click.option("--debug", is_flag=True, help="Log what is done, with tracebacks of our own faults.")
@click.version_option(__version__, prog_name="etl")
@click.pass_context
def cli(ctx: click.Context, project: Path | None, environment: str | None, debug: bool) -> None:
    """Pull freight documents over SFTP, audit the invoices, push the bills to Odoo.

    \b
    etl demo                 the whole night on sample files, with nothing to set up
    etl check                is everything that is declared right?
    etl run nightly          run a job now
    etl status               what waits for whom
    etl trace 4711           the whole story of an invoice, PRO, BOL, file or Odoo id
    """
    logging.basicConfig(
        level=logging.DEBUG if debug else logging.ERROR,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    # paramiko logs every packet and, on errors that we report ourselves, whole tracebacks
    logging.getLogger("paramiko").setLevel(logging.INFO if debug else logging.CRITICAL)
    if spec := os.environ.get("ETL_FAILPOINT"):
        failpoints.arm(spec)
    ctx.obj = Session(project, environment)


def main() -> None:
    """The entry point of the command."""
    gc.set_threshold(_ALLOCATIONS, 20, 20)
    cli(prog_name="etl")
