"""Structure files: a folder a version, with its dictionary and a file a transaction set.

``etl/formats/<syntax>/structures/<version>/``: ``elements/``, ``composites/``, ``segments/`` and
``codes/`` hold the dictionary, a file a topic; what a version does not define again holds as in
the one before. ``<document>.yaml`` is the transaction set in order; a version without its own file
has that of the one before. A version that has no folder is read by the nearest one: the next older,
else the oldest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from itertools import count
from typing import Any, cast

import yaml

from etl.formats.edi.structures.dictionary import (
    Codes,
    Composite,
    Element,
    Note,
    Relation,
    Segment,
    Use,
)
from etl.formats.edi.structures.structure import Loop, Place, Structure
from etl.formats.edi.syntax import Syntax

UNBOUNDED = 1 << 30
"""Stands for "any number of times" (``>1`` in X12)."""

_X12_ELEMENT = re.compile(r"(AN|ID|DT|TM|B|R|N\d) (\d+)-(\d+) (.+)")
_EDIFACT_ELEMENT = re.compile(r"(an|a|n)(\.\.)?(\d+) (.+)")
_NOTE = re.compile(r"([PRECL])((?:\d\d)+)")
_WHOLE_VERSION = re.compile(r"\d{6}|[DS]\d\d[A-Z]")
_ITEM = re.compile(
    r"(?:(?P<name>SG\d+) )?(?P<id>[A-Z][A-Z0-9]{1,2}) (?P<req>[MOCX]) (?P<repeat>\S+)"
)


# libyaml where PyYAML has it: a dictionary is some thousand lines, read at every start
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class StructureFileError(Exception):
    """A structure file of ours that can't be read: names file and entry. A fault of etl itself."""


@cache
def versions(syntax: Syntax, document: str) -> tuple[str, ...]:
    """The versions that have a structure for a transaction set, oldest first; empty: unknown."""
    return tuple(
        version for version in _versions(syntax) if _own_file(syntax, document, version) is not None
    )


@cache
def documents(syntax: Syntax) -> tuple[str, ...]:
    """The transaction sets that have a structure file in any version."""
    found = {
        entry.name.removesuffix(".yaml")
        for version in _versions(syntax)
        for entry in _folder(syntax).joinpath(version).iterdir()
        if entry.name.endswith(".yaml")
    }
    return tuple(sorted(found))


def nearest_version(syntax: Syntax, document: str, version: str) -> str:
    """The version whose structure stands for `version`: itself, the next older, or the oldest.

    Raises KeyError for a document without any structure.
    """
    known = versions(syntax, document)
    if not known:
        raise KeyError(document)
    return nearest_among(known, version)


def versions_beginning(syntax: Syntax, document: str, beginning: str) -> tuple[str, ...]:
    """The versions whose structures stand for all versions that begin so: of a whole one the
    nearest, of less (``005``, ``D0``) any."""
    if not _WHOLE_VERSION.match(beginning):
        return versions(syntax, document)
    return (nearest_version(syntax, document, beginning),)


def nearest_among(known: Sequence[str], version: str) -> str:
    """Of some versions, oldest first, the one that is nearest: the next older, or the oldest."""
    older = [one for one in known if _age(one) <= _age(version)]
    return older[-1] if older else known[0]


@cache
def structure_of(syntax: Syntax, document: str, version: str) -> Structure:
    """The structure of a transaction set in exactly this version; raises KeyError for another."""
    own = _own_file(syntax, document, version)
    if own is None or version not in _versions(syntax):
        raise KeyError(f"{document} {version}")
    name = f"{own}/{document}.yaml"
    declared = _yaml(_folder(syntax).joinpath(own, f"{document}.yaml"), name)
    return structure_from(syntax, version, declared, segments_of(syntax, version), name)


def _own_file(syntax: Syntax, document: str, version: str) -> str | None:
    """The newest version, up to `version`, whose folder has a file for a transaction set."""
    older = [each for each in _versions(syntax) if _age(each) <= _age(version)]
    return next(
        (
            each
            for each in reversed(older)
            if _folder(syntax).joinpath(each, f"{document}.yaml").is_file()
        ),
        None,
    )


def structure_from(
    syntax: Syntax,
    version: str,
    declared: Mapping[str, Any],
    segments: Mapping[str, Segment],
    name: str,
) -> Structure:
    """Build a structure from the content of its file; `name` is that of the file, for errors."""
    numbers = count(1)
    transaction = Loop("", "", 0, None)
    transaction.trigger = Place(
        next(numbers), syntax.transaction.header, 0, True, 1, transaction, None
    )
    places = list(_places(declared["content"], transaction, numbers, name))
    places.append(
        Place(
            next(numbers),
            syntax.transaction.trailer,
            len(places) + 1,
            True,
            1,
            None,
            transaction,
        )
    )
    transaction.places = tuple(places)
    used = {place.segment_id for place in transaction.inside()} | set(syntax.control)
    if missing := sorted(used - segments.keys() - {"UNA"}):
        raise StructureFileError(f"{name}: segments without a definition: {', '.join(missing)}")
    return Structure(
        syntax=syntax,
        document=str(declared["document"]),
        version=version,
        name=str(declared["name"]),
        group=str(declared.get("group", "")),
        transaction=transaction,
        segments={one: segments[one] for one in sorted(used) if one in segments},
    )


def _places(
    declared: Sequence[Any], loop: Loop, numbers: Iterator[int], name: str
) -> Iterator[Place]:
    for ordinal, item in enumerate(declared, start=1):
        (text, content) = next(iter(item.items())) if isinstance(item, Mapping) else (item, None)
        match = _ITEM.fullmatch(text)
        if match is None:
            raise StructureFileError(f"{name}: {text!r} is no item like 'N9 O 300'")
        inner = None
        number = next(numbers)
        if content is not None:
            path = f"{loop.path}/{match['id']}".lstrip("/")
            inner = Loop(match["name"] or "", path, loop.depth + 1, loop)
        repeat = UNBOUNDED if match["repeat"] == ">1" else int(match["repeat"])
        place = Place(number, match["id"], ordinal, match["req"] == "M", repeat, inner, loop)
        if inner is not None:
            inner.trigger = place
            inner.places = tuple(_places(content or [], inner, numbers, name))
        yield place


@cache
def segments_of(syntax: Syntax, version: str) -> Mapping[str, Segment]:
    """All segments of a version's dictionary, by id."""
    return _dictionary(syntax, version).segments()


def newest_segments(syntax: Syntax) -> Mapping[str, Segment]:
    """All segments as the newest version has them."""
    return segments_of(syntax, _versions(syntax)[-1])


@dataclass(frozen=True)
class _Dictionary:
    """What the files of a version and of those before it say, newer over older."""

    elements: Mapping[str, str]
    composites: Mapping[str, Mapping[str, Any]]
    declared: Mapping[str, Mapping[str, Any]]
    codes: Mapping[str, Mapping[str, Any]]
    label: str

    def segments(self) -> Mapping[str, Segment]:
        elements = {number: self._element(number, text) for number, text in self.elements.items()}
        parts: dict[str, Element | Composite] = dict(elements)
        for number, declared in self.composites.items():
            uses = self._uses(declared["elements"], elements, number)
            parts[number] = Composite(number, declared["name"], uses)
        return {
            segment_id: Segment(
                segment_id,
                declared["name"],
                self._uses(declared["elements"], parts, segment_id),
                tuple(self._note(text, segment_id) for text in declared.get("notes", ())),
            )
            for segment_id, declared in self.declared.items()
        }

    def _element(self, number: str, text: str) -> Element:
        codes = self.codes.get(number, {})
        known = Codes(
            {str(code): str(meaning) for code, meaning in codes.get("values", {}).items()},
            bool(codes.get("complete", False)),
        )
        if match := _X12_ELEMENT.fullmatch(text):
            type_, least, most, name = match.groups()
            return Element(number, name, type_, int(least), int(most), known)
        if match := _EDIFACT_ELEMENT.fullmatch(text):
            type_, up_to, most, name = match.groups()
            return Element(number, name, type_, 1 if up_to else int(most), int(most), known)
        raise StructureFileError(f"{self.label}: element {number}: {text!r}")

    def _uses(
        self, declared: Sequence[str], parts: Mapping[str, Any], owner: str
    ) -> tuple[Use, ...]:
        uses = []
        for text in declared:
            number, requirement, *repeat = text.split()
            if number not in parts or requirement not in "MOCX":
                raise StructureFileError(f"{self.label}: {owner}: {text!r}")
            uses.append(Use(parts[number], requirement == "M", int(*repeat or (1,))))
        return tuple(uses)

    def _note(self, text: str, owner: str) -> Note:
        match = _NOTE.fullmatch(text)
        if match is None:
            raise StructureFileError(f"{self.label}: {owner}: note {text!r}")
        return Note(
            cast(Relation, match[1]), tuple(int(two) for two in re.findall(r"\d\d", match[2]))
        )


@cache
def _dictionary(syntax: Syntax, version: str) -> _Dictionary:
    merged: dict[str, dict[str, Any]] = {
        kind: {} for kind in ("elements", "composites", "segments", "codes")
    }
    for older in _versions(syntax):
        if _age(older) > _age(version):
            break
        for kind in merged:
            merged[kind] |= _topics(syntax, older, kind)
    return _Dictionary(
        merged["elements"],
        merged["composites"],
        merged["segments"],
        merged["codes"],
        f"{syntax.name} {version}",
    )


def _topics(syntax: Syntax, version: str, kind: str) -> Mapping[str, Any]:
    """The entries of all topics of one kind; one that stands twice is an error."""
    folder = _folder(syntax).joinpath(version, kind)
    entries: dict[str, Any] = {}
    if not folder.is_dir():
        return entries
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if not file.name.endswith(".yaml"):
            continue
        name = f"{version}/{kind}/{file.name}"
        found = _yaml(file, name) or {}
        if twice := entries.keys() & found.keys():
            raise StructureFileError(f"{name}: defined before: {', '.join(sorted(twice))}")
        entries |= found
    return entries


@cache
def _versions(syntax: Syntax) -> tuple[str, ...]:
    names = (entry.name for entry in _folder(syntax).iterdir() if entry.is_dir())
    return tuple(sorted((name for name in names if not name.startswith("_")), key=_age))


def _age(version: str) -> tuple[int, str]:
    """Sorts versions by time: 004010 before 005010, D96A before D00B."""
    if match := re.fullmatch(r"[DS](\d\d)([A-Z])", version):
        year = int(match[1])
        return (1900 + year if year > 50 else 2000 + year, match[2])
    digits = re.match(r"\d+", version)
    return (int(digits[0].ljust(6, "0")[:6]) if digits else 0, "")


def _folder(syntax: Syntax) -> Traversable:
    return resources.files(f"etl.formats.{syntax.name}").joinpath("structures")


def _yaml(file: Traversable, name: str) -> Any:
    try:
        return yaml.load(file.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506
    except yaml.YAMLError as error:
        raise StructureFileError(f"{name}: {error}") from None
