"""An archive of three sealed batches, to be looked at and tampered with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from etl.archive import Archive, BatchFolder, Manifest

FIRST_DAY = date(2026, 11, 21)


def charges(number: int) -> pa.Table:
    """A small table with exact amounts."""
    return pa.table(
        {
            "business_key": [f"key-{number}-{row}" for row in range(3)],
            "amount": pa.array([Decimal("10.5000")] * 3, pa.decimal128(18, 4)),
        }
    )


def fill(batch: BatchFolder, number: int) -> None:
    """Put an original and two tables into a batch."""
    batch.add_original(f"ISA*{number}~".encode() * 50, f"file-{number}", f"in-{number}.edi")
    batch.write_table("expected_charge", charges(number))
    batch.write_table("reconciliation", pa.table({"outcome": ["AUTO_APPROVE"]}))


@dataclass
class Sealed:
    """An archive and the manifests of its batches, oldest first."""

    archive: Archive
    manifests: list[Manifest]

    def folder(self, number: int) -> Path:
        """The folder of the n-th batch, from 0."""
        return self.archive.root / self.manifests[number].folder

    def add(self, number: int) -> Manifest:
        """Seal one more batch."""
        batch = self.archive.open_batch(f"batch-{number}", FIRST_DAY + timedelta(days=number))
        fill(batch, number)
        at = datetime(2026, 11, 21, 3, 0, tzinfo=UTC) + timedelta(days=number)
        self.manifests.append(batch.seal({"number": number}, at))
        return self.manifests[-1]


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path / "archive")


@pytest.fixture
def batch(archive: Archive) -> BatchFolder:
    """An open batch."""
    return archive.open_batch("batch-0", FIRST_DAY)


@pytest.fixture
def sealed(archive: Archive) -> Sealed:
    three = Sealed(archive, [])
    for number in range(3):
        three.add(number)
    return three
