"""The segment index cuts values out as a plain split does: elements, components, repetitions."""

from __future__ import annotations

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from etl.formats.edi.delimiters import Delimiters
from etl.formats.edi.notation import Notation
from etl.formats.edi.outgoing import SegmentValue
from etl.formats.edi.reading.segments import SegmentIndex
from etl.formats.edifact.syntax import EDIFACT
from etl.formats.x12.syntax import X12

CLASSES = {"AAA": 1, "BB": 2, "BGM": 3}
SEPARATORS = [
    (EDIFACT, Delimiters(ord("+"), ord(":"), None, ord("'"), ord("?"))),
    (EDIFACT, Delimiters(ord("+"), ord(":"), ord("*"), ord("'"), ord("?"))),
    (X12, Delimiters(ord("*"), ord(":"), None, ord("~"))),
    (X12, Delimiters(ord("*"), ord(":"), ord("^"), ord("\n"))),
]
TEXT = st.text(alphabet="AB1ä +:'?*", max_size=4)
VALUES = st.lists(
    st.lists(st.lists(TEXT, min_size=1, max_size=4).map(tuple), min_size=1, max_size=3).map(tuple),
    max_size=5,
).map(tuple)
SEGMENTS = st.lists(st.builds(SegmentValue, st.sampled_from([*CLASSES, "ZZ"]), VALUES), max_size=8)


def writable(segments: list[SegmentValue], delimiters: Delimiters) -> list[SegmentValue]:
    """The segments as they can be written: without separators that nothing releases, and without
    repetitions where there are none."""
    kept = []
    for segment in segments:
        elements = []
        for element in segment.elements:
            repetitions = element if delimiters.repetition else element[:1]
            if delimiters.release is None:
                clean = str.maketrans("", "", "*:~^\n")
                repetitions = tuple(
                    tuple(value.translate(clean) for value in parts) for parts in repetitions
                )
            elements.append(repetitions)
        kept.append(SegmentValue(segment.id, tuple(elements)))
    return kept


@settings(max_examples=300)
@given(SEGMENTS, st.sampled_from(SEPARATORS), st.sampled_from(["", "\r\n", "\n\t "]))
@example([SegmentValue("BGM", ())], SEPARATORS[0], "")
def test_every_value_is_found(
    segments: list[SegmentValue], kind: tuple[object, Delimiters], between: str
) -> None:
    syntax, delimiters = kind
    notation = Notation(delimiters)
    segments = writable(segments, delimiters)
    if delimiters.breaks_lines:
        between = ""
    text = "".join(notation.text(each) + notation.terminator + between for each in segments)
    index = SegmentIndex(text.encode(), delimiters, CLASSES, composites=syntax is EDIFACT)
    assert index.classes.tolist() == [CLASSES.get(each.id, 0) for each in segments]
    assert [index.segment_id(at) for at in range(len(index))] == [each.id for each in segments]
    assert [notation.segment(index.text(at)) for at in range(len(index))] == segments
    every = index.pick(np.arange(len(index)))
    for element in range(1, 7):
        cells = index.cells(every, element)
        first = index.strings(index.first_repetition(cells)).to_pylist()
        for component in range(1, 5):
            found = index.strings(index.component(every, element, component)).to_pylist()
            assert found == [value_at(each, element, component) or None for each in segments]
        wholes = [whole(each, element, notation.component) or None for each in segments]
        if delimiters.release is None:
            assert first == wholes


def value_at(segment: SegmentValue, element: int, component: int) -> str:
    if element > len(segment.elements):
        return ""
    return (*segment.elements[element - 1][0], *[""] * 9)[component - 1]


def whole(segment: SegmentValue, element: int, component: str) -> str:
    if element > len(segment.elements):
        return ""
    return component.join(segment.elements[element - 1][0])


@settings(max_examples=200)
@given(SEGMENTS, st.sampled_from(SEPARATORS), TEXT)
@example([SegmentValue("AAA", ((("",),), ((":",),)))], SEPARATORS[0], "?:")
def test_conditions_compare_values(
    segments: list[SegmentValue], kind: tuple[object, Delimiters], wanted: str
) -> None:
    syntax, delimiters = kind
    notation = Notation(delimiters)
    segments = writable(segments, delimiters)
    text = "".join(notation.text(each) + notation.terminator for each in segments)
    index = SegmentIndex(text.encode(), delimiters, CLASSES, composites=syntax is EDIFACT)
    every = index.pick(np.arange(len(index)))
    for element, component in ((1, 1), (2, 1), (2, 2)):
        cells = index.component(every, element, component)
        found = index.equal(cells, [wanted, "A"]).tolist()
        assert found == [value_at(each, element, component) in (wanted, "A") for each in segments]


@given(SEGMENTS, st.lists(st.integers(-1, 9), max_size=12))
def test_chosen_cells_are_taken_in_any_order(
    segments: list[SegmentValue], chosen: list[int]
) -> None:
    _, delimiters = SEPARATORS[0]
    notation = Notation(delimiters)
    segments = writable(segments, delimiters)
    text = "".join(notation.text(each) + notation.terminator for each in segments)
    index = SegmentIndex(text.encode(), delimiters, CLASSES, composites=True)
    cells = index.component(index.pick(np.arange(len(index))), 1, 1)
    some = [at for at in chosen if at < len(segments)]
    assert index.strings(cells, np.array(some, np.int64)).to_pylist() == [
        None if at < 0 else value_at(segments[at], 1, 1) or None for at in some
    ]


def test_terminators_with_nothing_between_are_no_segments() -> None:
    _, delimiters = SEPARATORS[0]
    index = SegmentIndex(b"AAA+1''\n 'BB+2'", delimiters, CLASSES, composites=True)
    assert [index.text(at) for at in range(len(index))] == ["AAA+1", "BB+2"]
    assert index.empty.tolist() == [6, 9]
    _, lines = SEPARATORS[3]
    index = SegmentIndex(b"AAA*1\n\n\nBB*2\n", lines, CLASSES, composites=False)
    assert (len(index), index.empty.tolist()) == (2, [])


def test_an_id_is_a_whole_one() -> None:
    _, delimiters = SEPARATORS[0]
    index = SegmentIndex(b"BB+1'BBB+1'BG+1'BGMX+1'BGM'B'AAA:1'", delimiters, CLASSES, True)
    assert index.classes.tolist() == [2, 0, 0, 0, 3, 0, 0]
