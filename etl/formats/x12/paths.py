"""Paths and row declarations: ``N1[01=BT]/N4.01``, ``LX/L1.08``, ``row: LX/L1``.

A path names segments from the outside to the inside, the last one with an element and perhaps a
component. A step before the last is a loop, by the segment that starts it. In square brackets
stand conditions on the step's own elements: ``[01=BT]``, ``[01=BT|PR]``, ``[07.2=MX]``. The first
segment that fits gives the value. Paths start in the row's loop, or at a segment that the row
declaration names (``LX/N9[01=CN].02`` in rows ``LX/L1``, ``ST.02`` anywhere); ``ISA.06`` and
``GS.02`` give the envelopes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from etl.formats.source_block import nearest
from etl.formats.x12.structure import Loop, Structure
from etl.raw import DeclarationError

_STEP = re.compile(r"(?P<id>[A-Z][A-Z0-9]{1,2})(?P<conditions>(\[[^\[\]]*\])*)")
_CONDITION = re.compile(r"\[(?P<element>\d{1,2})(\.(?P<component>\d{1,2}))?=(?P<values>[^\[\]]+)\]")
_PLACE = re.compile(r"\.(?P<element>\d{1,2})(\.(?P<component>\d{1,2}))?$")
_BETWEEN_STEPS = re.compile(r"/(?![^\[]*\])")
_ENVELOPES = ("ISA", "GS")


@dataclass(frozen=True, slots=True)
class Condition:
    """An element or component that must hold one of some values."""

    element: int
    component: int | None
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """A segment at one place of the transaction set.

    Attributes:
        segment_id: its id.
        slot: its place, a number of the structure.
        loop: the loop that it starts, if it starts one.
        conditions: all of them must hold.
    """

    segment_id: str
    slot: int
    loop: Loop | None
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class RowPath:
    """A row declaration, from the transaction inwards; the last step is the row."""

    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class FieldPath:
    """A path in the rows of a row declaration.

    Attributes:
        anchor: index of the row's step in whose scope `steps` are looked for.
        steps: from there inwards; none: the anchor's own segment.
        envelope: ``ISA`` or ``GS`` instead of both.
        element, component: 1-based.
    """

    anchor: int
    steps: tuple[Step, ...]
    envelope: str | None
    element: int
    component: int | None


@lru_cache(maxsize=1024)
def row_path(structure: Structure, row: str | None) -> RowPath:
    """Read a row declaration; None is the transaction. Raises :class:`DeclarationError`."""
    transaction = Step("ST", structure.slot(structure.transaction, "ST"), structure.transaction)
    if row is None or row == "ST":
        return RowPath((transaction,))
    names = _BETWEEN_STEPS.split(row.removeprefix("ST/"))
    return RowPath((transaction, *_steps(structure, names, structure.transaction, row)))


@lru_cache(maxsize=4096)
def field_path(structure: Structure, path: str, row: str | None) -> FieldPath:
    """Read a path in rows of `row`; raises :class:`DeclarationError`."""
    place = _PLACE.search(path)
    if place is None:
        raise DeclarationError(path, "a path without an element", "one like B3.02 or L0.04.1")
    element, component = _place(path, place)
    names = _BETWEEN_STEPS.split(path[: place.start()])
    if names[0] in _ENVELOPES and len(names) == 1:
        return FieldPath(0, (), names[0], element, component)
    steps = row_path(structure, row).steps
    for anchor in range(len(steps) - 1, -1, -1):
        if names[0] == steps[anchor].segment_id:
            names = names[1:]
            break
    else:
        anchor = len(steps) - 1
    if not names:
        return FieldPath(anchor, (), None, element, component)
    loop = steps[anchor].loop
    if loop is None:
        around = "/".join(step.segment_id for step in steps[1:-1]) or "ST"
        raise DeclarationError(
            path,
            f"{names[0]} in rows of {steps[anchor].segment_id}, which starts no loop",
            f"{steps[anchor].segment_id} itself, or a path from a loop around it: "
            f"{around.split('/')[-1]}/{path}",
        )
    return FieldPath(anchor, _steps(structure, names, loop, path), None, element, component)


def _steps(structure: Structure, names: list[str], loop: Loop, path: str) -> tuple[Step, ...]:
    steps: list[Step] = []
    scope: Loop | None = loop
    for name in names:
        if scope is None:
            raise DeclarationError(
                path, f"{name} inside {steps[-1].segment_id}", "a segment that starts a loop"
            )
        steps.append(_step(structure, name, scope, path))
        scope = steps[-1].loop
    return tuple(steps)


def _step(structure: Structure, name: str, scope: Loop, path: str) -> Step:
    match = _STEP.fullmatch(name)
    if match is None:
        raise DeclarationError(path, repr(name), "a segment like N1 or N1[01=BT]")
    segment_id = match["id"]
    conditions = tuple(
        _condition(part, path) for part in re.findall(r"\[[^\[\]]*\]", match["conditions"])
    )
    inner = scope.loops.get(segment_id)
    if inner is None and segment_id not in scope.segments:
        known = (*scope.segments, *scope.loops)
        where = f"loop {scope.path}" if scope.path else f"the header of {structure.document}"
        elsewhere = [
            loop.path
            for loop in structure.loops
            if loop.path and (segment_id in loop.segments or segment_id in loop.loops)
        ]
        hint = f"; {segment_id} stands in {', '.join(elsewhere)}" if elsewhere else ""
        raise DeclarationError(
            path,
            f"{segment_id}, which {where} does not have",
            f"one of {', '.join(known)}{hint or nearest(segment_id, known)}",
        )
    return Step(segment_id, structure.slot(inner or scope, segment_id), inner, conditions)


def _condition(text: str, path: str) -> Condition:
    match = _CONDITION.fullmatch(text)
    if match is None:
        raise DeclarationError(path, text, "a condition like [01=BT], [01=BT|PR] or [07.2=MX]")
    element, component = _place(path, match)
    return Condition(element, component, tuple(match["values"].split("|")))


def _place(path: str, match: re.Match[str]) -> tuple[int, int | None]:
    element = int(match["element"])
    component = int(match["component"]) if match["component"] else None
    if element == 0 or component == 0:
        raise DeclarationError(path, "element or component 0", "a number from 1 on")
    return element, component
