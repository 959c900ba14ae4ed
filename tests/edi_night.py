"""Nights with a partner that exchanges EDI both ways, on a clock that the test moves.

ACME sends freight bills in X12 and is told what became of them; Northport is sent documents of
ours and acknowledges them. Their servers are local folders unless a test says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from etl.config.load import load_project
from etl.jobs.edi_write import WrittenFile, write_file
from etl.jobs.result import RunResult
from etl.jobs.run import run_job
from etl.jobs.workspace import Workspace, open_workspace
from etl.ledger import ExceptionItem, Interchange
from tests.night import Night

ACME, NORTHPORT = "acme-freight", "northport-lines"
START = datetime(2026, 11, 23, 2, 30, tzinfo=UTC)
POLICY: Mapping[str, Any] = {
    "us": {"isa": "ZZ:BRIGHTWATER", "gs": "BRIGHTWATER"},
    "acknowledge": {"x12": ["997"]},
}
ANSWER = """\
document: "990"
version: "004010"
segments:
  - [B1, NPLX, "4711", "20261125", A]
"""
BOOKING = """\
document: IFTMIN
version: D96A
segments:
  - [BGM, "610", "BKG-1", "9"]
  - [DTM, ["137", "20261125", "102"]]
  - [CNT, ["7", "1"]]
  - [NAD, CZ, "A"]
  - [GID, "1"]
"""


@dataclass
class EdiNight:
    """The project, its clock, and the partners' folders."""

    night: Night
    now: datetime = START
    endpoints: dict[str, dict[str, Any]] = field(default_factory=dict)
    returns: dict[str, Path] = field(default_factory=dict)
    _opened: list[Any] = field(default_factory=list)

    def prepare(self) -> None:
        """Local folders for both, ACME's policy, and a job that serves both."""
        for name in (ACME, NORTHPORT):
            self.night.drop_folder(name).mkdir(parents=True, exist_ok=True)
            self.returns[name] = self.night.root / "returns" / name
            self.returns[name].mkdir(parents=True)
            self.endpoints[name] = {
                "type": "local",
                "folders": {"in": f"drop/{name}", "out": f"returns/{name}"},
                "settle": {"by": "rename"},
                "after_pickup": {"action": "move", "to": "processed"},
                "retries": {"attempts": 2, "first_delay": 0},
            }
        self.declare(ACME, POLICY)
        self.write_schedules()

    def write_schedules(self, ledger: str = "sqlite:///ledger.db", **job: Any) -> None:
        """The job `nightly` with both partners, without the audit."""
        given = {
            "partners": ["tms", ACME, NORTHPORT],
            "steps": ["pull", "map", "acknowledge"],
            **job,
        }
        self.night.write_schedules(endpoints=self.endpoints, ledger=ledger, **given)

    def declare(self, partner: str, edi: Mapping[str, Any]) -> None:
        """Put the block `edi:` into a partner.yaml."""
        path = self.night.root / "mappings" / partner / "partner.yaml"
        data = yaml.safe_load(path.read_text("utf-8"))
        path.write_text(yaml.safe_dump({**data, "edi": dict(edi)}, sort_keys=False), "utf-8")

    def forward(self, **duration: float) -> None:
        """Move the clock on."""
        self.now += timedelta(**duration)

    def open(self) -> Workspace:
        """The project opened anew, at the clock's time."""
        opened = open_workspace(load_project(self.night.root), lambda: self.now)
        workspace = opened.__enter__()
        self._opened.append(opened)
        return workspace

    def close(self) -> None:
        """Close what was opened."""
        for opened in self._opened:
            opened.__exit__(None, None, None)
        self._opened.clear()

    def run(self) -> RunResult:
        """The job, once; the clock goes on a minute."""
        result = run_job(self.open(), "nightly")
        self.forward(minutes=1)
        return result

    def write(self, content: str, *, deliver: bool = False) -> WrittenFile:
        """Send transactions to Northport."""
        path = self.night.root / "content.yaml"
        path.write_text(content, "utf-8")
        return write_file(self.open(), path, NORTHPORT, deliver=deliver)

    def delivered(self, partner: str = ACME) -> dict[str, str]:
        """What lies in the partner's folder, by name."""
        return {path.name: path.read_text() for path in sorted(self.returns[partner].iterdir())}

    def interchanges(self, direction: str = "out") -> list[Interchange]:
        """What the ledger has, in the order of their numbers."""
        with self.open().ledger.read() as ledger:
            batches = [batch.id for batch in ledger.batches.recent(100)]
            found = ledger.interchanges.of_batches(batches)
        return [each for each in found if each.direction == direction]

    def exceptions(self, **wanted: Any) -> list[ExceptionItem]:
        """Those that are open."""
        with self.open().ledger.read() as ledger:
            return ledger.exceptions.find(**wanted)
