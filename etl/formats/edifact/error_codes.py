"""Our defect codes in the codes of the CONTRL message (data element 0085).

The tables are in order of weight: UCI, UCF and UCM have room for one error only, and the first is
told. What is not in the tables is no matter of syntax: a defect of the mapping or of the
application, which an APERAK tells.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServiceError:
    """An error of a service segment.

    Attributes:
        code: 0085.
        segment_id: 0135, the service segment; empty: none.
        element: 0098, the place of the element in it, the segment's tag being 1; 0: none.
    """

    code: str
    segment_id: str = ""
    element: int = 0


INTERCHANGE = {
    "DUPLICATE_UNB": ServiceError("26", "UNB", 6),
    "DUPLICATE_CONTROL_NUMBER": ServiceError("26", "UNB", 6),
    "TEST_INTERCHANGE": ServiceError("25", "UNB", 12),
    "TRUNCATED": ServiceError("13", "UNZ"),
    "UNZ_MISSING": ServiceError("13", "UNZ"),
    "TRANSACTION_TOO_LARGE": ServiceError("18"),
    "UNZ_REFERENCE": ServiceError("28", "UNZ", 3),
    "UNZ_COUNT": ServiceError("29", "UNZ", 2),
    "UNB_FORM": ServiceError("12", "UNB"),
    "UNB_CONTENT": ServiceError("12", "UNB"),
    "UNG_MISSING": ServiceError("13", "UNG"),
    "UNH_MISSING": ServiceError("13", "UNH"),
    "STRAY_SEGMENT": ServiceError("33"),
    "UNB_MISSING": ServiceError("33"),
    "JUNK": ServiceError("33"),
    "TERMINATOR_MISSING": ServiceError("22", "UNZ"),
}
"""UCI."""

GROUP = {
    "UNE_MISSING": ServiceError("13", "UNE"),
    "UNE_REFERENCE": ServiceError("28", "UNE", 3),
    "UNE_COUNT": ServiceError("29", "UNE", 2),
    "DUPLICATE_UNG": ServiceError("26", "UNG", 6),
}
"""UCF."""

MESSAGE = {
    "NO_MAPPING": ServiceError("14", "UNH", 3),
    "NO_STRUCTURE": ServiceError("14", "UNH", 3),
    "UNT_MISSING": ServiceError("13", "UNT"),
    "UNT_REFERENCE": ServiceError("28", "UNT", 3),
    "UNT_COUNT": ServiceError("29", "UNT", 2),
    "UNH_NUMBER_MISSING": ServiceError("13", "UNH", 2),
    "DUPLICATE_UNH": ServiceError("26", "UNH", 2),
    "DUPLICATE_UNB": ServiceError("26", "UNB", 6),
    "TEST_INTERCHANGE": ServiceError("25", "UNB", 12),
}
"""UCM."""

SEGMENT = {
    "UNKNOWN_SEGMENT": "15",
    "MISPLACED_SEGMENT": "15",
    "OUT_OF_ORDER": "15",
    "MISSING_SEGMENT": "13",
    "TOO_MANY_SEGMENTS": "35",
    "TOO_MANY_LOOPS": "36",
    "EMPTY_SEGMENT": "18",
}
"""UCS."""

ELEMENT = {
    "MISSING_ELEMENT": "13",
    "CONDITION_MISSING": "13",
    "CONDITION_EXCLUDED": "15",
    "TOO_MANY_ELEMENTS": "16",
    "TOO_MANY_COMPONENTS": "16",
    "TOO_MANY_REPETITIONS": "35",
    "ELEMENT_TOO_LONG": "39",
    "ELEMENT_TOO_SHORT": "40",
    "BAD_NUMBER": "37",
    "BAD_CODE": "12",
    "BAD_DATE": "12",
    "BAD_TIME": "12",
    "UNDECODABLE": "21",
    "CONTROL_CHARACTER": "21",
}
"""UCD."""

SYNTAX = frozenset({*MESSAGE, *SEGMENT, *ELEMENT})
"""Codes of the defects that reject a message as EDI."""
