from collections import Counter
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from etl.cli.main import cli
from etl.config.load import load_project
from etl.demo.night import demo_project
from etl.errors import ConfigurationError
from etl.jobs.workspace import open_workspace
from tests.night import REPOSITORY, Night


def demo(folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(folder)
    result = CliRunner().invoke(cli, ["demo"], prog_name="etl")
    assert result.exit_code == 0, result.output
    return result.output


def test_the_demo_ends_every_invoice_as_expected_and_changes_nothing_the_second_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    printed = demo(tmp_path, monkeypatch)
    assert "where everything lies" in printed
    expected = yaml.safe_load((REPOSITORY / "etl/demo/expected.yaml").read_text("utf-8"))
    with (
        open_workspace(load_project(tmp_path, "dev", {})) as workspace,
        workspace.ledger.read() as ledger,
    ):
        [run] = ledger.runs.recent()
        [batch] = ledger.batches.of_run(run.id)
        ended = Counter(
            (d.partner, d.document_no, d.disposition)
            for d in ledger.documents.of_batch(batch.id, "freight_invoice")
        )
    wanted = Counter(
        (invoice["partner"], str(invoice["invoice_no"]), invoice["disposition"])
        for invoice in expected["invoices"]
    )
    assert sum(wanted.values()) >= 40
    assert ended == wanted
    assert "0 pushed, all" in demo(tmp_path, monkeypatch)


def test_a_company_s_own_project_is_left_alone(night: Night) -> None:
    with pytest.raises(ConfigurationError), demo_project(night.root):
        pass
