"""Writes small X12 210 interchanges for the tests, and files from bytes."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from etl.defects import Defect
from etl.formats.edi.reading.reader import EdiChunk
from etl.formats.x12 import FORMAT
from etl.raw import SourceFile

BODY = (
    "B3**INV1*SHP1*PP*L*20250626*1500**20250621*035*ACLT*20250806",
    "C3*USD",
    "N9*BM*BOL1",
    "N9*PO*PO1",
    "N1*BT*ACME*93*12345",
    "N3*1 MAIN ST",
    "N4*DALLAS*TX*75228*US",
    "N1*CN*GLOBAL",
    "N4*DENVER*CO*80202*US",
    "LX*1",
    "N9*CN*TRK1**20250621***ZZ>MX",
    "L5*1*CARTONS",
    "L0*1***120*G***3*CTN",
    "L1*1*1.25*PH*1000****400****LINEHAUL",
    "L1*1***200****FUE",
    "LX*2",
    "L1*2***300****LFT",
    "N1*SH*SHIPPER",
    "N4*MEMPHIS*TN*38118*US",
    "L3*120*G***1500",
)


def transaction(
    number: str = "0001", body: Sequence[str] = BODY, count: int | None = None
) -> list[str]:
    """ST to SE around a body; `count` overrides SE01."""
    return [f"ST*210*{number}", *body, f"SE*{count or len(body) + 2}*{number}"]


def group(*transactions: Sequence[str], number: str = "1", version: str = "004010") -> list[str]:
    """GS to GE around transactions."""
    return [
        f"GS*IM*ACLT*SHIPPER*20250626*2115*{number}*X*{version}",
        *(segment for one in transactions for segment in one),
        f"GE*{len(transactions)}*{number}",
    ]


def interchange(
    *groups: Sequence[str], number: str = "000000001", isa11: str = "U", version: str = "00401"
) -> list[str]:
    """ISA to IEA around groups."""
    isa = (
        f"ISA*00*          *00*          *02*ACLT           *ZZ*SHIPPER        "
        f"*250626*2115*{isa11}*{version}*{number}*0*P*>"
    )
    return [isa, *(segment for one in groups for segment in one), f"IEA*{len(groups)}*{number}"]


def written(segments: Iterable[str], terminator: str = "~\n", element: str = "*") -> bytes:
    """Segments as bytes; `terminator` includes what stands between segments."""
    return "".join(segment.replace("*", element) + terminator for segment in segments).encode()


def plain(transactions: int = 1, terminator: str = "~\n", body: Sequence[str] = BODY) -> bytes:
    """One interchange with one group of some transactions, their invoice numbers INV1, INV2, …"""
    numbered = [
        transaction(f"{n:04d}", [segment.replace("INV1", f"INV{n}") for segment in body])
        for n in range(1, transactions + 1)
    ]
    return written(interchange(group(*numbered)), terminator)


def file(data: bytes, name: str = "a.edi") -> SourceFile:
    return SourceFile(name, hashlib.sha256(data).hexdigest(), len(data), lambda: io.BytesIO(data))


def read(*files: bytes | SourceFile, **source: Any) -> list[EdiChunk]:
    """Read files with a `source:` block for 210."""
    block: Mapping[str, Any] = {"format": "x12", "document": "210", **source}
    sources = [file(one) if isinstance(one, bytes) else one for one in files]
    return list(FORMAT.reader(block).read(sources))


def defects(*files: bytes | SourceFile, **source: Any) -> list[Defect]:
    return [defect for chunk in read(*files, **source) for defect in chunk.defects]


def codes(*files: bytes | SourceFile, **source: Any) -> list[str]:
    return [defect.code for defect in defects(*files, **source)]


def column(chunks: Iterable[EdiChunk], path: str, row: str | None = None) -> list[str | None]:
    """A column over all chunks."""
    values: list[str | None] = []
    for chunk in chunks:
        rows = chunk.records() if row is None else chunk.children(row)
        values += rows.column(path).to_pylist()
    return values
