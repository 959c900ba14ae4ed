import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.odoo.external_ids import attachment_name, bill_name, line_name, qualified

KEYS = st.text(min_size=1, max_size=200)


@given(KEYS)
def test_names_fit_odoo_whatever_the_key_holds(key: str) -> None:
    bill = bill_name(key)
    for name in (bill, line_name(bill, 99_999), attachment_name(bill, key, "0" * 64)):
        assert re.fullmatch(r"[a-z0-9_]{1,64}", name)


@given(KEYS, KEYS)
def test_different_keys_have_different_names(one: str, other: str) -> None:
    assert (bill_name(one) == bill_name(other)) == (one == other)


def test_names_stay_the_same_for_ever() -> None:
    # Changing this doubles every bill that is in Odoo already.
    name = bill_name("acme-freight/freight_invoice/INV1001/0")
    assert qualified(name) == "etl.acme_freight_freight_invoice_inv1001_0_e612cf4c3ae91332"


def test_keys_that_differ_only_in_signs_stay_apart() -> None:
    assert bill_name("a/b-c") != bill_name("a-b/c")


@pytest.mark.parametrize("number", [-1, 100_000])
def test_a_line_number_that_does_not_fit_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match=str(number)):
        line_name("bill", number)


def test_another_content_is_another_attachment() -> None:
    bill = bill_name("key")
    assert attachment_name(bill, "a.edi", "1" * 64) != attachment_name(bill, "a.edi", "2" * 64)
