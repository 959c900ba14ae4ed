"""kill -9 while partners are told: each file is answered once, under numbers used once.

The partners are on a real sshd; the ledger is in SQLite or PostgreSQL.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from etl.failpoints import NAMES
from etl.ledger import upgrade_ledger
from tests.edi_night import ACME, ANSWER, NORTHPORT, EdiNight
from tests.freight_bills import FreightBill, bills_file
from tests.night import Night
from tests.services.sshd import SshServer

POINTS = [name for name in NAMES if name.partition(".")[0] in ("acknowledge", "deliver")]
MIDDLE = ["acknowledge.in_outbox:3", "deliver.moved:3"]
ELSEWHERE = ["map.records_written", "seal.manifest_written", "seal.ledger_written"]
FILES = 3


class Exchange:
    """ACME's bills and Northport's documents, over SFTP."""

    def __init__(self, edi: EdiNight, sshd: SshServer) -> None:
        self.edi, self.sshd = edi, sshd

    def prepare(self, ledger: str) -> None:
        self.edi.prepare()
        for name in (ACME, NORTHPORT):
            for folder in ("in", "out"):
                (self.sshd.root / name / folder).mkdir(parents=True)
            self.edi.endpoints[name] = {
                "type": "sftp",
                "host": self.sshd.host,
                "port": self.sshd.port,
                "user": self.sshd.username,
                "key": str(self.sshd.client_key),
                "host_key": self.sshd.host_key,
                "folders": {"in": f"{name}/in", "out": f"{name}/out"},
                "settle": {"by": "rename"},
                "after_pickup": {"action": "move", "to": "processed"},
                "retries": {"attempts": 2, "first_delay": 0},
            }
        self.edi.write_schedules(ledger=ledger)

    def drop_bills(self) -> None:
        for number in range(101, 101 + FILES):
            bill = FreightBill(f"B-{number}", f"SHP-{number}")
            path = self.sshd.root / ACME / "in" / f"{number}.edi"
            path.write_text(bills_file(bill, control_number=number))

    def out(self, partner: str) -> list[Path]:
        """What lies in the partner's folder, finished or not."""
        return sorted((self.sshd.root / partner / "out").iterdir())

    def taken(self, partner: str) -> list[str]:
        """The partner takes what is there; its contents."""
        contents = [path.read_text() for path in self.out(partner)]
        for path in self.out(partner):
            path.unlink()
        return contents

    def etl(self, *arguments: str, failpoint: str | None = None) -> Any:
        return self.edi.night.etl(*arguments, failpoint=failpoint)


@pytest.fixture(params=["sqlite", "postgresql"])
def exchange(
    request: pytest.FixtureRequest, night: Night, ssh_server: SshServer
) -> Iterator[Exchange]:
    opened = Exchange(EdiNight(night), ssh_server)
    url = "sqlite:///ledger.db"
    if request.param == "postgresql":
        url = str(request.getfixturevalue("postgres_url"))
        upgrade_ledger(url)
    opened.prepare(url)
    yield opened
    opened.edi.close()


@pytest.mark.parametrize("failpoint", [*POINTS, *MIDDLE, *ELSEWHERE])
def test_the_next_run_tells_what_was_not_told(exchange: Exchange, failpoint: str) -> None:
    exchange.drop_bills()
    killed = exchange.etl("run", "nightly", failpoint=failpoint)
    assert killed.returncode == -9, f"{failpoint} was not reached: {killed.stderr}"
    done = exchange.etl("run", "nightly")
    assert done.returncode == 0, done.stdout + done.stderr

    contents = exchange.taken(ACME)
    answered = [re.search(r"AK1\*IM\*(\d+)", content)[1] for content in contents]  # type: ignore[index]
    assert sorted(answered) == ["101", "102", "103"]
    numbers = [re.search(r"IEA\*1\*(\d+)", content)[1] for content in contents]  # type: ignore[index]
    assert sorted(map(int, numbers)) == [1, 2, 3]
    groups = [re.search(r"GE\*1\*(\d+)", content)[1] for content in contents]  # type: ignore[index]
    assert sorted(map(int, groups)) == [1, 2, 3]

    assert exchange.etl("run", "nightly").returncode == 0
    assert exchange.out(ACME) == [], "nothing is sent twice"
    assert {each.state for each in exchange.edi.interchanges("out")} == {"delivered"}
    assert {each.result for each in exchange.edi.interchanges("in")} == {"A"}
    verified = exchange.etl("archive", "verify")
    assert verified.returncode == 0, verified.stdout


@pytest.mark.parametrize(
    "failpoint",
    ["acknowledge.planned", "acknowledge.in_outbox", "deliver.delivered", "seal.manifest_written"],
)
def test_a_document_of_ours_is_sent_once_by_the_command_that_was_killed(
    exchange: Exchange, failpoint: str
) -> None:
    content = exchange.edi.night.root / "answer.yaml"
    content.write_text(ANSWER)
    command = ("edi", "write", str(content), "--partner", NORTHPORT, "--deliver")
    killed = exchange.etl(*command, failpoint=failpoint)
    assert killed.returncode == -9, f"{failpoint} was not reached: {killed.stderr}"
    if not any(each.state != "planned" for each in exchange.edi.interchanges("out")):
        done = exchange.etl(*command)
        assert done.returncode == 0, done.stderr
    else:
        assert exchange.etl("run", "nightly").returncode == 0
    (delivered,) = exchange.taken(NORTHPORT)
    assert "IEA*1*000000001~" in delivered
    assert exchange.etl("run", "nightly").returncode == 0
    assert exchange.out(NORTHPORT) == []


def test_a_server_that_is_away_gets_it_on_the_next_night(exchange: Exchange) -> None:
    exchange.drop_bills()
    folder = exchange.sshd.root / ACME / "out"
    folder.rmdir()
    away = exchange.etl("run", "nightly")
    assert away.returncode == 3
    assert "acme-freight" in away.stderr
    assert len(exchange.edi.exceptions(code="DELIVERY_FAILED")) == 1
    folder.mkdir()
    assert exchange.etl("run", "nightly").returncode == 0
    assert len(exchange.taken(ACME)) == FILES
    assert exchange.edi.exceptions() == []
