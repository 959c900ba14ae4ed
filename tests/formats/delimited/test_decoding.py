from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.defects import Defect
from etl.formats.delimited.decoding import utf8_blocks
from etl.formats.refusal import RefusedError


def decoded(data: bytes, encoding: str, size: int = 4) -> str:
    return b"".join(utf8_blocks(io.BytesIO(data), encoding, size)).decode()


def refusal(data: bytes, encoding: str, size: int = 4) -> Defect:
    with pytest.raises(RefusedError) as error:
        decoded(data, encoding, size)
    return error.value.defect("a.csv", 0)


@given(
    st.text(st.characters(exclude_characters="\0\x1a\ufeff", exclude_categories=["Cs"])),
    st.sampled_from(["utf-8", "utf-16", "utf-16-le", "utf-32", "gb18030"]),
    st.integers(1, 9),
)
def test_text_comes_back_whatever_the_block_size(text: str, encoding: str, size: int) -> None:
    assert decoded(text.encode(encoding), encoding, size) == text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be"])
def test_a_byte_order_mark_is_taken_off(encoding: str) -> None:
    assert decoded("\ufeffa,b".encode(encoding), encoding) == "a,b"


def test_undecodable_bytes_are_named_with_offset_and_line() -> None:
    defect = refusal(b"ab\r\ncd\ref\nx\xe4y\n", "utf-8")
    assert (defect.code, defect.record) == ("UNDECODABLE", None)
    assert (defect.position.byte_offset, defect.position.row) == (11, 4)
    assert defect.value == "0xe4"


def test_offsets_count_from_the_start_of_the_file_across_blocks_and_marks() -> None:
    good = b"\xef\xbb\xbf" + "äöü\n".encode() * 10
    defect = refusal(good + b"\xff", "utf-8", size=7)
    assert (defect.position.byte_offset, defect.position.row) == (len(good), 11)


def test_bytes_cut_in_the_middle_of_a_character_are_undecodable() -> None:
    defect = refusal("aä".encode()[:-1], "utf-8", size=1)
    assert defect.position.byte_offset == 1


def test_bytes_that_the_code_page_does_not_have_are_undecodable() -> None:
    assert refusal(b"a\x81", "cp1252").position.byte_offset == 1


def test_utf16_declared_as_utf8_is_said_to_look_like_utf16() -> None:
    assert "begins like UTF-16" in refusal("a,b".encode("utf-16"), "utf-8").message


def test_a_utf8_mark_in_a_file_declared_otherwise_is_refused() -> None:
    defect = refusal("\ufeffa".encode(), "cp1252")
    assert defect.code == "WRONG_ENCODING"


def test_utf16_without_mark_needs_its_byte_order_declared() -> None:
    assert refusal("a,b\n".encode("utf-16-le"), "utf-16").code in {"WRONG_ENCODING", "UNDECODABLE"}


def test_a_nul_character_is_refused_with_its_place() -> None:
    defect = refusal(b"abc\nd\0e", "cp1252")
    assert defect.code == "NUL_CHARACTER"
    assert (defect.position.byte_offset, defect.position.row) == (5, 2)


def test_a_nul_character_in_wide_text_has_a_line_only() -> None:
    defect = refusal("a\nb\0".encode("utf-16-le"), "utf-16-le", size=100)
    assert (defect.position.byte_offset, defect.position.row) == (None, 2)
