"""Nights with accidents: nothing is lost, nothing paid twice, and what is said beforehand is done.

A few nights in every test run; twenty, and sixty of other towns, by `make soak`.
"""

from __future__ import annotations

import pytest

from tests.night import Night
from tests.nights.town import live

ACCIDENTS = {
    "kill",
    "clock forward",
    "clock back",
    "correct",
    "resend",
    "repeat",
    "charges_come_late",
    "new_charges",
    "garbage",
    "retry",
    "close",
    "rerun",
    "teach",
    "rebuild",
    "move",
}


def test_a_few_nights_with_every_accident(night: Night) -> None:
    town = live(night, seed=12, nights=8)
    assert {what for what, count in town.happened.items() if count} == ACCIDENTS


@pytest.mark.soak
@pytest.mark.parametrize("seed", [8, 9])
def test_twenty_nights(night: Night, seed: int) -> None:
    town = live(night, seed, nights=20)
    assert sum(town.reached.values()) >= 3, "too few kills to prove anything"


@pytest.mark.soak
@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_sixty_nights(night: Night, seed: int) -> None:
    live(night, seed, nights=60)
