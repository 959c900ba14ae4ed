"""Transactions as engineers write them in JSON or YAML::

    document: "990"
    version: "004010"
    segments:
      - [B1, SCAC, "4711", "20261125", A]
      - [N9, CN, "12345"]

The segments between ST and SE, or UNH and UNT; an element is text, a list of components, or a
list of repetitions that are lists of components; null is an element left out. A file has one
transaction or a list of them.
"""

from __future__ import annotations

from typing import Any

from etl.formats.edi.as_json.elements import element_value
from etl.formats.edi.outgoing import OutgoingTransaction, Repetitions, SegmentValue

_TEXT = {"type": ["string", "number", "null"], "description": "text"}
_COMPONENTS = {"type": "array", "items": _TEXT, "description": "a list of components"}
_ELEMENT = {
    "description": "text, a list of components, or a list of repetitions",
    "anyOf": [
        _TEXT,
        {
            "type": "array",
            "minItems": 1,
            "anyOf": [{"items": _TEXT}, {"items": _COMPONENTS}],
        },
    ],
}
_SEGMENT = {
    "type": "array",
    "minItems": 1,
    "prefixItems": [{"type": "string", "description": "the id of a segment"}],
    "items": _ELEMENT,
    "description": "a list that starts with a segment's id",
}
_TRANSACTION = {
    "type": "object",
    "required": ["document", "version", "segments"],
    "additionalProperties": False,
    "properties": {
        "document": {"type": "string", "description": 'a transaction set or message such as "990"'},
        "version": {"type": "string", "description": "a version such as 004010 or D96A"},
        "number": {"type": "string", "description": "its control number; else it is given one"},
        "convention": {"type": "string", "description": "ST03, or 0057 of the UNH"},
        "segments": {
            "type": "array",
            "minItems": 1,
            "items": _SEGMENT,
            "description": "the segments between header and trailer",
        },
    },
}

SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "if": {"type": "array"},
    "then": {"minItems": 1, "items": _TRANSACTION},
    "else": _TRANSACTION,
}
"""JSON Schema of such a file."""


def transactions(data: Any) -> tuple[OutgoingTransaction, ...]:
    """The transactions of a file that :data:`SCHEMA` accepts."""
    declared = data if isinstance(data, list) else [data]
    return tuple(
        OutgoingTransaction(
            document=each["document"],
            version=each["version"],
            segments=tuple(map(_segment, each["segments"])),
            number=each.get("number", ""),
            convention=each.get("convention", ""),
        )
        for each in declared
    )


def _segment(form: list[Any]) -> SegmentValue:
    segment_id, *elements = form
    return SegmentValue(segment_id, tuple(map(_element, elements)))


def _element(form: Any) -> Repetitions:
    return element_value(_texts(form), "")


def _texts(form: Any) -> Any:
    """Numbers as they are written, nothing as empty text."""
    if isinstance(form, list):
        return [_texts(each) for each in form]
    return "" if form is None else str(form)
