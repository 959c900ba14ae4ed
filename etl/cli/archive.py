"""`etl archive`: prove that nothing was changed, and give originals back."""

from __future__ import annotations

from pathlib import Path

import click

from etl.cli.printing import print_json, print_table
from etl.cli.progress import progress
from etl.cli.session import Session, json_option, pass_session
from etl.errors import ConfigurationError, ExitCode


@click.group()
def archive() -> None:
    """The archive of originals, records and audits, one folder a batch."""


@archive.command()
@click.option(
    "--head",
    metavar="SHA256",
    help="A manifest hash that was noted outside: it must still be in the chain.",
)
@json_option
@pass_session
@click.pass_context
def verify(ctx: click.Context, session: Session, head: str | None, as_json: bool) -> None:
    """Check every file of every sealed batch against the chain of manifests, and the ledger.

    Says which file was changed, is missing or was added, and where the chain was cut. Exit code 0
    means that all is as it was sealed, 1 that something is not.

    \b
    Examples:
      etl archive verify
      etl archive verify --head 3f9a1c0e…
    """
    with session.workspace() as workspace, progress(quiet=as_json) as shown:
        with workspace.ledger.read() as ledger:
            witnessed = ledger.batches.manifest_hashes()
        done = 0

        def advance(checked: int, total: int) -> None:
            nonlocal done
            if not done:
                shown.stage("verify", total)
            shown.advance(checked - done)
            done = checked

        findings = workspace.archive.verify(
            expected_head=head, expected_manifests=witnessed, progress=advance
        )
        newest = workspace.archive.head()
    if as_json:
        print_json(
            {
                "batches": newest.sequence if newest else 0,
                "head": newest.manifest_sha256 if newest else None,
                "findings": findings,
            }
        )
    elif findings:
        print_table("", ["code", "where", "what"], [(f.code, f.path, f.message) for f in findings])
    elif newest is None:
        click.echo("the archive is empty: no batch was sealed yet")
    else:
        sealed = (
            "1 batch is as it was"
            if newest.sequence == 1
            else f"{newest.sequence} batches are as they were"
        )
        click.echo(f"{sealed} sealed; head {newest.manifest_sha256}")
    ctx.exit(ExitCode.EXCEPTIONS if findings else ExitCode.OK)


@archive.command()
@click.argument("sha256")
@click.option(
    "--to",
    "target",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where to write it; default: standard output.",
)
@pass_session
def restore(session: Session, sha256: str, target: Path | None) -> None:
    """Give back the original whose hash is (or begins with) SHA256, byte for byte.

    \b
    Examples:
      etl archive restore 3f9a1c0e --to invoice.edi
    """
    with session.workspace() as workspace:
        with workspace.ledger.read() as ledger:
            known = {file.sha256 for file in ledger.trace(sha256).files}
        matching = sorted(each for each in known if each.startswith(sha256.lower()))
        if len(matching) > 1:
            raise ConfigurationError(f"{sha256} begins several hashes: {', '.join(matching)}")
        original = workspace.archive.find_original(matching[0] if matching else sha256.lower())
    if original is None:
        raise ConfigurationError(
            f"the archive has no original {sha256}; `etl trace` names the hash of a file"
        )
    content = original.read()
    if target is None:
        click.echo(content, nl=False)
    else:
        target.write_bytes(content)
        click.echo(f"{target}: {len(content)} bytes, sha256 {original.sha256}")
