"""A partner's deviations from a structure: what it sends that the standard does not have.

.. code-block:: yaml

    deviations:
      - document: "210"                  # left out: all documents
        segments: {N1: [L11 O 10], ST: [ZZD O 5]}      # at the end of these loops; ST, UNH: at all
        definitions: {ZZD: [AN 1-80, N2 1-15]}         # segments of their own, by element
        lengths: {"76": 1-35, "3164": 0-70}            # by data element number
        codes: {"128": {Q7: their gate pass}}          # by data element number
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import count
from typing import Any

from etl.formats.edi.structures.dictionary import Codes, Composite, Element, Segment, Use
from etl.formats.edi.structures.structure import Loop, Place, Structure
from etl.raw import DeclarationError

_KEYS = ("document", "segments", "definitions", "lengths", "codes")
_ADDED = re.compile(r"(?P<id>[A-Z][A-Z0-9]{1,2}) [MOCX] (?P<repeat>\d+)")
_TYPE = re.compile(r"(?P<type>AN|ID|DT|TM|B|R|N\d|an|a|n) (?P<least>\d+)-(?P<most>\d+)")
_LENGTH = re.compile(r"(?P<least>\d+)-(?P<most>\d+)")


def deviated(structure: Structure, declared: Any) -> Structure:
    """The structure with those deviations that are for its document.

    Args:
        declared: the list under ``deviations:``.

    Raises:
        DeclarationError: naming the entry, what stands there and what was expected.
    """
    if not isinstance(declared, list | tuple):
        if declared == {}:
            return structure
        raise DeclarationError("source.deviations", repr(declared), "a list of deviations")
    for number, entry in enumerate(declared):
        _check(entry, f"source.deviations[{number}]")
        if str(entry.get("document", structure.document)) == structure.document:
            structure = _deviated(structure, entry, f"source.deviations[{number}]")
    return structure


def _check(entry: Any, key: str) -> None:
    if not isinstance(entry, Mapping):
        raise DeclarationError(key, repr(entry), f"keys {', '.join(_KEYS)}")
    for name in entry:
        if name not in _KEYS:
            raise DeclarationError(f"{key}.{name}", "an unknown key", f"one of {', '.join(_KEYS)}")


def _deviated(structure: Structure, entry: Mapping[str, Any], key: str) -> Structure:
    added = {
        str(trigger): [_added(text, f"{key}.segments.{trigger}") for text in texts]
        for trigger, texts in entry.get("segments", {}).items()
    }
    own = {
        str(segment_id): _definition(str(segment_id), uses, f"{key}.definitions.{segment_id}")
        for segment_id, uses in entry.get("definitions", {}).items()
    }
    lengths = {
        str(number): _matched(_LENGTH, str(text), f"{key}.lengths.{number}", "a length like 1-35")
        for number, text in entry.get("lengths", {}).items()
    }
    codes = {str(number): values for number, values in entry.get("codes", {}).items()}
    known = {place.segment_id for place in structure.places if place.loop}
    for trigger in added:
        if trigger not in known:
            expected = f"a segment that starts a loop: {', '.join(sorted(known))}"
            raise DeclarationError(f"{key}.segments", trigger, expected)
    transaction = _with_added(structure, added)
    segments = {
        segment_id: replace(
            segment, elements=tuple(_changed(use, lengths, codes) for use in segment.elements)
        )
        for segment_id, segment in {**structure.segments, **own}.items()
    }
    return replace(structure, transaction=transaction, segments=segments)


def _with_added(structure: Structure, added: Mapping[str, list[tuple[str, int]]]) -> Loop:
    """The loops anew, with places added at the end of some of them."""
    numbers = count(1)
    trailer = structure.syntax.transaction.trailer

    def copied(loop: Loop, parent: Loop | None) -> Loop:
        new = Loop(loop.name, loop.path, loop.depth, parent)
        new.trigger = replace(loop.trigger, number=next(numbers), loop=new, parent=parent)
        inside = [place for place in loop.places if place.segment_id != trailer]
        more = added.get(loop.trigger.segment_id, [])
        places: list[Place] = []
        for place in inside:
            if place.loop is not None:
                inner = copied(place.loop, new)
                inner.trigger = replace(inner.trigger, ordinal=len(places) + 1)
                places.append(inner.trigger)
            else:
                places.append(
                    replace(place, number=next(numbers), ordinal=len(places) + 1, parent=new)
                )
        for segment_id, repeat in more:
            places.append(
                Place(next(numbers), segment_id, len(places) + 1, False, repeat, None, new)
            )
        if parent is None:
            last = loop.places[-1]
            places.append(replace(last, number=next(numbers), ordinal=len(places) + 1, parent=new))
        new.places = tuple(places)
        return new

    return copied(structure.transaction, None)


def _added(text: Any, key: str) -> tuple[str, int]:
    match = _matched(_ADDED, str(text), key, "a segment like 'L11 O 10'")
    return match["id"], int(match["repeat"])


def _definition(segment_id: str, uses: Iterable[Any], key: str) -> Segment:
    elements = []
    for number, text in enumerate(uses, start=1):
        match = _matched(_TYPE, str(text), key, "types and lengths like 'AN 1-80'")
        name = f"{segment_id}{number:02}"
        least, most = int(match["least"]), int(match["most"])
        elements.append(Use(Element(name, name, match["type"], least, most), False))
    return Segment(segment_id, "the partner's own", tuple(elements))


def _changed(
    use: Use, lengths: Mapping[str, re.Match[str]], codes: Mapping[str, Mapping[Any, Any]]
) -> Use:
    of = use.of
    if isinstance(of, Composite):
        parts = tuple(_changed(part, lengths, codes) for part in of.components)
        return replace(use, of=replace(of, components=parts))
    if match := lengths.get(of.number):
        of = replace(of, least=int(match["least"]), most=int(match["most"]))
    if more := codes.get(of.number):
        values = {**of.codes.values, **{str(code): str(text) for code, text in more.items()}}
        of = replace(of, codes=Codes(values, of.codes.complete))
    return replace(use, of=of)


def _matched(pattern: re.Pattern[str], text: str, key: str, expected: str) -> re.Match[str]:
    match = pattern.fullmatch(text)
    if match is None:
        raise DeclarationError(key, repr(text), expected)
    return match
