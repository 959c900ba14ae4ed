"""Text of segments to values and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.formats.edi.delimiters import Delimiters
from etl.formats.edi.notation import Notation
from etl.formats.edi.outgoing import SegmentValue

X12 = Notation(Delimiters(ord("*"), ord(":"), ord("^"), ord("~")))
EDIFACT = Notation(Delimiters(ord("+"), ord(":"), ord("*"), ord("'"), ord("?")))
SYNTAX_3 = Notation(Delimiters(ord("+"), ord(":"), None, ord("'"), ord("?")))
NO_RELEASE = Notation(Delimiters(ord("+"), ord(":"), None, ord("'")))


def test_text_is_cut_at_terminators_that_are_not_released() -> None:
    assert EDIFACT.segments("A+1?'2'B+3??'C") == ["A+1?'2", "B+3??", "C"]
    assert NO_RELEASE.segments("A+1?'2'") == ["A+1?", "2", ""]
    assert X12.segments("A*1~B*2~") == ["A*1", "B*2", ""]


@pytest.mark.parametrize(
    ("notation", "text", "value"),
    [
        (EDIFACT, "A?+B:C??*D", (("A+B", "C?"), ("D",))),
        (SYNTAX_3, "A?*B*C", (("A*B*C",),)),
        (EDIFACT, "?\n?:", (("\n:",),)),
        (EDIFACT, "A?", (("A?",),)),
        (EDIFACT, "", (("",),)),
        (X12, "A?:B^C", (("A?", "B"), ("C",))),
    ],
)
def test_an_element_is_its_repetitions_and_components(
    notation: Notation, text: str, value: tuple[tuple[str, ...], ...]
) -> None:
    assert notation.value(text) == value


def test_separators_are_released_and_others_are_not() -> None:
    both = SegmentValue("FTX", ((("A+B'C:D*E?F",),),))
    assert EDIFACT.text(both) == "FTX+A?+B?'C?:D?*E??F"
    assert SYNTAX_3.text(both) == "FTX+A?+B?'C?:D*E??F"


def test_separators_are_bytes_of_the_charset() -> None:
    paragraph = Delimiters(ord("*"), 0xA7, None, ord("~"))
    assert Notation(paragraph, "latin-1").value("A§B") == (("A", "B"),)
    with pytest.raises(UnicodeDecodeError):
        Notation(paragraph, "utf-8")


@given(
    st.lists(
        st.lists(st.lists(st.text(max_size=5), min_size=1, max_size=3), min_size=1), max_size=3
    )
)
def test_any_values_come_back(elements: list[list[list[str]]]) -> None:
    value = SegmentValue("FTX", tuple(tuple(map(tuple, repetitions)) for repetitions in elements))
    assert EDIFACT.segment(EDIFACT.text(value)) == value
    assert EDIFACT.segments(EDIFACT.text(value) + "'") == [EDIFACT.text(value), ""]
