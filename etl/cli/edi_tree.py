"""An X12 or EDIFACT file as lines of a tree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import click

from etl.cli.printing import printable
from etl.defects import Defect, Severity
from etl.formats.edi.viewing.tree import ElementNode, SegmentNode, Value
from etl.formats.edi.viewing.walk import Branch

_INDENT = "  "
_WIDEST_NAME = 48
_COLOURS = {Severity.REJECT: "red", Severity.WARN: "yellow"}


def lines(
    segments: Iterable[SegmentNode], defects: Sequence[Defect], *, brief: bool
) -> Iterator[str]:
    """The tree line by line, and at the end how many defects there are.

    A line has the colours of a terminal; :func:`click.echo` takes them off elsewhere.
    """
    path: tuple[Branch, ...] = ()
    nothing = True
    for segment in segments:
        nothing = False
        around = segment.around.path if segment.around else ()
        for depth, branch in enumerate(around):
            if branch not in path:
                yield _INDENT * depth + click.style(_branch(branch), bold=True)
        path = around
        yield from _segment(segment, _INDENT * len(path), brief=brief)
    if nothing:
        for defect in defects:
            yield _defect(defect, "")
    yield _summary(defects)


def _branch(branch: Branch) -> str:
    document = f"{branch.document} {branch.version}".strip()
    match branch.kind:
        case "loop":
            text = f"loop {branch.label}: {branch.name}"
        case "group":
            text = f"group {branch.label} {document}"
        case "interchange":
            text = f"interchange {branch.label}"
        case "transaction":
            text = f"transaction {branch.label} {document}: {branch.name or 'not known'}"
    return printable(text.rstrip(": "))


def _segment(segment: SegmentNode, indent: str, *, brief: bool) -> Iterator[str]:
    number = "" if segment.number is None else f"{segment.number} "
    head = number + click.style(printable(segment.id), fg="cyan")
    name = click.style(segment.name or "not known", dim=True)
    marks: dict[int | None, list[Defect]] = {}
    for defect in segment.defects:
        marks.setdefault(defect.position.element, []).append(defect)
    if brief:
        texts = [_joined(element) for element in segment.elements]
        yield f"{indent}{head} {name} {' '.join(texts)}".rstrip()
    else:
        yield f"{indent}{head} {name}"
        names = [value.name for each in segment.elements for row in each.values for value in row]
        width = min(max(map(len, names), default=0), _WIDEST_NAME)
        for element in segment.elements:
            yield from _element(element, indent + _INDENT, width)
            for defect in marks.pop(element.number, ()):
                yield _defect(defect, indent + _INDENT * 2)
    for element_no, left in marks.items():
        place = "" if element_no is None else f"{element_no:02} "
        for defect in left:
            yield _defect(defect, indent + _INDENT, place)


def _joined(element: ElementNode) -> str:
    """``02=INV1``, ``01=137:20261125:102``, a repetition after ``|``."""
    repetitions = (":".join(value.text for value in values) for values in element.values)
    return f"{element.number:02}={printable('|'.join(repetitions))}"


def _element(element: ElementNode, indent: str, width: int) -> Iterator[str]:
    for repetition, values in enumerate(element.values, start=1):
        again = f"[{repetition}]" if len(element.values) > 1 else ""
        for value in values:
            single = not element.composite and value.number == 1 and len(values) == 1
            place = f"{element.number:02}{again}" + ("" if single else f".{value.number}")
            yield indent + _value(value, place, width)


def _value(value: Value, place: str, width: int) -> str:
    name = value.name or "not known"
    label = click.style(f"{place:<6}{value.reference:<5}{name:<{width}}", dim=True)
    meaning = click.style(f" ({value.meaning})", fg="green") if value.meaning else ""
    return f"{label} {printable(value.text)}{meaning}"


def _defect(defect: Defect, indent: str, place: str = "") -> str:
    text = f"{indent}^ {place}{defect.severity.value} {defect.code}: {defect.message}"
    if defect.position.component is not None:
        text += f", component {defect.position.component}"
    if defect.value is not None:
        text += f", found {defect.value!r}"
    if defect.expected is not None:
        text += f", expected {defect.expected}"
    return click.style(printable(text), fg=_COLOURS[defect.severity])


def _summary(defects: Sequence[Defect]) -> str:
    counts = Counter(defect.severity for defect in defects)
    if not counts:
        return "no defects"
    named = {Severity.REJECT: "that reject", Severity.WARN: "that only warn"}
    found = (f"{counts[severity]} {words}" for severity, words in named.items() if counts[severity])
    return "defects: " + " and ".join(found)
