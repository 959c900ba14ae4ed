"""A file as a tree: interchanges, groups, transactions, loops, segments, elements, with names.

Plain data for people and scripts. Nothing is left out and nothing is moved: the segments of the
tree, read from top to bottom, are those of the file.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from etl.defects import Defect
from etl.formats.edi.outgoing import Repetitions
from etl.formats.edi.structures.dictionary import Composite, Element, Use
from etl.formats.edi.viewing.walk import Branch, Standing


@dataclass(frozen=True, slots=True)
class Value:
    """A simple element or a component.

    Attributes:
        number: 1-based, in its segment or composite.
        reference: number of the data element, ``76``, ``2380``; empty where it is not known.
        meaning: of a code that is known; else empty.
    """

    number: int
    reference: str
    name: str
    text: str
    meaning: str


@dataclass(frozen=True, slots=True)
class ElementNode:
    """An element of a segment that is not empty.

    Attributes:
        number: 1-based, as it is counted in the text.
        reference: number of the data element or composite; empty where it is not known.
        values: for each repetition its components that are not empty.
        composite: whether its components are named by a composite.
    """

    number: int
    reference: str
    name: str
    values: tuple[tuple[Value, ...], ...]
    composite: bool


@dataclass(frozen=True, slots=True)
class SegmentNode:
    """A segment.

    Attributes:
        number: in its transaction, ST or UNH being 1; None outside of transactions.
        offset: of its first byte in the file.
        around: what it stands in.
        defects: what is wrong with it.
    """

    id: str
    name: str
    number: int | None
    offset: int
    elements: tuple[ElementNode, ...]
    around: Branch | None
    defects: Sequence[Defect] = ()


@dataclass(frozen=True, slots=True)
class Node:
    """A branch with what stands in it, in order."""

    branch: Branch
    content: list[Node | SegmentNode] = field(default_factory=list)


def described(standing: Standing, defects: Sequence[Defect] = ()) -> SegmentNode:
    """A segment with the names of its elements."""
    value, definition = standing.value, standing.definition
    uses = definition.elements if definition else ()
    padded = [*uses, *[None] * (len(value.elements) - len(uses))]
    elements = (
        _element(number, element, use)
        for number, (element, use) in enumerate(zip(value.elements, padded, strict=False), start=1)
    )
    return SegmentNode(
        value.id,
        definition.name if definition else "",
        standing.number,
        standing.offset,
        tuple(element for element in elements if any(element.values)),
        standing.around,
        defects,
    )


def marked(standings: Iterable[Standing], defects: Sequence[Defect]) -> Iterator[SegmentNode]:
    """Segments in their order, each with those of the defects of the file that stand in it.

    What stands before the first segment is told with it, what has no place in the file too.
    """
    waiting = deque(sorted(defects, key=_offset))
    before: Standing | None = None
    for standing in standings:
        if before is not None:
            yield described(before, _until(waiting, standing.offset))
        before = standing
    if before is not None:
        yield described(before, tuple(waiting))


def _until(waiting: deque[Defect], offset: int) -> list[Defect]:
    found: list[Defect] = []
    while waiting and _offset(waiting[0]) < offset:
        found.append(waiting.popleft())
    return found


def _offset(defect: Defect) -> int:
    return defect.position.byte_offset or 0


def tree(segments: Iterable[SegmentNode]) -> list[Node | SegmentNode]:
    """Segments in their order, put into what they stand in."""
    roots: list[Node | SegmentNode] = []
    open_: list[Node] = []
    for segment in segments:
        path = segment.around.path if segment.around else ()
        while open_ and open_[-1].branch not in path:
            open_.pop()
        for branch in path[len(open_) :]:
            node = Node(branch)
            (open_[-1].content if open_ else roots).append(node)
            open_.append(node)
        (open_[-1].content if open_ else roots).append(segment)
    return roots


def plain(node: Node | SegmentNode) -> dict[str, Any]:
    """A node as JSON can hold it; what is empty or unknown is left out."""
    if isinstance(node, SegmentNode):
        return _filled(
            segment=node.id,
            name=node.name,
            number=node.number,
            offset=node.offset,
            elements=[_plain_element(element) for element in node.elements],
            defects=[_plain_defect(defect) for defect in node.defects],
        )
    branch = node.branch
    return _filled(
        kind=branch.kind,
        label=branch.label,
        document=branch.document,
        version=branch.version,
        name=branch.name,
        content=[plain(each) for each in node.content],
    )


def _element(number: int, element: Repetitions, use: Use | None) -> ElementNode:
    of = use.of if use else None
    composite = isinstance(of, Composite)
    return ElementNode(
        number,
        of.number if of else "",
        of.name if of else "",
        tuple(_values(components, use, composite=composite) for components in element),
        composite,
    )


def _values(components: tuple[str, ...], use: Use | None, *, composite: bool) -> tuple[Value, ...]:
    uses: list[Use | None] = list(use.components) if use else []
    uses += [None] * (len(components) - len(uses))
    if not composite and len(components) > 1:
        # a simple element with components: the name holds for none of them
        uses = [None] * len(components)
    return tuple(
        _value(number, text, part)
        for number, (text, part) in enumerate(zip(components, uses, strict=False), start=1)
        if text
    )


def _value(number: int, text: str, use: Use | None) -> Value:
    of = use.of if use else None
    if not isinstance(of, Element):
        return Value(number, "", "", text, "")
    return Value(number, of.number, of.name, text, of.codes.values.get(text.strip(), ""))


def _plain_element(element: ElementNode) -> dict[str, Any]:
    repetitions = [[_plain_value(value) for value in values] for values in element.values]
    return _filled(
        element=element.number,
        reference=element.reference,
        name=element.name,
        repetitions=repetitions,
    )


def _plain_value(value: Value) -> dict[str, Any]:
    return _filled(
        component=value.number,
        reference=value.reference,
        name=value.name,
        value=value.text,
        meaning=value.meaning,
    )


def _plain_defect(defect: Defect) -> dict[str, Any]:
    return _filled(
        code=defect.code,
        severity=defect.severity.value,
        message=defect.message,
        element=defect.position.element,
        component=defect.position.component,
        value=defect.value,
        expected=defect.expected,
    )


def _filled(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in (None, "", [])}
