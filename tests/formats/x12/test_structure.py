"""The automaton puts each segment in the loop it belongs to."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.formats.x12.structure import documents, structure_from, structure_of

STRUCTURE = structure_of("210")


def loops(ids: list[str]) -> list[str | None]:
    """Path of each segment's loop; None where it has no place."""
    classes = np.array([STRUCTURE.classes.get(one, 0) for one in ids], np.uint8)
    states = STRUCTURE.states(classes)
    placed = STRUCTURE.slots[states, classes] > 0
    return [
        STRUCTURE.loops[state].path if here else None
        for state, here in zip(states.tolist(), placed.tolist(), strict=True)
    ]


def test_segments_of_the_header_and_of_loops_inside_loops() -> None:
    paths = {
        "": "ST B3 N9", "N1": "N1 N3 N4", "N7": "N7", "LX": "LX N9 L1", "LX/N1": "N1 N4",
        "LX/N1/CD3": "CD3 N9",
    }  # fmt: skip
    ids = [one for part in paths.values() for one in part.split()]
    expected = [path for path, part in paths.items() for _ in part.split()]
    assert loops([*ids, "LX", "L1", "L3", "SE"]) == [*expected, "LX", "LX", "", ""]


def test_a_member_of_an_outer_loop_ends_the_inner_one() -> None:
    assert loops(["ST", "LX", "N1", "L1", "N9", "SE"]) == ["", "LX", "LX/N1", "LX", "LX", ""]


def test_a_segment_without_a_place_is_told_and_moves_nothing() -> None:
    assert loops(["ST", "L1", "N1", "QQQ", "N4", "SE"]) == ["", None, "N1", None, "N1", ""]


@given(st.lists(st.sampled_from([*STRUCTURE.classes, "QQQ"]), max_size=60))
def test_walks_as_the_transition_table_says_step_by_step(ids: list[str]) -> None:
    classes = np.array([STRUCTURE.classes.get(one, 0) for one in ids], np.uint8)
    expected, state = [], 0
    for number in classes.tolist():
        state = int(STRUCTURE.transitions[state, number])
        expected.append(state)
    assert STRUCTURE.states(classes).tolist() == expected


@given(st.lists(st.sampled_from("AB"), max_size=20))
def test_a_loop_inside_a_loop_of_the_same_name_is_walked_step_by_step(ids: list[str]) -> None:
    nested = structure_from({"document": "9", "segments": [], "loops": {
        "A": {"loops": {"A": {"segments": ["B"]}}}}})  # fmt: skip
    classes = np.array([nested.classes[one] for one in ids], np.uint8)
    expected, state = [], 0
    for number in classes.tolist():
        state = int(nested.transitions[state, number])
        expected.append(state)
    assert nested.states(classes).tolist() == expected


def test_every_structure_file_loads_and_others_are_not_known() -> None:
    for document in documents():
        assert structure_of(document).document == document
    with pytest.raises(KeyError):
        structure_of("../210")
