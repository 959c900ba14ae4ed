"""What partners are told of their files."""

from typing import Any

from etl.archive import Archive
from etl.jobs.rebuild import rebuild_ledger
from etl.jobs.rerun import rerun
from tests.edi_night import ACME, POLICY, EdiNight
from tests.freight_bills import FreightBill, bills_file, expected_file, interchange

GOOD = FreightBill("B-1", "SHP-1")


def segments(content: str, *ids: str) -> list[str]:
    return [line for line in content.split("~\n") if line.partition("*")[0] in ids]


def policy(**acknowledge: Any) -> dict[str, Any]:
    return {**POLICY, "acknowledge": acknowledge}


def test_a_file_is_acknowledged_once_however_often_the_job_runs(edi: EdiNight) -> None:
    edi.night.drop(ACME, "bills.edi", bills_file(GOOD, control_number=101))
    assert edi.run().errors == []
    told = edi.delivered()
    assert list(told) == ["997_000000001.edi"]
    content = told["997_000000001.edi"]
    assert segments(content, "GS") == ["GS*FA*BRIGHTWATER*ACLT*20261123*0230*1*X*004010"]
    assert segments(content, "AK1", "AK2", "AK5", "AK9") == [
        "AK1*IM*101",
        "AK2*210*0001",
        "AK5*A",
        "AK9*A*1*1*1",
    ]
    edi.run()
    assert edi.delivered() == told

    (sent,) = edi.interchanges("out")
    (received,) = edi.interchanges("in")
    assert (sent.state, sent.purpose, sent.document_types) == ("delivered", "syntax", ["997"])
    assert (sent.sender, sent.receiver) == ("ZZ:BRIGHTWATER", "02:ACLT")
    assert sent.made_from == received.id
    assert (received.control_no, received.documents, received.result) == ("000000101", 1, "A")
    assert (edi.night.root / "outbox" / ACME / "sent" / sent.file_name).is_file()


def test_what_was_sent_is_sealed_with_the_batch(edi: EdiNight) -> None:
    edi.night.drop(ACME, "bills.edi", bills_file(GOOD))
    (batch,) = edi.run().batches
    archive = Archive(edi.night.root / "archive")
    folder = archive.find_batch(batch)
    assert folder is not None
    (name,) = edi.delivered()
    path = folder.find_sent(name)
    assert path is not None
    assert path.read_text() == edi.delivered()[name]
    assert archive.verify() == []


def test_a_rerun_sends_nothing(edi: EdiNight) -> None:
    edi.night.drop(ACME, "bills.edi", bills_file(GOOD))
    (batch,) = edi.run().batches
    told = edi.delivered()
    rerun(edi.open(), batch)
    assert edi.delivered() == told
    assert len(edi.interchanges("out")) == len(edi.interchanges("in")) == 1


def test_a_bad_transaction_is_told_with_its_place_and_the_others_are_accepted(
    edi: EdiNight,
) -> None:
    bad = FreightBill("B-2", "SHP-2").segments("0002", declared_count=99)
    edi.night.drop(ACME, "bills.edi", interchange(GOOD.segments("0001"), bad))
    edi.run()
    (content,) = edi.delivered().values()
    assert segments(content, "AK2", "AK5", "AK9") == [
        "AK2*210*0001",
        "AK5*A",
        "AK2*210*0002",
        "AK5*R*4",
        "AK9*P*2*2*1",
    ]
    assert [each.result for each in edi.interchanges("in")] == ["P"]


def test_a_file_that_breaks_off_is_acknowledged_when_its_header_can_be_read(
    edi: EdiNight,
) -> None:
    edi.declare(ACME, policy(x12=["TA1", "997"]))
    edi.night.drop(ACME, "bills.edi", bills_file(GOOD)[:250])
    edi.run()
    (content,) = edi.delivered().values()
    assert segments(content, "TA1")[0].split("*")[:5] == [
        *("TA1", "000000101", "261121", "2315", "R"),
    ]
    assert segments(content, "AK9")[0].startswith("AK9*R*")


def test_nothing_is_sent_unless_it_is_declared(edi: EdiNight) -> None:
    edi.declare(ACME, {})
    edi.night.drop(ACME, "bills.edi", bills_file(GOOD))
    edi.run()
    assert edi.delivered() == {}
    assert len(edi.interchanges("in")) == 1


def test_with_errors_only_a_good_file_is_passed_over(edi: EdiNight) -> None:
    edi.declare(ACME, policy(x12=["997"], when="errors", file="{partner}_{document}.{number}"))
    edi.night.drop(ACME, "good.edi", bills_file(GOOD, control_number=101))
    bad = FreightBill("B-2", "SHP-2").segments("0001", declared_count=99)
    edi.night.drop(ACME, "bad.edi", interchange(bad, control_number=102))
    edi.run()
    ((name, content),) = edi.delivered().items()
    assert name == "acme-freight_997.000000001"
    assert segments(content, "AK1") == ["AK1*IM*102"]


def test_what_the_application_made_of_the_documents_is_told_when_it_is_decided(
    edi: EdiNight,
) -> None:
    edi.declare(ACME, policy(application=["824"]))
    edi.write_schedules(partners=["tms", ACME], steps=["pull", "map", "acknowledge"])
    unmapped = FreightBill("B-2", "SHP-2", charges=(("ZZZ", 100),))
    edi.night.drop(ACME, "bills.edi", bills_file(GOOD, unmapped))
    edi.run()
    (content,) = edi.delivered().values()
    told = segments(content, "OTI", "TED")
    assert told[0].startswith("OTI*TA*TN*B-1*")
    assert told[1].startswith("OTI*TR*TN*B-2*")
    assert told[2].startswith("TED*ZZZ*UNKNOWN_CODE")
    edi.run()
    assert len(edi.delivered()) == 1


def test_our_references_are_not_used_again_after_a_rebuild(edi: EdiNight) -> None:
    edi.declare(ACME, policy(application=["824"]))
    edi.night.drop(ACME, "one.edi", bills_file(GOOD))
    edi.run()
    for path in edi.night.root.glob("ledger.db*"):
        path.unlink()
    rebuild_ledger(edi.open())
    edi.night.drop(ACME, "two.edi", bills_file(FreightBill("B-7", "SHP-7"), control_number=102))
    edi.run()
    told = [segments(content, "BGN")[0].split("*")[2] for content in edi.delivered().values()]
    assert told == ["1", "2"]


def test_a_document_that_waits_for_ourselves_is_told_by_the_rerun_that_decides_it(
    edi: EdiNight,
) -> None:
    edi.declare(ACME, policy(application=["824"]))
    edi.write_schedules(partners=["tms", ACME], steps=["pull", "map", "reconcile", "acknowledge"])
    edi.night.drop(ACME, "bills.edi", bills_file(GOOD))
    (batch,) = edi.run().batches
    assert edi.delivered() == {}, "nothing is expected yet: the freight audit decides"
    edi.night.drop("tms", "expected_charges_1.csv", expected_file(GOOD))
    edi.run()
    rerun(edi.open(), batch)
    (content,) = edi.delivered().values()
    assert segments(content, "OTI")[0].startswith("OTI*TA*TN*B-1*")
    rerun(edi.open(), batch)
    assert len(edi.delivered()) == 1


def test_a_partner_that_cannot_be_reached_gets_it_on_the_next_run(edi: EdiNight) -> None:
    edi.night.drop(ACME, "bills.edi", bills_file(GOOD))
    folder = edi.returns[ACME]
    folder.rmdir()
    result = edi.run()
    assert result.exit_code == 3
    (item,) = edi.exceptions(code="DELIVERY_FAILED")
    assert item.kind == "technical"
    assert [each.state for each in edi.interchanges("out")] == ["written"]
    folder.mkdir()
    assert edi.run().exit_code == 0
    assert list(edi.delivered()) == ["997_000000001.edi"]
    assert edi.exceptions(code="DELIVERY_FAILED") == []


def test_a_file_that_is_refused_holds_up_no_other(edi: EdiNight) -> None:
    edi.night.drop(ACME, "one.edi", bills_file(GOOD))
    edi.night.drop(ACME, "two.edi", bills_file(FreightBill("B-7", "SHP-7"), control_number=102))
    in_the_way = edi.returns[ACME] / "997_000000001.edi"
    in_the_way.mkdir()
    assert edi.run().exit_code == 3
    assert [each.state for each in edi.interchanges("out")] == ["written", "delivered"]
    (item,) = edi.exceptions(code="DELIVERY_FAILED")
    assert "997_000000001.edi is a folder there" in item.message
    in_the_way.rmdir()
    assert edi.run().exit_code == 0
    assert sorted(edi.delivered()) == ["997_000000001.edi", "997_000000002.edi"]
    assert edi.exceptions(code="DELIVERY_FAILED") == []


def test_a_file_that_is_gone_from_the_outbox_is_delivered_from_the_archive(edi: EdiNight) -> None:
    edi.night.drop(ACME, "bills.edi", bills_file(GOOD))
    folder = edi.returns[ACME]
    folder.rmdir()
    edi.run()
    (edi.night.root / "outbox" / ACME / "997_000000001.edi").unlink()
    folder.mkdir()
    edi.run()
    assert "AK9*A" in edi.delivered()["997_000000001.edi"]


def test_an_answer_that_cannot_be_written_is_told_and_the_others_go_on(edi: EdiNight) -> None:
    odd = bills_file(FreightBill("B-2", "SHP-2"), control_number=102).replace(
        "*02*ACLT ", "*  *ACLT "
    )
    edi.night.drop(ACME, "1.edi", odd)
    edi.night.drop(ACME, "2.edi", bills_file(GOOD, control_number=103))
    edi.run()
    (item,) = edi.exceptions(code="ACKNOWLEDGEMENT_UNWRITABLE")
    assert (item.queue, item.details["value"]) == ("integration", "")
    assert "segment_id ISA element 7" in item.details["position"]
    assert list(edi.delivered()) == ["997_000000001.edi"], "no number was used up"
