"""The places of several structures in one numbering, with what the checks ask of each as arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from etl.formats.edi.structures.structure import Place, Structure


class PlaceTable:
    """All places of some structures; 0 stands for none.

    Attributes:
        bases: what is added to the place numbers of each structure.
        size: how many numbers there are, 0 included.
        places: place by number; None at 0.
        depths: how many loops are around a place; of ST and UNH 0, of B3 1.
        is_loop: whether the segment there starts a loop.
        repeats: how often a segment may stand there.
        required: for the trigger of a loop, the places of the loop that must be filled.
    """

    def __init__(self, structures: Sequence[Structure]) -> None:
        self.places: list[Place | None] = [None]
        self.bases: list[int] = []
        self.required: list[tuple[int, ...]] = [()]
        self.structure_of: list[int] = [-1]
        for number, structure in enumerate(structures):
            base = len(self.places) - 1
            self.bases.append(base)
            for place in structure.places:
                self.places.append(place)
                self.structure_of.append(number)
                inside = place.loop.places if place.loop else ()
                self.required.append(tuple(base + each.number for each in inside if each.required))
        self.size = len(self.places)
        self.depths: npt.NDArray[np.int64] = self._array(_depth)
        self.is_loop: npt.NDArray[np.bool_] = self._array(lambda place: place.loop is not None) > 0
        self.repeats: npt.NDArray[np.int64] = self._array(_most, default=1 << 40)

    def number(self, structure: int, place: Place) -> int:
        """The number of a place of one of the structures."""
        return self.bases[structure] + place.number

    def _array(self, value: Callable[[Place], int], default: int = 0) -> npt.NDArray[np.int64]:
        return np.array(
            [default if place is None else value(place) for place in self.places], np.int64
        )


def _depth(place: Place) -> int:
    return 0 if place.parent is None else place.parent.depth + 1


def _most(place: Place) -> int:
    """How often a segment may stand at a place; where its loop has the same segment again at
    later places, as often as at all of them."""
    if place.parent is None:
        return 1
    same = [each for each in place.parent.named(place.segment_id) if each is not place]
    later = sum(each.repeat for each in same if each.ordinal > place.ordinal)
    return place.repeat + later
