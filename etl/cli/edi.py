"""`etl edi`: X12 and EDIFACT files for integration engineers."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import click

from etl.cli.edi_ack import ack, check
from etl.cli.edi_tree import lines
from etl.cli.edi_write import write
from etl.cli.printing import print_json, printable
from etl.cli.session import Session, json_option, pass_session
from etl.errors import ExitCode
from etl.formats.edi.viewing.tree import SegmentNode, plain, tree
from etl.jobs.edi_check import rules_of
from etl.jobs.edi_files import bytes_of, json_of, shown_file

_BLOCK = 500
"""Lines that are printed at once."""

_file_argument: Callable[[Any], Any] = click.argument(
    "file", type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
_out_option: Callable[[Any], Any] = click.option(
    "--out",
    "-o",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file to write; default: standard output.",
)


@click.group()
def edi() -> None:
    """Look into X12 and EDIFACT files, check them, answer them, write them.

    Which of the two a file is, its bytes tell, not its name.

    \b
    etl edi show invoice.edi         as a tree, with what is wrong marked in place
    etl edi check invoice.edi        only what is wrong
    etl edi ack invoice.edi          the acknowledgement that it would get
    etl edi to-json invoice.edi      every byte of it as JSON; from-json is the way back
    """


edi.add_command(check)
edi.add_command(ack)
edi.add_command(write)


@edi.command()
@_file_argument
@click.option("--partner", help="Read it by the severities and deviations of this partner.")
@click.option("--number", help="Only transactions with this control number (ST02, 0062).")
@click.option("--brief", is_flag=True, help="A line a segment, without the names of its elements.")
@json_option
@pass_session
@click.pass_context
def show(
    ctx: click.Context,
    session: Session,
    file: Path,
    partner: str | None,
    number: str | None,
    brief: bool,
    as_json: bool,
) -> None:
    """Show FILE as a tree: envelopes, loops, segments and elements with their names.

    Defects are marked in place, with what stands there and what was expected. What is unknown or
    out of place is shown where it stands. Exit code 1 means that a defect rejects something.

    \b
    Examples:
      etl edi show invoice.edi
      etl edi show night.edi --number 0042 --brief
      etl edi show invoice.edi --json | jq '.. | .defects? // empty | .[]'
    """
    rules = {} if partner is None else rules_of(session.project, partner)
    shown = shown_file(file, rules)
    segments = _of_transaction(shown.segments(), number)
    if as_json:
        print_json([plain(node) for node in tree(segments)])
    else:
        printed = lines(segments, shown.checked.defects, brief=brief)
        while block := list(islice(printed, _BLOCK)):
            click.echo("\n".join(block))
    ctx.exit(ExitCode.EXCEPTIONS if shown.checked.rejecting else ExitCode.OK)


@edi.command("to-json")
@_file_argument
@click.option("--charset", help="Python codec of its text; default: as it says itself, else UTF-8.")
@_out_option
def to_json(file: Path, charset: str | None, out: Path | None) -> None:
    """Print FILE as JSON that holds every byte of it, a segment a line.

    Separators, line ends, padding, empty elements and what is broken stay as they are.

    \b
    Examples:
      etl edi to-json invoice.edi | jq -c '.parts[].segments[] | select(.[0] == "B3")'
      etl edi to-json invoice.edi > invoice.json
      etl edi from-json invoice.json | cmp - invoice.edi
    """
    _write((line.encode() for line in json_of(file, charset)), out)


@edi.command("from-json")
@_file_argument
@_out_option
def from_json(file: Path, out: Path | None) -> None:
    """Print the X12 or EDIFACT file that FILE, from `to-json`, stands for.

    It is written as it stands there: counts and control numbers are not made anew.

    \b
    Examples:
      etl edi from-json invoice.json --out invoice.edi
    """
    _write([bytes_of(file)], out)


def _of_transaction(segments: Iterator[SegmentNode], number: str | None) -> Iterator[SegmentNode]:
    for segment in segments:
        path = segment.around.path if segment.around else ()
        if number is None or any(
            branch.kind == "transaction" and branch.label == number for branch in path
        ):
            yield segment


def _write(content: Iterable[bytes], out: Path | None) -> None:
    if out is None:
        for part in content:
            sys.stdout.buffer.write(part)
        sys.stdout.buffer.flush()
        return
    with out.open("wb") as file:
        size = sum(file.write(part) for part in content)
    click.echo(f"{printable(str(out))}: {size} bytes", err=True)
