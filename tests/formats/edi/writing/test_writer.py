"""The bytes of our interchanges, and what cannot be written."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.formats.edi.outgoing import OutgoingTransaction, SegmentValue, segment
from etl.formats.edi.writing.unwritable import UnwritableError
from etl.formats.edi.writing.writer import written
from etl.formats.edifact.syntax import EDIFACT
from etl.formats.x12.syntax import X12
from tests.formats.edi.outgoing import (
    EDIFACT_SEPARATORS,
    X12_SEPARATORS,
    edifact,
    form,
    received,
    walked,
    x12,
)

ANSWER = OutgoingTransaction(
    "990", "004010", (segment("B1", "SCAC", "4711", "20261125", "A"), segment("N9", "CN", "12"))
)


def lines(interchange: Any) -> list[str]:
    return written(interchange).decode("latin-1").splitlines()


def test_an_x12_interchange_gets_its_envelopes_counts_and_numbers() -> None:
    assert lines(x12(ANSWER, ANSWER)) == [
        "ISA*00*          *00*          *ZZ*US             *02*THEM           "
        "*261125*1430*^*00501*000000007*0*P*:~",
        "GS*GF*US*THEM*20261125*1430*1*X*004010~",
        "ST*990*0001~",
        "B1*SCAC*4711*20261125*A~",
        "N9*CN*12~",
        "SE*4*0001~",
        "ST*990*0002~",
        "B1*SCAC*4711*20261125*A~",
        "N9*CN*12~",
        "SE*4*0002~",
        "GE*2*1~",
        "IEA*1*000000007~",
    ]


def test_the_isa_has_106_bytes_whatever_is_in_it() -> None:
    data = written(x12(sender=("A", "01"), receiver=("B" * 15, "ZZ"), number=123456789))
    assert data.index(b"~") == 105
    assert data.endswith(b"~\nIEA*0*123456789~\n")


def test_each_document_and_version_gets_a_group_of_its_own() -> None:
    other = replace(ANSWER, version="005010")
    functional = OutgoingTransaction("997", "004010", (segment("AK1", "SM", "1"),))
    written_lines = lines(x12(ANSWER, functional, ANSWER, other, group_number=40))
    assert [line for line in written_lines if line.startswith(("GS", "GE"))] == [
        "GS*GF*US*THEM*20261125*1430*40*X*004010~",
        "GE*2*40~",
        "GS*FA*US*THEM*20261125*1430*41*X*004010~",
        "GE*1*41~",
        "GS*GF*US*THEM*20261125*1430*42*X*005010~",
        "GE*1*42~",
    ]
    assert written_lines[-1] == "IEA*3*000000007~"


def test_group_ids_test_mark_request_and_convention_are_written() -> None:
    own = replace(ANSWER, number="4711", convention="005010X999", version="005010X999")
    found = lines(
        x12(
            own,
            group_sender="USGROUP",
            group_receiver="THEMGROUP",
            test=True,
            acknowledgement=True,
        )
    )
    assert found[0].endswith("*1*T*:~")
    assert found[1] == "GS*GF*USGROUP*THEMGROUP*20261125*1430*1*X*005010X999~"
    assert found[2] == "ST*990*4711*005010X999~"
    assert found[5] == "SE*4*4711~"


def test_a_ta1_stands_outside_of_groups_and_is_not_counted() -> None:
    note = segment("TA1", "000000001", "261125", "1430", "A", "000")
    assert lines(x12(notes=(note,)))[1:] == [
        "TA1*000000001*261125*1430*A*000~",
        "IEA*0*000000007~",
    ]


def test_before_00402_elements_do_not_repeat_and_isa11_is_the_standard_u() -> None:
    caret = replace(ANSWER, segments=(segment("K1", "A^B"),))
    found = lines(x12(caret, version="00401"))
    assert "*U*00401*" in found[0]
    assert found[3] == "K1*A^B~"
    twice = replace(ANSWER, segments=(SegmentValue("K1", ((("A",), ("B",)),)),))
    with pytest.raises(UnwritableError, match="cannot repeat"):
        written(x12(twice, version="00401"))
    assert lines(x12(twice))[3] == "K1*A^B~"


def test_an_edifact_interchange_gets_its_envelopes_counts_and_numbers() -> None:
    message = OutgoingTransaction("INVOIC", "D96A", (segment("BGM", "380", "4711", "9"),))
    own = replace(message, number="M1", convention="EAN008")
    assert lines(edifact(message, own, application="INVOIC", test=True, acknowledgement=True)) == [
        "UNA:+.? '",
        "UNB+UNOC:3+US:ZZ+THEM:14+261125:1430+7++INVOIC++1++1'",
        "UNH+1+INVOIC:D:96A:UN'",
        "BGM+380+4711+9'",
        "UNT+3+1'",
        "UNH+M1+INVOIC:D:96A:UN:EAN008'",
        "BGM+380+4711+9'",
        "UNT+3+M1'",
        "UNZ+2+7'",
    ]


def test_syntax_version_4_has_a_century_and_a_repetition_separator() -> None:
    answer = OutgoingTransaction(
        "CONTRL", "41", (SegmentValue("UCI", ((("5*",),), (("A", "14"), ("B",)))),)
    )
    assert lines(edifact(answer, version="UNOC:4")) == [
        "UNA:+.?*'",
        "UNB+UNOC:4+US:ZZ+THEM:14+20261125:1430+7'",
        "UNH+1+CONTRL:4:1:UN'",
        "UCI+5?*+A:14*B'",
        "UNT+3+1'",
        "UNZ+1+7'",
    ]


def test_without_una_only_the_usual_separators_can_be_written() -> None:
    assert lines(edifact(una=False, line_ends=False)) == [
        "UNB+UNOC:3+US:ZZ+THEM:14+261125:1430+7'UNZ+0+7'"
    ]
    others = replace(EDIFACT_SEPARATORS, element=ord("|"))
    with pytest.raises(UnwritableError, match="or a UNA"):
        written(edifact(una=False, delimiters=others))
    assert lines(edifact(delimiters=others))[:2] == [
        "UNA:|.? '",
        "UNB|UNOC:3|US:ZZ|THEM:14|261125:1430|7'",
    ]
    comma = replace(EDIFACT_SEPARATORS, decimal_comma=True)
    assert lines(edifact(delimiters=comma))[0] == "UNA:+,? '"


def test_a_terminator_that_ends_lines_is_written_once() -> None:
    data = written(x12(delimiters=replace(X12_SEPARATORS, terminator=ord("\n"))))
    assert data.count(b"\n") == 2


def test_empty_elements_components_and_repetitions_at_the_end_are_left_out() -> None:
    long = SegmentValue("NAD", ((("BY",),), (("", "", ""),), (("A", "", "B", ""), ("",)), (), ()))
    message = OutgoingTransaction("INVOIC", "D96A", (long,))
    assert "NAD+BY++A::B'" in lines(edifact(message))


def test_edifact_is_written_in_the_charset_that_its_syntax_identifier_declares() -> None:
    message = OutgoingTransaction("INVOIC", "D96A", (segment("FTX", "AAI", None, None, "Müller"),))
    assert b"M\xfcller" in written(edifact(message))
    assert "Müller".encode() in written(edifact(message, version="UNOW:4"))
    with pytest.raises(UnwritableError) as raised:
        written(edifact(message, version="UNOA:3"))
    assert str(raised.value) == (
        "document 1 segment 2 segment_id FTX element 4: found 'Müller', "
        "expected characters that ascii has"
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("A*B", "'*'"),
        ("A~B", "'~'"),
        ("A:B", "':'"),
        ("A^B", "'^'"),
        ("A\nB", "control characters"),
        ("A\x00B", "control characters"),
        ("Ł", "characters that latin-1 has"),
    ],
)
def test_x12_says_which_value_cannot_be_written(value: str, expected: str) -> None:
    wrong = replace(ANSWER, segments=(*ANSWER.segments, segment("K1", "fine", value)))
    with pytest.raises(UnwritableError) as raised:
        written(x12(ANSWER, wrong, charset="latin-1"))
    assert expected in raised.value.expected
    assert raised.value.value == value
    at = raised.value.position
    assert (at.document, at.segment, at.segment_id, at.element) == ("0002", 4, "K1", 2)


def test_the_component_that_cannot_be_written_is_named() -> None:
    wrong = replace(ANSWER, segments=(segment("C8", ("A", "B~")),))
    with pytest.raises(UnwritableError) as raised:
        written(x12(wrong))
    assert (raised.value.position.element, raised.value.position.component) == (1, 2)


@pytest.mark.parametrize(
    ("changes", "element"),
    [
        ({"sender": ("A" * 16, "ZZ")}, 6),
        ({"sender": ("", "ZZ")}, 6),
        ({"sender": ("A", "Z")}, 5),
        ({"receiver": ("A*B", "ZZ")}, 8),
        ({"receiver": ("A ", "ZZ")}, 8),
        ({"receiver": ("Ä", "ZZ")}, 8),
        ({"number": 1_000_000_000}, 13),
        ({"version": "4010"}, 12),
    ],
)
def test_what_does_not_fit_into_an_isa_is_refused(changes: Any, element: int) -> None:
    with pytest.raises(UnwritableError) as raised:
        written(x12(ANSWER, **changes))
    assert (raised.value.position.segment_id, raised.value.position.element) == ("ISA", element)


@pytest.mark.parametrize(
    ("changes", "element"),
    [
        ({"sender": ("A" * 36, "ZZ")}, 2),
        ({"receiver": ("B", "12345")}, 3),
        ({"number": 10**14}, 5),
        ({"application": "X" * 15}, 7),
        ({"version": "UNOC3"}, 1),
        ({"version": "UNOC:5"}, 1),
    ],
)
def test_what_does_not_fit_into_a_unb_is_refused(changes: Any, element: int) -> None:
    with pytest.raises(UnwritableError) as raised:
        written(edifact(**changes))
    assert (raised.value.position.segment_id, raised.value.position.element) == ("UNB", element)


@pytest.mark.parametrize(
    "transaction",
    [
        replace(ANSWER, number="123"),
        replace(ANSWER, number="1234567890"),
        replace(ANSWER, document="989"),
        replace(ANSWER, segments=(segment("SE", "1", "1"),)),
        replace(ANSWER, segments=(segment("b1", "1"),)),
        replace(ANSWER, segments=(segment("B*1", "1"),)),
    ],
)
def test_a_transaction_that_would_break_its_envelope_is_refused(
    transaction: OutgoingTransaction,
) -> None:
    with pytest.raises(UnwritableError):
        written(x12(transaction))


def test_a_control_number_is_not_given_twice() -> None:
    with pytest.raises(UnwritableError, match="not used before"):
        written(x12(ANSWER, replace(ANSWER, number="0001")))


@pytest.mark.parametrize(
    "separators",
    [
        replace(X12_SEPARATORS, component=ord("*")),
        replace(X12_SEPARATORS, element=ord("A")),
        replace(X12_SEPARATORS, terminator=ord(" ")),
        replace(X12_SEPARATORS, repetition=ord(":")),
        replace(X12_SEPARATORS, terminator=0x20AC),
    ],
)
def test_separators_that_cannot_be_told_apart_are_refused(separators: Any) -> None:
    with pytest.raises(UnwritableError, match="separator"):
        written(x12(delimiters=separators))


TEXT = st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=8)
COMPONENTS = st.lists(TEXT, min_size=1, max_size=3).map(tuple)
ELEMENT = st.lists(COMPONENTS, min_size=1, max_size=3).map(tuple)
SEGMENTS = st.lists(
    st.builds(
        SegmentValue,
        st.sampled_from(["FTX", "NAD", "N1"]),
        st.lists(ELEMENT, max_size=4).map(tuple),
    ),
    max_size=4,
).map(tuple)


def trimmed(segment: SegmentValue) -> list[Any]:
    """A segment as it is read back: nothing empty at the end of anything."""
    elements = []
    for element in segment.elements:
        repetitions = [_cut(list(components)) for components in element]
        elements.append(tuple(tuple(each) or ("",) for each in _cut(repetitions)))
    return form(SegmentValue(segment.id, tuple(elements)))


def _cut(values: list[Any]) -> list[Any]:
    while values and not values[-1]:
        values.pop()
    return values


@given(SEGMENTS)
def test_any_text_of_the_charset_comes_back_from_edifact(segments: Any) -> None:
    message = OutgoingTransaction("INVOIC", "D96A", segments)
    data = written(edifact(message, message, version="UNOC:4"))
    read = [each.value for each in walked(data, EDIFACT) if each.number]
    body = [form(each) for each in read if each.id not in EDIFACT.control]
    assert body == [trimmed(each) for each in chain(segments, segments)]
    [interchange], _ = received(data, EDIFACT)
    assert [each.segments for each in interchange.transactions] == [len(segments) + 2] * 2


@given(SEGMENTS)
def test_any_text_comes_back_from_x12_or_is_refused(segments: Any) -> None:
    transaction = replace(ANSWER, segments=segments)
    separators = set("*:^~")
    clash = any(
        separators & set(value)
        for each in segments
        for element in each.elements
        for components in element
        for value in components
    )
    if clash:
        with pytest.raises(UnwritableError):
            written(x12(transaction))
        return
    read = [each.value for each in walked(written(x12(transaction)), X12) if each.number]
    body = [form(each) for each in read if each.id not in X12.control]
    assert body == [trimmed(each) for each in segments]
