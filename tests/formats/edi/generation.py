"""Makes a valid transaction for any structure: what is required, and some of what is not."""

from __future__ import annotations

from random import Random

from etl.formats.edi.outgoing import (
    Components,
    OutgoingTransaction,
    Repetitions,
    SegmentValue,
)
from etl.formats.edi.structures.dictionary import Composite, Element, Note, Segment, Use
from etl.formats.edi.structures.structure import Loop, Place, Structure

_FIXED = {
    # a date stands beside the code of its format
    "2379": "102",
    "2380": "20261125",
    "1250": "D8",
    "1251": "20261125",
}


_ATTEMPTS = 500

_AGAIN = 0.2
"""How likely a segment or loop that may repeat does."""


class Generator:
    """Fills a structure's places by chance.

    Args:
        optional: how likely each thing that is not required is there, from 0 to 1.
        marks: characters that texts may have besides letters and digits.
        repetitions: whether elements that may repeat do.
    """

    def __init__(
        self, structure: Structure, seed: int, optional: float, marks: str, *, repetitions: bool
    ) -> None:
        self._structure, self._optional = structure, optional
        self._random = Random(seed)
        self._marks, self._repetitions = marks, repetitions

    def transaction(self) -> OutgoingTransaction:
        """A transaction with a segment at every required place."""
        structure = self._structure
        segments = tuple(
            segment for place in structure.transaction.places[:-1] for segment in self._at(place)
        )
        return OutgoingTransaction(structure.document, structure.version, segments)

    def _at(self, place: Place) -> list[SegmentValue]:
        if not place.required and not self._chance():
            return []
        times = 2 if place.repeat > 1 and self._random.random() < _AGAIN else 1
        return [segment for _ in range(times) for segment in self._once(place)]

    def _once(self, place: Place) -> list[SegmentValue]:
        inside: Loop | None = place.loop
        return [
            self._segment(self._structure.segments[place.segment_id]),
            *(each for inner in (inside.places if inside else ()) for each in self._at(inner)),
        ]

    def _segment(self, definition: Segment) -> SegmentValue:
        filled = self._filled(definition)
        elements = [
            self._element(use) if number in filled else ()
            for number, use in enumerate(definition.elements, start=1)
        ]
        return SegmentValue(definition.id, tuple(elements))

    def _filled(self, definition: Segment) -> set[int]:
        """Numbers of the elements that are there, so that all notes hold."""
        uses = list(enumerate(definition.elements, start=1))
        for attempt in range(_ATTEMPTS):
            likely = self._optional * (1 - attempt / _ATTEMPTS)
            filled = {
                number for number, use in uses if use.required or self._random.random() < likely
            } or {1}
            for note in definition.notes * 2:
                _settle(note, filled)
            if all(_holds(note, filled) for note in definition.notes):
                return filled
        raise AssertionError(f"the notes of {definition.id} cannot hold together")

    def _element(self, use: Use) -> Repetitions:
        times = 1
        if self._repetitions and use.repeat > 1 and self._chance():
            times = 2
        return tuple(self._components(use.of) for _ in range(times))

    def _components(self, of: Element | Composite) -> Components:
        if isinstance(of, Element):
            return (self._value(of),)
        filled = [use.required or self._chance() for use in of.components]
        if not any(filled):
            filled[0] = True
        while not filled[-1]:
            filled.pop()
        return tuple(
            self._value(use.of) if there and isinstance(use.of, Element) else ""
            for there, use in zip(filled, of.components, strict=False)
        )

    def _value(self, element: Element) -> str:
        if element.number in _FIXED:
            return _FIXED[element.number]
        codes = [code for code in element.codes.values if _fits(code, element)]
        if codes and (element.codes.complete or element.type == "ID"):
            return self._random.choice(codes)
        least = max(element.least, 1)
        length = self._random.randint(least, min(element.most, max(least, 12)))
        match element.type:
            case "DT":
                return "20261125"[-element.least :] if element.least <= 8 else "20261125"
            case "TM":
                return "1430"
            case _ if element.numeric:
                return self._random.choice("123456789") + self._digits(length - 1)
            case "a" | "ID":
                return self._text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", length)
            case _:
                return self._text(f"ABCXYZabcxyz0189{self._marks}", length)

    def _text(self, alphabet: str, length: int) -> str:
        return "".join(self._random.choice(alphabet) for _ in range(length))

    def _digits(self, length: int) -> str:
        return self._text("0123456789", length)

    def _chance(self) -> bool:
        return self._random.random() < self._optional


def _settle(note: Note, filled: set[int]) -> None:
    """Add the elements that a note asks for."""
    first, *others = note.elements
    match note.relation:
        case "P" if filled & set(note.elements):
            filled |= set(note.elements)
        case "R" if not filled & set(note.elements):
            filled.add(first)
        case "C" if first in filled:
            filled |= set(others)
        case "L" if first in filled and not filled & set(others):
            filled.add(others[0])


def _holds(note: Note, filled: set[int]) -> bool:
    settled = set(filled)
    _settle(note, settled)
    return settled == filled and not (note.relation == "E" and len(filled & set(note.elements)) > 1)


def _fits(code: str, element: Element) -> bool:
    return element.least <= len(code) <= element.most
