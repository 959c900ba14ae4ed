"""What a night takes grows with what it received, and no faster; counted, not timed."""

from pathlib import Path

import pytest

from benchmarks.night import Figures, nights

MOST_WRITTEN, MOST_LEFT = 25, 6
"""Times the bytes received: written by the process, journals included; left on the disk."""

MOST_MEMORY = 1.3e9
"""Bytes resident for 100,000 invoices; measured 1.2e9."""


def night(folder: Path, shape: str, size: int) -> Figures:
    [figures] = nights(folder / f"{shape}-{size}", shape, size)
    return figures


@pytest.mark.parametrize("shape", ["x12", "csv"])
def test_more_invoices_write_and_leave_a_bounded_number_of_bytes_for_each_received(
    tmp_path: Path, shape: str
) -> None:
    few, many = night(tmp_path, shape, 500), night(tmp_path, shape, 2000)
    received = many.received - few.received
    assert many.written - few.written <= MOST_WRITTEN * received
    assert many.left - few.left <= MOST_LEFT * received
    assert many.files == few.files


@pytest.mark.soak
@pytest.mark.parametrize("shape", ["x12", "csv"])
def test_a_night_of_100_000_invoices_costs_no_more_for_each_than_one_of_20_000(
    tmp_path: Path, shape: str
) -> None:
    few, many = night(tmp_path, shape, 20_000), night(tmp_path, shape, 100_000)
    for name in ("cpu", "peak", "written", "left"):
        of_few, of_many = getattr(few, name) / 20_000, getattr(many, name) / 100_000
        assert of_many <= 1.2 * of_few, name
    assert many.written <= MOST_WRITTEN * many.received
    assert many.left <= MOST_LEFT * many.received
    assert many.peak <= MOST_MEMORY
    assert many.files == few.files
