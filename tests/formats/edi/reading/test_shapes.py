"""Places, missing segments and repeats of many transactions are those of a plain walk over each."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.formats.edi.reading.shapes import Fault, Shapes
from etl.formats.edi.structures.automaton import NO_PLACE, OUT_OF_ORDER
from etl.formats.edi.structures.chosen import Structures
from etl.formats.edi.structures.files import segments_of, structure_from
from etl.formats.edi.structures.structure import Loop, Place
from etl.formats.x12.syntax import X12

FIRST = structure_from(
    X12,
    "004010",
    {
        "document": "1",
        "name": "one",
        "content": [
            "B3 M 1",
            "C3 O 1",
            {"N1 O 2": ["N3 O 2", "N4 M 1"]},
            {"LX O 9": ["N9 O 3", {"N1 O 1": ["N4 O 1"]}, "L1 M 2"]},
            "L3 O 1",
        ],
    },
    segments_of(X12, "004010"),
    "1.yaml",
)
SECOND = structure_from(
    X12,
    "004010",
    {"document": "2", "name": "two", "content": [{"LX O >1": ["N1 O 1"]}, "N1 M 1"]},
    segments_of(X12, "004010"),
    "2.yaml",
)
STRUCTURES = Structures(X12, [FIRST, SECOND])
IDS = ["B3", "C3", "N1", "N3", "N4", "LX", "N9", "L1", "L3", "QQ"]
BODIES = st.lists(
    st.tuples(st.sampled_from([0, 1, -1]), st.lists(st.sampled_from(IDS), max_size=12)), max_size=6
)


def shapes_of(bodies: list[tuple[int, list[str]]]) -> tuple[Shapes, list[list[str]]]:
    sequences = [["ST", *body, "SE"] for _, body in bodies]
    classes = [STRUCTURES.classes.get(each, 0) for sequence in sequences for each in sequence]
    lengths = np.array([len(sequence) for sequence in sequences], np.int64)
    stop = np.cumsum(lengths)
    shapes = Shapes(
        np.array(classes, np.uint8),
        stop - lengths,
        stop,
        np.array([number for number, _ in bodies], np.int64),
        STRUCTURES.table,
        STRUCTURES.automata,
    )
    return shapes, sequences


@dataclass
class Instance:
    """A loop that was entered, with what stands in it."""

    loop: Loop
    start: int
    held: Counter[int] = field(default_factory=Counter)


def walked(structure: int, sequence: list[str]) -> tuple[list[int], set[tuple[Fault, int, int]]]:
    """The number of the place of each segment, and what is wrong, found segment by segment."""
    own = STRUCTURES.all[structure]
    classes = bytes(STRUCTURES.classes.get(each, 0) for each in sequence)
    found = STRUCTURES.automata[structure].walk(classes)
    places = {place.number: place for place in own.places}
    faults: set[tuple[Fault, int, int]] = set()
    numbers: list[int] = []
    stack: list[Instance] = []
    closed: list[Instance] = []
    for at, (place_number, fit) in enumerate(
        zip(found.places.tolist(), found.fits.tolist(), strict=True)
    ):
        place = places.get(place_number)
        number = STRUCTURES.table.number(structure, place) if place else 0
        numbers.append(number)
        if fit == NO_PLACE:
            faults.add((Fault.NO_PLACE, at, 0))
            continue
        assert place is not None
        if fit == OUT_OF_ORDER:
            faults.add((Fault.OUT_OF_ORDER, at, number))
        while stack and stack[-1].loop is not place.parent:
            closed.append(stack.pop())
        if stack:
            stack[-1].held[number] += 1
            if stack[-1].held[number] == most(place) + 1:
                faults.add((Fault.TOO_MANY, at, number))
        if place.loop is not None:
            stack.append(Instance(place.loop, at))
    for instance in (*closed, *stack):
        for place in instance.loop.places:
            number = STRUCTURES.table.number(structure, place)
            if place.required and not instance.held[number]:
                faults.add((Fault.MISSING, instance.start, number))
    return numbers, faults


def most(place: Place) -> int:
    """How often it may stand there, or at later places of its loop where it stands again."""
    assert place.parent is not None
    same = [each for each in place.parent.places if each.segment_id == place.segment_id]
    return sum(each.repeat for each in same if each.ordinal >= place.ordinal)


@settings(max_examples=300)
@given(BODIES)
def test_segments_at_a_place_are_those_of_a_plain_walk(
    bodies: list[tuple[int, list[str]]],
) -> None:
    shapes, sequences = shapes_of(bodies)
    numbers: list[int] = []
    for (structure, _), sequence in zip(bodies, sequences, strict=True):
        numbers += walked(structure, sequence)[0] if structure >= 0 else [-1] * len(sequence)
    for place in range(1, STRUCTURES.table.size):
        expected = [at for at, number in enumerate(numbers) if number == place]
        assert shapes.segments_at([place]).tolist() == expected
    several = [at for at, number in enumerate(numbers) if number in (1, 3, 4)]
    assert shapes.segments_at([1, 3, 4]).tolist() == several


@settings(max_examples=300)
@given(BODIES)
def test_faults_are_those_of_a_plain_walk(bodies: list[tuple[int, list[str]]]) -> None:
    shapes, sequences = shapes_of(bodies)
    for (structure, _), sequence, shape in zip(bodies, sequences, shapes.of.tolist(), strict=True):
        if structure < 0:
            assert shape == -1
            continue
        found = {
            (fault.fault, fault.segment, fault.place) for fault in shapes.faults.get(shape, [])
        }
        assert found == walked(structure, sequence)[1]


def test_alike_transactions_are_worked_out_once() -> None:
    body = ["B3", "LX", "L1"]
    shapes, _ = shapes_of([(0, body), (1, body), (0, [*body, "L1"]), (0, body), (-1, body)])
    first, other_structure, longer, again, unknown = shapes.of.tolist()
    assert first == again
    assert {first, other_structure, longer} == {0, 1, 2}
    assert unknown == -1


@pytest.mark.parametrize(
    ("body", "fault", "segment"),
    [
        (["B3", "LX"], Fault.MISSING, 2),  # L1 in its loop
        (["LX", "L1"], Fault.MISSING, 0),  # B3
        (["B3", "LX", "L1", "L1", "L1"], Fault.TOO_MANY, 5),
        (["B3", "N1", "N4", "N1", "N4", "N1", "N4"], Fault.TOO_MANY, 6),
        (["B3", "N1", "N4", "C3"], Fault.OUT_OF_ORDER, 4),
        (["B3", "QQ"], Fault.NO_PLACE, 2),
        (["B3", "N3"], Fault.NO_PLACE, 2),
    ],
)
def test_a_fault_stands_where_it_is(body: list[str], fault: Fault, segment: int) -> None:
    shapes, _ = shapes_of([(0, body)])
    assert [(each.fault, each.segment) for each in shapes.faults[0]] == [(fault, segment)]
