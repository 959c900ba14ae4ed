from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.transfer import names

MOMENT = datetime(2026, 11, 23, 2, 30, 0, 123456, tzinfo=UTC)


@given(st.binary())
def test_the_text_leads_back_to_the_exact_bytes(raw: bytes) -> None:
    assert names.to_bytes(names.to_text(raw)) == raw


@given(st.binary())
def test_the_text_can_be_printed_and_stored_anywhere(raw: bytes) -> None:
    text = names.to_text(raw)
    assert text.isprintable()
    assert json.loads(json.dumps(text, ensure_ascii=False).encode("utf-8")) == text


@given(st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters="\\")))
def test_usual_names_are_shown_as_they_are(name: str) -> None:
    assert names.to_text(name.encode()) == name


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"two\nlines", r"two\x0alines"),
        (b"nul\0", r"nul\x00"),
        (b"caf\xe9", r"caf\xe9"),
        ("café".encode(), "café"),
        (b"a\\x41", r"a\\x41"),
        (b"\x1b[2J", r"\x1b[2J"),
        ("\u202e".encode(), r"\xe2\x80\xae"),
        (b"\xed\xb2\x80", r"\xed\xb2\x80"),
    ],
)
def test_what_cannot_be_shown_is_written_in_hex(raw: bytes, text: str) -> None:
    assert names.to_text(raw) == text


@given(st.binary())
def test_a_single_component_fits_into_its_folder(raw: bytes) -> None:
    name = names.single_component(raw)
    assert 0 < len(name) <= names.LONGEST_NAME
    assert b"/" not in name
    assert b"\0" not in name
    assert name not in (b".", b"..")


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (b"invoice.edi", b"invoice.edi"),
        (b"../../etc/passwd", b".._.._etc_passwd"),
        (b"..", b"_"),
        (b"", b"_"),
        (b"x" * 300 + b".edi", b"x" * 251 + b".edi"),
        (b"x" * 300, b"x" * 255),
    ],
)
def test_a_plain_name_stays_and_others_are_tamed(raw: bytes, name: bytes) -> None:
    assert names.single_component(raw) == name


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (b"invoice.edi", b"invoice.20261123T023000123456Z.edi"),
        (b"invoice", b"invoice.20261123T023000123456Z"),
        (b".hidden", b".hidden.20261123T023000123456Z"),
        (b"a.tar.gz", b"a.tar.20261123T023000123456Z.gz"),
    ],
)
def test_a_taken_name_gets_a_time_before_its_extension(raw: bytes, name: bytes) -> None:
    assert names.stamped(raw, MOMENT) == name


@given(st.binary(max_size=400))
def test_a_stamped_name_is_another_and_not_too_long(raw: bytes) -> None:
    name = names.stamped(raw, MOMENT)
    assert len(name) <= names.LONGEST_NAME
    assert b".20261123T023000123456Z" in name
    assert name != names.single_component(raw)


@pytest.mark.parametrize(
    ("folder", "path", "result"),
    [
        (b"outbound", b"processed", b"outbound/processed"),
        (b"outbound/", b"processed", b"outbound/processed"),
        (b"/", b"processed", b"/processed"),
        (b"", b"processed", b"processed"),
        (b"outbound", b"/done", b"/done"),
    ],
)
def test_a_folder_is_relative_unless_it_is_absolute(
    folder: bytes, path: bytes, result: bytes
) -> None:
    assert names.resolved(folder, path) == result


def test_a_name_is_never_taken_for_an_absolute_path() -> None:
    assert names.joined(b"outbound", b"/etc/passwd") == b"outbound//etc/passwd"
