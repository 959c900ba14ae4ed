"""A mapping as declared: the YAML file, checked against its JSON Schema and typed."""

from __future__ import annotations

import json
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

from etl.errors import ConfigurationError
from etl.yamlfile import KeyPath, YamlFile, load_yaml


@dataclass(frozen=True, slots=True)
class ChildBlock:
    """One block of a `children:` entry: rows of the source that become rows of the child table;
    with `ignore`, rows that are left out knowingly."""

    key: KeyPath
    row: str | None
    when: str | None
    fields: MappingOf[str, Any]
    ignore: bool = False


@dataclass(frozen=True, slots=True)
class Check:
    """A rule that every record is held against.

    Attributes:
        key: where it stands in the file.
        rule: a condition on the record's fields.
        reason: the code of what is wrong where it does not hold.
        is_data: a defect of the data; else a finding for the business.
        warns_only: of a defect: tells, but does not refuse the record.
        tolerance: how far apart the two sides of `==` may be.
    """

    key: KeyPath
    rule: str
    reason: str
    is_data: bool
    warns_only: bool
    tolerance: Decimal


@dataclass(frozen=True, slots=True)
class Mapping:
    """One document type of one partner, mapped to one record type.

    Attributes:
        name: ``acme-freight/x12-210``.
        version: raised with every change.
        record: name of the record type.
        source: the `source:` block, which belongs to the format that it names.
        fields: field name to path or value block, as declared.
        children: child table to its blocks.
        checks: in the order of the file.
        file: where it was read from, for problems with line numbers.
    """

    name: str
    version: int
    record: str
    source: MappingOf[str, Any]
    fields: MappingOf[str, Any]
    children: MappingOf[str, tuple[ChildBlock, ...]]
    checks: tuple[Check, ...]
    file: YamlFile

    @property
    def label(self) -> str:
        """Name and version as records carry them: ``acme-freight/x12-210@3``."""
        return f"{self.name}@{self.version}"


def load_mapping(path: Path, shown_as: str) -> Mapping:
    """Read a mapping file.

    Args:
        path: ``mappings/<partner>/<name>.yaml``.
        shown_as: the file's name in errors.

    Raises:
        ConfigurationError: with every problem of the file's form. Whether the mapping fits its
            record type, its source and the code lists is for :func:`etl.mapping.check`.
    """
    file = load_yaml(path, shown_as, schema_named("mapping"))
    data = file.data
    expected = f"{path.parent.name}/{path.stem}"
    if data["mapping"] != expected:
        hint = "A mapping is named after its folder and its file"
        raise ConfigurationError([file.problem(["mapping"], data["mapping"], expected, hint)])
    return mapping_of(file)


def mapping_of(file: YamlFile) -> Mapping:
    """The mapping in a YAML file that keeps to the schema."""
    data = file.data
    return Mapping(
        name=data["mapping"],
        version=data["version"],
        record=data["record"],
        source=data["source"],
        fields=data["fields"],
        children={
            child: tuple(_blocks(child, declared))
            for child, declared in data.get("children", {}).items()
        },
        checks=tuple(_check(index, check) for index, check in enumerate(data.get("checks", []))),
        file=file,
    )


@lru_cache(maxsize=2)
def schema_named(name: str) -> dict[str, Any]:
    """The JSON Schema of a file of this room: ``mapping`` or ``codes``."""
    text = (resources.files("etl.mapping") / "schemas" / f"{name}.json").read_text("utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def _blocks(child: str, declared: Any) -> list[ChildBlock]:
    keyed: list[tuple[KeyPath, Any]] = [(("children", child), declared)]
    if isinstance(declared, list):
        keyed = [(("children", child, index), block) for index, block in enumerate(declared)]
    return [
        ChildBlock(
            key,
            block.get("row"),
            block.get("when"),
            block.get("fields", {}),
            block.get("ignore", False),
        )
        for key, block in keyed
    ]


def _check(index: int, declared: dict[str, Any]) -> Check:
    return Check(
        key=("checks", index),
        rule=declared["rule"],
        reason=declared["reason"],
        is_data=declared.get("kind", "business") == "data",
        warns_only=declared.get("severity", "reject") == "warn",
        tolerance=Decimal(str(declared.get("tolerance", 0))),
    )
