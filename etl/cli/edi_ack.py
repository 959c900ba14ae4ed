"""`etl edi check` and `etl edi ack`: is a file right as EDI, and what would we answer?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import click

from etl.cli.printing import print_json, printable
from etl.cli.session import Session, json_option, pass_session
from etl.defects import Defect
from etl.errors import ExitCode
from etl.formats.edi.acknowledging.verdict import result_of, verdict_of
from etl.formats.edi.receipt import ReceivedGroup, ReceivedInterchange, ReceivedTransaction
from etl.jobs.edi_check import (
    KINDS,
    CheckedFile,
    acknowledged,
    addresses,
    check_file,
    report,
    rules_of,
)
from etl.jobs.workspace import utc_now

_file_argument: Callable[[Any], Any] = click.argument(
    "file", type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
_partner_option: Callable[[Any], Any] = click.option(
    "--partner",
    metavar="NAME",
    help="Read it as this partner's files are read: its severities, charset and deviations.",
)


@click.command()
@_file_argument
@_partner_option
@json_option
@pass_session
@click.pass_context
def check(
    ctx: click.Context, session: Session, file: Path, partner: str | None, as_json: bool
) -> None:
    """Check an X12 or EDIFACT FILE: envelopes, segments, loops, elements, codes.

    Every transaction that etl has a structure for is checked by itself, and each defect is told
    with its place. Exit code 1 means that something is rejected; what is only a warning does not
    count.

    \b
    Examples:
      etl edi check invoices.edi
      etl edi check invoices.edi --partner acme-freight --json
    """
    checked = check_file(file, _rules(session, partner))
    if as_json:
        print_json(report(checked))
    else:
        for line in _lines(checked):
            click.echo(printable(line))
    ctx.exit(ExitCode.EXCEPTIONS if checked.rejecting else ExitCode.OK)


@click.command()
@_file_argument
@click.option(
    "--kind",
    "kinds",
    type=click.Choice(KINDS),
    multiple=True,
    help="Which acknowledgements, again for each one; default: a 997 or 999, and a TA1 where it is "
    "asked for or the interchange is wrong; a CONTRL.",
)
@click.option(
    "--number",
    type=click.IntRange(1, 999_999_999),
    default=1,
    show_default=True,
    help="The control number of our interchange.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to write it; default: standard output.",
)
@_partner_option
@pass_session
def ack(
    session: Session,
    file: Path,
    kinds: tuple[str, ...],
    number: int,
    out: Path | None,
    partner: str | None,
) -> None:
    """Print the acknowledgements that FILE would get; nothing is noted or sent.

    An 824 or APERAK tells here what the check found; those of a job tell what mapping, audit and
    Odoo made of each document.

    \b
    Examples:
      etl edi ack invoices.edi
      etl edi ack invoices.edi --kind TA1 --kind 999 --number 17 --out answer.edi
    """
    checked = check_file(file, _rules(session, partner))
    content = acknowledged(checked, kinds, number=number, created=utc_now())
    if not content:
        click.echo(f"{file}: nothing to acknowledge", err=True)
    elif out is None:
        click.echo(content, nl=False)
    else:
        out.write_bytes(content)
        click.echo(f"{out}: {len(content)} bytes", err=True)


def _rules(session: Session, partner: str | None) -> dict[str, Any]:
    return {} if partner is None else rules_of(session.project, partner)


def _lines(checked: CheckedFile) -> Iterator[str]:
    """What was found, as a tree."""
    for interchange in checked.interchanges:
        yield from _interchange(interchange)
    yield from _defects(checked.others, "")
    severities = Counter(defect.severity.value for defect in checked.defects)
    found = " and ".join(
        f"{severities[name]} {word}"
        for name, word in (("reject", "that reject"), ("warn", "that only warn"))
        if severities[name]
    )
    yield f"{checked.name}: defects: {found}" if found else f"{checked.name}: no defects"


def _interchange(interchange: ReceivedInterchange) -> Iterator[str]:
    sender, receiver = addresses(interchange)
    yield (
        f"interchange {interchange.number} from {sender} to {receiver}: {result_of(interchange)}"
    )
    yield from _defects(interchange.defects, "  ")
    for group in interchange.groups:
        yield from _group(group)


def _group(group: ReceivedGroup) -> Iterator[str]:
    if group.elements:
        yield f"  group {group.number}: {result_of(group)}"
        yield from _defects(group.defects, "    ")
    for transaction in group.transactions:
        yield from _transaction(transaction)


def _transaction(transaction: ReceivedTransaction) -> Iterator[str]:
    name = f"{transaction.document} {transaction.version}".strip()
    read_as = transaction.structure
    by = f" (read as {read_as})" if read_as not in ("", transaction.version) else ""
    yield (
        f"    {transaction.number}  {name}{by}, {transaction.segments} segments: "
        f"{verdict_of(transaction.defects)}"
    )
    yield from _defects(transaction.defects, "      ")


def _defects(defects: Iterable[Defect], indent: str) -> Iterator[str]:
    for defect in sorted(defects, key=lambda each: each.position.byte_offset or 0):
        yield f"{indent}{defect.severity} {defect.code} at {_place(defect)}: {defect.message}"
        if defect.value is not None or defect.expected is not None:
            found = "nothing" if defect.value is None else repr(defect.value)
            expected = "" if defect.expected is None else f", expected {defect.expected}"
            yield f"{indent}  found {found}{expected}"


def _place(defect: Defect) -> str:
    """``segment 7 N1, element 3, component 2, byte 412``."""
    at = defect.position
    segment = " ".join(str(part) for part in (at.segment, at.segment_id) if part is not None)
    named = (
        ("segment", segment or None),
        ("element", at.element),
        ("component", at.component),
        ("byte", at.byte_offset),
    )
    return ", ".join(f"{name} {value}" for name, value in named if value is not None) or "the file"
