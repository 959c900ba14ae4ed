"""Separators come from the UNA, else the usual ones hold; released ones are part of values."""

from __future__ import annotations

import pytest

from etl.formats.edi.delimiters import Delimiters
from etl.formats.edifact.delimiters import headers
from tests.formats.edifact.interchanges import (
    BODY,
    codes,
    column,
    defects,
    interchange,
    message,
    plain,
    read,
    with_una,
    written,
)

USUAL = {"element": ord("+"), "component": ord(":"), "terminator": ord("'"), "release": ord("?")}


def delimiters(**changes: object) -> Delimiters:
    return Delimiters(**{**USUAL, "repetition": None, **changes})  # type: ignore[arg-type]


def changed(old: str, new: str, number: str = "1") -> list[str]:
    """The segments of a message of which one value is another."""
    return message(number, [segment.replace(old, new) for segment in BODY])


def test_without_a_una_the_usual_separators_hold() -> None:
    (header,) = headers(plain())
    assert header.delimiters == delimiters()
    assert (header.start, header.body, header.exact) == (0, 0, True)


@pytest.mark.parametrize(
    ("una", "expected"),
    [
        (":+.? '", delimiters()),
        (":+,? '", delimiters(decimal_comma=True)),
        ("=*.? ~", delimiters(component=ord("="), element=ord("*"), terminator=ord("~"))),
        (":+.  '", delimiters(release=None)),
        ("\x1f\x1d. \x1e\x1c", delimiters(component=31, element=29, terminator=28, release=None)),
        (":+.!*'", delimiters(release=ord("!"))),
    ],
)
def test_every_separator_is_read_from_the_una(una: str, expected: Delimiters) -> None:
    data = with_una(interchange(message()), una)
    (header,) = headers(data)
    assert header.delimiters == expected
    assert (header.start, header.exact) == (0, True)
    assert data[header.body : header.body + 3] == b"UNB"


@pytest.mark.parametrize(
    ("una", "syntax", "repetition"),
    [
        (None, "UNOC:3", None),
        (None, "UNOC:4", "*"),
        (":+.? '", "UNOC:4", None),
        (":+.?|'", "UNOC:4", "|"),
        (":+.?*'", "UNOC:3", None),
        (":+.?*'", "UNOB", None),
    ],
)
def test_elements_repeat_from_syntax_version_4_on(
    una: str | None, syntax: str, repetition: str | None
) -> None:
    segments = interchange(message(), syntax=syntax)
    (header,) = headers(with_una(segments, una) if una else written(segments))
    assert header.delimiters.repetition == (ord(repetition) if repetition else None)


@pytest.mark.parametrize(
    "una", [":+.? '", "=*.? ~", "\x1f\x1d. \x1e\x1c", ":+.  \n", "|^.\\ ~", ";,.! #"]
)
@pytest.mark.parametrize("between", ["", "\n", "\r\n", "\t\n "])
def test_a_file_is_the_same_with_any_separators(una: str, between: str) -> None:
    segments = interchange(message("1"), message("2"))
    chunks = read(with_una(segments, una, between))
    assert [str(d) for chunk in chunks for d in chunk.defects] == []
    assert column(chunks, "BGM.02") == ["INV1"] * 2
    assert column(chunks, "NAD[01=SU]/RFF[01.1=VA].01.2") == ["DE123"] * 2
    assert column(chunks, "MOA.01.2", "LIN/MOA") == ["150.00", "25.50"] * 2


def test_a_una_and_its_unb_may_stand_on_the_same_line_or_not() -> None:
    for between in ("", " ", "\r\n", "\n\n"):
        data = with_una(interchange(message()), ":+.? '", between)
        assert column(read(data), "BGM.02") == ["INV1"]
        assert codes(data) == []


@pytest.mark.parametrize("una", ["::.? '", ":+.? :", "a+.? '", ":+.? 9", " +.? '", ":+.?  "])
def test_a_una_whose_separators_make_no_sense_is_not_read(una: str) -> None:
    assert list(headers(f"UNA{una}UNB+UNOC:3+A+B+250626:2115+1'".encode())) == []


def test_another_release_character_than_the_usual_one() -> None:
    data = with_una(interchange(changed("INV1", "IN!+V!!1?")), ":+.! '")
    assert column(read(data), "BGM.02") == ["IN+V!1?"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("A?+B", "A+B"),
        ("A??", "A?"),
        ("??", "?"),
        ("???+", "?+"),
        ("A?'B", "A'B"),
        ("A?:B", "A:B"),
        ("?A?B", "AB"),
        ("????", "??"),
        ("RUE DE L?'EGLISE ?+ 2??", "RUE DE L'EGLISE + 2?"),
    ],
)
def test_release_characters_are_taken_off_and_release_what_follows(text: str, value: str) -> None:
    data = written(interchange(changed("NORDSEE LINE", text), changed("INV1", text, "2")), "'")
    chunks = read(data)
    assert column(chunks, "NAD[01=SU].04") == [value, "NORDSEE LINE"]
    assert column(chunks, "BGM.02") == ["INV1", value]
    assert column(chunks, "NAD[01=SU].05") == [None, None]
    assert column(chunks, "NAD[01=SU]/RFF.01.2") == ["DE123"] * 2
    assert [str(d) for chunk in chunks for d in chunk.defects] == []


def test_a_released_newline_is_data_where_newlines_end_segments_and_else_wraps_a_line() -> None:
    segments = interchange(changed("NORDSEE LINE", "NORDSEE?\nLINE"))
    data = b"UNA:+.? \n" + written(segments, "\n")
    assert column(read(data), "NAD[01=SU].04") == ["NORDSEE\nLINE"]
    assert codes(data) == []
    assert column(read(written(segments, "'")), "NAD[01=SU].04") == ["NORDSEELINE"]


def test_a_terminator_after_two_release_characters_ends_its_segment() -> None:
    chunks = read(written(interchange(changed("+BRIGHTWATER", "+BRIGHTWATER??"))))
    assert column(chunks, "NAD[01=BY].04") == ["BRIGHTWATER?"]
    assert column(chunks, "NAD[01=BY]/RFF.01.2") == ["DE987"]
    assert chunks[0].defects == ()


def test_separators_of_other_interchanges_are_nothing_here() -> None:
    chunks = read(written(interchange(changed("NORDSEE LINE", "A*B~C|D^E=F"))))
    assert column(chunks, "NAD[01=SU].04") == ["A*B~C|D^E=F"]
    assert chunks[0].defects == ()


def test_conditions_compare_values_with_release_characters_only_where_they_stand() -> None:
    data = written(interchange(changed("RFF+BM:BOL1", "RFF+BM:BOL?:1")))
    assert column(read(data), "RFF[01.1=BM].01.2") == ["BOL:1"]
    assert column(read(data), "RFF[01.1=BM].01.3") == [None]


def test_a_decimal_comma_of_the_una_becomes_a_point_in_numbers_only() -> None:
    data = with_una(interchange(changed("NORDSEE LINE", "NORDSEE, LINE")), ":+,? '")
    data = data.replace(b"NORDSEE, ", b"NORDSEE, 1,5 ")
    chunks = read(data)
    assert column(chunks, "MOA.01.2", "LIN/MOA") == ["150.00", "25.50"]
    assert column(chunks, "UNS/MOA[01.1=77].01.2") == ["207.50"]
    assert column(chunks, "NAD[01=SU].04") == ["NORDSEE, 1,5 LINE"]
    assert chunks[0].defects == ()


def test_a_comma_is_a_decimal_mark_also_where_the_una_is_silent() -> None:
    data = plain().replace(b"150.00", b"150,00")
    assert column(read(data), "MOA.01.2", "LIN/MOA") == ["150.00", "25.50"]
    assert codes(data) == []


def test_repetitions_of_syntax_4_give_their_first_value() -> None:
    body = list(BODY)
    body[14] = "IMD+F++:::OCEAN*:::FREIGHT"
    data = written(interchange(message(body=body), syntax="UNOC:4"))
    assert column(read(data), "IMD.03.4", "LIN/IMD") == ["OCEAN"]
    found = defects(data)
    assert [(d.code, d.value) for d in found] == [("TOO_MANY_REPETITIONS", "2")]
    before = written(interchange(message(body=body)))
    assert column(read(before), "IMD.03.4", "LIN/IMD") == ["OCEAN*"]


def test_a_released_repetition_separator_is_data() -> None:
    data = written(interchange(changed("NORDSEE LINE", "NORDSEE ?* LINE"), syntax="UNOC:4"))
    assert column(read(data), "NAD[01=SU].04") == ["NORDSEE * LINE"]
    assert codes(data) == []


def test_lines_wrapped_at_80_columns_are_joined() -> None:
    data = plain(3, "'").decode()
    wrapped = "\r\n".join(data[at : at + 80] for at in range(0, len(data), 80)).encode()
    chunks = read(wrapped)
    assert column(chunks, "BGM.02") == ["INV1", "INV2", "INV3"]
    assert chunks[0].defects == ()
    at = chunks[0].children("LIN/MOA").position(2, "MOA.01.2").byte_offset
    assert at is not None
    assert wrapped[at:].replace(b"\r\n", b"").startswith(b"150.00'PRI")


def test_a_unb_without_what_it_must_have_is_read_and_told() -> None:
    segments = interchange(message())
    segments[0] = "UNB+UNOC:3+SENDER++250626:2115+REF1"
    (defect,) = defects(written(segments))
    assert (defect.code, defect.severity, defect.value) == ("UNB_FORM", "warn", "no element 3")
    segments[0] = "UNB+XYZ:3+SENDER+RECEIVER+250626:2115+REF1"
    (defect,) = defects(written(segments))
    assert (defect.code, defect.value) == ("UNB_FORM", "XYZ:3")
    assert column(read(written(segments)), "BGM.02") == ["INV1"]
