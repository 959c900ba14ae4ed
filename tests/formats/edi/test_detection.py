"""X12 or EDIFACT: what the bytes say."""

from __future__ import annotations

import pytest

from etl.formats.edi.detection import syntax_of
from etl.formats.edi.syntax import Syntax
from etl.formats.edi.writing.writer import written
from etl.formats.edifact.syntax import EDIFACT
from etl.formats.x12.syntax import X12
from tests.formats.edi.outgoing import edifact, x12


@pytest.mark.parametrize(
    ("data", "syntax"),
    [
        (written(x12()), X12),
        (written(edifact()), EDIFACT),
        (written(edifact(una=False)), EDIFACT),
        (b"\xef\xbb\xbf\r\n" + written(edifact()), EDIFACT),
        (b"mail header\n" + written(x12()), X12),
        (written(x12()).replace(b"US ", b"UNB"), X12),
        (written(x12()) + written(edifact()), X12),
        (b"ISA*00*", X12),
        (b"x UNB|broken", EDIFACT),
        (b"invoice,amount\n", None),
        (b"", None),
    ],
)
def test_the_first_header_that_can_be_read_decides(data: bytes, syntax: Syntax | None) -> None:
    assert syntax_of(data) is syntax
