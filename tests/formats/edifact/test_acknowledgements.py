"""CONTRL and APERAK beyond the codes of single faults (those are in test_faults.py)."""

from __future__ import annotations

import pytest
from pydifact.segmentcollection import Interchange

from etl.defects import Defect, Position
from etl.formats.edi.acknowledging.acknowledgements import (
    acknowledgements,
    application_acknowledgements,
    usual_kinds,
)
from etl.formats.edi.acknowledging.application import DocumentResult, Reason
from etl.formats.edi.receipt import ReceivedInterchange
from etl.formats.edi.structures.files import segments_of
from etl.formats.edi.writing.writer import written
from etl.formats.edifact import error_codes
from etl.formats.edifact.syntax import EDIFACT
from tests.formats.edi.answers import NOW, answer, outgoing, received
from tests.formats.edifact import invoices
from tests.formats.edifact.test_faults import FAULTS, STRICT

UCI = "UCI+REF1+4012345000009:14+4098765000000:14"


def only(data: bytes, **source: object) -> ReceivedInterchange:
    [interchange], _ = received(data, "edifact", **source)
    return interchange


def body(data: bytes, *, refused: bool = False, **source: object) -> list[str]:
    """The CONTRL for a file without its envelope."""
    return answer(only(data, **source), ["CONTRL"], refused=refused)[2:-2]


# CONTRL


def test_an_interchange_with_nothing_wrong_is_accepted_with_all_in_it() -> None:
    assert answer(only(invoices.plain(2)), ["CONTRL"]) == [
        "UNB+UNOC:3+4098765000000:14+4012345000009:14+250701:2230+1",
        "UNH+1+CONTRL:D:3:UN",
        f"{UCI}+7",
        "UNT+3+1",
        "UNZ+1+1",
    ]
    assert usual_kinds(only(invoices.plain(1))) == ("CONTRL",)


# pydifact has no directories for most versions, and says so at each segment
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", FAULTS)
def test_what_goes_back_is_right_to_our_own_reader_and_to_pydifact(name: str) -> None:
    [made] = outgoing(only(FAULTS[name].data, **STRICT), ["CONTRL"])
    content = written(made)
    [again], defects = received(content, "edifact", **STRICT)
    assert defects == []
    assert [each.document for each in again.transactions] == ["CONTRL"]
    [message] = Interchange.from_str(content.decode("latin-1")).get_messages()
    ids = [each.id for each in made.transactions[0].segments]
    assert [each.tag for each in message.segments] == ids


def test_separators_charset_and_the_test_indicator_are_theirs() -> None:
    data = (
        b"UNA|^,! ~UNB^UNOB|2^ONE!^TWO|ZZ^THREE^250626|2115^R7^^^^^^1~"
        b"UNH^1^IFTSTA|D|96A|UN~UNT^2^1~UNZ^1^R7~"
    )
    lines = answer(only(data), ["CONTRL"])
    assert lines[0] == "UNA|^,! "
    assert lines[1] == "UNB^UNOB|2^THREE^ONE!^TWO|ZZ^250701|2230^1^^^^^^1"
    assert lines[3] == "UCI^R7^ONE!^TWO|ZZ^THREE^7"


def test_syntax_version_4_gets_its_own_contrl() -> None:
    data = invoices.written(invoices.interchange(invoices.message(), syntax="UNOC:4"))
    lines = answer(only(data), ["CONTRL"])
    assert lines[0].startswith("UNB+UNOC:4+")
    assert lines[1] == "UNH+1+CONTRL:4:1:UN"


def test_contrl_is_never_answered() -> None:
    contrl = ["UNH+1+CONTRL:D:3:UN", "UCI+REF0+4098765000000:14+4012345000009:14+7", "UNT+3+1"]
    alone = invoices.written(invoices.interchange(contrl))
    assert acknowledgements(only(alone), ["CONTRL"]) == []
    beside = invoices.written(invoices.interchange(contrl, invoices.message("2")))
    assert body(beside) == [f"{UCI}+7"]


def test_an_aperak_gets_a_contrl_but_no_aperak() -> None:
    aperak = ["UNH+1+APERAK:D:96A:UN", "BGM++1+6", "RFF+ACW:INV1", "UNT+4+1"]
    interchange = only(invoices.written(invoices.interchange(aperak)))
    assert len(acknowledgements(interchange, ["CONTRL"])) == 1
    results = [DocumentResult("APERAK", "1", True)]
    assert application_acknowledgements(interchange, results, number=1, created=NOW) == []


def test_what_only_warns_is_accepted_with_its_errors() -> None:
    data = FAULTS["bad date"].data
    assert body(data, structure={"types": "warn"}) == [
        f"{UCI}+7",
        "UCM+2+INVOIC:D:96A:UN+7",
        "UCS+3",
        "UCD+12+2:2",
    ]
    assert body(data, structure={"types": "ignore"}) == [f"{UCI}+7"]


def test_groups_are_named_where_something_is_wrong_in_them() -> None:
    groups = [
        invoices.group(invoices.message("1"), number="7"),
        invoices.group(invoices.message("2"), number="8"),
        invoices.group(invoices.message("3"), number="9"),
    ]
    data = invoices.written(invoices.interchange(*groups))
    data = data.replace(b"UNT+17+2", b"UNT+16+2").replace(b"UNE+1+9", b"UNE+2+9")
    assert body(data) == [
        f"{UCI}+7",
        "UCF+8+BILLING:ZZ+AP:ZZ+7",
        "UCM+2+INVOIC:D:96A:UN+4+29+UNT+2",
        "UCF+9+BILLING:ZZ+AP:ZZ+7+29+UNE+2",
    ]


def test_a_group_number_used_twice_and_one_that_does_not_agree() -> None:
    groups = [
        invoices.group(invoices.message("1"), number="7"),
        invoices.group(invoices.message("2"), number="7"),
    ]
    data = invoices.written(invoices.interchange(*groups))
    assert "UCF+7+BILLING:ZZ+AP:ZZ+7+26+UNG+6" in body(data)
    data = invoices.written(invoices.interchange(groups[0])).replace(b"UNE+1+7", b"UNE+1+5")
    assert "UCF+7+BILLING:ZZ+AP:ZZ+7+28+UNE+3" in body(data)


def test_an_interchange_that_was_kept_out_is_rejected_with_all_in_it() -> None:
    interchange = only(invoices.plain(2))
    again = Defect("DUPLICATE_UNB", "it came before", Position(interchange="REF1"))
    interchange.defects.append(again)
    lines = answer(interchange, ["CONTRL"], refused=True)
    assert lines[2:-2] == [f"{UCI}+4+26+UNB+6"]


def test_an_interchange_that_ends_after_its_header_is_rejected() -> None:
    data = invoices.written(invoices.interchange()[:1])
    assert body(data) == [f"{UCI}+4+13+UNZ"]


def test_a_fatal_error_is_told_beside_what_came_before_it() -> None:
    interchange = only(FAULTS["UNT count"].data)
    interchange.defects.append(Defect("TRANSACTION_TOO_LARGE", "given up"))
    assert answer(interchange, ["CONTRL"])[2:-2] == [
        f"{UCI}+7+18",
        "UCM+2+INVOIC:D:96A:UN+4+29+UNT+2",
    ]


def test_defects_of_the_mapping_are_no_matter_of_syntax() -> None:
    interchange = only(invoices.plain(1))
    unknown = Defect("UNKNOWN_CODE", "no charge code", Position(segment=9, segment_id="MOA"))
    interchange.transactions[0].defects.append(unknown)
    assert answer(interchange, ["CONTRL"])[2:-2] == [f"{UCI}+7"]


def test_released_characters_come_back_released() -> None:
    data = invoices.plain(1).replace(b"4012345000009:14", b"O?'NEIL ?+ SONS")
    assert answer(only(data), ["CONTRL"])[2] == "UCI+REF1+O?'NEIL ?+ SONS+4098765000000:14+7"


def test_the_codes_are_codes_of_the_standard() -> None:
    known = segments_of(EDIFACT, "D96A")["UCS"].elements[1].of.codes.values
    levels = (error_codes.INTERCHANGE, error_codes.GROUP, error_codes.MESSAGE)
    used = {error.code for level in levels for error in level.values()}
    used |= {*error_codes.SEGMENT.values(), *error_codes.ELEMENT.values()}
    assert used <= known.keys()


# APERAK


def aperaks(*results: DocumentResult, syntax: str = "UNOC:3", version: str = "D96A") -> list[str]:
    data = invoices.written(invoices.interchange(invoices.message(), syntax=syntax))
    [made] = application_acknowledgements(
        only(data), results, number=31, created=NOW, version=version
    )
    content = written(made.outgoing(number=1, created=NOW))
    _, defects = received(content, "edifact", **STRICT)
    assert defects == []
    return content.decode("latin-1").replace("'\n", "\n").splitlines()[1:-1]


REJECTED = DocumentResult(
    "INVOIC",
    "INV2",
    accepted=False,
    transaction="2",
    reasons=(
        Reason(
            "TOTAL_MISMATCH",
            "the total of 175.50 is not the sum of the lines, 176.50: one of the charges may be "
            "missing; please send a corrected invoice",
        ),
    ),
)


@pytest.mark.parametrize("version", ["D96A", "D96B", "D99B", "D00B"])
def test_an_aperak_for_each_document_says_accepted_or_why_not(version: str) -> None:
    said = f"APERAK:{version[0]}:{version[1:]}:UN"
    accepted = DocumentResult("INVOIC", "INV1", accepted=True, transaction="1")
    assert aperaks(accepted, REJECTED, version=version) == [
        f"UNH+1+{said}",
        "BGM++31+6",
        "DTM+137:202507012230:203",
        "RFF+ACW:INV1",
        "RFF+AGO:1",
        "UNT+6+1",
        f"UNH+2+{said}",
        "BGM++32+27",
        "DTM+137:202507012230:203",
        "RFF+ACW:INV2",
        "RFF+AGO:2",
        "ERC+TOTALMIS::ZZZ",
        "FTX+AAO+++TOTAL_MISMATCH?: the total of 175.50 is not the sum of the lines,:176.50?: one "
        "of the charges may be missing; please send a corrected:invoice",
        "UNT+8+2",
    ]


def test_a_repertoire_without_small_letters_gets_none() -> None:
    lines = aperaks(REJECTED, syntax="UNOA:2")
    assert any("THE TOTAL OF 175.50 IS NOT THE SUM" in line for line in lines)


def test_a_document_without_a_number_is_named_by_its_message() -> None:
    lines = aperaks(DocumentResult("INVOIC", "", accepted=True, transaction="1"))
    assert "RFF+ACW:1" in lines
