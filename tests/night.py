"""A whole project in a folder of its own: what a test drops there is pulled, audited and pushed.

The mappings, code lists and tolerances are the repository's; the partners' servers are local
folders unless a test says otherwise.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import yaml

from etl.config.load import load_project
from etl.jobs.result import RunResult
from etl.jobs.run import run_job
from etl.jobs.workspace import Workspace, open_workspace

REPOSITORY = Path(__file__).parent.parent
PARTNERS = ("tms", "acme-freight", "parcelxpress", "rhein-forwarding")
ALL_PARTNERS = sorted(path.parent.name for path in REPOSITORY.glob("mappings/*/partner.yaml"))
"""Those that the job does not serve included: they too have folders, where they are tried."""

AN_HOUR_AGO = timedelta(hours=1)


@dataclass
class Night:
    """The project and what a test does with it."""

    root: Path
    _workspaces: list[Any] = field(default_factory=list)

    def __enter__(self) -> Self:
        shutil.copytree(REPOSITORY / "mappings", self.root / "mappings")
        for partner in ALL_PARTNERS:
            self.drop_folder(partner).mkdir(parents=True)
        self.write_schedules()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for opened in self._workspaces:
            opened.__exit__(None, None, None)

    def write_schedules(
        self,
        *,
        endpoints: Mapping[str, Mapping[str, Any]] | None = None,
        odoo: Mapping[str, Any] | None = None,
        ledger: str = "sqlite:///ledger.db",
        **job: Any,
    ) -> None:
        """Write schedules.yaml.

        Args:
            endpoints: by partner, instead of the local folders.
            odoo: push there instead of the outbox.
            job: settings of the job `nightly` that differ.
        """
        local = {partner: self._local(partner) for partner in ALL_PARTNERS}
        environment: dict[str, Any] = {
            "target": "odoo" if odoo else "outbox",
            "ledger": ledger,
            "endpoints": {**local, **(endpoints or {})},
        }
        if odoo:
            environment["odoo"] = dict(odoo)
        content = {
            "version": 1,
            "environments": {"test": environment},
            "jobs": {
                "nightly": {
                    "partners": list(PARTNERS),
                    "push": {"mapping": "odoo/vendor_bill"},
                    **job,
                }
            },
        }
        (self.root / "schedules.yaml").write_text(yaml.safe_dump(content, sort_keys=False), "utf-8")

    def _local(self, partner: str) -> dict[str, Any]:
        return {
            "type": "local",
            "folders": {"in": f"drop/{partner}", "out": f"drop/{partner}"},
            "settle": {"by": "rename"},
            "after_pickup": {"action": "move", "to": "processed"},
            "retries": {"attempts": 2, "first_delay": 0},
        }

    def drop_folder(self, partner: str) -> Path:
        """Where a partner drops its files."""
        return self.root / "drop" / partner

    def drop(self, partner: str, name: str, content: bytes | str) -> Path:
        """Drop a file an hour ago."""
        path = self.drop_folder(partner) / name
        path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
        moment = (datetime.now(UTC) - AN_HOUR_AGO).timestamp()
        os.utime(path, (moment, moment))
        return path

    def open(self) -> Workspace:
        """The project opened anew, with what stands in its files now."""
        opened = open_workspace(load_project(self.root, None, os.environ))
        workspace = opened.__enter__()
        self._workspaces.append(opened)
        return workspace

    def run(self) -> RunResult:
        """Run the job once, in this process."""
        return run_job(self.open(), "nightly")

    def etl(
        self, *arguments: str, failpoint: str | None = None, **environ: str
    ) -> subprocess.CompletedProcess[str]:
        """Run the command line in a process of its own, in the project's folder."""
        variables = {**os.environ, **environ}
        if failpoint:
            variables["ETL_FAILPOINT"] = failpoint
        return subprocess.run(
            [sys.executable, "-m", "etl", *arguments],
            cwd=self.root,
            env=variables,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def etl_json(self, *arguments: str) -> Any:
        """What a command that succeeds or finds exceptions prints with --json."""
        done = self.etl(*arguments, "--json")
        assert done.returncode in (0, 1), done.stderr
        return json.loads(done.stdout)
