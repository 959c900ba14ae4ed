"""What we write, our reader and peers read back the same: every structure of both syntaxes."""

from __future__ import annotations

import warnings
from io import StringIO

import pytest
from pydifact.segmentcollection import Interchange
from pyx12.x12file import X12Reader

from etl.formats.edi.outgoing import OutgoingInterchange, OutgoingTransaction
from etl.formats.edi.structures.structure import Structure
from etl.formats.edi.writing.writer import written
from etl.formats.edifact.syntax import EDIFACT
from etl.formats.x12.syntax import X12
from tests.formats.edi.generation import Generator
from tests.formats.edi.outgoing import STRUCTURES, edifact, form, received, walked, x12

ALL = pytest.mark.parametrize("structure", STRUCTURES, ids=lambda each: each.label)
OF_X12 = [each for each in STRUCTURES if each.syntax is X12]
OF_EDIFACT = [each for each in STRUCTURES if each.syntax is EDIFACT]
MARKS = {"x12": " .,-/", "edifact": " .,-/?+:'*äß"}


def generated(structure: Structure, *, repetitions: bool = True) -> list[OutgoingTransaction]:
    """One with what is required only, one with about half of the rest, one with everything."""
    marks = MARKS[structure.syntax.name]
    return [
        Generator(structure, seed, optional, marks, repetitions=repetitions).transaction()
        for seed, optional in enumerate((0.0, 0.4, 1.0))
    ]


def interchange_of(
    structure: Structure, transactions: list[OutgoingTransaction]
) -> OutgoingInterchange:
    if structure.syntax is X12:
        return x12(*transactions)
    return edifact(*transactions, version="UNOC:4")


@ALL
def test_our_reader_reads_it_back_and_finds_nothing_wrong(structure: Structure) -> None:
    transactions = generated(structure)
    data = written(interchange_of(structure, transactions))
    [interchange], defects = received(data, structure.syntax)
    assert [f"{each.code} {each}" for each in defects] == []
    assert [(each.document, each.version) for each in interchange.transactions] == [
        (structure.document, structure.version)
    ] * len(transactions)
    assert [each.segments for each in interchange.transactions] == [
        len(each.segments) + 2 for each in transactions
    ]


@ALL
def test_its_elements_are_the_same_after_reading_and_writing_again(structure: Structure) -> None:
    transactions = generated(structure)
    data = written(interchange_of(structure, transactions))
    control = structure.syntax.control
    read = [each.value for each in walked(data, structure.syntax) if each.value.id not in control]
    assert list(map(form, read)) == [
        form(segment) for each in transactions for segment in each.segments
    ]
    rest = iter(read)
    again = [
        OutgoingTransaction(each.document, each.version, tuple(next(rest) for _ in each.segments))
        for each in transactions
    ]
    assert written(interchange_of(structure, again)) == data


@pytest.mark.parametrize("structure", OF_X12, ids=lambda each: each.label)
def test_pyx12_reads_x12_back(structure: Structure) -> None:
    transactions = generated(structure)
    reader = X12Reader(StringIO(written(x12(*transactions)).decode()))
    read = []
    for segment in reader:
        name = segment.get_seg_id()
        if name not in X12.control:
            values = [segment.get_value(f"{name}{at:02}") for at in range(1, len(segment) + 1)]
            read.append([name, *values])
    assert reader.pop_errors() == []
    assert read == [
        [segment_id, *map(_as_pyx12_has_it, elements)]
        for each in transactions
        for segment_id, *elements in map(form, each.segments)
    ]


def _as_pyx12_has_it(element: object) -> str:
    """It leaves composites and repetitions as they stand in the text."""
    if isinstance(element, str):
        return element
    assert isinstance(element, list)
    if isinstance(element[0], list):
        return "^".join(map(_as_pyx12_has_it, element))
    return ":".join(element)


@pytest.mark.parametrize("structure", OF_EDIFACT, ids=lambda each: each.label)
def test_pydifact_reads_edifact_back(structure: Structure) -> None:
    # it does not know the repetition separator of syntax version 4
    transactions = generated(structure, repetitions=False)
    text = written(edifact(*transactions)).decode("iso8859-1")
    with warnings.catch_warnings():
        # it has no directories for most versions, and says so at each segment
        warnings.simplefilter("ignore")
        messages = list(Interchange.from_str(text).get_messages())
    read = [[each.tag, *each.elements] for message in messages for each in message.segments]
    assert read == [form(segment) for each in transactions for segment in each.segments]
