"""Tolerances: which rule counts, where the limit lies, and what a wrong file says."""

from decimal import Decimal
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.errors import ConfigurationError
from etl.reconcile import tolerances_from, tolerances_of
from etl.reconcile.tolerances import Limits
from etl.reconcile.variance import percent_of, with_limits, within
from etl.yamlfile import parse_yaml
from tests.reconcile.freight import audit, charges, expect, invoice

RULES = """
version: 3
defaults: {amount: 1.00, percent: 0.5}
bill: {amount: 5.00, percent: 1.0}
rules:
  - {carrier: ACLT, charge_code: FUEL, amount: 4.00, percent: 4.0}
  - {carrier: ACLT, amount: 3.00, percent: 3.0}
  - {charge_code: FUEL, amount: 2.00, percent: 2.0}
  - {carrier: PXPR, level: bill, amount: 9.00, percent: 9.0}
"""


@pytest.mark.parametrize(
    ("carrier", "code", "amount"),
    [("ACLT", "FUEL", 4), ("ACLT", "BASE", 3), ("FWDE", "FUEL", 2), ("FWDE", "BASE", 1)],
)
def test_the_most_specific_rule_counts(carrier: str, code: str, amount: int) -> None:
    tolerances = tolerances_of(parse_yaml(RULES, "tolerances.yaml"))
    assert tolerances.of_charge(carrier, code).amount == amount


def test_bills_have_limits_of_their_own() -> None:
    tolerances = tolerances_of(parse_yaml(RULES, "tolerances.yaml"))
    assert tolerances.of_bill("PXPR").amount == 9
    assert tolerances.of_bill("ACLT").amount == 5
    assert tolerances.version == 3


def test_without_bill_limits_the_defaults_count() -> None:
    data = {"version": 1, "defaults": {"amount": 7, "percent": 1}}
    assert tolerances_from(data, "t.yaml").of_bill("ACLT").amount == 7


def status(billed: Any, expected: Any, **limits: Any) -> str:
    rules = {"amount": 1, "percent": Decimal("0.5")} | limits
    require = rules.pop("require", "both")
    tolerances = {"version": 1, "require": require, "defaults": rules}
    result = audit([invoice("1", ("BASE", billed))], [expect("S1", "BASE", expected)], tolerances)
    return charges(result)[0][1]


def test_the_limit_itself_is_tolerated_and_both_must_hold() -> None:
    cases = [
        ("1001.00", "1000", "WITHIN"),
        ("1001.01", "1000", "OVER"),
        ("100.50", "100", "WITHIN"),
        ("100.5001", "100", "OVER"),
        ("999.00", "1000", "WITHIN"),
        ("998.99", "1000", "UNDER"),
        ("0.01", "0", "OVER"),
        ("0", "0.01", "NOT_BILLED"),
        ("-100.50", "-100", "WITHIN"),
        ("-98", "-100", "OVER"),
    ]
    billed = [
        invoice(f"{n}", ("BASE", case[0]), shipment_ref=f"S{n}") for n, case in enumerate(cases)
    ]
    agreed = [expect(f"S{n}", "BASE", case[1]) for n, case in enumerate(cases)]
    told = [status for _, status, _ in charges(audit(billed, agreed))]
    assert list(zip(cases, told, strict=True)) == [(case, case[2]) for case in cases]


def test_either_limit_is_enough_where_the_file_says_so() -> None:
    assert status("1004.00", "1000", require="either") == "WITHIN"
    assert status("10.90", "10", require="either") == "WITHIN"
    assert status("1005.01", "1000", require="either") == "OVER"


def test_undercharges_have_limits_of_their_own() -> None:
    limits = {"under_amount": 20, "under_percent": 5}
    assert status("985", "1000", **limits) == "WITHIN"
    assert status("1015", "1000", **limits) == "OVER"


cents = st.integers(-(10**9), 10**9)


@given(cents, cents, st.integers(0, 10**5), st.integers(0, 10**4))
def test_what_is_tolerated_agrees_with_plain_arithmetic(
    billed: int, expected: int, amount: int, percent: int
) -> None:
    money = pd.ArrowDtype(pa.decimal128(38, 4))
    exact = [Decimal(value) / 100 for value in (billed, expected, amount, percent)]
    rows = pd.DataFrame(
        {
            "variance": pd.Series([exact[0] - exact[1]], dtype=money),
            "expected": pd.Series([exact[1]], dtype=money),
        }
    )
    rows = with_limits(rows, [Limits(exact[2], exact[3], exact[2], exact[3])])
    distance = abs(exact[0] - exact[1])
    by_amount, by_percent = distance <= exact[2], distance * 100 <= abs(exact[1]) * exact[3]
    assert within(rows, True)[0] == (by_amount and by_percent)
    assert within(rows, False)[0] == (by_amount or by_percent)
    percent_told = percent_of(rows["variance"], rows["expected"])[0]
    if exact[1]:
        told = (exact[0] - exact[1]) * 100 / abs(exact[1])
        assert abs(percent_told - told) <= Decimal("0.00005")
    else:
        assert pd.isna(percent_told)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("version: 1\n", "tolerances.yaml:1: defaults: found nothing"),
        ("version: 1\ndefaults: {amount: -1, percent: 0}\n", "tolerances.yaml:2: defaults.amount"),
        (
            "version: 1\ndefaults: {amount: 1, percent: 0}\nrules:\n"
            "- {carier: A, amount: 1, percent: 1}\n",
            "Did you mean 'carrier'?",
        ),
        (
            "version: 1\ndefaults: {amount: 1, percent: 0}\nrules:\n- {amount: 1, percent: 1}\n",
            "tolerances.yaml:4: rules[0]: found a rule for everything",
        ),
        (
            "version: 1\ndefaults: {amount: 1, percent: 0}\nrules:\n"
            "- {carrier: ACLT, amount: 1, percent: 1}\n- {carrier: ACLT, amount: 2, percent: 1}\n",
            "tolerances.yaml:5: rules[1]: found the scope of rules[0] again",
        ),
        (
            "version: 1\ndefaults: {amount: 1, percent: 0}\nrules:\n"
            "- {carrier: ACLT, level: bill, charge_code: FUEL, amount: 1, percent: 1}\n",
            "tolerances.yaml:4: rules[0].charge_code",
        ),
    ],
)
def test_a_wrong_file_is_refused_with_its_line(text: str, told: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        tolerances_of(parse_yaml(text, "tolerances.yaml"))
    assert told in str(error.value)
