"""Tolerances: how far a billed amount may lie from the expected one, by carrier and charge code.

Four limits, as in Oracle's freight bill audit: amount and percent for what is billed too much,
amount and percent for what is billed too little.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

from etl.errors import ConfigurationError, Problem
from etl.reconcile.placeholders import Placeholders
from etl.reference_numbers import normalised_text
from etl.yamlfile import YamlFile, schema_problems


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits in the currency of the invoice and in percent of the expected amount."""

    amount: Decimal
    percent: Decimal
    under_amount: Decimal
    under_percent: Decimal


@dataclass(frozen=True, slots=True)
class Rule:
    """Limits for a carrier (SCAC), for a charge code, or for both; None stands for any."""

    carrier: str | None
    charge_code: str | None
    limits: Limits


@dataclass(frozen=True, slots=True)
class Tolerances:
    """The declared tolerances.

    Attributes:
        version: raised with every change; kept in the batch's manifest.
        require_both: a variance is tolerated if the amount and the percent both pass; else one
            of them is enough.
        bill_first: charges are looked at only where the whole bill is out of tolerance.
        defaults: for a charge that no rule names.
        bill: for the whole bill where no rule of ``level: bill`` names its carrier.
        rules: for charges. bill_rules: for whole bills.
        placeholders: which references are none.
    """

    version: int
    require_both: bool
    bill_first: bool
    defaults: Limits
    bill: Limits
    rules: tuple[Rule, ...] = ()
    bill_rules: tuple[Rule, ...] = ()
    placeholders: Placeholders = field(default_factory=Placeholders)

    def of_charge(self, carrier: str | None, charge_code: str | None) -> Limits:
        """The most specific rule: carrier and code, then carrier, then code, then the default."""
        by_scope = {(rule.carrier, rule.charge_code): rule.limits for rule in self.rules}
        for scope in ((carrier, charge_code), (carrier, None), (None, charge_code)):
            if scope != (None, None) and scope in by_scope:
                return by_scope[scope]
        return self.defaults

    def of_bill(self, carrier: str | None) -> Limits:
        """The limits for the whole bill of `carrier`."""
        by_carrier = {rule.carrier: rule.limits for rule in self.bill_rules}
        return by_carrier.get(carrier, self.bill)


@cache
def tolerances_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of tolerances.yaml."""
    text = files("etl.reconcile").joinpath("schemas/tolerances.json").read_text("utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def tolerances_from(data: Mapping[str, Any], shown_as: str) -> Tolerances:
    """The typed tolerances of `data`; problems name the file `shown_as`, but no line.

    Raises:
        ConfigurationError: see :func:`tolerances_of`.
    """
    return tolerances_of(YamlFile(data, shown_as))


def tolerances_of(file: YamlFile) -> Tolerances:
    """The typed tolerances of a parsed tolerances.yaml.

    Raises:
        ConfigurationError: against the schema, or two rules for the same scope; all problems
            are in it, each with file, line and key.
    """
    problems = list(schema_problems(file, tolerances_schema()))
    if not problems:
        problems = list(_scope_problems(file))
    if problems:
        raise ConfigurationError(problems)
    data = file.data
    rules = data.get("rules", [])
    return Tolerances(
        version=data["version"],
        require_both=data.get("require", "both") == "both",
        bill_first=data.get("compare", "bill_and_lines") == "bill_first",
        defaults=_limits(data["defaults"]),
        bill=_limits(data.get("bill", data["defaults"])),
        rules=tuple(_rule(rule) for rule in rules if "level" not in rule),
        bill_rules=tuple(_rule(rule) for rule in rules if "level" in rule),
        placeholders=_placeholders(data.get("placeholders", {})),
    )


def _scope_problems(file: YamlFile) -> list[Problem]:
    problems = []
    seen: dict[tuple[str | None, ...], int] = {}
    for index, rule in enumerate(file.data.get("rules", [])):
        key: list[str | int] = ["rules", index]
        scope = (rule.get("level"), rule.get("carrier"), rule.get("charge_code"))
        if scope[1:] == (None, None):
            expected = "a carrier or a charge_code" if scope[0] is None else "a carrier"
            hint = "What counts for all belongs under `defaults` or `bill`."
            problems.append(file.problem(key, "a rule for everything", expected, hint))
        elif scope[0] == "bill" and scope[2] is not None:
            problems.append(
                file.problem([*key, "charge_code"], scope[2], "no charge_code with level: bill")
            )
        elif scope in seen:
            hint = "Remove one of them."
            problems.append(
                file.problem(key, f"the scope of rules[{seen[scope]}] again", "one rule", hint)
            )
        seen.setdefault(scope, index)
    return problems


def _placeholders(data: Mapping[str, Any]) -> Placeholders:
    standard = Placeholders()
    words = frozenset(filter(None, map(normalised_text, data.get("words", ()))))
    common = data.get("common", {})
    return Placeholders(
        words=standard.words | words,
        repeated=data.get("repeated", standard.repeated),
        percent=Decimal(common.get("percent", standard.percent)),
        at_least=common.get("at_least", standard.at_least),
    )


def _rule(data: Mapping[str, Any]) -> Rule:
    return Rule(data.get("carrier"), data.get("charge_code"), _limits(data))


def _limits(data: Mapping[str, Any]) -> Limits:
    amount, percent = Decimal(data["amount"]), Decimal(data["percent"])
    return Limits(
        amount=amount,
        percent=percent,
        under_amount=Decimal(data.get("under_amount", amount)),
        under_percent=Decimal(data.get("under_percent", percent)),
    )
