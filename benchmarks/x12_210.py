"""Writes the X12 210 input of the benchmarks: the same bytes every time, kept in benchmarks/data.

20,000 transactions of 10 LX loops with 2 L1 each: 49 MB, 1.58 million segments.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

DATA = Path(__file__).parent / "data"
GROUP = 1000

CODES = ("400", "FUE", "LFT", "DSC", "RES", "405", "DET", "APT", "SRG", "HAZ")
CARRIERS = ("UPSN", "RDWY", "ODFL", "FXFE", "SAIA", "ABFS")
PLACES = (
    "MORRISTOWN*NJ*07960",
    "DALLAS*TX*75228",
    "DENVER*CO*80202",
    "SAVANNAH*GA*31401",
    "LONG BEACH*CA*90802",
    "MEMPHIS*TN*38118",
)
NAMES = (
    "ACME INDUSTRIAL SUPPLY",
    "GLOBAL WIDGETS INC",
    "BLUE HARBOR FOODS",
    "NORTHWIND TRADERS",
    "CONTOSO LOGISTICS LLC",
)


def input_file(transactions: int = 20_000, loops: int = 10) -> Path:
    """The file with so many transactions of so many LX loops; written when it is not there."""
    path = DATA / f"x12_210_{transactions}x{loops}.edi"
    if not path.exists():
        DATA.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        with part.open("w", encoding="ascii", newline="") as file:
            for segment in interchange(transactions, loops):
                file.write(segment + "~\n")
        part.rename(path)
    return path


def interchange(transactions: int, loops: int) -> Iterator[str]:
    """The segments of one interchange with groups of 1,000 transactions."""
    yield (
        "ISA*00*          *00*          *02*UPSN           *ZZ*SHIPPERXYZ     "
        "*250626*2115*U*00401*000002838*0*P*>"
    )
    bodies = _bodies(loops)
    groups = range(1, -(-transactions // GROUP) + 1)
    for group in groups:
        held = min(GROUP, transactions - (group - 1) * GROUP)
        yield f"GS*IM*UPSN*SHIPPERXYZ*20250626*2115*{group}*X*004010"
        for number, body in enumerate(islice(bodies, held), start=1):
            yield f"ST*210*{number:04d}"
            yield from body
            yield f"SE*{len(body) + 2}*{number:04d}"
        yield f"GE*{held}*{group}"
    yield f"IEA*{len(groups)}*000002838"


def _bodies(loops: int) -> Iterator[list[str]]:
    some = random.Random(42)  # the same invoices every time
    number = 0
    while True:
        number += 1
        lines, total = _lines(some, loops)
        yield [
            f"B3**{some.randint(10**9, 10**10 - 1)}WW308*SHP{number:08d}*PP*L*20250626*{total}"
            f"**20250621*035*{some.choice(CARRIERS)}*20250806",
            "C3*USD",
            "ITD*01*3*****30",
            f"N9*BM*BOL{some.randint(10**7, 10**8 - 1)}",
            f"N9*PO*PO{some.randint(10**6, 10**7 - 1)}",
            f"G62*86*20250{some.randint(1, 6)}{some.randint(10, 28)}",
            *(segment for role in ("BT", "SH", "CN") for segment in _party(some, role)),
            f"N7**TRLR{some.randint(0, 999_999):06d}",
            *lines,
            f"L3*{some.randint(1000, 40_000)}*G***{total}",
        ]


def _party(some: random.Random, role: str) -> list[str]:
    return [
        f"N1*{role}*{some.choice(NAMES)}*93*{some.randint(10_000, 99_999)}",
        f"N3*{some.randint(1, 9999)} INDUSTRIAL PARK RD*SUITE {some.randint(1, 400)}",
        f"N4*{some.choice(PLACES)}*US",
    ]


def _lines(some: random.Random, loops: int) -> tuple[list[str], int]:
    segments: list[str] = []
    total = 0
    for line in range(1, loops + 1):
        charge = some.randint(500, 90_000)
        fuel = charge // 7
        total += charge + fuel
        segments += [
            f"LX*{line}",
            f"N9*CN*1Z{some.randint(10**9, 10**10 - 1)}*{some.randint(10**6, 10**7 - 1)}"
            f"*20250{some.randint(1, 6)}21",
            f"L5*{line}*{some.choice(NAMES)} CARTONS*{some.randint(100_000, 199_999)}*N*CTN",
            f"L0*{line}***{some.randint(10, 9000)}*G***{some.randint(1, 40)}*CTN**L",
            f"L1*{line}*{some.randint(100, 999) / 100}*PH*{charge}****{some.choice(CODES)}"
            "****LINEHAUL",
            f"L1*{line}***{fuel}****FUE****FUEL SURCHARGE",
        ]
    return segments, total
