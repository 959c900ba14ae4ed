"""A night against real servers: every partner on one sshd, the bills in a real Odoo."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from etl.cli.main import cli
from tests.freight_bills import FreightBill, bills_file, expected_file
from tests.night import PARTNERS, Night
from tests.services.cut_proxy import CutProxy
from tests.services.odoo import OdooServer
from tests.services.sshd import SshServer

PASSWORD = "ETL_TEST_ODOO_KEY"


@dataclass
class RealNight:
    """A project whose partners are on a real sshd and whose target is a real Odoo."""

    night: Night
    sshd: SshServer
    odoo: OdooServer
    database: str
    environ: dict[str, str] = field(default_factory=dict)

    def connect(
        self,
        odoo_url: str | None = None,
        *,
        odoo: Mapping[str, Any] | None = None,
        endpoint: Mapping[str, Any] | None = None,
        **job: Any,
    ) -> None:
        """Write schedules.yaml for these servers.

        Args:
            odoo_url: another way to Odoo, e.g. through a proxy.
            odoo: settings of Odoo that differ.
            endpoint: settings of every partner's endpoint that differ.
            job: settings of the job that differ.
        """
        endpoints = {
            partner: {
                "type": "sftp",
                "host": self.sshd.host,
                "port": self.sshd.port,
                "user": self.sshd.username,
                "key": str(self.sshd.client_key),
                "host_key": self.sshd.host_key,
                "passphrase": None,
                "folders": {"in": partner},
                "settle": {"by": "rename"},
                "retries": {"attempts": 2, "first_delay": 0},
                **(endpoint or {}),
            }
            for partner in PARTNERS
        }
        target = {
            "url": odoo_url or self.odoo.url,
            "database": self.database,
            "login": self.odoo.login,
            "password": f"${{env:{PASSWORD}}}",
            "taxes": {"19": "19% VAT", "20": "20% VAT"},
            **(odoo or {}),
        }
        self.night.write_schedules(endpoints=endpoints, odoo=target, **job)
        self.environ = {PASSWORD: self.odoo.password}

    def etl(self, *arguments: str, failpoint: str | None = None) -> Any:
        """Run the command line in a process of its own."""
        return self.night.etl(*arguments, failpoint=failpoint, **self.environ)

    def run(self, *arguments: str) -> Any:
        """Run the job by the command line; what it tells a script, with its exit code."""
        done = self.etl("run", "nightly", "--json", *arguments)
        assert "Traceback" not in done.stderr, done.stderr
        return {"exit_code": done.returncode, **json.loads(done.stdout)}

    def ask(self, *arguments: str) -> Any:
        """What a command that only looks tells a script; in this process."""
        command = ["--project", str(self.night.root), *arguments, "--json"]
        done = CliRunner().invoke(cli, command, env=self.environ, catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    def drop(self, partner: str, name: str, content: str | bytes) -> None:
        """Put a file on the partner's server."""
        data = content.encode("utf-8") if isinstance(content, str) else content
        (self.sshd.root / partner / name).write_bytes(data)

    def drop_bills(self, *bills: FreightBill) -> None:
        """One file a bill, and the expected charges of all."""
        self.drop("tms", "expected_charges_1.csv", expected_file(*bills))
        for number, bill in enumerate(bills, start=101):
            self.drop("acme-freight", f"{bill.number}.edi", bills_file(bill, control_number=number))

    def waiting(self) -> list[str]:
        """Names of the files that are still where the partners dropped them."""
        return sorted(
            path.name for name in PARTNERS for path in (self.sshd.root / name).glob("*.*")
        )

    def picked_up(self) -> list[str]:
        """Names of the files that were moved after pickup."""
        return sorted(path.name for path in self.sshd.root.glob("*/processed/*"))

    def originals(self) -> list[str]:
        """Hashes of the originals in all batch folders, one for each place."""
        return [
            Path(path.name).stem for path in (self.night.root / "archive").rglob("originals/*.zst")
        ]

    def bills(self) -> list[dict[str, Any]]:
        """The vendor bills in Odoo, by number."""
        session = self.odoo.connect_as_admin(self.database)
        fields = [
            "ref", "partner_id", "amount_total", "amount_tax", "currency_id", "state",
            "invoice_line_ids", "move_type", "invoice_date",
        ]  # fmt: skip
        moves = session.env["account.move"]
        found: list[dict[str, Any]] = moves.search_read(
            [("move_type", "in", ["in_invoice", "in_refund"])], fields, order="ref"
        )
        return found


@pytest.fixture
def real_night(night: Night, ssh_server: SshServer, odoo: OdooServer, odoo_db: str) -> RealNight:
    """A project on real servers, with nothing dropped yet."""
    for partner in PARTNERS:
        (ssh_server.root / partner).mkdir()
    opened = RealNight(night, ssh_server, odoo, odoo_db)
    opened.connect()
    return opened


@pytest.fixture
def proxied_night(real_night: RealNight, odoo_proxy: CutProxy) -> RealNight:
    """The same, with Odoo behind a proxy that notes calls and can lose them."""
    real_night.connect(odoo_proxy.url)
    return real_night
