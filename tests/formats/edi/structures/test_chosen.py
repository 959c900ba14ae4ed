"""Structures together: classes of ids, the nearest version, numbers, and where to cut."""

from __future__ import annotations

import pytest

from etl.formats.edi.reading.transactions import Kind
from etl.formats.edi.structures.chosen import Structures
from etl.formats.edi.structures.files import structure_of
from etl.formats.edi.syntax import OTHER, TRANSACTION, TRANSACTION_END
from etl.formats.edifact.syntax import EDIFACT
from etl.formats.x12.syntax import X12

BILLS = Structures(X12, [structure_of(X12, "210", version) for version in ("004010", "005010")])
INVOICES = Structures(
    EDIFACT,
    [
        structure_of(EDIFACT, document, version)
        for document, version in [("INVOIC", "D96A"), ("INVOIC", "D00B"), ("IFTSTA", "D96A")]
    ],
)


def test_service_segments_come_first_and_every_id_has_a_class() -> None:
    assert (BILLS.classes["ST"], BILLS.classes["SE"]) == (TRANSACTION, TRANSACTION_END)
    assert BILLS.classes["TA1"] == OTHER
    assert sorted(BILLS.classes.values()) == list(range(1, len(BILLS.classes) + 1))
    ids = {place.segment_id for structure in BILLS.all for place in structure.places}
    assert ids <= BILLS.classes.keys()


@pytest.mark.parametrize(
    ("structures", "kind", "label"),
    [
        (BILLS, Kind("210", "004010"), "210 004010"),
        (BILLS, Kind("210", "004030"), "210 004010"),
        (BILLS, Kind("210", "003040"), "210 004010"),
        (BILLS, Kind("210", "005010X230"), "210 005010"),
        (BILLS, Kind("210", "008010"), "210 005010"),
        (INVOICES, Kind("INVOIC", "D99B"), "INVOIC D96A"),
        (INVOICES, Kind("INVOIC", "D01B"), "INVOIC D00B"),
        (INVOICES, Kind("IFTSTA", "D00B"), "IFTSTA D96A"),
    ],
)
def test_the_nearest_structure(structures: Structures, kind: Kind, label: str) -> None:
    assert structures.all[structures.nearest(kind)].label == label


def test_no_structure_of_another_document() -> None:
    assert BILLS.nearest(Kind("214", "004010")) == -1
    assert Structures(X12, []).nearest(Kind("210", "004010")) == -1
    assert INVOICES.documents == ("INVOIC", "IFTSTA")


def test_places_of_all_structures_are_in_one_numbering() -> None:
    table = INVOICES.table
    assert table.size == 1 + sum(len(structure.places) for structure in INVOICES.all)
    for number, structure in enumerate(INVOICES.all):
        for place in structure.places:
            at = table.number(number, place)
            assert table.places[at] is place
            assert table.structure_of[at] == number


@pytest.mark.parametrize(
    ("segment_id", "element", "component", "number"),
    [
        ("MOA", 1, 2, True),
        ("MOA", 1, 1, False),
        ("MOA", 1, 9, False),
        ("QTY", 1, 2, True),
        ("BGM", 2, 1, False),
        ("UNT", 1, 1, True),
        ("MOA", 9, 1, False),
        ("ZZZ", 1, 1, False),
    ],
)
def test_numbers_are_known_by_their_place(
    segment_id: str, element: int, component: int, number: bool
) -> None:
    assert INVOICES.is_number(segment_id, element, component) == number


@pytest.mark.parametrize(
    ("structures", "opening", "cuts"),
    [
        (INVOICES, "UNH+1+INVOIC:D:96A:UN", "LIN"),
        (BILLS, "ST*210*0001", "LX"),
    ],
)
def test_large_transactions_are_cut_before_their_lines(
    structures: Structures, opening: str, cuts: str
) -> None:
    assert cuts in structures.cuts(opening)


def test_a_segment_that_stands_elsewhere_too_is_no_place_to_cut() -> None:
    for structures, opening in ((INVOICES, "UNH+1+INVOIC:D:96A:UN"), (BILLS, "ST*210*0001")):
        for structure in structures.all:
            ids = [place.segment_id for place in structure.places]
            if structure.document in opening:
                assert all(ids.count(each) == 1 for each in structures.cuts(opening))
    assert structures.cuts("ST*997*0001") == ()
