"""kill -9 at every named point: the next run finishes, and nothing is lost or done twice."""

import pytest

from etl.failpoints import NAMES
from tests.faults.conftest import RealNight
from tests.freight_bills import FreightBill

BILLS = tuple(FreightBill(f"K-{number}", f"LD-K{number}") for number in range(1, 5))
FILES = ["expected_charges_1.csv", *(f"{bill.number}.edi" for bill in BILLS)]
# what is reached only where a partner is told something: test_acknowledging_killed.py
POINTS = [name for name in NAMES if name.partition(".")[0] not in ("acknowledge", "deliver")]
# points that are reached once for each file or group: in the middle of the work as well
MIDDLE = ("pull.fetched:3", "pull.received:3", "pull.picked_up:3", "archive.original_written:3")


@pytest.mark.parametrize("failpoint", [*POINTS, *MIDDLE])
def test_the_next_run_finishes_what_was_killed(real_night: RealNight, failpoint: str) -> None:
    real_night.drop_bills(*BILLS)
    killed = real_night.etl("run", "nightly", failpoint=failpoint)
    assert killed.returncode == -9, f"{failpoint} was not reached: {killed.stderr}"

    for number in (1, 2):
        done = real_night.etl("run", "nightly")
        assert done.returncode == 0, f"run {number}: {done.stdout}{done.stderr}"

    assert real_night.waiting() == []
    assert real_night.picked_up() == sorted(FILES)
    originals = real_night.originals()
    assert len(originals) == len(set(originals)) == len(FILES)
    assert [bill["ref"] for bill in real_night.bills()] == [bill.number for bill in BILLS]
    verified = real_night.etl("archive", "verify")
    assert verified.returncode == 0, verified.stdout
    assert not list((real_night.night.root / "inbox").rglob("*.*"))
