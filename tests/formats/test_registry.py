from __future__ import annotations

import pytest

from etl.formats import format_named
from etl.raw import DeclarationError


@pytest.mark.parametrize("name", ["csv", "records", "x12", "xml"])
def test_each_known_format_is_found_under_its_name(name: str) -> None:
    assert format_named(name).name == name


def test_an_unknown_format_names_the_known_ones_and_the_nearest() -> None:
    expected = "csv, edifact, records, x12, xml; did you mean 'x12'"
    with pytest.raises(DeclarationError, match=expected) as e:
        format_named("x21")
    assert e.value.key == "source.format"
