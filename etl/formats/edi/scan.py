"""Where the separators of a buffer are: one pass over the bytes, in blocks that fit the cache."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Offsets = npt.NDArray[np.int32]

_BLOCK = 1 << 18


def places_of(data: bytes, separators: bytes, release: int | None = None) -> Offsets:
    """Offsets of all bytes that are one of `separators` and not released, rising."""
    bytes_ = np.frombuffer(data, np.uint8)
    mask, other = np.empty(_BLOCK, bool), np.empty(_BLOCK, bool)
    released = np.empty(0, np.int64)
    if release is not None and release in data:
        released = _released(bytes_, release)
    found = [np.empty(0, np.int32)]
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
        places = np.flatnonzero(here)
        places += begin
        found.append(places.astype(np.int32))
    return np.concatenate(found)


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


def _released(bytes_: npt.NDArray[np.uint8], release: int) -> npt.NDArray[np.int64]:
    """Offsets of the bytes that are released: in a run of release characters, every second one,
    and what follows a run of odd length."""
    marks = np.flatnonzero(bytes_ == release)
    begins = np.ones(len(marks), bool)
    begins[1:] = np.diff(marks) != 1
    first = np.maximum.accumulate(np.where(begins, marks, 0))
    active = (marks - first) % 2 == 0
    after: npt.NDArray[np.int64] = marks[active] + 1
    return after[after < len(bytes_)]
