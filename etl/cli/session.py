"""What the commands share: the project they work in, opened when it is first needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import click

from etl.config.load import find_project, load_project
from etl.config.project import Project
from etl.jobs.workspace import Workspace, open_workspace


@dataclass
class Session:
    """The options given before the command."""

    folder: Path | None
    environment: str | None

    @cached_property
    def root(self) -> Path:
        """The project's folder."""
        return (self.folder or find_project(Path.cwd())).resolve()

    @cached_property
    def project(self) -> Project:
        """The declared project; raises ConfigurationError."""
        return load_project(self.root, self.environment)

    @contextmanager
    def workspace(self) -> Iterator[Workspace]:
        """The project with its ledger and folders open."""
        with open_workspace(self.project) as workspace:
            yield workspace


pass_session = click.make_pass_decorator(Session)

json_option: Callable[[Any], Any] = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON for a script instead of a table."
)
