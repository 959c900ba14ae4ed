"""The structures that a reader works with: one numbering of places, one of segment ids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from etl.formats.edi.reading.transactions import Kind
from etl.formats.edi.structures.automaton import Automaton
from etl.formats.edi.structures.dictionary import Element, Segment
from etl.formats.edi.structures.files import UNBOUNDED, nearest_among
from etl.formats.edi.structures.places import PlaceTable
from etl.formats.edi.structures.structure import Place, Structure
from etl.formats.edi.syntax import Syntax


class Structures:
    """Some structures of one syntax, by document and version.

    Attributes:
        classes: class number by segment id; service segments come first, as in
            :attr:`etl.formats.edi.syntax.Syntax.control`.
        table: all their places in one numbering.
    """

    def __init__(self, syntax: Syntax, structures: Sequence[Structure]) -> None:
        self.syntax, self.all = syntax, tuple(structures)
        ids = dict.fromkeys(syntax.control)
        for structure in structures:
            ids |= dict.fromkeys(place.segment_id for place in structure.places)
        self.classes: Mapping[str, int] = {one: number for number, one in enumerate(ids, start=1)}
        self.table = PlaceTable(structures)

    @cached_property
    def automata(self) -> tuple[Automaton, ...]:
        """The automaton of each structure."""
        ids: list[str | None] = [None, *self.classes]
        return tuple(Automaton(structure, ids) for structure in self.all)

    @property
    def documents(self) -> tuple[str, ...]:
        """The documents that they are for."""
        return tuple(dict.fromkeys(structure.document for structure in self.all))

    def groups(self, document: str) -> tuple[str, ...]:
        """What GS01 of groups may say that hold a document."""
        every = (each.group for each in self.all if each.document == document)
        return tuple(dict.fromkeys(filter(None, every)))

    def nearest(self, kind: Kind) -> int:
        """The index of the structure that stands for a kind of transaction; -1: none does."""
        known = {
            structure.version: number
            for number, structure in enumerate(self.all)
            if structure.document == kind.document
        }
        return known[nearest_among(tuple(known), kind.version)] if known else -1

    def segment(self, structure: int, segment_id: str) -> Segment | None:
        """The definition of a segment in one of the structures."""
        return self.all[structure].segments.get(segment_id)

    def is_number(self, segment_id: str, element: int, component: int) -> bool:
        """Whether a 1-based component of an element is a number, in any of the structures."""
        for structure in self.all:
            segment = structure.segments.get(segment_id)
            if segment is None or element > len(segment.elements):
                continue
            components = segment.elements[element - 1].components
            if component <= len(components):
                of = components[component - 1].of
                return isinstance(of, Element) and of.numeric
        return False

    def cuts(self, opening: str) -> tuple[str, ...]:
        """The segments before which a large transaction may be cut: those that start its
        outermost repeated loops and nothing else. `opening` is its ST or UNH."""
        return self._cuts.get(self._document(opening), ())

    def _document(self, opening: str) -> str:
        for document in self._cuts:
            if document in opening.split("\n", maxsplit=1)[0]:
                return document
        return ""

    @cached_property
    def _cuts(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for structure in self.all:
            ids = [place.segment_id for place in structure.places]
            outermost = [
                place.segment_id
                for place in structure.transaction.places
                if _is_cut(place) and ids.count(place.segment_id) == 1
            ]
            before = found.get(structure.document, outermost)
            found[structure.document] = tuple(one for one in before if one in outermost)
        return found


def _is_cut(place: Place) -> bool:
    return place.loop is not None and (place.repeat >= 999 or place.repeat == UNBOUNDED)
