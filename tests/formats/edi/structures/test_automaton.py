"""The automaton puts each segment at the place it belongs to."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.formats.edi.structures.automaton import IN_ORDER, NO_PLACE, OUT_OF_ORDER, Automaton
from etl.formats.edi.structures.files import structure_from, structure_of
from etl.formats.edi.structures.structure import Structure
from etl.formats.x12.syntax import X12

STRUCTURE = structure_of(X12, "210", "004010")


def walked(structure: Structure, ids: list[str]) -> list[tuple[str | None, int]]:
    """Path of each segment's loop (None: no place), and how it fits."""
    known = sorted({place.segment_id for place in structure.places})
    classes = bytes(known.index(one) + 1 if one in known else 0 for one in ids)
    found = Automaton(structure, [None, *known]).walk(classes)
    places = {place.number: place for place in structure.places}
    paths: list[str | None] = []
    for number in found.places.tolist():
        place = places.get(number)
        loop = place and (place.loop or place.parent)
        paths.append(loop.path if loop else None)
    return list(zip(paths, found.fits.tolist(), strict=True))


def loops(ids: list[str]) -> list[str | None]:
    return [path for path, _ in walked(STRUCTURE, ids)]


def small(content: list[Any]) -> Structure:
    declared = {"document": "9", "name": "nine", "content": content}
    return structure_from(X12, "004010", declared, STRUCTURE.segments, "9.yaml")


def test_segments_of_the_header_and_of_loops_inside_loops() -> None:
    paths = {
        "": "ST B3 N9", "N1": "N1 N3 N4", "N7": "N7", "LX": "LX N9 L1", "LX/N1": "N1 N4",
        "LX/N1/CD3": "CD3 N9",
    }  # fmt: skip
    ids = [one for part in paths.values() for one in part.split()]
    expected = [path for path, part in paths.items() for _ in part.split()]
    assert loops([*ids, "LX", "L1", "L3", "SE"]) == [*expected, "LX", "LX", "", ""]


def test_a_member_of_an_outer_loop_that_was_passed_is_out_of_order_and_ends_the_inner_one() -> None:
    found = walked(STRUCTURE, ["ST", "B3", "LX", "L1", "N1", "L5", "SE"])
    assert found[-3:] == [("LX/N1", IN_ORDER), ("LX", OUT_OF_ORDER), ("", IN_ORDER)]


def test_a_segment_without_a_place_is_told_and_moves_nothing() -> None:
    found = walked(STRUCTURE, ["ST", "B3", "L1", "N1", "QQQ", "N4", "SE"])
    assert found[2] == (None, NO_PLACE)
    assert found[4:6] == [(None, NO_PLACE), ("N1", IN_ORDER)]


def test_of_one_id_at_two_places_the_one_that_may_still_come_is_taken() -> None:
    structure = small(["N2 O 1", "N3 O 1", "N2 O 1"])
    known = {place.number: place.ordinal for place in structure.places}
    ids = ["ST", "N2", "N3", "N2", "SE"]
    names = sorted({place.segment_id for place in structure.places})
    classes = bytes(names.index(one) + 1 for one in ids)
    found = Automaton(structure, [None, *names]).walk(classes)
    assert [known[number] for number in found.places.tolist()] == [0, 1, 2, 3, 4]
    assert not found.fits.any()


@given(st.lists(st.sampled_from(["N1", "N2", "N3", "L1", "QQ"]), max_size=30))
def test_every_segment_has_a_place_in_an_open_loop_or_none(ids: list[str]) -> None:
    structure = small([{"N1 O 9": ["N2 O 9", {"N1 O 9": ["N3 O 9"]}]}, "L1 O 9"])
    for (path, fit), segment_id in zip(walked(structure, ["ST", *ids])[1:], ids, strict=True):
        assert (path is None) == (fit == NO_PLACE)
        if path:
            assert segment_id in {"N1", "N2", "N3"}
            assert segment_id != "N3" or path == "N1/N1"


def test_versions_without_a_structure_are_not_known() -> None:
    with pytest.raises(KeyError):
        structure_of(X12, "210", "004030")
    with pytest.raises(KeyError):
        structure_of(X12, "../210", "004010")
