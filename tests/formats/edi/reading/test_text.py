"""Charsets and wrapped lines are undone, and every byte leads back to where it stood."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.formats.edi.delimiters import Delimiters
from etl.formats.edi.reading.text import text_of

X12 = Delimiters(ord("*"), ord(":"), None, ord("~"))
EDIFACT = Delimiters(ord("+"), ord(":"), None, ord("'"), ord("?"))
LINES = Delimiters(ord("*"), ord(":"), None, ord("\n"))
CONTENT = st.lists(
    st.text(st.characters(min_codepoint=33, max_codepoint=255), min_size=1, max_size=30).map(
        lambda text: text.replace("~", "-").replace("\x7f", "-")
    ),
    min_size=1,
    max_size=8,
)


@given(CONTENT, st.sampled_from(["utf-8", "iso8859-1"]), st.sampled_from(["", "\r\n", "\n"]))
def test_a_file_with_a_segment_a_line_or_none_is_decoded(
    segments: list[str], charset: str, between: str
) -> None:
    data = "".join(f"{segment}~{between}" for segment in segments)
    text = text_of(data.encode(charset), X12, charset)
    assert text.data.decode() == data
    assert not len(text.undecodable)
    for at, character in enumerate(data):
        offset = len(data[:at].encode())
        assert text.origin(offset) == len(data[:at].encode(charset)), character


@given(CONTENT, st.sampled_from(["utf-8", "iso8859-1"]), st.integers(1, 20))
def test_wrapped_lines_are_joined_and_offsets_lead_back(
    segments: list[str], charset: str, width: int
) -> None:
    raw = "".join(f"{segment}~" for segment in segments).encode(charset)
    wrapped = b"\r\n".join(raw[at : at + width] for at in range(0, len(raw), width))
    text = text_of(wrapped, X12, charset)
    joined = text.data.decode()
    assert joined.replace("\r\n", "") == raw.decode(charset)
    for at in range(len(joined)):
        origin = text.origin(len(joined[:at].encode()))
        assert wrapped[origin : origin + 1] == joined[at].encode(charset)[:1]


@given(st.binary(max_size=40), st.sampled_from(["utf-8", "ascii", "cp1252"]))
def test_bytes_that_the_charset_does_not_have_are_told_and_stand_for_nothing(
    rest: bytes, charset: str
) -> None:
    raw = b"A+" + rest.translate(None, b"\r\n") + b"'B"
    text = text_of(raw, EDIFACT, charset)
    assert text.data.decode()
    for offset in text.undecodable.tolist():
        origin = text.origin(offset)
        assert raw[origin] >= 0x80
        assert text.data[offset] not in b"+:'?"
    kept = raw.decode(charset, "replace")
    assert (len(text.undecodable) == 0) == ("\ufffd" not in kept or b"\xef\xbf\xbd" in raw)


@pytest.mark.parametrize(
    ("raw", "delimiters", "unprintable"),
    [
        (b"A*B~\nC*D~\n", X12, []),
        (b"A*B\x00~\nC*D~\n", X12, [3]),
        (b"A*\tB~\r\n\tC*D~\r\n", X12, []),
        (b"A*B\x1b\x01~", X12, [3, 4]),
        (b"A*B\nC*D\x02\n", LINES, [7]),
        (b"A\x1dB\x1cC", Delimiters(0x1D, 0x1F, None, 0x1C), []),
        (b"\x00A*B~\n", X12, [0]),
        (b"", X12, []),
    ],
)
def test_control_characters_that_separate_nothing_are_told(
    raw: bytes, delimiters: Delimiters, unprintable: list[int]
) -> None:
    assert text_of(raw, delimiters, "utf-8").unprintable.tolist() == unprintable


def test_a_text_may_end_earlier() -> None:
    raw = "Ä*Ö~B*\xfc~".encode("iso8859-1")
    text = text_of(raw, X12, "iso8859-1").until(len("Ä*Ö~".encode()))
    assert text.data.decode() == "Ä*Ö~"
    assert text.raw == raw[:4]


def test_plain_text_is_not_copied() -> None:
    raw = b"A*B~\n" * 10
    text = text_of(raw, X12, "utf-8")
    assert text.data is text.raw is raw
