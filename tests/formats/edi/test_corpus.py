"""Every public X12 and EDIFACT file is read; what is told of it is true, and peers count the same.

Each defect below was looked up in its file by hand. The folder of the files is named by
ETL_CORPUS.
"""

from __future__ import annotations

import os
import warnings
from io import StringIO
from pathlib import Path

import pytest
from pydifact.exceptions import EDISyntaxError
from pydifact.parser import Parser
from pyx12.errors import X12Error
from pyx12.x12file import X12Reader

from etl.formats import format_named
from etl.formats.edi.receipt import Receipts, ReceivedTransaction
from etl.raw import Chunk
from tests.formats.source_files import source_file

CORPUS = os.environ.get("ETL_CORPUS")

pytestmark = pytest.mark.skipif(CORPUS is None, reason="ETL_CORPUS not set")

Told = tuple[str, str | None, int | None, str | None]
"""Code, control number of the transaction, number of the segment in it, value."""

# a sample whose dates and amounts are words
_HOME_DEPOT: list[Told] = [
    ("GE_REFERENCE", None, None, "44"),
    ("GS_CONTENT", None, None, "44 (Group Control Number)"),
    *(("BAD_DATE", "000000044", at, "CCYYMMDD") for at in (6, 13, 16, 20, 23)),
    ("BAD_NUMBER", "000000044", 2, "TOTAL DOLLAR AMT OF CHECK"),
    *(("BAD_NUMBER", "000000044", at, "NET AMOUNT PAID") for at in (11, 14, 21)),
    ("BAD_NUMBER", "000000044", 17, " NET $ AMOUNT PAID"),
    *(("BAD_NUMBER", "000000044", at, "GROSS AMOUNT") for at in (11, 14, 17, 21)),
    ("BAD_NUMBER", "000000044", 11, "CASH DISCOUNT AMOUNT TAKEN"),
]

EXPECTED: dict[str, list[Told]] = {
    "x12/204_mgctlyst.edi": [("SE_COUNT", "178780001", 38, "41")],
    "x12/210_cn_rail_1.edi": [],
    "x12/210_mgctlyst.edi": [],
    "x12/210_ups.edi": [
        ("SE_COUNT", "000158669", 48, "46"),
        ("CONDITION_MISSING", "000158673", 410, None),  # N9*VR*: neither number nor text
    ],
    "x12/210_wrapped_80char.edi": [],
    "x12/214_mgctlyst.edi": [],
    "x12/310_ocean_invoice.edi": [
        ("SE_COUNT", "35353", 46, "49"),
        ("SE_REFERENCE", "35353", 46, "32353"),
        ("GE_REFERENCE", None, None, "61916"),
        ("IEA_REFERENCE", None, None, "000061216"),
    ],
    "x12/820_homedepot.edi": _HOME_DEPOT,
    "x12/990_mgctlyst.edi": [],
    "x12/997.edi": [],
    "x12/997_multi_interchange.edi": [],
    "edifact/contrl.edi": [],
    "edifact/corrupt_unb.edi": [("NOT_EDIFACT", None, None, "NB+UNOB:1")],
    "edifact/cuscar_d95b.edi": [
        ("NO_STRUCTURE", "201701191AB652", 1, ""),  # UNH+…+:D:95B:UN does not say what it is
        ("UNT_COUNT", "201701191AB652", 52, "53"),
    ],
    "edifact/iftmin_eancom.edi": [],
    "edifact/iftsta_d00b_ocean.edi": [("UNZ_REFERENCE", None, None, "2805570")],
    "edifact/iftsta_eancom.edi": [("BAD_DATE", "ME000021", at, "20020148") for at in (20, 25, 30)],
    "edifact/invoic_d97b_bad.edi": [
        ("ELEMENT_TOO_LONG", "00000000000117", 5, "BYZZ"),
        ("BAD_NUMBER", "00000000000117", 10, "1020A"),
        ("BAD_NUMBER", "00000000000117", 13, "$1.179"),
        # UNS stands there twice, and nothing between the two
        ("TOO_MANY_LOOPS", "00000000000117", 21, "UNS+S"),
        ("MISSING_SEGMENT", "00000000000117", 20, None),
    ],
    "edifact/invoic_d97b_una.edi": [],
    "edifact/invoic_eancom.edi": [("UNZ_COUNT", None, None, "2")],
}

UNREAD_BY_PEERS = {
    # pyx12 knows no other interchange versions than 00401 and 00501, and no wrapped lines
    "x12/210_ups.edi",
    "x12/210_wrapped_80char.edi",
    "x12/214_mgctlyst.edi",
    "x12/820_homedepot.edi",
    "x12/990_mgctlyst.edi",
    # pydifact knows no indented segments, and nobody reads a file without its UNB
    "edifact/cuscar_d95b.edi",
    "edifact/corrupt_unb.edi",
}


def data_of(name: str) -> bytes:
    return (Path(str(CORPUS)) / name).read_bytes()


def read(name: str) -> tuple[list[Chunk], list[ReceivedTransaction]]:
    syntax = name.partition("/")[0]
    receipts, chunks = Receipts(), []
    for chunk in (
        format_named(syntax).reader({"format": syntax}).read([source_file(data_of(name), name)])
    ):
        receipts.extend(chunk.receipts())
        chunks.append(chunk)
    return chunks, [each for one in receipts.interchanges for each in one.transactions]


def test_the_files_of_the_list_are_there() -> None:
    found = {
        f"{syntax}/{path.name}"
        for syntax in ("x12", "edifact")
        for path in (Path(str(CORPUS)) / syntax).iterdir()
    }
    assert found >= EXPECTED.keys()


@pytest.mark.parametrize("name", EXPECTED)
def test_what_is_told_of_a_file_is_true(name: str) -> None:
    chunks, _ = read(name)
    found = [
        (defect.code, defect.position.document, defect.position.segment, defect.value)
        for chunk in chunks
        for defect in chunk.defects
    ]
    expected = EXPECTED[name]
    if name == "edifact/corrupt_unb.edi":
        ((code, document, segment, value),) = found
        assert (code, document, segment) == expected[0][:3]
        assert "NB+UNOB:1" in str(value)
        return
    assert sorted(found, key=str) == sorted(expected, key=str)


@pytest.mark.parametrize("name", EXPECTED)
def test_peers_count_the_same_transactions_and_segments(name: str) -> None:
    text = data_of(name).decode("utf-8-sig")
    try:
        counts = _by_pyx12(text) if name.startswith("x12/") else _by_pydifact(text)
    except (X12Error, EDISyntaxError, ValueError):
        assert name in UNREAD_BY_PEERS
        return
    assert name not in UNREAD_BY_PEERS
    _, transactions = read(name)
    assert [each.segments for each in transactions] == counts
    assert transactions


def _by_pyx12(text: str) -> list[int]:
    return _counts([segment.get_seg_id() for segment in X12Reader(StringIO(text))], "ST", "SE")


def _by_pydifact(text: str) -> list[int]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it has no directories for most versions
        return _counts([segment.tag for segment in Parser().parse(text)], "UNH", "UNT")


def _counts(ids: list[str], header: str, trailer: str) -> list[int]:
    """Segments from each header to its trailer."""
    starts = [at for at, each in enumerate(ids) if each == header]
    ends = [at for at, each in enumerate(ids) if each == trailer]
    return [end - start + 1 for start, end in zip(starts, ends, strict=True)]
