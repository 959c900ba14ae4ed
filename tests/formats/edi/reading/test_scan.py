"""Separators are found where they stand and are not released, in one pass over blocks."""

from __future__ import annotations

from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.formats.edi.delimiters import Delimiters
from etl.formats.edi.reading import scan
from etl.formats.edi.reading.scan import occurrences, places_of, released, separators_of

EDIFACT = Delimiters(ord("+"), ord(":"), None, ord("'"), ord("?"))
X12 = Delimiters(ord("*"), ord(":"), None, ord("~"))
TEXTS = st.text(alphabet="+:'?*~A", max_size=60).map(str.encode)


def plainly(data: bytes, separators: str, release: int | None) -> list[int]:
    """The same, byte by byte."""
    found, is_released = [], False
    for offset, byte in enumerate(data):
        if is_released:
            is_released = False
        elif byte == release:
            is_released = True
        elif chr(byte) in separators:
            found.append(offset)
    return found


@given(TEXTS, st.sampled_from([EDIFACT, X12]), st.booleans(), st.integers(1, 9))
def test_separators_are_those_of_a_walk_byte_by_byte(
    data: bytes, delimiters: Delimiters, components: bool, block: int
) -> None:
    element, component, terminator = (
        chr(delimiters.element),
        chr(delimiters.component),
        chr(delimiters.terminator),
    )
    with mock.patch.object(scan, "_BLOCK", block):
        found = separators_of(data, delimiters, components=components)
    outer = plainly(data, element + terminator, delimiters.release)
    assert found.outer.tolist() == outer
    ends = [at for at, offset in enumerate(outer) if data[offset] == delimiters.terminator]
    assert found.terminators.tolist() == ends
    if not components:
        assert found.every is None
        return
    every = plainly(data, element + component + terminator, delimiters.release)
    assert found.every is not None
    assert found.among is not None
    assert found.every.tolist() == every
    assert found.among.tolist() == [*(every.index(offset) for offset in outer), len(every)]


@given(TEXTS, st.sampled_from([ord("?"), None]), st.integers(1, 9))
def test_places_of_one_separator(data: bytes, release: int | None, block: int) -> None:
    with mock.patch.object(scan, "_BLOCK", block):
        assert places_of(data, ord(":"), release).tolist() == plainly(data, ":", release)


@pytest.mark.parametrize(
    ("data", "places"),
    [
        (b"A'B'", [1, 3]),
        (b"A?'B'", [4]),
        (b"A??'", [3]),
        (b"A???'B'", [6]),
        (b"????'", [4]),
        (b"?????'", []),
        (b"?", []),
        (b"'?", [0]),
        (b"??'?'", [2]),
        (b"?A'", [2]),
        (b"", []),
    ],
)
def test_a_run_of_release_characters_releases_when_it_is_odd(
    data: bytes, places: list[int]
) -> None:
    assert places_of(data, ord("'"), ord("?")).tolist() == places
    terminators = [at for at, byte in enumerate(data) if byte == ord("'")]
    assert [at for at in terminators if not released(data, at, ord("?"))] == places


def test_without_a_release_character_nothing_is_released() -> None:
    assert places_of(b"A?'B'", ord("'")).tolist() == [2, 4]
    assert not released(b"?'", 1, None)


@given(
    st.text(alphabet="UNBAIS", max_size=40).map(str.encode),
    st.sampled_from([b"UNB", b"UNA", b"ISA", b"AA", b"AAA"]),
    st.integers(1, 9),
)
def test_a_word_is_found_wherever_it_stands(data: bytes, word: bytes, block: int) -> None:
    with mock.patch.object(scan, "_BLOCK", block):
        found = occurrences(data, word)
    assert found.tolist() == [at for at in range(len(data)) if data.startswith(word, at)]
