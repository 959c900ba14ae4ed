from decimal import Decimal

import pytest

from etl.odoo.taxes import TaxKey, configured_name, tax_key, usual_name

TAXES = {"19": "by rate", "AE": "by category", "S 19.0": "by both", "0": "zero"}


@pytest.mark.parametrize(
    ("key", "name"),
    [
        (("S", Decimal("19.000000")), "by both"),
        ((None, Decimal("19")), "by rate"),
        (("Z", Decimal("19.00")), "by rate"),
        (("AE", Decimal("0")), "by category"),
        (("ae", None), None),
        ((None, Decimal("0.00")), "zero"),
        ((None, Decimal("7")), None),
        ((None, None), None),
    ],
)
def test_the_most_exact_entry_of_the_settings_wins(key: TaxKey, name: str | None) -> None:
    assert configured_name(TAXES, key) == name


@pytest.mark.parametrize("text", ["19", "AE", "S 19", "0"])
def test_a_key_of_the_settings_finds_itself(text: str) -> None:
    assert configured_name({text: "found"}, tax_key(text)) == "found"


def test_the_usual_name_has_no_needless_zeros() -> None:
    assert usual_name((None, Decimal("19.000000"))) == "19%"
    assert usual_name((None, Decimal("7.70"))) == "7.7%"
    assert usual_name(("E", Decimal("0"))) == ""
