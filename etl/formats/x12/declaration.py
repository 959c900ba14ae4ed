"""The ``source:`` block of a mapping that reads X12."""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from etl.defects import Severity
from etl.formats.source_block import SourceBlock, nearest
from etl.formats.x12.structure import Structure, documents, structure_of
from etl.raw import DeclarationError

_KEYS = ("document", "versions", "row", "charset", "envelope", "structure")

ENVELOPE = {
    "isa": "warn",
    "counts": "reject",
    "group_counts": "reject",
    "references": "reject",
    "duplicates": "reject",
    "trailers": "reject",
    "junk": "reject",
}
"""What `envelope:` may set, and what holds where it is silent.

isa: an ISA that has not the fixed width of 106 bytes; counts: SE01; group_counts: GE01 and IEA01;
references: SE02, GE02 and IEA02; duplicates: a control number twice in the same envelope;
trailers: SE, GE or IEA missing, or its header; junk: anything outside of the envelopes.
"""

STRUCTURE = {"unknown": "reject", "missing": "reject", "misplaced": "warn"}
"""What `structure:` may set: segments that the transaction set does not know, required ones that
are missing, and known ones that stand where the transaction set has no place for them."""

_SEVERITIES: dict[str, Severity | None] = {
    "reject": Severity.REJECT,
    "warn": Severity.WARN,
    "ignore": None,
}


@dataclass(frozen=True)
class Declaration:
    """A `source:` block, checked.

    Attributes:
        structure: of the transaction set the mapping is for (``document: "210"``).
        versions: prefixes of GS08 that the mapping is for; empty: every version.
        charset: Python codec name; UTF-8 or a single-byte one.
        envelope, levels: severity by key of :data:`ENVELOPE`, :data:`STRUCTURE`; None: ignored.
    """

    structure: Structure
    versions: tuple[str, ...] = ()
    charset: str = "utf-8"
    envelope: Mapping[str, Severity | None] = field(
        default_factory=lambda: _levels({}, ENVELOPE, "envelope")
    )
    levels: Mapping[str, Severity | None] = field(
        default_factory=lambda: _levels({}, STRUCTURE, "structure")
    )


def declaration_of(source: Mapping[str, Any]) -> Declaration:
    """Read the block; raises :class:`DeclarationError` for the first thing wrong in it.

    Keys: ``document`` (required), ``versions``, ``row`` (``ST``), ``charset`` (default utf-8),
    ``envelope`` and ``structure`` (``{counts: warn, ...}``, each reject, warn or ignore).
    """
    block = SourceBlock(source, _KEYS)
    block.choice("row", ("ST",), "ST")
    (document, *more) = block.texts("document") or ("",)
    if document not in documents() or more:
        raise block.wrong("document", f"a transaction set: {', '.join(documents())}")
    return Declaration(
        structure=structure_of(document),
        versions=block.texts("versions"),
        charset=_charset(block),
        envelope=_levels(block.value("envelope", {}), ENVELOPE, "envelope"),
        levels=_levels(block.value("structure", {}), STRUCTURE, "structure"),
    )


def _charset(block: SourceBlock) -> str:
    name = block.text("charset", "utf-8")
    try:
        codec = codecs.lookup(name)
        one_byte_each = bytes(range(256)).decode(codec.name, "surrogateescape")
        if codec.name == "utf-8" or (
            one_byte_each[:128] == bytes(range(128)).decode("ascii") and len(one_byte_each) == 256
        ):
            return codec.name
    except (LookupError, UnicodeError):
        pass
    raise block.wrong("charset", "utf-8 or a single-byte charset with ASCII, such as iso-8859-1")


def _levels(declared: Any, defaults: Mapping[str, str], block: str) -> dict[str, Severity | None]:
    if not isinstance(declared, Mapping):
        raise DeclarationError(f"source.{block}", repr(declared), "keys such as counts: warn")
    for key, value in declared.items():
        if key not in defaults:
            raise DeclarationError(
                f"source.{block}.{key}",
                "an unknown key",
                f"one of {', '.join(defaults)}{nearest(str(key), defaults)}",
            )
        if value not in _SEVERITIES:
            raise DeclarationError(
                f"source.{block}.{key}", repr(value), f"one of {', '.join(_SEVERITIES)}"
            )
    return {key: _SEVERITIES[declared.get(key, default)] for key, default in defaults.items()}
