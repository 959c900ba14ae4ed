"""Writes small EDIFACT interchanges of INVOIC D96A for the tests."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

BODY = (
    "BGM+380+INV1+9",
    "DTM+137:20250626:102",
    "RFF+BM:BOL1",
    "NAD+SU+4012345000009::9",
    "NAD+BY+4098765000000::9",
    "CUX+2:EUR:4",
    "LIN+1++FREIGHT:ZZ",
    "QTY+47:1",
    "MOA+203:150.00",
    "LIN+2++FUEL:ZZ",
    "QTY+47:1",
    "MOA+203:25.50",
    "UNS+S",
    "CNT+2:2",
    "MOA+77:175.50",
)


def message(number: str = "1", body: Sequence[str] = BODY) -> list[str]:
    """UNH to UNT around a body."""
    return [f"UNH+{number}+INVOIC:D:96A:UN", *body, f"UNT+{len(body) + 2}+{number}"]


def interchange(
    *messages: Sequence[str], number: str = "REF1", syntax: str = "UNOC:3", count: int | None = None
) -> list[str]:
    """UNB to UNZ around messages, or groups, which `count` then counts."""
    held = len(messages) if count is None else count
    return [
        f"UNB+{syntax}+4012345000009:14+4098765000000:14+250626:2115+{number}",
        *(segment for one in messages for segment in one),
        f"UNZ+{held}+{number}",
    ]


def group(*messages: Sequence[str], number: str = "7") -> list[str]:
    """UNG to UNE around messages."""
    return [
        f"UNG+INVOIC+BILLING:ZZ+AP:ZZ+250626:2115+{number}+UN+D:96A",
        *(segment for one in messages for segment in one),
        f"UNE+{len(messages)}+{number}",
    ]


def written(segments: Iterable[str]) -> bytes:
    """Segments as bytes, a line each."""
    return "".join(f"{segment}'\n" for segment in segments).encode("latin-1")


def plain(messages: int = 1) -> bytes:
    """One interchange with some messages, their invoice numbers INV1, INV2, …"""
    numbered = [
        message(str(n), [segment.replace("INV1", f"INV{n}") for segment in BODY])
        for n in range(1, messages + 1)
    ]
    return written(interchange(*numbered))
