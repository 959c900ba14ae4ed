"""Every number that can be declared: what passes the check arrives, and can be used."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from decimal import Decimal
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import yaml

from etl.config.load import load_project
from etl.errors import TransientError
from etl.jobs.endpoints import endpoint_settings, retry_policy
from tests.config.test_load import PARTNER, SCHEDULES

_PLACES = {"": (), "environment": ("environments", "prod")}
ENVIRON = {"LEDGER": "sqlite:///x.db", "ACME_USER": "u", "ACME_PASSWORD": "p"}


def numbers(schema: Any, key: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Where a schema of objects has numbers, and what it says of each."""
    if {"number", "integer"} & {*_types(schema)}:
        yield key, schema
    for name, inner in schema.get("properties", {}).items():
        yield from numbers(inner, (*key, name))


def declarable() -> list[Any]:
    found = []
    for name in ("partner", "schedules"):
        text = resources.files("etl.config").joinpath(f"schemas/{name}.json").read_text("utf-8")
        schema = json.loads(text)
        places = {"": schema, **schema["$defs"]}
        for place, inner in places.items():
            for inner_key, said in numbers(inner):
                key = (*_PLACES.get(place, (place,)), *inner_key)
                value = 7.25 if "number" in _types(said) else 7
                found.append(pytest.param(name, key, value, id=".".join(key)))
    return found


def _types(schema: Any) -> list[str]:
    kind = schema.get("type", [])
    return [kind] if isinstance(kind, str) else kind


def leaves(value: Any) -> Iterator[Any]:
    """All that a declared object holds, however deep, but not the YAML that it is made of."""
    if is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            if field.name not in ("data", "declared", "file"):
                yield from leaves(getattr(value, field.name))
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from leaves(inner)
    elif isinstance(value, tuple | list):
        for inner in value:
            yield from leaves(inner)
    else:
        yield value


@pytest.mark.parametrize(("name", "key", "value"), declarable())
def test_it_arrives_and_is_no_decimal(
    tmp_path: Path, name: str, key: tuple[str, ...], value: float
) -> None:
    declared = {"schedules": yaml.safe_load(SCHEDULES), "partner": yaml.safe_load(PARTNER)}
    declared["schedules"]["jobs"]["nightly"].pop("trigger")
    inner = declared[name]
    for part in key[:-1]:
        inner = inner.setdefault(part, {})
    inner[key[-1]] = value
    if key[-1] == "seconds":
        inner["by"] = "age"
    if key[-1] == "within_hours":
        inner["level"] = "syntax"
    folder = tmp_path / "mappings" / "acme"
    folder.mkdir(parents=True)
    (tmp_path / "schedules.yaml").write_text(yaml.safe_dump(declared["schedules"]), "utf-8")
    (folder / "partner.yaml").write_text(yaml.safe_dump(declared["partner"]), "utf-8")
    (folder / "x12-210.yaml").write_text("mapping: acme/x12-210\n", "utf-8")

    project = load_project(tmp_path, "prod", ENVIRON)
    partner = project.partners["acme"]
    assert project.odoo is not None
    found = list(leaves([project, partner, partner.endpoint.resolve(), project.odoo.resolve()]))
    found += leaves(endpoint_settings(partner, tmp_path))
    assert value in [each for each in found if isinstance(each, int | float)]
    assert [each for each in found if isinstance(each, Decimal)] == []


def test_a_visit_is_tried_again_after_half_a_second(tmp_path: Path) -> None:
    folder = tmp_path / "mappings" / "acme"
    folder.mkdir(parents=True)
    (tmp_path / "schedules.yaml").write_text(SCHEDULES, "utf-8")
    retries = "endpoint:\n  retries: {attempts: 3, first_delay: 0.5, longest_delay: 0.75}"
    (folder / "partner.yaml").write_text(PARTNER.replace("endpoint:", retries), "utf-8")
    (folder / "x12-210.yaml").write_text("mapping: acme/x12-210\n", "utf-8")
    policy = retry_policy(load_project(tmp_path, "prod", ENVIRON).partners["acme"])
    waits: list[float] = []

    def fail() -> None:
        raise TransientError("away")

    with pytest.raises(TransientError):
        policy.call(fail, sleep=waits.append, jitter=lambda: 0.0)
    assert waits == [0.5, 0.75]
