"""Record types: one JSON Schema each, from which names, Arrow types and rules are taken.

The schemas are plain JSON Schema 2020-12 of the nested JSON view of a record, with formats and
`x-` keywords of our own: `money` is decimal(18, 4), `quantity` decimal(18, 6); a property that is
an array of `$ref` names a child type. The keywords are read in :func:`_field` and described at
:class:`Field`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property, lru_cache
from importlib import resources
from typing import Any

import pyarrow as pa


class Kind(StrEnum):
    """What a field holds."""

    STRING = "string"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    MONEY = "money"
    QUANTITY = "quantity"
    DATE = "date"
    DATE_TIME = "date-time"


ARROW_TYPES: Mapping[Kind, pa.DataType] = {
    Kind.STRING: pa.string(),
    Kind.INTEGER: pa.int64(),
    Kind.BOOLEAN: pa.bool_(),
    Kind.MONEY: pa.decimal128(18, 4),
    Kind.QUANTITY: pa.decimal128(18, 6),
    Kind.DATE: pa.date32(),
    Kind.DATE_TIME: pa.timestamp("us", "UTC"),
}

RECORD_ID = pa.field("record_id", pa.int64(), nullable=False)
"""Joins a main table with its children."""

LINEAGE_FIELDS: tuple[pa.Field, ...] = (
    pa.field("partner", pa.string()),
    pa.field("file_sha256", pa.string()),
    pa.field("file_name", pa.string()),
    pa.field("interchange_no", pa.string()),
    pa.field("group_no", pa.string()),
    pa.field("document_no", pa.string()),
    pa.field("position", pa.int64()),
    pa.field("structure", pa.string()),
    pa.field("number_in_file", pa.int64()),
    pa.field("mapping", pa.string()),
)
"""Where a row came from: on every table."""

KEY_FIELDS: tuple[pa.Field, ...] = (
    pa.field("business_key", pa.string()),
    pa.field("record_hash", pa.string()),
)
"""What a record is, and what is in it: on main tables only."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a record type.

    Attributes:
        name: column name.
        kind: what it holds; `arrow_type` follows from it.
        required: whether a record without it is defective.
        rules: the JSON Schema of the value.
        default: value of the schema where nothing was mapped.
        normalised_from: field whose capital letters and digits this one holds
            (`x-normalised-from`).
        inherits: the parent's field that fills it where it is missing (`x-inherit`).
        sequence: numbered 1, 2, 3 ... within the record where missing (`x-sequence`).
        from_context: filled from what is known of the file where missing (`x-context`).
        hashed: counts for the record hash; false for what differs when the same document is
            received again (`x-hashed`).
    """

    name: str
    kind: Kind
    required: bool
    rules: Mapping[str, Any]
    default: str | int | bool | None
    normalised_from: str | None
    inherits: str | None
    sequence: bool
    from_context: bool
    hashed: bool

    @property
    def arrow_type(self) -> pa.DataType:
        """The column's Arrow type."""
        return ARROW_TYPES[self.kind]

    @property
    def description(self) -> str:
        """One phrase for people."""
        return str(self.rules.get("description", self.name))

    @property
    def is_restricted(self) -> bool:
        """Whether its schema restricts the values beyond their kind."""
        return not self.rules.keys().isdisjoint(("enum", "pattern", "minimum", "maxLength"))

    @property
    def fills_itself(self) -> bool:
        """Whether a mapping may leave it out even though it is required."""
        return (
            self.default is not None
            or self.normalised_from is not None
            or self.inherits is not None
            or self.sequence
            or self.from_context
        )


@dataclass(frozen=True)
class RecordType:
    """A canonical record type, or the type of its child rows.

    Attributes:
        name: ``freight_invoice``; also the name of its table.
        title: for people.
        schema: the JSON Schema of the nested view.
        fields: the columns, in schema order.
        children: child type by table name.
        business_key: fields that identify the document; empty for child types.
        revision: field that holds the document's revision, where there is one.
    """

    name: str
    title: str
    schema: Mapping[str, Any]
    fields: Mapping[str, Field]
    children: Mapping[str, str]
    business_key: tuple[str, ...]
    revision: str | None

    @property
    def is_main(self) -> bool:
        """Whether it stands for documents of its own, with business key and hash."""
        return bool(self.business_key)

    @cached_property
    def required(self) -> tuple[str, ...]:
        """Names of the fields that every complete record has."""
        return tuple(field.name for field in self.fields.values() if field.required)

    @cached_property
    def arrow_schema(self) -> pa.Schema:
        """`record_id`, the fields, lineage, and on main types business key and record hash."""
        fields = [pa.field(field.name, field.arrow_type) for field in self.fields.values()]
        keys = KEY_FIELDS if self.is_main else ()
        return pa.schema([RECORD_ID, *fields, *LINEAGE_FIELDS, *keys])


def record_type(name: str) -> RecordType:
    """The record type of that name.

    Raises:
        KeyError: there is none; the message lists those there are.
    """
    known = record_types()
    if name not in known:
        raise KeyError(f"no record type {name!r}; there are {', '.join(sorted(known))}")
    return known[name]


@lru_cache(maxsize=1)
def record_types() -> Mapping[str, RecordType]:
    """All record types by name, child types too."""
    folder = resources.files("etl.canonical") / "schemas"
    types = {}
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".json"):
            name = file.name.removesuffix(".json")
            types[name] = record_type_of(name, json.loads(file.read_text(encoding="utf-8")))
    return types


def record_type_of(name: str, schema: dict[str, Any]) -> RecordType:
    """The record type that a schema describes.

    Raises:
        ValueError: its business key or revision names a field that it does not have.
    """
    required = set(schema["required"])
    fields: dict[str, Field] = {}
    children: dict[str, str] = {}
    for key, rules in schema["properties"].items():
        if rules["type"] == "array":
            children[key] = rules["items"]["$ref"].removesuffix(".json")
        else:
            fields[key] = _field(key, rules, required=key in required)
    number = schema.get("x-document-number")
    business_key = schema.get("x-business-key", [number] if number else [])
    revision = schema.get("x-revision")
    for part in [*business_key, *([revision] if revision else [])]:
        if part not in fields:
            raise ValueError(f"{name}: the key names {part!r}, found no such field")
    return RecordType(
        name=name,
        title=schema["title"],
        schema=schema,
        fields=fields,
        children=children,
        business_key=tuple(business_key),
        revision=revision,
    )


def _field(name: str, rules: dict[str, Any], *, required: bool) -> Field:
    return Field(
        name=name,
        kind=Kind(rules.get("format", rules["type"])),
        required=required,
        rules=rules,
        default=rules.get("default"),
        normalised_from=rules.get("x-normalised-from"),
        inherits=rules.get("x-inherit"),
        sequence=rules.get("x-sequence", False),
        from_context=rules.get("x-context", False),
        hashed=rules.get("x-hashed", True),
    )
