"""Our defect codes in the codes of X12's acknowledgements.

The tables are in order of weight: where there is room for one code only, the first one is told.
What is not in the tables is no matter of syntax: a defect of the mapping or of the application,
which an 824 tells.
"""

from __future__ import annotations

INTERCHANGE = {
    "DUPLICATE_ISA": "025",
    "DUPLICATE_CONTROL_NUMBER": "025",
    "TEST_INTERCHANGE": "020",
    "TRUNCATED": "023",
    "IEA_MISSING": "023",
    "TRANSACTION_TOO_LARGE": "022",
    "IEA_REFERENCE": "001",
    "IEA_COUNT": "021",
    "ISA_FORM": "022",
    "ISA_CONTENT": "024",
    "GS_MISSING": "024",
    "ST_MISSING": "024",
    "STRAY_SEGMENT": "024",
    "ISA_MISSING": "022",
    "JUNK": "022",
    "TERMINATOR_MISSING": "004",
}
"""TA105, data element I18."""

ISA_CONTENT = {9: "014", 10: "015", 12: "017", 13: "018", 14: "019", 15: "020"}
"""TA105 of a value of the ISA, by its element."""

NO_NOTE = "000"
"""TA105 where nothing is wrong."""

GROUP = {
    "GE_MISSING": "3",
    "GE_REFERENCE": "4",
    "GE_COUNT": "5",
    "DUPLICATE_GS": "19",
}
"""AK905 to AK909, data element 716."""

GROUP_BEFORE_005010 = {"DUPLICATE_GS": "6"}
"""Where the element's list was shorter."""

TRANSACTION = {
    "NO_MAPPING": "1",
    "NO_STRUCTURE": "1",
    "SE_MISSING": "2",
    "SE_REFERENCE": "3",
    "SE_COUNT": "4",
    "ST_NUMBER_MISSING": "7",
    "DUPLICATE_ST": "23",
    "DUPLICATE_ISA": "23",
    "TEST_INTERCHANGE": "1",
    "GS_MISSING": "6",
    "EMPTY_SEGMENT": "5",
}
"""AK502 to AK506 and IK502 to IK506, data elements 718 and 618."""

SEGMENTS_IN_ERROR = "5"
"""AK502 where the errors stand in AK3 and AK4."""

SEGMENT = {
    "UNKNOWN_SEGMENT": "2",
    "MISPLACED_SEGMENT": "2",
    "MISSING_SEGMENT": "3",
    "TOO_MANY_LOOPS": "4",
    "TOO_MANY_SEGMENTS": "5",
    "OUT_OF_ORDER": "7",
}
"""AK304 and IK304, data elements 720 and 620."""

UNKNOWN, NOT_IN_TRANSACTION = "1", "6"
"""AK304 where the transaction set has no such segment: the dictionary has none, or has it."""

ELEMENTS_IN_ERROR = "8"
"""AK304 where only elements are wrong."""

ELEMENT = {
    "MISSING_ELEMENT": "1",
    "CONDITION_MISSING": "2",
    "TOO_MANY_ELEMENTS": "3",
    "ELEMENT_TOO_SHORT": "4",
    "ELEMENT_TOO_LONG": "5",
    "UNDECODABLE": "6",
    "CONTROL_CHARACTER": "6",
    "BAD_NUMBER": "6",
    "BAD_CODE": "7",
    "BAD_DATE": "8",
    "BAD_TIME": "9",
    "CONDITION_EXCLUDED": "10",
    "TOO_MANY_REPETITIONS": "12",
    "TOO_MANY_COMPONENTS": "13",
}
"""AK403 and IK403, data elements 723 and 621."""

ELEMENT_BEFORE_005010 = {"TOO_MANY_REPETITIONS": "3", "TOO_MANY_COMPONENTS": "3"}
"""Where the element's list was shorter."""

SYNTAX = frozenset({*TRANSACTION, *SEGMENT, *ELEMENT})
"""Codes of the defects that reject a transaction set as EDI."""
