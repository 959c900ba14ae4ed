"""Structure files: versions and their order, dictionaries that build on older ones, errors."""

from __future__ import annotations

from typing import Any

import pytest

from etl.formats.edi.structures.dictionary import Composite, Element
from etl.formats.edi.structures.files import (
    UNBOUNDED,
    StructureFileError,
    documents,
    nearest_version,
    newest_segments,
    segments_of,
    structure_from,
    structure_of,
    versions,
    versions_beginning,
)
from etl.formats.edi.syntax import Syntax
from etl.formats.edifact.syntax import EDIFACT
from etl.formats.x12.syntax import X12

SEGMENTS = segments_of(X12, "004010")


def test_documents_of_both_syntaxes() -> None:
    assert {"210", "214", "204", "990", "820", "997", "999"} <= set(documents(X12))
    assert {"INVOIC", "IFTSTA", "IFTMIN", "APERAK", "CONTRL"} <= set(documents(EDIFACT))


def test_versions_are_in_the_order_of_their_time() -> None:
    assert versions(X12, "210") == ("004010", "005010")
    assert versions(EDIFACT, "INVOIC") == ("D96A", "D96B", "D99B", "D00B")
    assert versions(X12, "999") == ("005010",)
    assert versions(X12, "211") == ()


@pytest.mark.parametrize(
    ("syntax", "document", "version", "nearest"),
    [
        (X12, "210", "004010", "004010"),
        (X12, "210", "004030", "004010"),
        (X12, "210", "003020", "004010"),
        (X12, "210", "006020", "005010"),
        (X12, "997", "005010X230", "005010"),
        (X12, "999", "004010", "005010"),
        (X12, "210", "", "004010"),
        (EDIFACT, "INVOIC", "D93A", "D96A"),
        (EDIFACT, "INVOIC", "D97B", "D96B"),
        (EDIFACT, "INVOIC", "D99A", "D96B"),
        (EDIFACT, "INVOIC", "D00A", "D99B"),
        (EDIFACT, "INVOIC", "D07A", "D00B"),
    ],
)
def test_the_nearest_is_the_next_older_one_or_the_oldest(
    syntax: Syntax, document: str, version: str, nearest: str
) -> None:
    assert nearest_version(syntax, document, version) == nearest


@pytest.mark.parametrize(
    ("syntax", "document", "beginning", "found"),
    [
        (X12, "210", "004010", ("004010",)),
        (X12, "210", "005010X230", ("005010",)),
        (X12, "210", "005", ("004010", "005010")),
        (X12, "210", "00401", ("004010", "005010")),
        (EDIFACT, "INVOIC", "D01B", ("D00B",)),
        (EDIFACT, "INVOIC", "D0", ("D96A", "D96B", "D99B", "D00B")),
        (EDIFACT, "INVOIC", "D01", ("D96A", "D96B", "D99B", "D00B")),
    ],
)
def test_a_beginning_stands_for_every_version_that_may_come(
    syntax: Syntax, document: str, beginning: str, found: tuple[str, ...]
) -> None:
    assert versions_beginning(syntax, document, beginning) == found


def test_a_document_without_structure_has_no_nearest_version() -> None:
    with pytest.raises(KeyError):
        nearest_version(X12, "211", "004010")
    with pytest.raises(KeyError):
        structure_of(EDIFACT, "ORDERS", "D96A")


def test_a_newer_dictionary_has_what_an_older_one_has_not_and_keeps_the_rest() -> None:
    older, newer = segments_of(EDIFACT, "D96A"), segments_of(EDIFACT, "D00B")
    assert older.keys() <= newer.keys()
    assert newest_segments(EDIFACT) == newer

    def reference(segments: Any) -> Element:
        composite = segments["RFF"].elements[0].of
        assert isinstance(composite, Composite)
        found = composite.components[1].of
        assert isinstance(found, Element)
        return found

    assert (reference(older).most, reference(newer).most) == (35, 70)


def test_a_version_without_its_own_file_has_the_loops_of_the_one_before_and_its_own_lengths() -> (
    None
):
    old, new = structure_of(EDIFACT, "IFTFCC", "D96A"), None
    for version in versions(EDIFACT, "IFTFCC")[1:]:
        new = structure_of(EDIFACT, "IFTFCC", version)
        assert [place.segment_id for place in new.places] == [
            place.segment_id for place in old.places
        ]
        assert new.segments["RFF"] == segments_of(EDIFACT, version)["RFF"]
    assert new is not None


def built(content: list[Any], segments: Any = SEGMENTS) -> Any:
    declared = {"document": "9", "name": "nine", "group": "NN", "content": content}
    return structure_from(X12, "004010", declared, segments, "9.yaml")


def test_a_structure_is_built_from_its_file() -> None:
    structure = built(["B3 M 1", {"LX O >1": [{"SG2 N1 C 3": ["N4 O 1"]}, "L1 M 10"]}])
    assert [place.segment_id for place in structure.places] == [
        "ST", "B3", "LX", "N1", "N4", "L1", "SE",
    ]  # fmt: skip
    assert [place.number for place in structure.places] == list(range(1, 8))
    by_id = {place.segment_id: place for place in structure.places}
    assert (by_id["B3"].required, by_id["LX"].required, by_id["SE"].required) == (True, False, True)
    assert by_id["LX"].repeat == UNBOUNDED
    loop = by_id["N1"].loop
    assert (loop.name, loop.path, loop.depth) == ("SG2", "LX/N1", 2)
    assert by_id["N4"].parent is loop
    assert by_id["L1"].ordinal == 2
    assert structure.label == "9 004010"
    assert structure.segments["B3"] == SEGMENTS["B3"]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (["B3 M"], "9.yaml: 'B3 M'"),
        (["b3 M 1"], "9.yaml: 'b3 M 1'"),
        (["B3 Q 1"], "9.yaml: 'B3 Q 1'"),
        ([{"LX O 1": ["N9"]}], "9.yaml: 'N9'"),
        (["QQ M 1"], "9.yaml: segments without a definition: QQ"),
    ],
)
def test_a_broken_file_names_the_entry(content: list[Any], expected: str) -> None:
    with pytest.raises(StructureFileError, match=expected):
        built(content)
