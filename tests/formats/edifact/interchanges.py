"""Small INVOIC interchanges with all that freight invoices have, and how the tests read them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from etl.defects import Defect
from etl.formats.edi.reading.reader import EdiChunk
from etl.formats.edifact import FORMAT
from etl.raw import SourceFile
from tests.formats.edifact.invoices import group, interchange
from tests.formats.source_files import source_file

__all__ = ["group", "interchange"]

BODY = (
    "BGM+380+INV1+9",
    "DTM+137:20250626:102",
    "DTM+35:20250621:102",
    "RFF+BM:BOL1",
    "DTM+171:20250601:102",
    "RFF+CU:SHP1",
    "NAD+SU+4012345000009::9++NORDSEE LINE",
    "RFF+VA:DE123",
    "NAD+BY+4098765000000::9++BRIGHTWATER",
    "RFF+VA:DE987",
    "CUX+2:EUR:4",
    "ALC+C++++BAF",
    "MOA+23:20.00",
    "LIN+1++OFR:ZZ",
    "IMD+F++:::OCEAN FREIGHT",
    "QTY+47:2:C62",
    "MOA+203:150.00",
    "PRI+AAA:75.00",
    "RFF+CN:TRK1",
    "DTM+171:20250602:102",
    "TAX+7+VAT+++:::19+S",
    "MOA+124:28.50",
    "ALC+C++++THC",
    "MOA+8:12.00",
    "LIN+2++DOC:ZZ",
    "QTY+47:1",
    "MOA+203:25.50",
    "UNS+S",
    "CNT+2:2",
    "MOA+77:207.50",
    "TAX+7+VAT+++:::19+S",
    "MOA+124:39.43",
)


def message(
    number: str = "1", body: Sequence[str] = BODY, kind: str = "INVOIC:D:96A:UN"
) -> list[str]:
    """UNH to UNT around a body."""
    return [f"UNH+{number}+{kind}", *body, f"UNT+{len(body) + 2}+{number}"]


def plain(
    messages: int = 1,
    end: str = "'\n",
    body: Sequence[str] = BODY,
    number: str = "REF1",
    syntax: str = "UNOC:3",
) -> bytes:
    """One interchange with some messages, their invoice numbers INV1, INV2, …"""
    numbered = [
        message(str(n), [segment.replace("INV1", f"INV{n}") for segment in body])
        for n in range(1, messages + 1)
    ]
    return written(interchange(*numbered, number=number, syntax=syntax), end)


def written(segments: Iterable[str], end: str = "'\n", charset: str = "latin-1") -> bytes:
    """Segments as bytes; `end` includes what stands between segments."""
    return "".join(segment + end for segment in segments).encode(charset)


def with_una(segments: Iterable[str], una: str, between: str = "\n") -> bytes:
    """Segments, given with the usual separators and without release characters, with those of a
    UNA of six characters."""
    component, element, mark, _, _, terminator = una
    marks = str.maketrans({":": component, "+": element, ".": mark})
    return written([f"UNA{una}"], between) + written(
        (segment.translate(marks) for segment in segments), terminator + between
    )


def read(*files: bytes | SourceFile, **source: Any) -> list[EdiChunk]:
    """Read files with a `source:` block for INVOIC."""
    block: Mapping[str, Any] = {"format": "edifact", "document": "INVOIC", **source}
    sources = [source_file(one, "a.edi") if isinstance(one, bytes) else one for one in files]
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
