from pathlib import Path

from tests.cli.conftest import GOOD, CommandLine, drop_night


def tree(root: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in root.rglob("*") if p.is_file() and p.suffix != ".lock"}


def test_a_run_tells_where_every_document_ended(etl: CommandLine) -> None:
    drop_night(etl.night)
    printed = etl.json("run", "nightly", code=1)
    assert printed["state"] == "exceptions"
    assert printed["counts"]["read"] == 7
    assert (printed["counts"]["pushed"], printed["counts"]["held"]) == (1, 1)
    assert printed["counts"]["rejected"] == 1
    again = etl("run", "nightly")
    assert "nothing new came" in again.output


def test_the_day_of_a_run_can_be_named(etl: CommandLine) -> None:
    drop_night(etl.night)
    assert etl.json("run", "nightly", "--date", "2026-11-20", code=1)["date"] == "2026-11-20"
    assert (etl.night.root / "archive/2026/11/20").is_dir()
    etl("run", "nightly", "--date", "20.11.2026", code=2)


def test_a_dry_run_tells_what_would_happen_and_changes_nothing(etl: CommandLine) -> None:
    drop_night(etl.night)
    etl("status")  # makes the ledger
    before = tree(etl.night.root / "drop"), tree(etl.night.root / "archive")
    printed = etl.json("run", "nightly", "--dry-run")
    assert {file["name"] for file in printed["files"]} == {"expected_charges_1.csv", "bills.edi"}
    outcomes = {c["business_key"]: c["outcome_after"] for c in printed["changes"]}
    assert outcomes["acme-freight/freight_invoice/C1/0"] == "AUTO_APPROVE"
    assert outcomes["acme-freight/freight_invoice/C2/0"] == "DISPUTE"
    assert (tree(etl.night.root / "drop"), tree(etl.night.root / "archive")) == before
    assert etl.json("runs") == []


def test_a_rerun_makes_a_batch_of_its_own_and_pushes_nothing_twice(etl: CommandLine) -> None:
    drop_night(etl.night)
    [batch] = etl.json("run", "nightly", code=1)["batches"]
    assert etl.json("rerun", batch, "--dry-run") == []
    again = etl.json("rerun", batch, code=1)
    assert again["batches"] != [batch]
    assert (again["counts"]["pushed"], again["counts"]["unchanged"]) == (0, 1)
    assert [run["kind"] for run in etl.json("runs")] == ["rerun", "run"]
    etl("rerun", "no-such-batch", code=2)
    assert "bills.edi" in etl("rerun", batch, "--file", "bill.edi", code=2).output


def test_a_rerun_after_a_code_was_added_pushes_what_was_rejected(etl: CommandLine) -> None:
    drop_night(etl.night)
    [batch] = etl.json("run", "nightly", code=1)["batches"]
    codes = etl.night.root / "mappings/codes/charge_codes.yaml"
    text = codes.read_text("utf-8")
    codes.write_text(text.rstrip() + "\n  - {code: QQQ, value: MISC}\n", "utf-8")
    [change] = etl.json("rerun", batch, "--dry-run")
    assert change["business_key"].endswith("/C3/0")
    assert (change["outcome_before"], change["outcome_after"]) == ("rejected", "REVIEW")
    result = etl.json("rerun", batch, "--file", "bills.edi", code=1)
    assert result["counts"]["rejected"] == 0
    closed = etl.json("exceptions", "list", "--closed")
    assert [item["code"] for item in closed] == ["UNKNOWN_CODE"]
    assert GOOD.number in etl("trace", GOOD.number).output


def test_a_dry_run_says_which_partner_could_not_be_visited(etl: CommandLine) -> None:
    drop_night(etl.night)
    etl.night.drop_folder("parcelxpress").rmdir()
    assert "parcelxpress" in etl("run", "nightly", "--dry-run", code=3).stderr
