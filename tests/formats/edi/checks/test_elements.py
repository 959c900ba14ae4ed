"""Elements are checked by columns, and told is what the exact rules say of each value alone."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.formats import format_named
from etl.formats.edi.checks.values import value_fault
from etl.formats.edi.delimiters import Delimiters
from etl.formats.edi.structures.dictionary import Element
from etl.formats.edifact.delimiters import USUAL as EDIFACT
from etl.formats.x12.delimiters import USUAL as X12
from etl.raw import Reader
from tests.formats.edifact import invoices
from tests.formats.source_files import source_file
from tests.formats.x12 import interchanges as x12

OF_X12 = ["R 1-18", "N2 1-9", "N0 1-2", "DT 8-8", "DT 6-8", "TM 4-8", "AN 2-10", "AN 1-300"]
OF_EDIFACT = ["n 1-15", "n 3-3", "n 1-2", "an 1-3", "an 2-17", "a 3-3"]
VALUES = st.one_of(
    st.text(alphabet="0123456789", max_size=20),
    st.text(alphabet="0123456789.-,E ", max_size=20),
    st.text(alphabet="ABC 1", max_size=20),
    st.text(alphabet="äß١", min_size=2, max_size=20),
    st.sampled_from(["-", ".", "-.", "1-", "--1", "1.2.3", "1" * 17, "-" + "1" * 16, "A" * 255]),
    st.dates().map(lambda day: day.strftime("%Y%m%d")),
    st.dates().map(lambda day: day.strftime("%y%m%d")),
    st.times().map(lambda moment: moment.strftime("%H%M%S")),
    st.sampled_from(["20230229", "20240229", "230229", "2400", "2401", "235960", "12:00"]),
)


def element(text: str) -> Element:
    type_, _, length = text.partition(" ")
    least, most = map(int, length.split("-"))
    return Element("1", "some element", type_, least, most)


def reader(syntax: str, document: str, header: str, version: str, types: list[str]) -> Reader:
    """One for a document that has a segment ZZZ of the partner's own."""
    deviations = [{"segments": {header: ["ZZZ O 9"]}, "definitions": {"ZZZ": types}}]
    source = {"document": document, "versions": [version], "deviations": deviations}
    return format_named(syntax).reader(source)


READERS = {
    "x12": reader("x12", "210", "ST", "004010", OF_X12),
    "edifact": reader("edifact", "INVOIC", "UNH", "D96A", OF_EDIFACT),
}


def told(syntax: str, data: bytes) -> Counter[tuple[str | None, str, int | None]]:
    """What is told of the segments ZZZ: document, code and element."""
    return Counter(
        (defect.position.document, defect.code, defect.position.element)
        for chunk in READERS[syntax].read([source_file(data)])
        for defect in chunk.defects
        if defect.position.segment_id == "ZZZ"
    )


def expected(
    rows: list[list[str]], types: list[str], delimiters: Delimiters
) -> Counter[tuple[str | None, str, int | None]]:
    found: Counter[tuple[str | None, str, int | None]] = Counter()
    for number, values in enumerate(rows, start=1):
        for place, (value, type_) in enumerate(zip(values, types, strict=True), start=1):
            fault = value_fault(value, element(type_), delimiters) if value else None
            if fault is not None:
                found[str(number), fault.code, place] += 1
    return found


@settings(max_examples=150)
@given(st.lists(st.lists(VALUES, min_size=8, max_size=8), min_size=1, max_size=8))
def test_of_x12_values_all_that_are_wrong_are_told_and_no_others(rows: list[list[str]]) -> None:
    rows = [[value.replace("*", "").replace("~", "") for value in row] for row in rows]
    bodies = [[*x12.BODY, "*".join(["ZZZ", *row])] for row in rows]
    transactions = [x12.transaction(str(n), body) for n, body in enumerate(bodies, start=1)]
    data = x12.written(x12.interchange(x12.group(*transactions)))
    assert told("x12", data) == expected(rows, OF_X12, X12)


@settings(max_examples=150)
@given(st.lists(st.lists(VALUES, min_size=6, max_size=6), min_size=1, max_size=8))
def test_of_edifact_values_all_that_are_wrong_are_told_and_no_others(
    rows: list[list[str]],
) -> None:
    escaped = [
        ["".join(f"?{c}" if c in "+:'?" else c for c in value) for value in row] for row in rows
    ]
    bodies = [[*invoices.BODY, "+".join(["ZZZ", *row])] for row in escaped]
    messages = [invoices.message(str(n), body) for n, body in enumerate(bodies, start=1)]
    data = "".join(f"{each}'\n" for each in invoices.interchange(*messages, syntax="UNOY:3"))
    assert told("edifact", data.encode()) == expected(rows, OF_EDIFACT, EDIFACT)


@pytest.mark.parametrize(
    ("segment", "codes"),
    [
        ("N1*BT", ["CONDITION_MISSING"]),  # R0203: a name or an id
        ("N1*BT*ACME*93", ["CONDITION_MISSING"]),  # P0304: qualifier and id
        ("N1**ACME", ["MISSING_ELEMENT"]),
        ("N1*BT*ACME*93*12345*99*BT*8*9", ["TOO_MANY_ELEMENTS"]),
        ("N1*BT*ACME*93*12345", []),
    ],
)
def test_presence_and_conditions_of_x12(segment: str, codes: list[str]) -> None:
    body = [each if not each.startswith("N1*BT") else segment for each in x12.BODY]
    found = x12.defects(x12.written(x12.interchange(x12.group(x12.transaction(body=body)))))
    assert [defect.code for defect in found] == codes


@pytest.mark.parametrize(
    ("segment", "codes"),
    [
        ("MOA+:150.00", [("MISSING_ELEMENT", 1, 1)]),
        ("MOA", [("MISSING_ELEMENT", 1, None)]),
        ("MOA+203:1:EUR:4:5:6", [("TOO_MANY_COMPONENTS", 1, 6)]),
        ("MOA+203:150.00+1", [("TOO_MANY_ELEMENTS", 2, None)]),
        ("MOA+2030:150.00", [("ELEMENT_TOO_LONG", 1, 1)]),
        ("MOA+203:1234567890123456789", [("ELEMENT_TOO_LONG", 1, 2)]),
        ("MOA+203:1 5", [("BAD_NUMBER", 1, 2)]),
        ("MOA+203:-150,00:EUR", []),
    ],
)
def test_presence_length_and_type_of_components(
    segment: str, codes: list[tuple[str, int, int | None]]
) -> None:
    body = [segment if each == "MOA+203:150.00" else each for each in invoices.BODY]
    data = invoices.written(invoices.interchange(invoices.message(body=body)))
    found = [
        (defect.code, defect.position.element, defect.position.component)
        for chunk in READERS["edifact"].read([source_file(data)])
        for defect in chunk.defects
    ]
    assert found == codes
