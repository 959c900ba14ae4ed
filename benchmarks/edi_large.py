"""Files larger than memory should ever be, to tables: `python -m benchmarks.edi_large`.

One EDIFACT INVOIC message of 1 GB with millions of LIN, and one X12 file of 1 GB with 400,000
transactions. Both are made while they are read, so that neither the disk nor the memory ever holds
one; making them costs little, and is measured beside.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, BinaryIO, cast

from benchmarks import edi_edifact, edi_x12, edifact_invoic, x12_210
from benchmarks.edi_work import to_tables
from benchmarks.measuring import Run, Work, main

if TYPE_CHECKING:
    from etl.raw import SourceFile

BYTES = 1_000_000_000
LINES, LOOPS = 10_000, 10


class Stream:
    """A file that is made while it is read; :meth:`read` gives as many bytes as are wanted."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts, self._rest = parts, memoryview(b"")

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def read(self, wanted: int = -1) -> bytes:
        """The next bytes, empty at the end."""
        assert wanted >= 0, "nobody reads all of it at once"
        given: list[bytes | memoryview] = []
        while wanted and (self._rest or self._next()):
            given.append(self._rest[:wanted])
            wanted -= len(given[-1])
            self._rest = self._rest[len(given[-1]) :]
        return b"".join(given)

    def _next(self) -> bool:
        self._rest = memoryview(next(self._parts, b""))
        return bool(self._rest)


def edifact() -> Iterator[bytes]:
    """One message whose lines are the same 10,000 again and again."""
    some = random.Random(42)
    block, total = [], 0
    for number in range(1, LINES + 1):
        segments, amount = edifact_invoic.line(some, number)
        block += segments
        total += amount
    head, lines = edifact_invoic.header(some), _edifact(block)
    times = -(-BYTES // len(lines))
    foot = edifact_invoic.summary(LINES * times, total * times)
    count = 2 + len(head) + len(block) * times + len(foot)
    yield _edifact([edifact_invoic.HEAD, "UNH+1+INVOIC:D:96A:UN", *head])
    for _ in range(times):
        yield lines
    yield _edifact([*foot, f"UNT+{count}+1", "UNZ+1+2838"])


def x12() -> Iterator[bytes]:
    """Groups of the same 1,000 transactions again and again, each under its own number."""
    isa, _, *body, _, _ = x12_210.interchange(x12_210.GROUP, LOOPS)
    transactions = _x12(body)
    groups = -(-BYTES // len(transactions))
    yield _x12([isa])
    for number in range(1, groups + 1):
        yield _x12([f"GS*IM*UPSN*SHIPPERXYZ*20250626*2115*{number}*X*004010"])
        yield transactions
        yield _x12([f"GE*{x12_210.GROUP}*{number}"])
    yield _x12([f"IEA*{groups}*000002838"])


def read_only(parts: Callable[[], Iterator[bytes]]) -> Work:
    """Makes the file and looks at nothing; gives the number of bytes."""

    def work() -> int:
        stream, count = Stream(parts()), 0
        while piece := stream.read(1 << 20):
            count += len(piece)
        return count

    return work


def file_of(name: str, parts: Callable[[], Iterator[bytes]]) -> SourceFile:
    from etl.raw import SourceFile  # noqa: PLC0415

    return SourceFile(name, "", BYTES, lambda: cast(BinaryIO, Stream(parts())))


def edifact_tables() -> Work:
    """9 columns of each LIN."""
    lines = {"LIN": edi_edifact.LINE}
    return to_tables([file_of("1-gb.edi", edifact)], edi_edifact.SOURCE, (), lines)


def x12_tables() -> Work:
    """15 columns of each transaction, 8 of each charge."""
    charges = {"LX/L1": edi_x12.CHARGE}
    return to_tables([file_of("1-gb.edi", x12)], edi_x12.SOURCE, edi_x12.HEADER, charges)


def _edifact(segments: list[str]) -> bytes:
    return "".join(f"{segment}'\n" for segment in segments).encode("latin-1")


def _x12(segments: list[str]) -> bytes:
    return "".join(f"{segment}~\n" for segment in segments).encode("ascii")


RUNS = {
    "edifact": Run(
        "etl: 1 GB EDIFACT message -> tables", edifact_tables, lambda: BYTES / 1e6, most_peak=400
    ),
    "x12": Run("etl: 1 GB X12 file -> tables", x12_tables, lambda: BYTES / 1e6, most_peak=400),
    "edifact_made": Run("EDIFACT only made", lambda: read_only(edifact), lambda: BYTES / 1e6),
    "x12_made": Run("X12 only made", lambda: read_only(x12), lambda: BYTES / 1e6),
}


if __name__ == "__main__":
    main("benchmarks.edi_large", RUNS, "rows", processes=1, times=1)
