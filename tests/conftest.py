"""Fixtures that every test may use; the real servers come from tests/services."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from tests.night import Night

pytest_plugins = ["tests.services.fixtures"]

# A landing must not hang on chance: CI takes the same examples each time, people take new ones.
hypothesis.settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    hypothesis.settings.load_profile("ci")

_SERVERS = {"ssh_server", "postgres", "_odoo_of_session"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a real server, so that `make test-unit` can leave it out."""
    for item in items:
        if _SERVERS & set(getattr(item, "fixturenames", ())):
            item.add_marker("services")


@pytest.fixture
def night(tmp_path: Path) -> Iterator[Night]:
    """A project of its own with the repository's mappings and partners in local folders."""
    with Night(tmp_path / "project") as opened:
        yield opened
