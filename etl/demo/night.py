"""The demonstration: one night of three carriers and a transport management system.

The partners' files lie on a real SFTP server on the loopback; the job, the mappings and the
tolerances are the project's own, so that what is shown is what a company would run.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from etl.config.load import find_project, load_project
from etl.config.partner import Partner
from etl.config.project import LARGEST_ATTACHMENT_MB, OdooSettings, Project
from etl.config.secrets import Secret
from etl.demo.sftp_server import DemoServer, serve
from etl.errors import ConfigurationError

ENVIRONMENT = "dev"
JOB = "nightly"
_AN_HOUR = 3600


@dataclass(frozen=True)
class DemoOdoo:
    """An Odoo named on the command line; its taxes go by their rates."""

    settings: OdooSettings

    @property
    def taxes(self) -> dict[str, str]:
        """None declared."""
        return {}

    @property
    def due_date(self) -> str:
        """As the settings say."""
        return self.settings.due_date

    @property
    def largest_attachment_mb(self) -> int:
        """The usual limit."""
        return LARGEST_ATTACHMENT_MB

    def resolve(self) -> OdooSettings:
        """The settings."""
        return self.settings


def demo_root(start: Path) -> Path:
    """The project that the demonstration runs in: the one around `start`, or a new one there."""
    try:
        return find_project(start)
    except ConfigurationError:
        embedded = _embedded_project()
        shutil.copytree(embedded / "mappings", start / "mappings")
        shutil.copy(embedded / "schedules.yaml", start)
        return start


def _embedded_project() -> Path:
    """The demonstration's project: in an installed package beside this module, in a checkout at
    its top."""
    package = Path(str(resources.files("etl.demo")))
    installed = package / "project"
    return installed if installed.is_dir() else package.parent.parent


@contextmanager
def demo_project(root: Path, odoo: OdooSettings | None = None) -> Iterator[Project]:
    """The project with its partners' endpoints on a loopback server, which runs meanwhile.

    Args:
        odoo: push to this Odoo instead of the outbox.

    Raises:
        ConfigurationError: the project is a company's own, which is never touched.
    """
    names = [folder.name for folder in (resources.files("etl.demo") / "files").iterdir()]
    with tempfile.TemporaryDirectory(prefix="etl-demo-") as folder:
        served, keys = Path(folder) / "served", Path(folder) / "keys"
        with serve(served, keys) as server:
            endpoints = {name: _on_loopback(server, name) for name in names}
            project = load_project(root, ENVIRONMENT, endpoints=endpoints)
            _refuse_other_projects(project, names)
            for name in names:
                _lay_out(project.partners[name], served / name)
            if odoo is not None:
                project = replace(project, target="odoo", odoo=DemoOdoo(odoo))
            yield project


def _refuse_other_projects(project: Project, names: list[str]) -> None:
    """A company's own project has other partners, or pushes to an Odoo even in development."""
    missing = [name for name in names if name not in project.partners]
    if missing or project.target != "outbox" or JOB not in project.jobs:
        raise ConfigurationError(
            f"the project {project.root} is not the demonstration's (it needs the partners "
            f"{', '.join(names)}, a job {JOB} and an environment {ENVIRONMENT} that pushes to the "
            "outbox): run `etl demo` in an empty folder"
        )


def odoo_settings(url: str, database: str, login: str, password: str) -> OdooSettings:
    """Settings for an Odoo named on the command line."""
    reference = "${env:ETL_ODOO_PASSWORD}"
    secret = Secret(reference, "--odoo", {"ETL_ODOO_PASSWORD": password}, Path())
    return OdooSettings(url, database, login, secret)


def _lay_out(partner: Partner, folder: Path) -> None:
    """Put a partner's sample files where it would drop them, an hour ago."""
    folder.mkdir(parents=True)
    samples = resources.files("etl.demo") / "files" / partner.id
    settle = partner.endpoint.resolve().settle
    dropped = time.time() - _AN_HOUR
    for number, sample in enumerate(_files(samples)):
        target = folder / sample.name
        target.write_bytes(sample.read_bytes())
        os.utime(target, (dropped + number, dropped + number))
        if settle.by == "done_file":
            target.with_name(target.name + settle.suffix).touch()


def _files(folder: Traversable) -> list[Traversable]:
    return sorted((each for each in folder.iterdir() if each.is_file()), key=lambda f: f.name)


def _on_loopback(server: DemoServer, incoming: str) -> dict[str, Any]:
    return {
        "host": server.host,
        "port": server.port,
        "user": server.user,
        "host_key": server.host_key,
        "key": str(server.client_key),
        "passphrase": None,
        "password": None,
        "folders": {"in": incoming},
    }
