"""The ``source:`` block of a mapping that reads X12 or EDIFACT."""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from etl.defects import Severity
from etl.formats.edi.structures.chosen import Structures
from etl.formats.edi.structures.deviations import deviated
from etl.formats.edi.structures.files import documents, structure_of, versions, versions_beginning
from etl.formats.edi.syntax import Syntax
from etl.formats.source_block import SourceBlock, nearest
from etl.raw import DeclarationError

_KEYS = ("document", "versions", "row", "charset", "test", "envelope", "structure", "deviations")

ENVELOPE = {
    "counts": "reject",
    "group_counts": "reject",
    "references": "reject",
    "duplicates": "reject",
    "trailers": "reject",
    "junk": "reject",
}
"""What `envelope:` may set besides the form of the interchange header (`isa` or `unb`, warn), and
what holds where it is silent.

counts: SE01, UNT01; group_counts: GE01, IEA01, UNE01, UNZ01; references: a trailer's control number
is not its header's; duplicates: a control number twice in the same envelope; trailers: a trailer
missing, or its header; junk: anything outside of the envelopes.
"""

STRUCTURE = {
    "unknown": "reject",
    "missing": "reject",
    "misplaced": "warn",
    "order": "warn",
    "repeats": "warn",
    "elements": "warn",
    "lengths": "warn",
    "types": "warn",
    "codes": "warn",
    "notes": "warn",
    "charset": "warn",
}
"""What `structure:` may set.

unknown: segments that the transaction does not know; missing: required ones that are missing;
misplaced: known ones in a loop that has no place for them; order: ones that should have come
before; repeats: more than there may be; elements: required elements missing, more elements than
the segment has; lengths: too short or too long; types: no number, no date, no time; codes: not in
a code list that is complete; notes: conditions between elements; charset: text that is of another
charset than it is read in.
"""

_SEVERITIES: dict[str, Severity | None] = {
    "reject": Severity.REJECT,
    "warn": Severity.WARN,
    "ignore": None,
}

_TEST: dict[str, Severity | None] = {
    "reject": Severity.REJECT,
    "warn": Severity.WARN,
    "accept": None,
}
"""What `test:` may say of interchanges that call themselves tests (ISA15 T, 0035 of the UNB 1)."""


@dataclass(frozen=True)
class Declaration:
    """A `source:` block, checked.

    Attributes:
        structures: of the documents that are read, in their versions.
        document: what the mapping is for (``210``, ``INVOIC``); None: whatever comes is read.
        versions: beginnings of the versions that the mapping is for; empty: every version.
        charset: Python codec name; None: as the interchange says, else UTF-8.
        envelope, levels: severity by key of :data:`ENVELOPE`, :data:`STRUCTURE`; None: ignored.
    """

    syntax: Syntax
    structures: Structures
    document: str | None = None
    versions: tuple[str, ...] = ()
    charset: str | None = None
    envelope: Mapping[str, Severity | None] = field(default_factory=dict)
    levels: Mapping[str, Severity | None] = field(default_factory=dict)


def declaration_of(syntax: Syntax, source: Mapping[str, Any]) -> Declaration:
    """Read the block; raises :class:`DeclarationError` for the first thing wrong in it.

    Keys: ``document`` (left out: all that have a structure), ``versions``, ``row`` (``ST``,
    ``UNH``), ``charset``, ``test`` (reject, warn or accept), ``envelope`` and ``structure``
    (``{counts: warn, ...}``, each reject, warn or ignore), ``deviations``
    (:mod:`etl.formats.edi.structures.deviations`).
    """
    block = SourceBlock(source, _KEYS)
    header = syntax.transaction.header
    block.choice("row", (header,), header)
    known = documents(syntax)
    document: str | None = None
    if "document" in block:
        (document, *more) = block.texts("document") or ("",)
        if document not in known or more:
            raise block.wrong("document", f"one of {', '.join(known)}")
    wanted = block.texts("versions")
    structures = Structures(
        syntax,
        [
            deviated(structure_of(syntax, each, version), block.value("deviations", {}))
            for each in ([document] if document else known)
            for version in _versions(syntax, each, wanted)
        ],
    )
    form = {syntax.interchange.header.lower(): "warn"}
    return Declaration(
        syntax=syntax,
        structures=structures,
        document=document,
        versions=wanted,
        charset=_charset(block),
        envelope={
            **_levels(block.value("envelope", {}), ENVELOPE | form, "envelope"),
            "test": _TEST[block.choice("test", _TEST, "accept")],
        },
        levels=_levels(block.value("structure", {}), STRUCTURE, "structure"),
    )


def _versions(syntax: Syntax, document: str, wanted: tuple[str, ...]) -> tuple[str, ...]:
    """The structures' versions that stand for the wanted ones; all, where none is named."""
    if not wanted:
        return versions(syntax, document)
    near = {one for each in wanted for one in versions_beginning(syntax, document, each)}
    return tuple(version for version in versions(syntax, document) if version in near)


def _charset(block: SourceBlock) -> str | None:
    if "charset" not in block:
        return None
    name = block.text("charset")
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
