from tests.cli.conftest import CommandLine


def test_status_counts_what_waits_by_queue(finished: CommandLine) -> None:
    printed = finished.json("status")
    waiting = {(q["queue"], q["kind"]): q["open"] for q in printed["queues"]}
    assert waiting == {("disputes", "business"): 1, ("integration", "data"): 1}
    assert printed["jobs"][0]["last_run"]["state"] == "exceptions"
    assert "disputes" in finished("status").output


def test_runs_are_listed_and_shown_in_full(finished: CommandLine) -> None:
    [run] = finished.json("runs", "--limit", "5")
    shown = finished.json("show", run["id"])
    assert {file["original_name"] for file in shown["files"]} == {
        "expected_charges_1.csv",
        "bills.edi",
    }
    assert [d["disposition"] for d in shown["documents"]] == ["pushed", "held", "rejected"]
    assert "C-2" in finished("show", run["id"]).output
    finished("show", "no-such-run", code=2)


def test_the_schedule_can_be_listed(finished: CommandLine) -> None:
    assert finished.json("schedule", "--list") == []
    assert "no job has a trigger" in finished("schedule", "--list").output
    assert finished("schedule", "--once").output == ""
