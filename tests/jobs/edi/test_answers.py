"""What partners answer to our files, and what they do not."""

import pytest

from etl.errors import ConfigurationError, DataError
from etl.jobs.rebuild import rebuild_ledger
from etl.jobs.rerun import rerun
from etl.ledger import Interchange
from tests.edi_night import ANSWER, BOOKING, NORTHPORT, EdiNight


def x12_answer(*body: str, control_number: int = 811) -> str:
    """A 997 of Northport's."""
    lines = [
        "ISA*00*          *00*          *02*NPLX           *ZZ*BRIGHTWATER    *261123*0410*U*00401*"
        f"{control_number:09}*0*P*>",
        f"GS*FA*NPLX*BRIGHTWATER*20261123*0410*{control_number}*X*004010",
        "ST*997*0001",
        *body,
        f"SE*{len(body) + 2}*0001",
        f"GE*1*{control_number}",
        f"IEA*1*{control_number:09}",
    ]
    return "".join(f"{line}~\n" for line in lines)


def edifact_answer(kind: str, *body: str) -> str:
    """A CONTRL or APERAK of Northport's."""
    lines = [
        "UNB+UNOC:3+4098765000004:14+4012345000009:14+261123:0412+5201",
        f"UNH+1+{kind}",
        *body,
        f"UNT+{len(body) + 2}+1",
        "UNZ+1+5201",
    ]
    return "".join(f"{line}'\n" for line in lines)


ACCEPTED = ("AK1*GF*1", "AK2*990*0001", "AK5*A", "AK9*A*1*1*1")
REJECTED = (
    *("AK1*GF*1", "AK2*990*0001", "AK3*B1*2**8", "AK4*2*145*7*4711", "AK5*R*5"),
    "AK9*R*1*1*0",
)


def sent(edi: EdiNight) -> Interchange:
    (one,) = (each for each in edi.interchanges("out") if each.purpose == "document")
    return one


def test_the_number_of_documents_is_taken_and_the_file_delivered(edi: EdiNight) -> None:
    done = edi.write(ANSWER)
    assert done.path == edi.night.root / "outbox" / NORTHPORT / "990_000000001.edi"
    assert edi.delivered(NORTHPORT) == {}
    edi.run()
    (content,) = edi.delivered(NORTHPORT).values()
    assert content.startswith("ISA*00*          *00*          *ZZ*BRIGHTWATER    *02*NPLX ")
    assert "GS*GF*BRIGHTWATER*NPLX*20261123*0230*1*X*004010~\nST*990*0001~\nB1*NPLX*4711" in content
    edi.write(ANSWER, deliver=True)
    assert list(edi.delivered(NORTHPORT)) == ["990_000000001.edi", "990_000000002.edi"]


def ta1(result: str, code: str) -> str:
    """An interchange of Northport's that holds a TA1 of our first one, and nothing else."""
    lines = x12_answer().splitlines()
    note = f"TA1*000000001*261123*0230*{result}*{code}~"
    return "\n".join([lines[0], note, "IEA*0*000000811~", ""])


def test_a_ta1_tells_of_our_interchange(edi: EdiNight) -> None:
    edi.write(ANSWER, deliver=True)
    edi.night.drop(NORTHPORT, "997_1.edi", ta1("A", "000"))
    edi.run()
    assert sent(edi).result is None, "its content is still to be judged"
    assert edi.exceptions() == []
    edi.forward(hours=1)
    edi.night.drop(NORTHPORT, "997_2.edi", ta1("R", "001").replace("000000811", "000000812"))
    edi.run()
    assert sent(edi).result == "R"
    (told,) = edi.exceptions()
    assert (told.code, told.details["level"], told.details["note"]) == (
        "REJECTED_BY_PARTNER",
        "transport",
        "001",
    )


def test_an_acceptance_ends_the_waiting(edi: EdiNight) -> None:
    edi.write(ANSWER, deliver=True)
    edi.night.drop(NORTHPORT, "997_1.edi", x12_answer(*ACCEPTED))
    result = edi.run()
    row = sent(edi)
    assert (row.result, row.acknowledged_by) == ("A", result.batches[0])
    assert edi.exceptions() == []
    assert result.counts.stored == 1
    assert edi.delivered(NORTHPORT).keys() == {"990_000000001.edi"}, "no answer to an answer"
    edi.forward(hours=48)
    edi.run()
    assert edi.exceptions() == []


def test_a_rejection_is_an_exception_with_the_places_of_its_errors(edi: EdiNight) -> None:
    edi.write(ANSWER, deliver=True)
    edi.night.drop(NORTHPORT, "997_1.edi", x12_answer(*REJECTED))
    result = edi.run()
    assert result.exit_code == 1
    (item,) = edi.exceptions()
    assert (item.code, item.queue, item.kind) == ("REJECTED_BY_PARTNER", "integration", "data")
    assert item.details["errors"] == [
        {"of_document": "990", "of_transaction_no": "0001", "result": "R", "code": "5"},
        {
            "of_document": "990",
            "of_transaction_no": "0001",
            "segment_id": "B1",
            "segment_no": 2,
            "code": "8",
        },
        {
            "of_document": "990",
            "of_transaction_no": "0001",
            "segment_id": "B1",
            "segment_no": 2,
            "element_no": 2,
            "code": "7",
            "value": "4711",
        },
    ]
    assert sent(edi).result == "R"
    rerun(edi.open(), result.batches[0])
    assert [each.id for each in edi.exceptions()] == [item.id]

    edi.night.drop(NORTHPORT, "997_2.edi", x12_answer(*ACCEPTED, control_number=812))
    edi.run()
    assert edi.exceptions() == [], "they have taken it after all"
    assert sent(edi).result == "A"


def test_what_is_overdue_is_an_exception_until_the_answer_comes(edi: EdiNight) -> None:
    edi.write(ANSWER)
    edi.forward(hours=10)
    edi.run()
    edi.forward(hours=23, minutes=30)
    edi.run()
    assert edi.exceptions() == [], "the time begins with the delivery"
    edi.forward(hours=1)
    late = edi.run()
    assert late.exit_code == 1
    (item,) = edi.exceptions(code="ACKNOWLEDGEMENT_OVERDUE")
    assert item.queue == "integration"
    assert "northport-lines has not acknowledged 990_000000001.edi" in item.message
    assert edi.run().exit_code == 0, "it is told once"
    edi.night.drop(NORTHPORT, "997_1.edi", x12_answer(*ACCEPTED))
    edi.run()
    assert edi.exceptions() == []
    assert sent(edi).result == "A"


def test_an_answer_to_what_we_never_sent_is_an_exception(edi: EdiNight) -> None:
    edi.night.drop(NORTHPORT, "997_1.edi", x12_answer("AK1*GF*77", "AK9*A*1*1*1"))
    edi.run()
    (item,) = edi.exceptions()
    assert item.code == "ACKNOWLEDGEMENT_UNKNOWN"
    assert "northport-lines answers group 77, which we did not send" in item.message


def test_a_contrl_answers_the_interchange(edi: EdiNight) -> None:
    edi.write(BOOKING, deliver=True)
    received = "UCI+1+4012345000009:14+4098765000004:14+8"
    edi.night.drop(NORTHPORT, "CONTRL_1.edi", edifact_answer("CONTRL:D:3:UN", received))
    edi.run()
    assert sent(edi).result is None, "that it arrived is not yet what we wait for"
    partly = ("UCI+1+4012345000009:14+4098765000004:14+7", "UCM+1+IFTMIN:D:96A:UN+4", "UCS+4+15")
    content = edifact_answer("CONTRL:D:3:UN", *partly).replace("5201", "5202")
    edi.night.drop(NORTHPORT, "CONTRL_2.edi", content)
    edi.run()
    assert sent(edi).result == "P"
    (item,) = edi.exceptions()
    assert "rejected a part of IFTMIN_1.edi (interchange 1)" in item.message
    assert {"of_document": "IFTMIN", "of_transaction_no": "1", "segment_no": 4, "code": "15"} in (
        item.details["errors"]
    )


def test_an_aperak_is_found_by_the_number_of_our_document(edi: EdiNight) -> None:
    edi.write(BOOKING, deliver=True)
    refused = ("BGM++AP-1+27", "RFF+ACW:BKG-1", "ERC+NOCAP::ZZZ", "FTX+AAO+++NO CAPACITY")
    edi.night.drop(NORTHPORT, "APERAK_1.edi", edifact_answer("APERAK:D:96A:UN", *refused))
    edi.run()
    (item,) = edi.exceptions(code="REJECTED_BY_PARTNER")
    assert item.details["errors"] == [{"code": "NOCAP", "message": "NO CAPACITY"}]
    assert sent(edi).result == "R"


def test_what_would_be_rejected_is_not_sent(edi: EdiNight) -> None:
    with pytest.raises(DataError, match="BGM"):
        edi.write(BOOKING.replace('  - [BGM, "610", "BKG-1", "9"]\n', ""))
    with pytest.raises(ConfigurationError, match="document 'IFTXXX'"):
        edi.write(BOOKING.replace("IFTMIN", "IFTXXX"))
    assert edi.interchanges("out") == []
    edi.write(BOOKING)
    assert sent(edi).control_no == "1", "no number was used up"


def test_a_partner_without_our_id_is_not_written_to(edi: EdiNight) -> None:
    edi.declare(NORTHPORT, {})
    with pytest.raises(ConfigurationError, match=r"edi\.us\.isa: found nothing"):
        edi.write(ANSWER)


def test_a_rebuilt_ledger_knows_what_was_sent_and_goes_on_counting(edi: EdiNight) -> None:
    edi.write(ANSWER, deliver=True)
    edi.night.drop(NORTHPORT, "997_1.edi", x12_answer(*ACCEPTED))
    edi.run()
    before = [(each.id, each.state, each.result) for each in edi.interchanges("out")]
    edi.close()
    for name in ("ledger.db", "ledger.db-wal", "ledger.db-shm"):
        (edi.night.root / name).unlink(missing_ok=True)
    rebuild_ledger(edi.open())
    assert [(each.id, each.state, each.result) for each in edi.interchanges("out")] == before
    edi.write(ANSWER)
    assert max(each.control_value or 0 for each in edi.interchanges("out")) == 2
