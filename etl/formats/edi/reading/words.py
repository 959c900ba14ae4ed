"""Short values of a buffer as 64-bit words, so that numbers, dates and codes are checked by the
thousand with a few array operations (SWAR: eight characters in one register)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint64]
Mask = npt.NDArray[np.bool_]
Offsets = npt.NDArray[np.int32]

WIDTH = 8


def _every(byte: int) -> np.uint64:
    return np.uint64(byte * 0x0101010101010101)


ZEROS = _every(0x30)
"""Eight ``0`` characters: the word of a value that has none."""

_HIGH, _SIXES, _LOW = _every(0xF0), _every(0x06), _every(0x0F)
_TOP, _ONES, _PAIRS = _every(0x80), _every(0x01), np.uint64(0x00FF00FF00FF00FF)
_KEPT = np.array([(1 << (8 * min(length, 8))) - 1 for length in range(256)], np.uint64)
_FILL = ZEROS & ~_KEPT
_DAYS = np.array([0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], np.uint64)
_BYTE = np.uint64(0xFF)


@dataclass(frozen=True)
class WordReader:
    """Loads words from a buffer of bytes."""

    data: bytes

    def following(self, start: npt.NDArray[np.integer]) -> Words:
        """The eight bytes from each offset on, the first one lowest; zeros after the last one."""
        if len(self.data) < WIDTH:
            return WordReader(self.data.ljust(WIDTH, b"\0")).following(start)
        view: Words = np.ndarray((len(self.data) - WIDTH + 1,), np.dtype("<u8"), self.data, 0, (1,))
        last = len(view) - 1
        if len(start) and start.max() > last:
            clipped = np.minimum(start, last)
            words: Words = view[clipped] >> ((start - clipped) * 8).astype(np.uint64)
        else:
            words = view[start]
        return words

    def words(self, start: Offsets, length: npt.NDArray[np.integer]) -> Words:
        """The first eight characters, or as many as `length`, of each value; the rest is ``0``
        characters. The first character is the lowest byte."""
        words = self.following(start)
        words &= _KEPT.take(length, mode="clip")
        words |= _FILL.take(length, mode="clip")
        return words


def packed(value: str) -> int:
    """A value of up to eight ASCII characters as :meth:`WordReader.words` gives it."""
    return int.from_bytes(value.encode("ascii").ljust(WIDTH, b"0")[:WIDTH], "little")


def digits_only(words: Words) -> Mask:
    """Which words are digits throughout."""
    # a digit keeps its upper half when six is added, and no other byte that has it does
    halves = words + _SIXES
    halves &= words
    halves &= _HIGH
    plain: Mask = halves == ZEROS
    return plain


def without_sign(words: Words) -> Words:
    """A minus in front becomes a zero."""
    minus = (words & _BYTE) == np.uint64(ord("-"))
    return np.where(minus, words ^ np.uint64(ord("-") ^ ord("0")), words)


def without_mark(words: Words, mark: str) -> tuple[Words, npt.NDArray[np.uint8]]:
    """Decimal marks become zeros; and how many each word has: 0, 1, or 2 for several."""
    differing = words ^ _every(ord(mark))
    # the top bit of each byte that was zero, exact (no borrow between bytes)
    found = ~(((differing & ~_TOP) + ~_TOP) | differing | ~_TOP)
    bytes_ = (found >> np.uint64(7)) * _BYTE
    marks = (found != 0).astype(np.uint8) + ((found & (found - np.uint64(1))) != 0)
    return (words & ~bytes_) | (ZEROS & bytes_), marks


def is_date(words: Words, length: npt.NDArray[np.integer]) -> Mask:
    """Which words of eight (CCYYMMDD) or six digits (YYMMDD) are days of the calendar.

    The 29th of February counts in every year; the caller looks at the few there are.
    """
    century = np.uint64(int.from_bytes(b"20", "little"))
    whole = np.where(length == 6, (words << np.uint64(16)) | century, words)
    pairs = _pairs(whole)
    month, day = (pairs >> np.uint64(32)) & _BYTE, (pairs >> np.uint64(48)) & _BYTE
    fits = digits_only(words) & ((length == 8) | (length == 6)) & (month >= 1) & (month <= 12)
    right: Mask = fits & (day >= 1) & (day <= _DAYS[np.minimum(month, np.uint64(12))])
    return right


def is_leap_day(words: Words, length: npt.NDArray[np.integer]) -> Mask:
    """Which words are a 29th of February."""
    tail = np.where(length == 6, words >> np.uint64(16), words >> np.uint64(32))
    leap: Mask = (tail & np.uint64(0xFFFFFFFF)) == np.uint64(int.from_bytes(b"0229", "little"))
    return leap


def is_time(words: Words, length: npt.NDArray[np.integer]) -> Mask:
    """Which words are HHMM, HHMMSS, or HHMMSS and tenths or hundredths.

    Midnight as 2400 is none of them; the caller looks at the few there are.
    """
    pairs = _pairs(words)
    hour, minute = pairs & _BYTE, (pairs >> np.uint64(16)) & _BYTE
    second = (pairs >> np.uint64(32)) & _BYTE
    fits = digits_only(words) & (length >= 4) & (length <= 8) & (length != 5)
    right: Mask = fits & (hour <= 23) & (minute <= 59) & (second <= 59)
    return right


def _pairs(words: Words) -> Words:
    """Two digits each as one number, in bytes 0, 2, 4 and 6."""
    digits = words & _LOW
    return (digits * np.uint64(10) + (digits >> np.uint64(8))) & _PAIRS
