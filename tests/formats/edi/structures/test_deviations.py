"""A partner's deviations change its structure, and are refused where they make no sense."""

from __future__ import annotations

from typing import Any

import pytest

from etl.formats.edi.structures.deviations import deviated
from etl.formats.edi.structures.dictionary import Element
from etl.formats.edi.structures.files import structure_of
from etl.formats.edi.structures.structure import Structure
from etl.formats.edifact.syntax import EDIFACT
from etl.formats.x12.syntax import X12
from etl.raw import DeclarationError

BILL = structure_of(X12, "210", "004010")
INVOICE = structure_of(EDIFACT, "INVOIC", "D96A")


def ids(structure: Structure, trigger: str) -> list[list[str]]:
    """The segments of each loop that a segment starts."""
    return [
        [each.segment_id for each in place.loop.places]
        for place in structure.places
        if place.loop is not None and place.segment_id == trigger
    ]


def element(structure: Structure, segment_id: str, place: int) -> Element:
    found = structure.segments[segment_id].elements[place - 1].components[0].of
    assert isinstance(found, Element)
    return found


def test_without_deviations_a_structure_is_itself() -> None:
    assert deviated(BILL, {}) is BILL
    assert deviated(BILL, [{"document": "214", "lengths": {"76": "1-35"}}]) is BILL


def test_segments_are_added_at_the_end_of_every_loop_of_a_trigger() -> None:
    changed = deviated(BILL, [{"segments": {"N1": ["L11 O 10"]}}])
    before, after = ids(BILL, "N1"), ids(changed, "N1")
    assert len(after) == len(before) > 1
    assert after == [[*inside, "L11"] for inside in before]
    added = [place for place in changed.places if place.segment_id == "L11"]
    assert {(place.required, place.repeat) for place in added} == {(False, 10)}


def test_segments_of_the_transaction_stand_before_its_trailer() -> None:
    changed = deviated(
        BILL, [{"segments": {"ST": ["ZZD O 5"]}, "definitions": {"ZZD": ["AN 1-9"]}}]
    )
    names = [place.segment_id for place in changed.transaction.places]
    assert names[-2:] == ["ZZD", "SE"]
    definition = changed.segments["ZZD"]
    assert [(use.of.type, use.of.least, use.of.most) for use in definition.elements] == [  # type: ignore[union-attr]
        ("AN", 1, 9)
    ]


def test_places_are_numbered_again_and_know_their_loops() -> None:
    changed = deviated(INVOICE, [{"segments": {"LIN": ["FTX O 1"], "NAD": ["FTX O 9"]}}])
    assert [place.number for place in changed.places] == list(range(1, len(changed.places) + 1))
    for place in changed.places:
        if place.parent is not None:
            assert place in place.parent.places
        if place.loop is not None:
            assert place.loop.trigger is place
            assert [each.ordinal for each in place.loop.places] == list(
                range(1, len(place.loop.places) + 1)
            )
    # the structure that it was made from is as it was
    assert len(changed.places) == len(INVOICE.places) + 3
    assert [place.number for place in INVOICE.places] == list(range(1, len(INVOICE.places) + 1))


def test_lengths_and_codes_are_by_the_number_of_the_data_element() -> None:
    changed = deviated(
        BILL, [{"lengths": {"76": "1-35"}, "codes": {"146": {"XX": "their own way"}}}]
    )
    assert (element(BILL, "B3", 2).most, element(changed, "B3", 2).most) == (22, 35)
    number, code = element(changed, "B3", 4), "XX"
    assert number.number == "146"
    assert number.codes.values[code] == "their own way"
    assert code not in element(BILL, "B3", 4).codes.values
    assert number.codes.complete == element(BILL, "B3", 4).codes.complete


def test_lengths_hold_inside_of_composites() -> None:
    changed = deviated(INVOICE, [{"lengths": {"1154": "1-50"}}])
    inside = changed.segments["RFF"].elements[0].components[1].of
    assert isinstance(inside, Element)
    assert inside.most == 50


def test_several_deviations_add_up() -> None:
    changed = deviated(
        BILL,
        [
            {"document": "210", "segments": {"ST": ["ZZA O 1"]}, "definitions": {"ZZA": []}},
            {"segments": {"ST": ["ZZB O 1"]}, "definitions": {"ZZB": ["N2 1-15", "DT 8-8"]}},
            {"document": 210, "lengths": {76: "1-99"}},
        ],
    )
    names = [place.segment_id for place in changed.transaction.places]
    assert names[-3:] == ["ZZA", "ZZB", "SE"]
    assert element(changed, "B3", 2).most == 99


@pytest.mark.parametrize(
    ("declared", "key", "expected"),
    [
        ("lengths", "source.deviations", "a list"),
        (["lengths"], "source.deviations[0]", "keys document, segments"),
        ([{"length": {}}], "source.deviations[0].length", "one of document"),
        ([{}, {"segments": {"QQ": ["N9 O 1"]}}], "source.deviations[1].segments", "starts a loop"),
        ([{"segments": {"B3": ["N9 O 1"]}}], "source.deviations[0].segments", "starts a loop"),
        ([{"segments": {"N1": ["N9"]}}], "source.deviations[0].segments.N1", "like 'L11 O 10'"),
        (
            [{"definitions": {"ZZA": ["AN"]}}],
            "source.deviations[0].definitions.ZZA",
            "types and lengths",
        ),
        ([{"lengths": {"76": "35"}}], "source.deviations[0].lengths.76", "a length like 1-35"),
    ],
)
def test_names_what_is_wrong(declared: Any, key: str, expected: str) -> None:
    with pytest.raises(DeclarationError) as raised:
        deviated(BILL, declared)
    assert raised.value.key == key
    assert expected in raised.value.expected
