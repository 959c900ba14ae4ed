"""Paths and row declarations are read, or refused with what would be right."""

import pytest

from etl.formats.x12 import FORMAT
from etl.raw import DeclarationError

READER = FORMAT.reader({"format": "x12", "document": "210"})


@pytest.mark.parametrize(
    ("path", "row"),
    [
        ("B3.02", None),
        ("ST.02", None),
        ("SE.01", None),
        ("N1[01=BT].02", None),
        ("N1[01=BT|PR][03=93]/N4.01", None),
        ("LX/L1.04", None),
        ("LX/N9[07.2=MX].02", None),
        ("N9[02=A/B].02", None),
        ("L0.04.1", "LX"),
        ("LX.01", "LX"),
        ("N1/CD3/N9.02", "LX"),
        ("L1.08", "LX/L1"),
        ("LX/N9[01=CN].02", "LX/L1"),
        ("ST/B3.03", "LX/L1"),
        ("ST.02", "N9[01=BM]"),
        ("ISA.06", "LX/L1"),
        ("GS.08", None),
    ],
)
def test_reads(path: str, row: str | None) -> None:
    READER.check_path(path, row)


@pytest.mark.parametrize(
    ("path", "row", "expected"),
    [
        ("B3", None, "B3.02"),
        ("B3.0", None, "from 1 on"),
        ("b3.02", None, "like N1"),
        ("L1.04", None, "L1 stands in LX"),
        ("B4.02", None, "one of B3, C2"),
        ("N4.01", None, "N4 stands in N1, S5/N1, LX/N1"),
        ("B3/N4.01", None, "starts a loop"),
        ("N1[BT].02", None, "[01=BT]"),
        ("N1[01=BT.02", None, "like N1"),
        ("L0.04", "LX/L1", "LX/L0.04"),
        ("", None, "B3.02"),
    ],
)
def test_refuses_and_says_what_would_be_right(path: str, row: str | None, expected: str) -> None:
    with pytest.raises(DeclarationError) as raised:
        READER.check_path(path, row)
    assert raised.value.key == path
    assert expected in raised.value.expected


@pytest.mark.parametrize("row", ["LX", "LX/L1", "N9[01=BM]", "N1[01=SH]/N4", "ST/LX/N1/CD3"])
def test_takes_row(row: str) -> None:
    READER.check_row(row)


@pytest.mark.parametrize("row", [None, "", "L1", "LX/", "LX/ZZ", "N9[01]", "LX.01", "B3/L1"])
def test_refuses_row(row: str | None) -> None:
    with pytest.raises(DeclarationError):
        READER.check_row(row)
