import pytest
from click.testing import CliRunner

from etl.cli.main import _COMMANDS, cli
from tests.cli.conftest import CommandLine


@pytest.mark.parametrize("command", sorted(_COMMANDS))
def test_every_command_has_help(command: str) -> None:
    result = CliRunner().invoke(cli, [command, "--help"])
    assert result.exit_code == 0
    assert result.output.startswith("Usage:")


def test_outside_of_a_project_it_says_where_to_go(tmp_path: object) -> None:
    result = CliRunner().invoke(cli, ["--project", str(tmp_path), "status"])
    assert result.exit_code == 2
    assert "schedules.yaml" in result.output


def test_an_unknown_job_is_wrong_use_and_gets_a_suggestion(etl: CommandLine) -> None:
    result = etl("run", "nihgtly", code=2)
    assert "Did you mean 'nightly'?" in result.output


def test_an_unknown_environment_is_wrong_use(etl: CommandLine) -> None:
    assert "one of test" in etl("--environment", "prod", "status", code=2).output
