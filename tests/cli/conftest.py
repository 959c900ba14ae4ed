"""A night that was run once, and the command line in this process."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from click.testing import CliRunner, Result

from etl.cli.main import cli
from tests.freight_bills import EXPECTED_HEADER, FreightBill, bills_file
from tests.night import Night

GOOD = FreightBill("C-1", "LD-C1")
DISPUTED = FreightBill("C-2", "LD-C2")
BROKEN = FreightBill("C-3", "LD-C3", charges=(("400", 9000), ("QQQ", 1000)))


@dataclass
class CommandLine:
    """The command `etl` in a project's folder."""

    night: Night

    def __call__(self, *arguments: str, code: int = 0) -> Result:
        """Run it, and check how it ends."""
        result = CliRunner().invoke(
            cli, ["--project", str(self.night.root), *arguments], prog_name="etl"
        )
        assert result.exit_code == code, result.output
        assert "Traceback" not in result.output
        return result

    def json(self, *arguments: str, code: int = 0) -> Any:
        """What it prints with --json."""
        return json.loads(self(*arguments, "--json", code=code).stdout)


@pytest.fixture
def etl(night: Night) -> CommandLine:
    """The command line in an empty project of the test's own."""
    return CommandLine(night)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CommandLine]:
    """A project after one run: a bill pushed, one disputed, one with an unknown charge code.

    For commands that only look; a test that changes something takes `etl`."""
    with Night(tmp_path_factory.mktemp("finished") / "project") as night:
        drop_night(night)
        command = CommandLine(night)
        command("run", "nightly", code=1)
        yield command


def drop_night(night: Night) -> None:
    """The files of that night."""
    expected = EXPECTED_HEADER + "\n" + GOOD.expected() + DISPUTED.expected(FUEL="1.00")
    night.drop("tms", "expected_charges_1.csv", expected)
    night.drop("acme-freight", "bills.edi", bills_file(GOOD, DISPUTED, BROKEN))
