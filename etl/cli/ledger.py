"""`etl ledger`: the index of what happened."""

from __future__ import annotations

import click

from etl.cli.session import Session, pass_session
from etl.jobs.rebuild import rebuild_ledger
from etl.ledger import upgrade_ledger


@click.group()
def ledger() -> None:
    """The ledger: an index that can be made anew from the archive."""


@ledger.command()
@pass_session
def rebuild(session: Session) -> None:
    """Write into the ledger what the archive's sealed batches say.

    Adds and repairs, batch by batch; what the ledger knows from later stays. Safe to run again.

    \b
    Examples:
      etl ledger rebuild
    """
    with session.workspace() as workspace:
        batches = rebuild_ledger(workspace)
    click.echo(f"{batches} batches written into the ledger")


@ledger.command()
@pass_session
def upgrade(session: Session) -> None:
    """Make the ledger's tables, or bring them to this version of etl.

    A SQLite ledger upgrades by itself; a PostgreSQL one only by this command.

    \b
    Examples:
      etl ledger upgrade
      etl --environment prod ledger upgrade
    """
    version = upgrade_ledger(session.project.ledger.resolve())
    click.echo(f"the ledger is at version {version}")
