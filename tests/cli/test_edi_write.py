"""`etl edi write`, and where what was sent and received is shown."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner, Result

from etl.cli.main import cli
from tests.edi_night import ACME, ANSWER, NORTHPORT, EdiNight
from tests.freight_bills import FreightBill, bills_file
from tests.night import Night


@pytest.fixture
def edi(night: Night) -> EdiNight:
    prepared = EdiNight(night)
    prepared.prepare()
    (night.root / "answer.yaml").write_text(ANSWER)
    return prepared


def etl(edi: EdiNight, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["--project", str(edi.night.root), *arguments])


def write(edi: EdiNight, *options: str) -> Result:
    content = str(edi.night.root / "answer.yaml")
    return etl(edi, "edi", "write", content, "--partner", NORTHPORT, *options)


def test_what_was_written_and_by_when_it_shall_be_answered_is_told(edi: EdiNight) -> None:
    done = write(edi)
    assert done.exit_code == 0, done.output
    assert "outbox/northport-lines/990_000000001.edi" in done.output
    assert "000000001 from ZZ:BRIGHTWATER to 02:NPLX" in done.output
    told = json.loads(write(edi, "--json", "--deliver").stdout)
    assert (told["control_no"], told["state"], told["error"]) == ("000000002", "delivered", None)
    assert len(edi.delivered(NORTHPORT)) == 2, "what waited is delivered with it"


def test_a_server_that_is_away_is_told_and_the_file_waits(edi: EdiNight) -> None:
    edi.returns[NORTHPORT].rmdir()
    done = write(edi, "--deliver")
    assert done.exit_code == 3
    assert "the next run delivers it" in done.output
    assert "not delivered yet" in etl(edi, "status").output
    assert json.loads(etl(edi, "status", "--json").stdout)["undelivered"][0]["control_value"] == 1


def test_what_breaks_its_structure_is_refused(edi: EdiNight) -> None:
    (edi.night.root / "answer.yaml").write_text(ANSWER.replace("[B1,", "[B9,"))
    done = write(edi)
    assert done.exit_code == 1
    assert "B9" in done.output


def test_what_is_overdue_stands_in_the_status(edi: EdiNight) -> None:
    edi.forward(days=-400)
    edi.write(ANSWER, deliver=True)
    shown = etl(edi, "status").output
    assert "acknowledgements that are overdue" in shown
    assert "990_000000001.edi" in shown


def test_show_and_trace_tell_interchanges_with_their_answers(edi: EdiNight) -> None:
    edi.night.drop(ACME, "bills.edi", bills_file(FreightBill("B-1", "SHP-1"), control_number=101))
    run = edi.run()
    shown = etl(edi, "show", run.run_id).output
    assert "000000101" in shown
    assert "997_000000001.edi" in shown
    traced = json.loads(etl(edi, "trace", "101", "--json").stdout)
    assert [(row["direction"], row["result"]) for row in traced["interchanges"]] == [
        ("in", "A"),
        ("out", None),
    ]
    assert [file["original_name"] for file in traced["files"]] == ["bills.edi"]
    assert "accepted" in etl(edi, "trace", "000000101").output
