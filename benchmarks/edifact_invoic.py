"""Writes the EDIFACT INVOIC input of the benchmarks: the same bytes every time, in benchmarks/data.

20,000 messages of 10 LIN with an ALC each: 44 MB, 1.9 million segments; one segment in eleven has
released characters.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

DATA = Path(__file__).parent / "data"

PLACES = (
    "Antwerpen++2030+BE",
    "Hamburg++20457+DE",
    "Rotterdam++3011+NL",
    "Le Havre++76600+FR",
    "Gdynia++81-339+PL",
    "Bergen++5003+NO",
)
NAMES = (
    "ACME INDUSTRIAL SUPPLY",
    "GLOBAL WIDGETS BV",
    "BLUE HARBOUR FOODS",
    "NORDWIND HANDEL GMBH",
    "CONTOSO LOGISTICS",
)
HEAD = "UNB+UNOC:3+4098765000027:14+4012345000009:14+250626:2115+2838"


def input_file(messages: int = 20_000, lines: int = 10) -> Path:
    """The file with so many messages of so many LIN; written when it is not there."""
    path = DATA / f"edifact_invoic_{messages}x{lines}.edi"
    if not path.exists():
        DATA.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        with part.open("w", encoding="latin-1", newline="") as file:
            file.write("UNA:+.? '\n")
            for segment in interchange(messages, lines):
                file.write(segment + "'\n")
        part.rename(path)
    return path


def interchange(messages: int, lines: int) -> Iterator[str]:
    """The segments of one interchange, released where it is needed."""
    yield HEAD
    for number, body in enumerate(islice(_bodies(lines), messages), start=1):
        yield f"UNH+{number}+INVOIC:D:96A:UN"
        yield from body
        yield f"UNT+{len(body) + 2}+{number}"
    yield f"UNZ+{messages}+2838"


def header(some: random.Random) -> list[str]:
    """What stands before the lines."""
    return [
        f"BGM+380+INV{some.randint(10**8, 10**9 - 1)}+9",
        "DTM+137:20250626:102",
        "DTM+35:20250621:102",
        f"RFF+AAK:DN{some.randint(10**7, 10**8 - 1)}",
        "DTM+171:20250601:102",
        *(segment for role in ("BY", "SU", "DP") for segment in _party(some, role)),
        "CUX+2:EUR:4",
        "PAT+1++5:3:D:30",
    ]


def line(some: random.Random, number: int) -> tuple[list[str], int]:
    """A LIN with its surcharge, and its amount in cents."""
    quantity, price = some.randint(1, 99), some.randint(100, 99_999)
    amount = quantity * price
    surcharge = amount // 7
    return [
        f"LIN+{number}++{some.randint(10**12, 10**13 - 1)}:EN",
        f"IMD+F++:::{some.choice(NAMES).title()} frt ?+ hdl",
        f"QTY+47:{quantity}",
        f"MOA+203:{decimal(amount)}",
        f"PRI+AAA:{decimal(price)}",
        "TAX+7+VAT+++:::21+S",
        "ALC+C++++FC",
        f"MOA+8:{decimal(surcharge)}",
    ], amount + surcharge


def summary(lines: int, total: int) -> list[str]:
    """What stands behind the lines, of which `total` is the sum in cents."""
    tax = (total * 21 + 50) // 100
    return [
        "UNS+S",
        f"CNT+2:{lines}",
        f"MOA+77:{decimal(total + tax)}",
        "TAX+7+VAT+++:::21+S",
        f"MOA+124:{decimal(tax)}",
    ]


def decimal(cents: int) -> str:
    """An amount as EDIFACT writes it."""
    return f"{cents // 100}.{cents % 100:02}"


def _bodies(lines: int) -> Iterator[list[str]]:
    some = random.Random(42)  # the same invoices every time
    while True:
        body, total = header(some), 0
        for number in range(1, lines + 1):
            segments, amount = line(some, number)
            body += segments
            total += amount
        yield body + summary(lines, total)


def _party(some: random.Random, role: str) -> list[str]:
    return [
        f"NAD+{role}+54{some.randint(10**10, 10**11 - 1)}::9++{some.choice(NAMES)}"
        f"+{some.randint(1, 999)} RUE DE L?'EGLISE+{some.choice(PLACES)}"
    ]
