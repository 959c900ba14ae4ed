"""Each fault of an X12 file: found at its exact place, answered with its code, and the other
transaction sets come through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from etl.defects import Position
from tests.formats.edi.answers import answer, received
from tests.formats.x12 import interchanges as x12

SOUND = x12.plain(3)
SECOND = SOUND.index(b"ST*210*0002")
THIRD = SOUND.index(b"ST*210*0003")


def changed(old: bytes, new: bytes, *, after: int = SECOND) -> bytes:
    """The sound file with one place changed, in the second transaction set or behind it."""
    at = SOUND.index(old, after)
    return SOUND[:at] + new + SOUND[at + len(old) :]


def recounted(old: bytes, new: bytes, segments: int) -> bytes:
    """As :func:`changed`, with SE01 counting again."""
    return changed(old, new).replace(b"SE*22*0002", b"SE*%d*0002" % segments)


def with_more(segment: bytes, times: int = 1) -> bytes:
    """The second transaction set with more segments behind its C3."""
    return recounted(b"C3*USD~\n", b"C3*USD~\n" + times * (segment + b"~\n"), 22 + times)


@dataclass(frozen=True)
class Fault:
    """A fault.

    Attributes:
        data: the file.
        code: of its defect.
        at: segment number, segment id, element.
        byte: what stands at its byte offset, and from where on to look for it.
        told: segments of the answer to the second transaction set, or to all.
        group: AK9.
        note: TA104 and TA105.
        broken: which transaction sets are rejected.
    """

    data: bytes
    code: str
    at: tuple[int | None, str | None, int | None]
    byte: bytes
    told: tuple[str, ...] = ("AK5*A",)
    group: str = "AK9*P*3*3*2"
    note: str = "A*000"
    broken: tuple[str, ...] = ("0002",)
    after: int = SECOND


LONG = b"INVOICE-NUMBER-OF-24-LONG"[:24]

FAULTS = {
    "SE count": Fault(
        changed(b"SE*22", b"SE*21"), "SE_COUNT", (22, "SE", 1), b"21*0002", ("AK5*R*4",)
    ),
    "SE reference": Fault(
        changed(b"SE*22*0002", b"SE*22*0009"), "SE_REFERENCE", (22, "SE", 2), b"0009", ("AK5*R*3",)
    ),
    "GE count": Fault(
        changed(b"GE*3*1", b"GE*4*1"),
        *("GE_COUNT", (None, "GE", 1), b"4*1~\nIEA"),
        group="AK9*E*4*3*3*5",
        broken=(),
    ),
    "GE reference": Fault(
        changed(b"GE*3*1", b"GE*3*7"),
        *("GE_REFERENCE", (None, "GE", 2), b"7~\nIEA"),
        group="AK9*E*3*3*3*4",
        broken=(),
    ),
    "IEA count": Fault(
        changed(b"IEA*1", b"IEA*2"),
        *("IEA_COUNT", (None, "IEA", 1), b"2*000000001~"),
        group="AK9*A*3*3*3",
        note="E*021",
        broken=(),
    ),
    "IEA reference": Fault(
        changed(b"IEA*1*000000001", b"IEA*1*000000002"),
        *("IEA_REFERENCE", (None, "IEA", 2), b"000000002~"),
        group="AK9*A*3*3*3",
        note="E*001",
        broken=(),
    ),
    "duplicate ST02": Fault(
        SOUND.replace(b"*0002", b"*0001"),
        *("DUPLICATE_ST", (1, "ST", 2), b"0001", ("AK2*210*0001", "AK5*R*23")),
    ),
    "missing IEA": Fault(
        SOUND[: SOUND.index(b"IEA")],
        *("IEA_MISSING", (None, "GE", None), b"GE*3*1"),
        group="AK9*A*3*3*3",
        note="E*023",
        broken=(),
    ),
    "missing GE": Fault(
        changed(b"GE*3*1~\n", b""),
        *("GE_MISSING", (None, "IEA", None), b"IEA"),
        group="AK9*E*3*3*3*3",
        broken=(),
    ),
    "missing SE": Fault(
        changed(b"SE*22*0002~\n", b""),
        *("SE_MISSING", (21, "L3", None), b"L3*120", ("AK5*R*2",)),
    ),
    "truncation": Fault(
        SOUND[: THIRD + 40],
        *("TRUNCATED", (None, "B3", None), b"B3*", ("AK5*R*2*5",)),
        group="AK9*P*3*3*2*3",
        note="E*023",
        broken=("0003",),
        after=THIRD,
    ),
    "junk after IEA": Fault(
        SOUND + b"JUNK~",
        *("JUNK", (None, "JUNK", None), b"JUNK"),
        group="AK9*A*3*3*3",
        note="E*022",
        broken=(),
    ),
    "bad date": Fault(
        changed(b"20250626*1500", b"20251326*1500"),
        *("BAD_DATE", (2, "B3", 6), b"20251326"),
        ("AK3*B3*2**8", "AK4*6*373*8*20251326", "AK5*R*5"),
    ),
    "bad number": Fault(
        changed(b"*1500*", b"*15X0*"),
        *("BAD_NUMBER", (2, "B3", 7), b"15X0"),
        ("AK3*B3*2**8", "AK4*7*193*6*15X0", "AK5*R*5"),
    ),
    "too long": Fault(
        changed(b"INV2", LONG),
        *("ELEMENT_TOO_LONG", (2, "B3", 2), LONG),
        ("AK3*B3*2**8", f"AK4*2*76*5*{LONG.decode()}", "AK5*R*5"),
    ),
    "too short": Fault(
        changed(b"*ACLT*2", b"*A*2"),
        *("ELEMENT_TOO_SHORT", (2, "B3", 11), b"A*2025"),
        ("AK3*B3*2**8", "AK4*11*140*4*A", "AK5*R*5"),
    ),
    "missing element": Fault(
        changed(b"*1500*", b"**"),
        *("MISSING_ELEMENT", (2, "B3", 7), b"**20250621"),
        ("AK3*B3*2**8", "AK4*7*193*1", "AK5*R*5"),
    ),
    "unknown segment": Fault(
        with_more(b"ZZZ*1"),
        *("UNKNOWN_SEGMENT", (4, "ZZZ", None), b"ZZZ*1"),
        ("AK3*ZZZ*4**1", "AK5*R*5"),
    ),
    "misplaced segment": Fault(
        with_more(b"N4*DALLAS*TX"),
        *("MISPLACED_SEGMENT", (4, "N4", None), b"N4*DALLAS*TX~"),
        ("AK3*N4*4**2", "AK5*R*5"),
    ),
    "segment too often": Fault(
        with_more(b"C3*USD"),
        *("TOO_MANY_SEGMENTS", (4, "C3", None), b"C3*USD~\nN9"),
        ("AK3*C3*4**5", "AK5*R*5"),
    ),
    "loop too often": Fault(
        with_more(b"N1*SH*SHIPPER", times=9),
        *("TOO_MANY_LOOPS", (18, "N1", None), b"N1*CN*GLOBAL"),
        ("AK3*N1*18**4", "AK5*R*5"),
    ),
    "missing B3": Fault(
        recounted(b"B3**INV2*SHP1*PP*L*20250626*1500**20250621*035*ACLT*20250806~\n", b"", 21),
        *("MISSING_SEGMENT", (1, "ST", None), b"ST*210*0002"),
        ("AK3*B3*2**3", "AK5*R*5"),
    ),
    "out of order": Fault(
        changed(
            b"B3**INV2*SHP1*PP*L*20250626*1500**20250621*035*ACLT*20250806~\nC3*USD",
            b"C3*USD~\nB3**INV2*SHP1*PP*L*20250626*1500**20250621*035*ACLT*20250806",
        ),
        *("OUT_OF_ORDER", (3, "B3", None), b"B3**INV2"),
        ("AK3*B3*3**7", "AK5*R*5"),
    ),
    "control character": Fault(
        changed(b"ACME", b"AC\x01E"),
        *("CONTROL_CHARACTER", (6, "N1", 2), b"\x01E"),
        ("AK3*N1*6**8", "AK4*2*93*6", "AK5*R*5"),
    ),
    "bytes of another charset": Fault(
        changed(b"ACME", b"AC\xffE"),
        *("UNDECODABLE", (6, "N1", 2), b"\xffE"),
        ("AK3*N1*6**8", "AK4*2*93*6", "AK5*R*5"),
    ),
    "no ST02": Fault(
        SOUND.replace(b"ST*210*0002", b"ST*210*"),
        *("ST_NUMBER_MISSING", (1, "ST", 2), b"~\nB3**INV2"),
        ("AK2*210*0000", "AK5*R*3*7"),
    ),
    "a transaction set that nobody knows": Fault(
        SOUND.replace(b"ST*210*0002", b"ST*850*0002"),
        *("NO_STRUCTURE", (1, "ST", 1), b"850", ("AK2*850*0002", "AK5*R*1")),
    ),
}


@pytest.fixture(params=FAULTS)
def fault(request: pytest.FixtureRequest) -> Fault:
    return FAULTS[request.param]


STRICT: dict[str, Any] = {
    "structure": dict.fromkeys(
        ("misplaced", "order", "repeats", "elements", "lengths", "types", "codes", "notes"),
        "reject",
    )
}


def test_a_fault_is_found_at_its_exact_place(fault: Fault) -> None:
    _, defects = received(fault.data, "x12", **STRICT)
    [position] = [each.position for each in defects if each.code == fault.code]
    segment, segment_id, element = fault.at
    outside = fault.code == "JUNK"
    within = Position(
        file="a.edi",
        interchange=None if outside else "000000001",
        group=position.group,
        document=position.document,
        segment=segment,
        segment_id=segment_id,
        element=element,
        byte_offset=fault.data.index(fault.byte, fault.after),
    )
    assert position == within
    assert (position.document is not None) == (
        segment is not None and fault.code != "ST_NUMBER_MISSING"
    )


def test_the_acknowledgement_has_its_code(fault: Fault) -> None:
    [interchange], _ = received(fault.data, "x12", **STRICT)
    lines = answer(interchange, ["TA1", "997"])
    start = [at for at, line in enumerate(lines) if line.startswith("AK2")]
    number = 2 if fault.broken == ("0003",) else 1
    bounds = [*start, next(at for at, line in enumerate(lines) if line.startswith("AK9"))]
    told = lines[bounds[number] : bounds[number + 1]]
    assert [line for line in told if line in fault.told] == list(fault.told)
    assert told[-1] == fault.told[-1]
    assert fault.group in lines
    assert f"TA1*000000001*250626*2115*{fault.note}" in lines


def test_the_other_transaction_sets_come_through(fault: Fault) -> None:
    [interchange], _ = received(fault.data, "x12", **STRICT)
    numbers = ["0001", "0002", "0003"]
    rejected = [
        number
        for number, each in zip(numbers, interchange.transactions, strict=True)
        if each.rejected
    ]
    assert rejected == list(fault.broken)
    invoices = x12.column(x12.read(fault.data), "B3.02")
    for number, invoice in zip(numbers, ("INV1", "INV2", "INV3"), strict=True):
        if number not in fault.broken:
            assert invoices[numbers.index(number)] == invoice


def test_the_table_has_every_fault_at_which_peers_fail() -> None:
    wanted = {"SE count", "GE count", "IEA count", "SE reference", "GE reference", "IEA reference"}
    wanted |= {"duplicate ST02", "missing IEA", "truncation", "junk after IEA", "bad date"}
    wanted |= {"bad number", "too long", "unknown segment", "missing B3", "out of order"}
    assert wanted <= FAULTS.keys()
