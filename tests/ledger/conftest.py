"""A ledger on SQLite and on PostgreSQL, with a clock that the test moves."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from etl.ledger import Ledger, NewFile, open_ledger, upgrade_ledger

DAY = date(2026, 11, 23)
START = datetime(2026, 11, 23, 2, 30, tzinfo=UTC)


class ManualClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.time = START

    def __call__(self) -> datetime:
        return self.time

    def forward(self, **duration: float) -> datetime:
        """Move on, by the arguments of a timedelta."""
        self.time += timedelta(**duration)
        return self.time


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite ledger with its tables, to be copied: quicker than migrating for each test."""
    path = tmp_path_factory.mktemp("ledger") / "template.db"
    upgrade_ledger(f"sqlite:///{path}")
    return path


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.services)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgres_url"))
    return f"sqlite:///{tmp_path}/ledger.db"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def ledger(url: str, clock: ManualClock, sqlite_template: Path) -> Iterator[Ledger]:
    if url.startswith("sqlite"):
        shutil.copy(sqlite_template, url.removeprefix("sqlite:///"))
    else:
        upgrade_ledger(url)
    opened = open_ledger(url, clock)
    yield opened
    opened.close()


def open_batch(ledger: Ledger, name: str = "b1", job: str = "nightly") -> str:
    """A run ``run-<name>`` with an open batch; returns the batch's id."""
    with ledger.begin() as tx:
        tx.runs.start(f"run-{name}", job, DAY)
        tx.batches.open(
            name,
            run_id=f"run-{name}",
            job=job,
            partners=["acme", "pxpr"],
            nominal_date=DAY,
            folder=f"2026/11/23/{name}",
        )
    return name


def new_file(
    file_id: str,
    batch_id: str = "b1",
    *,
    name: str = "in.edi",
    sha256: str = "aa" * 32,
    partner: str = "acme",
    received_at: datetime = START,
) -> NewFile:
    """A received file."""
    return NewFile(
        id=file_id,
        batch_id=batch_id,
        partner=partner,
        original_name=name,
        sha256=sha256,
        size=5_000_000_000,
        received_at=received_at,
        remote_path=f"/outbound/{name}",
        remote_size=5_000_000_000,
        remote_modified_at=received_at - timedelta(hours=1),
    )
