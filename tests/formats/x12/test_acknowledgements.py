"""TA1, 997, 999 and 824 beyond the codes of single faults (those are in test_faults.py)."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

import pytest
from pyx12.x12file import X12Reader

from etl.defects import Defect, Position, Severity
from etl.formats.edi.acknowledging.acknowledgements import (
    acknowledgements,
    application_acknowledgements,
    usual_kinds,
)
from etl.formats.edi.acknowledging.application import DocumentResult, Reason
from etl.formats.edi.receipt import ReceivedInterchange, ReceivedTransaction
from etl.formats.edi.structures.files import segments_of
from etl.formats.edi.writing.writer import written
from etl.formats.x12 import error_codes
from etl.formats.x12.syntax import X12
from tests.formats.edi.answers import NOW, answer, outgoing, received
from tests.formats.x12 import interchanges as x12
from tests.formats.x12.test_faults import FAULTS, STRICT


def only(data: bytes, **source: object) -> ReceivedInterchange:
    [interchange], _ = received(data, "x12", **source)
    return interchange


def acknowledging(*transactions: list[str], number: str = "5") -> list[str]:
    """A group of 997 around transaction sets."""
    return [
        f"GS*FA*ACLT*SHIPPER*20250626*2115*{number}*X*004010",
        *(segment for one in transactions for segment in one),
        f"GE*{len(transactions)}*{number}",
    ]


ANSWER = ["ST*997*0001", "AK1*SM*17", "AK9*A*1*1*1", "SE*4*0001"]


# what cannot be counted with


def test_a_count_of_any_length_is_answered_by_what_came() -> None:
    data = x12.plain(2)
    told = answer(only(data.replace(b"GE*2*", b"GE*" + b"9" * 5000 + b"*")), ["997"])
    assert [line for line in told if line.startswith("AK9")] == ["AK9*E*2*2*2*5"]


# what goes back as a whole


def test_an_acknowledgement_goes_back_the_way_the_interchange_came() -> None:
    assert answer(only(x12.plain(2)), ["TA1", "997"]) == [
        "ISA*00*          *00*          *ZZ*SHIPPER        *02*ACLT           *250701*2230*U*00401"
        "*000000001*0*P*>",
        "TA1*000000001*250626*2115*A*000",
        "GS*FA*SHIPPER*ACLT*20250701*2230*1*X*004010",
        "ST*997*0001",
        "AK1*IM*1",
        "AK2*210*0001",
        "AK5*A",
        "AK2*210*0002",
        "AK5*A",
        "AK9*A*2*2*2",
        "SE*8*0001",
        "GE*1*1",
        "IEA*1*000000001",
    ]


def test_separators_versions_and_the_test_indicator_are_theirs() -> None:
    data = (
        b"ISA|00|          |00|          |02|ACLT           |ZZ|SHIPPER        "
        b"|250626|2115|^|00501|000000001|1|T|:!"
        b"GS|IM|ACLT|SHIPPER|20250626|2115|1|X|005010!ST|210|0001!SE|2|0001!GE|1|1!"
        b"IEA|1|000000001!"
    )
    lines = answer(only(data), ["997"])
    assert lines[0].startswith("ISA|00|          |00|          |ZZ|SHIPPER        |02|ACLT   ")
    assert lines[0].endswith("|^|00501|000000001|0|T|:")
    assert lines[1] == "GS|FA|SHIPPER|ACLT|20250701|2230|1|X|005010"


def test_groups_of_other_applications_get_interchanges_of_their_own() -> None:
    groups = [
        x12.group(x12.transaction(), number="1"),
        [
            line.replace("GS*IM*ACLT*", "GS*IM*ACLTEAST*")
            for line in x12.group(x12.transaction(), number="2")
        ],
        x12.group(x12.transaction(), number="3"),
    ]
    first, second = outgoing(only(x12.written(x12.interchange(*groups))), ["TA1", "997"])
    assert (first.group_receiver, len(first.transactions), len(first.notes)) == ("ACLT", 2, 1)
    assert (second.group_receiver, len(second.transactions), len(second.notes)) == (
        "ACLTEAST",
        1,
        0,
    )


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.parametrize("kinds", [["TA1", "997"], ["999"]])
def test_what_goes_back_is_right_to_our_own_reader_and_to_pyx12(
    name: str, kinds: list[str]
) -> None:
    [interchange], _ = received(FAULTS[name].data, "x12", **STRICT)
    [made] = outgoing(interchange, kinds)
    content = written(made)
    [again], defects = received(content, "x12", **STRICT)
    assert defects == []
    assert [each.document for each in again.transactions] == [kinds[-1]]
    reader = X12Reader(StringIO(content.decode()))
    ids = [segment.get_seg_id() for segment in reader]
    assert reader.pop_errors() == []
    assert ids[-3:] == ["SE", "GE", "IEA"]


# what is never acknowledged


def test_acknowledgements_are_never_acknowledged() -> None:
    data = x12.written(x12.interchange(acknowledging(ANSWER)))
    assert acknowledgements(only(data), ["TA1", "997", "999"]) == []


def test_beside_acknowledgements_the_other_groups_are_answered() -> None:
    data = x12.written(x12.interchange(acknowledging(ANSWER), x12.group(x12.transaction())))
    lines = answer(only(data), ["TA1", "997"])
    assert [line for line in lines if line.startswith(("TA1", "AK1", "AK9"))] == [
        "TA1*000000001*250626*2115*A*000",
        "AK1*IM*1",
        "AK9*A*1*1*1",
    ]


def test_an_interchange_that_holds_a_ta1_is_not_answered() -> None:
    isa, iea = x12.interchange()
    note = "TA1*000000077*250625*2200*A*000"
    assert acknowledgements(only(x12.written([isa, note, iea])), ["TA1", "997"]) == []


def test_an_interchange_that_ends_after_its_header_is_answered() -> None:
    [interchange], _ = received(x12.written(x12.interchange()[:1]), "x12")
    assert "TA1*000000001*250626*2115*R*023" in answer(interchange, ["TA1"])


def test_nobody_is_answered_where_nobody_is_named() -> None:
    data = x12.plain(1).replace(b"ACLT           ", b" " * 15)
    assert acknowledgements(only(data), ["TA1", "997"]) == []


def test_the_ids_of_the_isa_stand_for_those_of_a_group_that_could_not_be_written() -> None:
    data = x12.plain(1).replace(b"GS*IM*ACLT*SHIPPER*", b"GS*IM*AN ID OF MORE THAN 15*S*")
    assert answer(only(data), ["997"])[1].startswith("GS*FA*SHIPPER*ACLT*")


# verdicts


def test_a_group_of_which_nothing_is_accepted_is_rejected() -> None:
    data = x12.plain(2).replace(b"SE*22", b"SE*21")
    assert "AK9*R*2*2*0" in answer(only(data), ["997"])


def test_what_only_warns_is_accepted_with_errors() -> None:
    data = FAULTS["bad date"].data
    lines = answer(only(data, structure={"types": "warn"}), ["997"])
    assert "AK4*6*373*8*20251326" in lines
    assert "AK5*E*5" in lines
    assert "AK9*E*3*3*3" in lines


def test_what_is_ignored_is_not_told() -> None:
    lines = answer(only(FAULTS["bad date"].data, structure={"types": "ignore"}), ["997"])
    assert [line for line in lines if line.startswith(("AK3", "AK4"))] == []
    assert "AK9*A*3*3*3" in lines


def test_an_interchange_that_was_kept_out_is_rejected_whatever_is_in_it() -> None:
    interchange = only(x12.plain(2))
    again = Defect("DUPLICATE_ISA", "it came before", Position(interchange="000000001"))
    interchange.defects.append(again)
    lines = answer(interchange, ["TA1", "997"], refused=True)
    assert "TA1*000000001*250626*2115*R*025" in lines
    assert lines.count("AK5*R") == 2
    assert "AK9*R*2*2*0" in lines


def test_a_duplicate_is_rejected_by_its_own_note() -> None:
    one, two = (
        x12.interchange(x12.group(x12.transaction())),
        x12.interchange(x12.group(x12.transaction(), number="2")),
    )
    [_, second], _ = received(x12.written([*one, *two]), "x12")
    lines = answer(second, ["TA1", "997"])
    assert "TA1*000000001*250626*2115*R*025" in lines
    assert "AK9*R*1*1*0" in lines
    (_, second), _ = received(x12.written([*one, *two]), "x12", envelope={"duplicates": "warn"})
    lines = answer(second, ["TA1", "997"])
    assert "TA1*000000001*250626*2115*E*025" in lines
    assert "AK9*A*1*1*1" in lines


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (b"*250626*2115*", b"*250626*9999*", "TA1*000000001*250626*0000*E*015"),
        (b"*250626*2115*", b"*259926*2115*", "TA1*000000001**2115*E*014"),
        (b"*0*P*>", b"*0*Q*>", "TA1*000000001*250626*2115*E*020"),
    ],
)
def test_a_ta1_never_repeats_a_time_that_is_none(old: bytes, new: bytes, told: str) -> None:
    assert told in answer(only(x12.plain(1).replace(old, new)), ["TA1"])


def test_an_id_padded_with_no_break_spaces_is_answered() -> None:
    data = x12.plain(1).replace(b"ACLT           ", b"ACLT" + b"\xa0" * 11)
    (one,), _ = received(data, "x12", charset="iso-8859-1")
    (isa, *_) = answer(one, ["997"])
    assert isa[51:68] == "02*ACLT           "[:17]


def test_a_number_that_came_in_another_file_is_told_by_the_same_note() -> None:
    one = only(x12.plain(1))
    one.defects.append(Defect("DUPLICATE_CONTROL_NUMBER", "came before", Position()))
    assert "TA1*000000001*250626*2115*R*025" in answer(one, ["TA1"], refused=True)


def test_a_test_that_is_kept_out_is_rejected_by_its_own_note() -> None:
    (one,), _ = received(x12.plain(1).replace(b"*0*P*>", b"*0*T*>"), "x12", test="reject")
    assert "TA1*000000001*250626*2115*R*020" in answer(one, ["TA1"])
    assert "AK5*R*1" in answer(one, ["997"])
    (one,), _ = received(x12.plain(1).replace(b"*0*P*>", b"*0*T*>"), "x12", test="warn")
    assert "TA1*000000001*250626*2115*A*000" in answer(one, ["TA1"])


def test_the_ta1_tells_the_weightiest_fault_first() -> None:
    data = x12.plain(1).replace(b"IEA*1*000000001", b"IEA*2*000000009")
    assert "TA1*000000001*250626*2115*E*001" in answer(only(data), ["TA1"])


def test_a_fatal_error_is_told_beside_what_came_before_it() -> None:
    interchange = only(x12.plain(2))
    fatal = Defect("TRANSACTION_TOO_LARGE", "given up", Position(byte_offset=9))
    interchange.defects.append(fatal)
    lines = answer(interchange, ["TA1", "997"])
    assert "TA1*000000001*250626*2115*E*022" in lines
    assert "AK9*A*2*2*2" in lines


def test_a_transaction_set_outside_of_groups_is_told_by_the_ta1() -> None:
    [isa, iea] = x12.interchange()
    lines = answer(only(x12.written([isa, *x12.transaction(), iea])), ["TA1", "997"])
    assert [line for line in lines if line.startswith(("TA1", "AK"))] == [
        "TA1*000000001*250626*2115*R*024"
    ]


def test_defects_of_the_mapping_are_no_matter_of_syntax() -> None:
    interchange = only(x12.plain(1))
    unknown = Defect("UNKNOWN_CODE", "no charge code", Position(segment=15, segment_id="L1"))
    interchange.transactions[0].defects.append(unknown)
    assert "AK9*A*1*1*1" in answer(interchange, ["997"])


# what AK2 to AK5 hold


def test_5010_repeats_version_and_convention_of_what_it_answers() -> None:
    segments = x12.group(
        ["ST*210*0001*GUIDE7", *x12.BODY, f"SE*{len(x12.BODY) + 2}*0001"], version="005010"
    )
    data = x12.written(x12.interchange(segments, isa11="^", version="00501"))
    lines = answer(only(data, structure={"elements": "ignore"}), ["997"])
    assert "AK1*IM*1*005010" in lines
    assert "AK2*210*0001*GUIDE7" in lines


def test_a_997_is_of_the_version_of_the_group_that_it_answers() -> None:
    data = x12.written(x12.interchange(x12.group(x12.transaction(), version="004010VICS")))
    assert answer(only(data), ["997"])[1].endswith("*X*004010VICS")


def test_the_version_of_the_controls_stands_for_a_group_without_one() -> None:
    data = x12.written(x12.interchange(x12.group(x12.transaction(), version="")))
    assert answer(only(data), ["997"])[1].endswith("*X*004010")


def test_a_999_names_its_convention_and_its_own_segments() -> None:
    lines = answer(only(FAULTS["bad date"].data, **STRICT), ["999"])
    assert lines[1].endswith("*X*005010X231A1")
    assert lines[2] == "ST*999*0001*005010X231A1"
    assert [line for line in lines if line.startswith(("IK3", "IK4", "IK5*R"))] == [
        "IK3*B3*2**8",
        "IK4*6*373*8*20251326",
        "IK5*R*5",
    ]


def wrong(code: str, segment_id: str, element: int | None = None, **more: object) -> Defect:
    """A defect of the third segment of the second transaction set."""
    position = Position(segment=3, segment_id=segment_id, element=element)
    component = more.pop("component", None)
    return Defect(
        code,
        "wrong",
        replace(position, component=component),  # type: ignore[arg-type]
        **more,  # type: ignore[arg-type]
    )


def told(*defects: Defect, version: str = "004010") -> list[str]:
    """The segments from AK3 to AK5 for defects of a transaction set."""
    data = x12.written(x12.interchange(x12.group(x12.transaction(), version=version)))
    interchange = only(data)
    interchange.transactions[0].defects += defects
    lines = answer(interchange, ["997"])
    return lines[lines.index("AK2*210*0001") + 1 : -4]


def test_a_component_is_told_with_its_own_reference_number() -> None:
    [_, line, _] = told(wrong("ELEMENT_TOO_LONG", "N9", 7, component=1, value="ZZZZ"))
    assert line == "AK4*7>1*128*5*ZZZZ"


def test_a_composite_as_a_whole_and_an_element_too_many_have_no_reference_number() -> None:
    [_, *lines, _] = told(
        wrong("MISSING_ELEMENT", "N9", 7), wrong("TOO_MANY_ELEMENTS", "N9", 8, value="9")
    )
    assert lines == ["AK4*7**1", "AK4*8**3"]


def test_errors_that_4010_has_no_code_for_are_too_many_elements() -> None:
    defect = wrong("TOO_MANY_COMPONENTS", "N9", 7, component=7, value="7")
    assert told(defect)[1] == "AK4*7>7**3"
    assert told(defect, version="005010")[1].startswith("AK4*7>7*")
    assert told(defect, version="005010")[1].endswith("*13")


def test_a_copy_that_cannot_be_sent_is_left_out() -> None:
    [_, *lines, _] = told(
        wrong("BAD_CODE", "B3", 1, value="A>B"),
        wrong("BAD_CODE", "B3", 2, value="caf\u00e9"),
        wrong("BAD_CODE", "B3", 3, value="X" * 199 + "…"),
    )
    assert lines == ["AK4*1*147*7", "AK4*2*76*7", f"AK4*3*145*7*{'X' * 99}"]


def test_a_segment_without_a_sendable_id_is_told_by_the_ak5_alone() -> None:
    assert told(wrong("UNKNOWN_SEGMENT", "#")) == ["AK5*R*5"]
    assert told(wrong("UNKNOWN_SEGMENT", "TOOLONG"))[0] == "AK3*TOO*3**1"


def test_segment_and_elements_are_told_each_by_itself_in_the_order_of_segments() -> None:
    first = replace(wrong("BAD_DATE", "G62", 2), position=Position(segment=2, segment_id="G62"))
    lines = told(wrong("BAD_TIME", "G62", 4), wrong("OUT_OF_ORDER", "G62"), first)
    assert lines == ["AK3*G62*2**8", "AK3*G62*3**7", "AK3*G62*3**8", "AK4*4*337*9", "AK5*R*5"]


def test_ak5_has_room_for_five_codes() -> None:
    codes = ("SE_MISSING", "SE_REFERENCE", "SE_COUNT", "DUPLICATE_ST", "ST_NUMBER_MISSING")
    lines = told(*(wrong(code, "SE") for code in (*codes, "NO_MAPPING")))
    assert lines == ["AK5*R*2*3*4*23*7"]


def test_a_segment_of_another_transaction_set_is_no_unknown_one() -> None:
    assert told(wrong("UNKNOWN_SEGMENT", "BPR"))[0] == "AK3*BPR*3**6"


def test_ak9_counts_what_the_trailer_counts_what_came_and_what_was_accepted() -> None:
    data = x12.plain(3).replace(b"GE*3*1", b"GE*12*1").replace(b"SE*22*0002", b"SE*1*0002")
    assert "AK9*P*12*3*2*5" in answer(only(data), ["997"])


def test_a_group_number_used_twice_has_a_code_of_its_own_from_5010_on() -> None:
    for version, code in (("004010", "6"), ("005010", "19")):
        body = [one for one in x12.BODY if not one.startswith("N9")]
        groups = 2 * [x12.group(x12.transaction(body=body), version=version)]
        lines = answer(only(x12.written(x12.interchange(*groups))), ["997"])
        assert f"AK9*E*1*1*1*{code}" in lines


@pytest.mark.parametrize(
    ("segment_id", "element", "codes"),
    [
        ("TA1", 5, error_codes.INTERCHANGE.values()),
        ("AK5", 2, error_codes.TRANSACTION.values()),
        ("AK3", 4, {*error_codes.SEGMENT.values(), "1", "4", "6", "8"}),
        ("AK4", 3, error_codes.ELEMENT.values()),
    ],
)
def test_the_codes_are_codes_of_the_standard(
    segment_id: str, element: int, codes: set[str]
) -> None:
    known = segments_of(X12, "005010")[segment_id].elements[element - 1].of.codes.values
    assert set(codes) <= known.keys()


# which kinds


def test_a_997_is_usual_and_a_ta1_where_it_is_asked_for_or_something_is_wrong() -> None:
    sound = x12.plain(1)
    assert usual_kinds(only(sound)) == ("997",)
    assert usual_kinds(only(sound.replace(b"*0*P*>", b"*1*P*>"))) == ("TA1", "997")
    assert usual_kinds(only(sound.replace(b"IEA*1", b"IEA*2"))) == ("TA1", "997")


def test_a_999_is_usual_where_an_implementation_guide_is_named() -> None:
    data = x12.written(x12.interchange(x12.group(x12.transaction(), version="005010X222A1")))
    assert usual_kinds(only(data)) == ("999",)


# 824


def advice(*results: DocumentResult) -> list[str]:
    [made] = application_acknowledgements(only(x12.plain(2)), results, number=31, created=NOW)
    content = written(made.outgoing(number=1, created=NOW))
    _, defects = received(content, "x12", **STRICT)
    assert defects == []
    return content.decode().replace("~", "").splitlines()[1:-2]


def test_an_824_tells_what_the_application_made_of_each_document() -> None:
    reason = Reason("DUPLICATE_BILL", "the invoice was paid before; see INV-7 of 2025-05-02")
    assert advice(
        DocumentResult("210", "INV1", True, "1", "0001"),
        DocumentResult("210", "INV2", False, "1", "0002", (reason,)),
        DocumentResult("210", "INV3", True, "", "", (Reason("FX", "rate of the 2nd"),)),
    ) == [
        "GS*AG*SHIPPER*ACLT*20250701*2230*1*X*004010",
        "ST*824*0001",
        "BGN*11*31*20250701*2230",
        "OTI*TA*TN*INV1*****1*0001*210",
        "OTI*TR*TN*INV2*****1*0002*210",
        "TED*ZZZ*DUPLICATE_BILL: the invoice was paid before; see INV-7 of",
        "NTE**2025-05-02",
        "OTI*TE*TN*INV3*******210",
        "TED*ZZZ*FX: rate of the 2nd",
        "SE*9*0001",
    ]


def test_texts_of_an_824_lose_what_cannot_be_sent() -> None:
    reason = Reason("TOTAL", "Größe * 2 > 3 ~ \n 5 €")
    lines = advice(DocumentResult("210", "I", False, "1", "0001", (reason,)))
    assert "TED*ZZZ*TOTAL: Grosse 2 3 5" in lines


def test_acknowledgements_get_no_824() -> None:
    results = [DocumentResult("997", "1", True)]
    assert application_acknowledgements(only(x12.plain(1)), results, number=1, created=NOW) == []


def test_a_transaction_without_structure_is_answered_all_the_same() -> None:
    interchange = only(x12.plain(1))
    interchange.groups[0].transactions = [
        ReceivedTransaction("0001", "850", "004010", ["ST", "850", "0001"], "", 9),
    ]
    defect = replace(wrong("UNKNOWN_SEGMENT", "PO1"), severity=Severity.WARN)
    interchange.transactions[0].defects.append(defect)
    assert "AK3*PO1*3**1" in answer(interchange, ["997"])
