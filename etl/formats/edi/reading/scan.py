"""Where the separators of a buffer are: one pass over the bytes, in blocks that fit the cache."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from etl.formats.edi.delimiters import Delimiters

Offsets = npt.NDArray[np.int32]
Indexes = npt.NDArray[np.int64]

_BLOCK = 1 << 18
_NO_OFFSETS, _NO_INDEXES = np.empty(0, np.int32), np.empty(0, np.int64)


@dataclass(frozen=True, slots=True)
class Separators:
    """Where the separators of a buffer are.

    Attributes:
        outer: offsets of element separators and terminators, rising.
        terminators: which of them are terminators, as indexes.
        every: offsets of component separators too; None: these were not looked for.
        among: the index in `every` of each of the outer ones, and at its end the length of
            `every`; likewise.
    """

    outer: Offsets
    terminators: Indexes
    every: Offsets | None = None
    among: Offsets | None = None


def separators_of(data: bytes, delimiters: Delimiters, *, components: bool) -> Separators:
    """Find the separators that are not released, in one pass; with `components` all three."""
    bytes_ = np.frombuffer(data, np.uint8)
    wanted = bytes((delimiters.element, delimiters.terminator))
    if components:
        wanted += bytes((delimiters.component,))
    outer, terminators = [_NO_OFFSETS], [_NO_INDEXES]
    every, among = [_NO_OFFSETS], [_NO_OFFSETS]
    ends = seen = 0
    for begin, found in _blocks(data, wanted, delimiters.release):
        places, kinds = found, bytes_[begin:].take(found)
        if components:
            at = np.flatnonzero(kinds != delimiters.component)
            every.append(_moved(found, begin))
            among.append(_moved(at, seen))
            seen += len(found)
            places, kinds = found.take(at), kinds.take(at)
        terminators.append(np.flatnonzero(kinds == delimiters.terminator) + ends)
        outer.append(_moved(places, begin))
        ends += len(places)
    separators = np.concatenate(outer), np.concatenate(terminators)
    if not components:
        return Separators(*separators)
    among.append(np.array([seen], np.int32))
    return Separators(*separators, np.concatenate(every), np.concatenate(among))


def places_of(data: bytes, separator: int, release: int | None = None) -> Offsets:
    """Offsets of a byte where it is not released, rising."""
    found = (_moved(places, begin) for begin, places in _blocks(data, bytes((separator,)), release))
    return np.concatenate([_NO_OFFSETS, *found])


def _moved(places: Indexes, begin: int) -> Offsets:
    """Places of a block as offsets of the whole; narrowed first, which is the quicker order."""
    offsets = places.astype(np.int32)
    offsets += begin
    return offsets


def _blocks(data: bytes, separators: bytes, release: int | None) -> Iterator[tuple[int, Indexes]]:
    """The start of each block of the data, and where in it separators stand."""
    bytes_ = np.frombuffer(data, np.uint8)
    mask, other = np.empty(_BLOCK, bool), np.empty(_BLOCK, bool)
    released = _NO_INDEXES
    if release is not None and release in data:
        released = _released(data, release)
    for begin in range(0, len(bytes_), _BLOCK):
        block = bytes_[begin : begin + _BLOCK]
        here, more = mask[: len(block)], other[: len(block)]
        np.equal(block, separators[0], out=here)
        for separator in separators[1:]:
            np.equal(block, separator, out=more)
            np.logical_or(here, more, out=here)
        if len(released):
            inside = slice(*np.searchsorted(released, [begin, begin + len(block)]))
            here[released[inside] - begin] = False
        yield begin, np.flatnonzero(here)


def occurrences(data: bytes, word: bytes) -> npt.NDArray[np.int64]:
    """Offsets at which `word`, of two or three bytes, stands in `data`."""
    bytes_ = np.frombuffer(data, np.uint8)
    found = [np.empty(0, np.int64)]
    last = len(bytes_) - len(word) + 1
    for begin in range(0, last, _BLOCK):
        end = min(begin + _BLOCK, last)
        here = bytes_[begin:end] == word[0]
        for place in range(1, len(word)):
            here &= bytes_[begin + place : end + place] == word[place]
        found.append(np.flatnonzero(here) + begin)
    return np.concatenate(found)


def released(data: bytes, offset: int, release: int | None) -> bool:
    """Whether the byte at `offset` comes after an odd number of release characters."""
    if release is None:
        return False
    before = offset
    while before > 0 and data[before - 1] == release:
        before -= 1
    return (offset - before) % 2 == 1


def _released(data: bytes, release: int) -> Indexes:
    """Offsets of the bytes that are released: in a run of release characters, every second one,
    and what follows a run of odd length."""
    after = releasing(data, release) + 1
    return after[after < len(data)]


def releasing(data: bytes, release: int) -> Indexes:
    """Offsets of the release characters that are not released themselves."""
    bytes_ = np.frombuffer(data, np.uint8)
    marks = np.flatnonzero(bytes_ == release)
    begins = np.ones(len(marks), bool)
    begins[1:] = np.diff(marks) != 1
    if begins.all():
        return marks
    first = np.maximum.accumulate(np.where(begins, marks, 0))
    active: Indexes = marks[(marks - first) % 2 == 0]
    return active
