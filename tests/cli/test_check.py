import json
import shutil

import pytest

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


def test_a_mapping_that_nothing_names_yet_is_checked_too(etl: CommandLine) -> None:
    source = etl.night.root / "mappings/acme-freight/x12-210.yaml"
    drafts = [source.with_name("draft.yaml"), etl.night.root / "mappings/newcomer/draft.yaml"]
    for draft in drafts:
        draft.parent.mkdir(exist_ok=True)
        text = source.read_text("utf-8").replace("record: freight_invoice", "record: no_such")
        draft.write_text(text.replace("acme-freight/x12-210", f"{draft.parent.name}/draft"))
    wrong = [each for each in etl.json("check", code=2) if not each["ok"]]
    assert [each["subject"] for each in wrong] == [
        f"mappings/{draft.parent.name}/draft.yaml" for draft in drafts
    ]
    assert all("'no_such'" in each["message"] for each in wrong)


def test_samples_of_a_mapping_that_nothing_names_yet_are_run(etl: CommandLine) -> None:
    folder = etl.night.root / "mappings/acme-freight"
    text = (folder / "x12-210.yaml").read_text("utf-8").replace("/x12-210", "/draft")
    (folder / "draft.yaml").write_text(text, "utf-8")
    shutil.copytree(folder / "samples/x12-210", folder / "samples/draft")
    checked = etl.json("check")
    assert [each for each in checked if "/samples/draft/" in each["subject"]]


@pytest.mark.parametrize(
    ("patterns", "unreached"),
    [
        (["*.edi", "*.edi"], ["*.edi"]),
        (["*", "INV_*.edi"], ["INV_*.edi"]),
        (["INV_*", "INV_?.edi", "*.edi"], ["INV_?.edi"]),
        (["INV_*.edi", "*"], []),
        (["a?b", "a*b"], []),
        (["[ab]*", "a*"], []),
        (["*.csv", "*.edi"], []),
    ],
)
def test_a_pattern_whose_files_another_takes_is_told(
    etl: CommandLine, patterns: list[str], unreached: list[str]
) -> None:
    path = etl.night.root / "mappings/acme-freight/partner.yaml"
    rules = "".join(f'\n  - {{pattern: "{each}", mapping: x12-210}}' for each in patterns)
    declared = path.read_text("utf-8").partition("documents:")[0]
    path.write_text(f"{declared}documents:{rules}\n", "utf-8")
    checked = etl.json("check", code=2 if unreached else 0)
    wrong = [each["message"] for each in checked if not each["ok"]]
    assert [message.split("'")[1] for message in wrong] == unreached


@pytest.mark.parametrize("change", ["without", "empty"])
def test_a_child_table_without_rows_may_be_left_out_of_a_sample(
    etl: CommandLine, change: str
) -> None:
    for path in etl.night.root.glob("mappings/*/samples/*/*.expected.json"):
        records = json.loads(path.read_text("utf-8"))
        for record in records:
            for name in [name for name, value in record.items() if value == []]:
                del record[name]
            if change == "empty":
                record["child_of_tomorrow"] = []
        path.write_text(json.dumps(records), "utf-8")
    etl("check")


def test_a_child_row_too_much_in_a_sample_is_still_told(etl: CommandLine) -> None:
    [path, *_] = sorted(etl.night.root.glob("mappings/acme-freight/samples/*/*.expected.json"))
    records = json.loads(path.read_text("utf-8"))
    records[0]["party"] = []
    path.write_text(json.dumps(records), "utf-8")
    [wrong] = [each for each in etl.json("check", code=2) if not each["ok"]]
    assert wrong["message"].startswith("party is [")
