"""Each fault of an EDIFACT file: found at its exact place, answered with its code, and the other
messages come through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from etl.defects import Position
from etl.formats.edifact import FORMAT
from tests.formats.edi.answers import answer, received
from tests.formats.edifact import invoices
from tests.formats.source_files import source_file

SOUND = invoices.plain(3)
SECOND = SOUND.index(b"UNH+2")
THIRD = SOUND.index(b"UNH+3")


def changed(old: bytes, new: bytes) -> bytes:
    """The sound file with one place changed, in the second message or behind it."""
    at = SOUND.index(old, SECOND)
    return SOUND[:at] + new + SOUND[at + len(old) :]


def recounted(old: bytes, new: bytes, segments: int) -> bytes:
    """As :func:`changed`, with the UNT counting again."""
    return changed(old, new).replace(b"UNT+17+2", b"UNT+%d+2" % segments)


def with_more(segment: bytes, times: int = 1) -> bytes:
    """The second message with more segments behind its RFF."""
    more = times * (segment + b"'\n")
    return recounted(b"BOL1'\n", b"BOL1'\n" + more, 17 + times)


@dataclass(frozen=True)
class Fault:
    """A fault.

    Attributes:
        data: the file.
        code: of its defect.
        at: segment number, segment id, element, component.
        byte: what stands at its byte offset, and from where on to look for it.
        told: the segments of the CONTRL behind the UCI.
        interchange: the answer of the UCI: action, and what it tells of the envelope.
        broken: which messages are rejected, by their places.
    """

    data: bytes
    code: str
    at: tuple[int | None, str | None, int | None, int | None]
    byte: bytes
    told: tuple[str, ...] = ()
    interchange: str = "7"
    broken: tuple[int, ...] = (2,)
    after: int = SECOND


MESSAGE = "INVOIC:D:96A:UN"
LONG = b"36-CHARACTERS-ARE-ONE-MORE-THAN-MAY-"

FAULTS = {
    "UNT count": Fault(
        changed(b"UNT+17+2", b"UNT+16+2"),
        *("UNT_COUNT", (17, "UNT", 1, None), b"16+2"),
        (f"UCM+2+{MESSAGE}+4+29+UNT+2",),
    ),
    "UNT reference": Fault(
        changed(b"UNT+17+2", b"UNT+17+9"),
        *("UNT_REFERENCE", (17, "UNT", 2, None), b"9'\nUNH"),
        (f"UCM+2+{MESSAGE}+4+28+UNT+3",),
    ),
    "UNZ count": Fault(
        changed(b"UNZ+3", b"UNZ+4"),
        *("UNZ_COUNT", (None, "UNZ", 1, None), b"4+REF1"),
        interchange="7+29+UNZ+2",
        broken=(),
    ),
    "UNZ reference": Fault(
        changed(b"UNZ+3+REF1", b"UNZ+3+REF2"),
        *("UNZ_REFERENCE", (None, "UNZ", 2, None), b"REF2"),
        interchange="7+28+UNZ+3",
        broken=(),
    ),
    "duplicate UNH": Fault(
        SOUND.replace(b"UNH+2", b"UNH+1").replace(b"UNT+17+2", b"UNT+17+1"),
        *("DUPLICATE_UNH", (1, "UNH", 1, None), b"1+INVOIC"),
        (f"UCM+1+{MESSAGE}+4+26+UNH+2",),
    ),
    "missing UNZ": Fault(
        SOUND[: SOUND.index(b"UNZ")],
        *("UNZ_MISSING", (None, "UNT", None, None), b"UNT+17+3"),
        interchange="7+13+UNZ",
        broken=(),
    ),
    "missing UNT": Fault(
        changed(b"UNT+17+2'\n", b""),
        *("UNT_MISSING", (16, "MOA", None, None), b"MOA+77"),
        (f"UCM+2+{MESSAGE}+4+13+UNT",),
    ),
    "truncation": Fault(
        SOUND[: SOUND.index(b"LIN+2", THIRD) + 9],
        *("TRUNCATED", (None, "LIN", None, None), b"LIN+2"),
        (f"UCM+3+{MESSAGE}+4+13+UNT", "UCS+1+13"),
        interchange="7+13+UNZ",
        broken=(3,),
        after=THIRD,
    ),
    "junk after UNZ": Fault(
        SOUND + b"JUNK'",
        *("JUNK", (None, "JUNK", None, None), b"JUNK"),
        interchange="7+33",
        broken=(),
    ),
    "bad date": Fault(
        changed(b"20250626", b"20251326"),
        *("BAD_DATE", (3, "DTM", 1, 2), b"20251326"),
        (f"UCM+2+{MESSAGE}+4", "UCS+3", "UCD+12+2:2"),
    ),
    "bad number": Fault(
        changed(b"150.00", b"15X.00"),
        *("BAD_NUMBER", (10, "MOA", 1, 2), b"15X.00"),
        (f"UCM+2+{MESSAGE}+4", "UCS+10", "UCD+37+2:2"),
    ),
    "too long": Fault(
        changed(b"INV2", LONG),
        *("ELEMENT_TOO_LONG", (2, "BGM", 2, None), LONG),
        (f"UCM+2+{MESSAGE}+4", "UCS+2", "UCD+39+3"),
    ),
    "missing element": Fault(
        changed(b"MOA+203:150.00", b"MOA+:150.00"),
        *("MISSING_ELEMENT", (10, "MOA", 1, 1), b":150.00"),
        (f"UCM+2+{MESSAGE}+4", "UCS+10", "UCD+13+2:1"),
    ),
    "too many components": Fault(
        changed(b"137:20250626:102", b"137:20250626:102:9"),
        *("TOO_MANY_COMPONENTS", (3, "DTM", 1, 4), b"9'\nRFF"),
        (f"UCM+2+{MESSAGE}+4", "UCS+3", "UCD+16+2:4"),
    ),
    "unknown segment": Fault(
        with_more(b"ZZZ+1"),
        *("UNKNOWN_SEGMENT", (5, "ZZZ", None, None), b"ZZZ+1"),
        (f"UCM+2+{MESSAGE}+4", "UCS+5+15"),
    ),
    "segment group too often": Fault(
        with_more(b"NAD+BY+1::9", times=98),
        *("TOO_MANY_LOOPS", (104, "NAD", None, None), b"NAD+BY+40987"),
        (f"UCM+2+{MESSAGE}+4", "UCS+104+36"),
    ),
    "misplaced segment": Fault(
        with_more(b"CNT+2:2", times=1),
        *("MISPLACED_SEGMENT", (5, "CNT", None, None), b"CNT+2:2"),
        (f"UCM+2+{MESSAGE}+4", "UCS+5+15"),
    ),
    "missing BGM": Fault(
        recounted(b"BGM+380+INV2+9'\n", b"", 16),
        *("MISSING_SEGMENT", (1, "UNH", None, None), b"UNH+2"),
        (f"UCM+2+{MESSAGE}+4", "UCS+1+13"),
    ),
    "out of order": Fault(
        changed(
            b"BGM+380+INV2+9'\nDTM+137:20250626:102'", b"DTM+137:20250626:102'\nBGM+380+INV2+9'"
        ),
        *("OUT_OF_ORDER", (3, "BGM", None, None), b"BGM+380+INV2"),
        (f"UCM+2+{MESSAGE}+4", "UCS+3+15"),
    ),
    "control character": Fault(
        changed(b"BOL1", b"BO\x011"),
        *("CONTROL_CHARACTER", (4, "RFF", 1, None), b"\x011"),
        (f"UCM+2+{MESSAGE}+4", "UCS+4", "UCD+21+2"),
    ),
    "a message that nobody knows": Fault(
        SOUND.replace(b"UNH+2+INVOIC", b"UNH+2+ORDERS"),
        *("NO_STRUCTURE", (1, "UNH", 2, None), b"ORDERS"),
        ("UCM+2+ORDERS:D:96A:UN+4+14+UNH+3",),
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
    _, defects = received(fault.data, "edifact", **STRICT)
    [position] = [each.position for each in defects if each.code == fault.code]
    segment, segment_id, element, component = fault.at
    assert position == Position(
        file="a.edi",
        interchange=None if fault.code == "JUNK" else "REF1",
        document=position.document,
        segment=segment,
        segment_id=segment_id,
        element=element,
        component=component,
        byte_offset=fault.data.index(fault.byte, fault.after),
    )
    assert (position.document is None) == (segment is None)


def test_the_contrl_has_its_code(fault: Fault) -> None:
    [interchange], _ = received(fault.data, "edifact", **STRICT)
    unb, unh, uci, *told, unt, unz = answer(interchange, ["CONTRL"])
    assert unb == "UNB+UNOC:3+4098765000000:14+4012345000009:14+250701:2230+1"
    assert unh == "UNH+1+CONTRL:D:3:UN"
    assert uci == f"UCI+REF1+4012345000009:14+4098765000000:14+{fault.interchange}"
    assert tuple(told) == fault.told
    assert (unt, unz) == (f"UNT+{len(told) + 3}+1", "UNZ+1+1")


def test_the_other_messages_come_through(fault: Fault) -> None:
    [interchange], _ = received(fault.data, "edifact", **STRICT)
    rejected = [n for n, each in enumerate(interchange.transactions, 1) if each.rejected]
    assert rejected == list(fault.broken)
    reader = FORMAT.reader({"format": "edifact", "document": "INVOIC"})
    numbers = [
        number
        for chunk in reader.read([source_file(fault.data)])
        for number in chunk.records().column("BGM.02").to_pylist()
    ]
    assert len(numbers) == 3
    for place, number in enumerate(numbers, start=1):
        if place not in fault.broken:
            assert number == f"INV{place}"


def test_the_table_has_every_fault_at_which_peers_fail() -> None:
    wanted = {"UNT count", "UNZ count", "UNT reference", "UNZ reference", "duplicate UNH"}
    wanted |= {"missing UNZ", "truncation", "junk after UNZ", "bad date", "bad number", "too long"}
    wanted |= {"unknown segment", "missing BGM", "out of order"}
    assert wanted <= FAULTS.keys()
