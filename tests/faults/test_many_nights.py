"""Twenty nights with accidents, and sixty by `make soak`: nothing is lost, nothing paid twice."""

from __future__ import annotations

import pytest

from tests.night import Night
from tests.nights.town import live


@pytest.mark.soak
@pytest.mark.parametrize("seed", [8])
def test_twenty_nights(night: Night, seed: int) -> None:
    town = live(night, seed, nights=20)
    assert sum(town.reached.values()) >= 3, "too few kills to prove anything"


@pytest.mark.soak
@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_sixty_nights(night: Night, seed: int) -> None:
    live(night, seed, nights=60)
