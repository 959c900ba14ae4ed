"""Lengths and cells of elements by column are those of segments split one by one."""

from __future__ import annotations

import gc
import weakref

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from etl.formats.edi.delimiters import Delimiters
from etl.formats.edi.reading.segments import SegmentIndex

X12 = Delimiters(ord("*"), ord(":"), None, ord("~"))
CLASSES = {"AA": 1, "BBB": 2, "C1": 3}
ELEMENTS = st.lists(
    st.one_of(st.text(alphabet="XY ", max_size=4), st.integers(250, 260).map("Z".__mul__)),
    max_size=6,
)
SEGMENTS = st.lists(st.tuples(st.sampled_from(["AA", "BBB", "C1", "D9"]), ELEMENTS), max_size=12)


def index_of(segments: list[tuple[str, list[str]]]) -> SegmentIndex:
    text = "".join("*".join([name, *elements]) + "~" for name, elements in segments)
    return SegmentIndex(text.encode(), X12, CLASSES, composites=False)


@given(SEGMENTS, st.integers(1, 8))
@example([], 1)
@example([("AA", []), ("BBB", ["X"])], 3)
def test_lengths_of_an_element(segments: list[tuple[str, list[str]]], element: int) -> None:
    found = index_of(segments).by_class()
    for name, number in CLASSES.items():
        own = [(at, elements) for at, (each, elements) in enumerate(segments) if each == name]
        if not own:
            assert number not in found
            continue
        columns = found[number]
        assert columns.numbers.tolist() == [at for at, _ in own]
        assert columns.counts.tolist() == [len(elements) for _, elements in own]
        assert columns.widest == max(len(elements) for _, elements in own)
        padded = [[*elements, *[""] * 8] for _, elements in own]
        assert columns.lengths(element).tolist() == [
            len(elements[element - 1]) for elements in padded
        ]


@given(SEGMENTS, st.integers(1, 6))
def test_cells_are_the_values(segments: list[tuple[str, list[str]]], element: int) -> None:
    index = index_of(segments)
    for number, columns in index.by_class().items():
        having = np.flatnonzero(columns.counts >= element)
        cells = columns.cells(element, having)
        name = next(each for each, at in CLASSES.items() if at == number)
        expected = [
            elements[element - 1]
            for each, elements in segments
            if each == name and len(elements) >= element
        ]
        texts = [
            index.data[begin:end].decode()
            for begin, end in zip(cells.start.tolist(), cells.end.tolist(), strict=True)
        ]
        assert texts == expected


@given(SEGMENTS, st.integers(0, 3))
def test_some_of_the_segments_are_a_column_too(
    segments: list[tuple[str, list[str]]], step: int
) -> None:
    for columns in index_of(segments).by_class().values():
        some = np.arange(len(columns)) % (step + 1) == 0
        few = columns.chosen(some)
        assert few.numbers.tolist() == columns.numbers[some].tolist()
        assert few.lengths(1).tolist() == columns.lengths(1)[some].tolist()


def test_what_was_looked_up_for_all_segments_of_a_kind_is_there_for_values() -> None:
    index = index_of([("AA", ["X", "Y"]), ("BBB", ["X"]), ("AA", ["Z"])])
    assert index.pick(np.array([0, 2])) is not index.pick(np.array([0, 2]))
    every = index.by_class()[CLASSES["AA"]]
    assert index.pick(np.array([0, 2])) is every
    assert index.pick(np.array([2])) is not every
    assert index.pick(np.array([], np.int64)).numbers.tolist() == []


def test_a_buffer_is_let_go_with_its_chunk_and_not_when_garbage_is_collected() -> None:
    index = index_of([("AA", ["X", "Y"])])
    index.by_class()[CLASSES["AA"]].lengths(1)
    known = weakref.ref(index)
    gc.disable()
    try:
        del index
        assert known() is None
    finally:
        gc.enable()
