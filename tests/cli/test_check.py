import shutil

from tests.cli.conftest import CommandLine
from tests.night import REPOSITORY


def test_the_repository_itself_is_right(etl: CommandLine) -> None:
    checked = etl.json("check")
    assert all(each["ok"] for each in checked)
    samples = [each for each in checked if "/samples/" in each["subject"]]
    files = [p for p in REPOSITORY.glob("mappings/*/samples/*/*") if ".expected." not in p.name]
    assert len(samples) == len(files) > 0


def test_a_wrong_mapping_names_line_key_and_what_was_meant(etl: CommandLine) -> None:
    path = etl.night.root / "mappings/acme-freight/x12-210.yaml"
    path.write_text(path.read_text("utf-8").replace("  invoice_no: B3.02", "  invoise_no: B3.02"))
    [wrong] = [each for each in etl.json("check", code=2) if not each["ok"]]
    assert "invoise_no" in wrong["message"]
    assert "Did you mean 'invoice_no'?" in wrong["message"]
    assert "mappings/acme-freight/x12-210.yaml:" in wrong["message"]


def test_a_sample_that_gives_something_else_says_where(etl: CommandLine) -> None:
    [expected, *_] = sorted(etl.night.root.glob("mappings/tms/samples/*/*.expected.json"))
    expected.write_text(expected.read_text("utf-8").replace("USD", "CAD", 1), "utf-8")
    [wrong] = [each for each in etl.json("check", code=2) if not each["ok"]]
    assert "'CAD'" in wrong["message"]


def test_connections_are_tried_and_the_probe_leaves_no_trace(etl: CommandLine) -> None:
    tried = etl.json("check", "--connect")
    assert any("move files after pickup" in each["subject"] for each in tried)
    assert [p for p in (etl.night.root / "drop").rglob("*") if p.is_file()] == []
    shutil.rmtree(etl.night.drop_folder("parcelxpress"))
    failed = [each for each in etl.json("check", "--connect", code=3) if not each["ok"]]
    assert any("parcelxpress" in each["subject"] for each in failed)
