from collections.abc import Iterator

import pytest

from tests.edi_night import EdiNight
from tests.night import Night


@pytest.fixture
def edi(night: Night) -> Iterator[EdiNight]:
    """Two partners that exchange EDI with us."""
    prepared = EdiNight(night)
    prepared.prepare()
    yield prepared
    prepared.close()
