"""Separators come from the ISA and from nowhere else."""

import pytest

from etl.formats.x12.delimiters import Delimiters, headers
from tests.formats.x12.interchanges import (
    column,
    group,
    interchange,
    plain,
    read,
    transaction,
    written,
)


def test_reads_every_separator_from_the_isa() -> None:
    data = written(interchange(group(transaction())), terminator="|", element="^")
    (header,) = headers(data)
    assert header.exact
    assert header.delimiters == Delimiters(ord("^"), ord(">"), None, ord("|"))


@pytest.mark.parametrize(
    ("version", "isa11", "repetition"),
    [
        ("00401", "^", None),
        ("00402", "^", ord("^")),
        ("00501", "^", ord("^")),
        ("00501", "U", None),
        ("00501", "7", None),
        ("00501", " ", None),
    ],
)
def test_isa11_is_a_separator_from_00402_on_and_never_a_letter_or_digit(
    version: str, isa11: str, repetition: int | None
) -> None:
    (header,) = headers(written(interchange(isa11=isa11, version=version)))
    assert header.delimiters.repetition == repetition


@pytest.mark.parametrize(
    "terminator", ["~", "\t\n", "~\n", "~\r\n", "\n", "\r\n", "\x1c", "|\n    ", "'"]
)
def test_any_segment_terminator_is_read(terminator: str) -> None:
    chunks = read(plain(2, terminator))
    assert column(chunks, "B3.02") == ["INV1", "INV2"]
    assert [defect for chunk in chunks for defect in chunk.defects] == []


def test_lines_wrapped_at_80_columns_are_joined_also_inside_the_isa() -> None:
    data = plain(3, "~").decode()
    wrapped = "\n".join(data[at : at + 80] for at in range(0, len(data), 80)).encode()
    chunks = read(wrapped)
    assert column(chunks, "N1[01=BT].02") == ["ACME"] * 3
    assert chunks[0].defects == ()
    at = chunks[0].children("LX/L1").position(4, "L1.04").byte_offset
    assert at is not None
    assert wrapped[at:].replace(b"\n", b"").startswith(b"200****FUE")


def test_an_isa_without_its_padding_is_read_and_told() -> None:
    segments = interchange(group(transaction()))
    segments[0] = "ISA*00**00**02*ACLT*ZZ*SHIPPER*250626*2115*U*00401*000000001*0*P*>"
    (chunk,) = read(written(segments))
    assert column([chunk], "B3.02") == ["INV1"]
    assert [(d.code, d.severity) for d in chunk.defects] == [("ISA_FORM", "warn")]


@pytest.mark.parametrize(
    "isa",
    [
        b"ISA*00*   cut",
        b"ISA" + b"A" * 103,
        written(interchange())[:104] + b"*" + written(interchange())[105:],
        written(interchange())[:105] + b">" + written(interchange())[106:],
    ],
)
def test_an_isa_whose_separators_make_no_sense_is_not_read(isa: bytes) -> None:
    assert list(headers(isa)) == []
