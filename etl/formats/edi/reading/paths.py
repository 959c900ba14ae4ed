"""Paths and row declarations: ``N1[01=BT]/N4.01``, ``DTM[01.1=137].01.2``, ``row: LX/L1``.

A path names segments from the outside to the inside, the last one with an element and perhaps a
component. A step before the last is a loop, by the segment that starts it. In square brackets
stand conditions on the step's own elements: ``[01=BT]``, ``[01=BT|PR]``, ``[07.2=MX]``. The first
segment that fits gives the value. Paths start in the row's loop, or at a segment that the row
declaration names (``LX/N9[01=CN].02`` in rows ``LX/L1``, ``ST.02`` anywhere); ``ISA.06`` and
``GS.02``, ``UNB.02.1`` and ``UNG.01`` give the envelopes. In EDIFACT an element without component
is its first component. Where several structures are read, a path has to be in one of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from etl.formats.edi.structures.chosen import Structures
from etl.formats.edi.structures.structure import Loop
from etl.formats.source_block import nearest
from etl.raw import Conditions, DeclarationError

_STEP = re.compile(r"(?P<id>[A-Z][A-Z0-9]{1,2})(?P<conditions>(\[[^\[\]]*\])*)")
_CONDITION = re.compile(r"\[(?P<element>\d{1,2})(\.(?P<component>\d{1,2}))?=(?P<values>[^\[\]]+)\]")
_PLACE = re.compile(r"\.(?P<element>\d{1,2})(\.(?P<component>\d{1,2}))?$")
_BETWEEN_STEPS = re.compile(r"/(?![^\[]*\])")


@dataclass(frozen=True, slots=True)
class Condition:
    """An element or component that must hold one of some values."""

    element: int
    component: int | None
    values: tuple[str, ...]


Scope = tuple[tuple[int, Loop], ...]
"""Loops that a step may be in, each with the index of its structure."""


@dataclass(frozen=True, slots=True)
class Step:
    """A segment at its places in the structures.

    Attributes:
        segment_id: its id.
        places: their numbers in the place table.
        loops: the loops that it starts.
        conditions: all of them must hold.
        is_transaction: whether it is ST or UNH.
    """

    segment_id: str
    places: tuple[int, ...]
    loops: Scope
    conditions: tuple[Condition, ...] = ()
    is_transaction: bool = False


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
        envelope: ``ISA``, ``GS``, ``UNB`` or ``UNG`` instead of both.
        element, component: 1-based.
    """

    anchor: int
    steps: tuple[Step, ...]
    envelope: str | None
    element: int
    component: int | None


@lru_cache(maxsize=1024)
def row_path(structures: Structures, row: str | None) -> RowPath:
    """Read a row declaration; None is the transaction. Raises :class:`DeclarationError`."""
    header = structures.syntax.transaction.header
    outermost = tuple((number, one.transaction) for number, one in enumerate(structures.all))
    places = tuple(structures.table.number(number, loop.trigger) for number, loop in outermost)
    transaction = Step(header, places, outermost, is_transaction=True)
    if row is None or row == header:
        return RowPath((transaction,))
    names = _BETWEEN_STEPS.split(row.removeprefix(f"{header}/"))
    return RowPath((transaction, *_steps(structures, names, outermost, row)))


@lru_cache(maxsize=4096)
def field_path(structures: Structures, path: str, row: str | None) -> FieldPath:
    """Read a path in rows of `row`; raises :class:`DeclarationError`."""
    syntax = structures.syntax
    place = _PLACE.search(path)
    if place is None:
        example = "BGM.02 or DTM.01.2" if syntax.composites else "B3.02 or L0.04.1"
        raise DeclarationError(path, "a path without an element", f"one like {example}")
    element, component = _place(path, place)
    if syntax.composites and component is None:
        component = 1
    names = _BETWEEN_STEPS.split(path[: place.start()])
    if names[0] in (syntax.interchange.header, syntax.group.header) and len(names) == 1:
        return FieldPath(0, (), names[0], element, component)
    steps = row_path(structures, row).steps
    for anchor in range(len(steps) - 1, -1, -1):
        if names[0] == steps[anchor].segment_id:
            names = names[1:]
            break
    else:
        anchor = len(steps) - 1
    if not names:
        return FieldPath(anchor, (), None, element, component)
    if not steps[anchor].loops:
        around = [step.segment_id for step in steps[:-1]][-1]
        raise DeclarationError(
            path,
            f"{names[0]} in rows of {steps[anchor].segment_id}, which starts no loop",
            f"{steps[anchor].segment_id} itself, or a path from a loop around it: {around}/{path}",
        )
    inside = _steps(structures, names, steps[anchor].loops, path)
    return FieldPath(anchor, inside, None, element, component)


def compared(structures: Structures, row: str | None) -> Conditions:
    """What the conditions of a row declaration, or of a path, compare.

    ``N1[01=BT]/N4.01`` has the base ``N1/N4`` and compares ``N1.01``.
    """
    if row is None:
        return Conditions(None)
    names = _BETWEEN_STEPS.split(_PLACE.sub("", row))
    named = []
    for name in names:
        segment_id, *conditions = re.findall(r"\[[^\[\]]*\]|^\w+", name)
        for text in conditions:
            condition = _condition(text, row, structures.syntax.composites)
            component = f".{condition.component}" if condition.component else ""
            path = f"{segment_id}.{condition.element:02d}{component}"
            named.append((path, condition.values))
    return Conditions("/".join(name.partition("[")[0] for name in names), tuple(named))


def _steps(structures: Structures, names: list[str], scope: Scope, path: str) -> tuple[Step, ...]:
    steps: list[Step] = []
    for name in names:
        if not scope:
            raise DeclarationError(
                path, f"{name} inside {steps[-1].segment_id}", "a segment that starts a loop"
            )
        steps.append(_step(structures, name, scope, path))
        scope = steps[-1].loops
    return tuple(steps)


def _step(structures: Structures, name: str, scope: Scope, path: str) -> Step:
    match = _STEP.fullmatch(name)
    if match is None:
        raise DeclarationError(path, repr(name), "a segment like N1 or N1[01=BT]")
    segment_id = match["id"]
    conditions = tuple(
        _condition(part, path, structures.syntax.composites)
        for part in re.findall(r"\[[^\[\]]*\]", match["conditions"])
    )
    found = [(number, place) for number, loop in scope for place in loop.named(segment_id)]
    if not found:
        raise _absent(structures, segment_id, scope, path)
    return Step(
        segment_id,
        tuple(structures.table.number(number, place) for number, place in found),
        tuple((number, place.loop) for number, place in found if place.loop is not None),
        conditions,
    )


def _absent(structures: Structures, segment_id: str, scope: Scope, path: str) -> DeclarationError:
    """The error for a segment that has no place in any of the loops of `scope`."""
    known = list(dict.fromkeys(place.segment_id for _, loop in scope for place in loop.places))
    number, loop = scope[0]
    where = f"loop {loop.path}" if loop.path else f"the header of {structures.all[number].document}"
    elsewhere = dict.fromkeys(
        place.parent.path
        for structure in structures.all
        for place in structure.places
        if place.segment_id == segment_id and place.parent is not None and place.parent.path
    )
    hint = f"; {segment_id} stands in {', '.join(elsewhere)}" if elsewhere else ""
    return DeclarationError(
        path,
        f"{segment_id}, which {where} does not have",
        f"one of {', '.join(known)}{hint or nearest(segment_id, known)}",
    )


def _condition(text: str, path: str, composites: bool) -> Condition:
    match = _CONDITION.fullmatch(text)
    if match is None:
        raise DeclarationError(path, text, "a condition like [01=BT], [01=BT|PR] or [07.2=MX]")
    element, component = _place(path, match)
    if component is None and composites:
        component = 1
    return Condition(element, component, tuple(match["values"].split("|")))


def _place(path: str, match: re.Match[str]) -> tuple[int, int | None]:
    element = int(match["element"])
    component = int(match["component"]) if match["component"] else None
    if element == 0 or component == 0:
        raise DeclarationError(path, "element or component 0", "a number from 1 on")
    return element, component
