from pathlib import Path

from tests.cli.conftest import BROKEN, DISPUTED, GOOD, CommandLine, drop_night
from tests.freight_bills import bills_file


def test_an_untouched_archive_verifies(finished: CommandLine) -> None:
    printed = finished.json("archive", "verify")
    assert (printed["batches"], printed["findings"]) == (1, [])
    finished("archive", "verify", "--head", printed["head"])
    assert "noted outside" in finished("archive", "verify", "--head", "0" * 64, code=1).output


def test_a_changed_byte_is_named(etl: CommandLine) -> None:
    drop_night(etl.night)
    etl("run", "nightly", code=1)
    [records] = (etl.night.root / "archive").rglob("freight_invoice.parquet")
    data = bytearray(records.read_bytes())
    data[100] ^= 1
    records.write_bytes(data)
    [finding] = etl.json("archive", "verify", code=1)["findings"]
    assert finding["code"] == "FILE_CHANGED"
    assert finding["path"].endswith("records/freight_invoice.parquet")


def test_an_original_is_given_back_byte_for_byte(finished: CommandLine, tmp_path: Path) -> None:
    sha256 = finished.json("trace", "bills.edi")["files"][0]["sha256"]
    target = tmp_path / "restored.edi"
    finished("archive", "restore", sha256[:12], "--to", str(target))
    assert target.read_text("utf-8") == bills_file(GOOD, DISPUTED, BROKEN)
    finished("archive", "restore", "f" * 64, code=2)


def test_a_lost_ledger_is_made_anew_from_the_archive(etl: CommandLine) -> None:
    drop_night(etl.night)
    etl("run", "nightly", code=1)
    before = etl.json("trace", "C-1")
    for file in etl.night.root.glob("ledger.db*"):
        file.unlink()
    assert "1 batches written" in etl("ledger", "rebuild").output
    after = etl.json("trace", "C-1")
    for name in ("matched", "documents", "pushes"):
        assert after[name] == before[name]
    assert after["batches"][0]["manifest_sha256"] == before["batches"][0]["manifest_sha256"]
    assert etl.json("exceptions", "list")
    assert etl("run", "nightly").exit_code == 0
    assert "the ledger is at version" in etl("ledger", "upgrade").output
