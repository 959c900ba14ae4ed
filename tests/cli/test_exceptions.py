from tests.cli.conftest import CommandLine, drop_night


def test_what_waits_is_listed_by_queue_and_kind(finished: CommandLine) -> None:
    assert [i["code"] for i in finished.json("exceptions", "list")] == ["UNKNOWN_CODE", "FUEL"]
    [dispute] = finished.json("exceptions", "list", "--queue", "disputes")
    assert dispute["kind"] == "business"
    assert finished.json("exceptions", "list", "--kind", "technical") == []
    assert finished.json("exceptions", "list", "--partner", "parcelxpress") == []
    assert finished.json("exceptions", "list", "--closed") == []


def test_an_exception_shows_its_numbers_and_its_original(finished: CommandLine) -> None:
    [dispute] = finished.json("exceptions", "list", "--queue", "disputes")
    shown = finished("exceptions", "show", dispute["id"]).output
    assert "10.00" in shown
    assert ".zst" in shown
    [defect] = finished.json("exceptions", "list", "--kind", "data")
    shown = finished("exceptions", "show", defect["id"]).output
    assert "QQQ" in shown
    assert "document 0003" in shown
    finished("exceptions", "show", "nothing", code=2)


def test_a_retry_after_the_cause_was_mended_closes_it(etl: CommandLine) -> None:
    drop_night(etl.night)
    etl("run", "nightly", code=1)
    rates = "rate,R1,ACLT,LD-C2,PROC-2,BOLC-2,FUEL,10.00,USD,,2026-01-01,2026-12-31\n"
    header = (etl.night.drop_folder("tms") / "processed/expected_charges_1.csv").read_text("utf-8")
    etl.night.drop("tms", "expected_charges_2.csv", header.splitlines()[0] + "\n" + rates)
    etl("run", "nightly")
    [dispute] = etl.json("exceptions", "list", "--queue", "disputes")
    etl("exceptions", "retry", dispute["id"], code=1)  # the unknown code is still unknown
    assert etl.json("exceptions", "list", "--queue", "disputes") == []
    assert etl.json("trace", "C-2")["pushes"]
    etl("exceptions", "retry", dispute["id"], code=2)


def test_a_person_can_close_what_needs_nothing_more(etl: CommandLine) -> None:
    drop_night(etl.night)
    etl("run", "nightly", code=1)
    [dispute] = etl.json("exceptions", "list", "--queue", "disputes")
    etl("exceptions", "close", dispute["id"], code=2)
    closing = etl("exceptions", "close", dispute["id"], "--reason", "agreed by telephone")
    assert "1 closed" in closing.output
    assert "agreed by telephone" in etl("exceptions", "show", dispute["id"]).output
    assert etl.json("exceptions", "list", "--queue", "disputes") == []
    etl("exceptions", "retry", code=2)
