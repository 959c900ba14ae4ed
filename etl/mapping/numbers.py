"""Numbers as partners write them, read exactly: text to decimal128, never through a float."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

PRECISION = 18
"""Digits of every decimal type here; 18 digits fit 64 bits, which `scaled_integers` relies on."""


_LOW_HALF = 0xFFFF_FFFF


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """How a partner writes numbers.

    Attributes:
        comma: a comma, not a point, stands before the decimals.
        thousands: what stands between groups of three digits, None for nothing.
        trailing_sign: the minus may stand behind the number.
        implied_decimals: how many of the last digits are decimals (X12 type N2: 2); None where
            the decimals are written.
    """

    comma: bool = False
    thousands: str | None = None
    trailing_sign: bool = False
    implied_decimals: int | None = None

    @property
    def is_plain(self) -> bool:
        """Whether Arrow's own cast reads it."""
        return not (self.comma or self.thousands or self.trailing_sign)

    def expected(self, scale: int) -> str:
        """What such a number looks like, for people."""
        if self.implied_decimals is not None:
            return (
                f"digits only, the last {self.implied_decimals} of them decimals, at most "
                f"{PRECISION - scale + self.implied_decimals} digits"
            )
        mark = "," if self.comma else "."
        sample = f"1{self.thousands or ''}234{mark}5"
        return (
            f"a number such as {sample}, at most {PRECISION - scale} digits before and {scale} "
            "behind the decimal mark"
        )

    def pattern(self, scale: int) -> str:
        """The regular expression of a number that fits `scale` exactly."""
        sign = "(?:[+-]?{0}|{0}-)" if self.trailing_sign else "[+-]?{0}"
        whole = PRECISION - scale
        if self.implied_decimals is not None:
            return f"^{sign.format(f'0*[0-9]{{1,{whole + self.implied_decimals}}}')}$"
        digits = f"0*[0-9]{{1,{whole}}}"
        if self.thousands:
            digits = f"(?:{digits}|{_grouped(whole, self.thousands)})"
        if scale == 0:
            return f"^{sign.format(digits)}$"
        mark = re.escape("," if self.comma else ".")
        decimals = f"{mark}[0-9]{{0,{scale}}}0*"
        return f"^{sign.format(f'(?:{digits}(?:{decimals})?|{mark}[0-9]{{1,{scale}}}0*)')}$"


PLAIN = NumberFormat()
"""A point before the decimals and nothing between the digits: 1234.5."""


def read_decimals(
    text: pa.Array, scale: int, written: NumberFormat = PLAIN
) -> tuple[pa.Array, npt.NDArray[np.bool_]]:
    """Read a string column as decimal128(18, `scale`).

    Returns:
        The numbers, null where there is no text or none that can be read; and a mask of the cells
        with text that is not a number so written, or that would not fit without rounding.
    """
    if written.is_plain:
        numbers = _read_at_once(text, scale, written.implied_decimals)
        if numbers is not None:
            return numbers, np.zeros(len(text), np.bool_)
    good = pc.match_substring_regex(text, written.pattern(scale))
    if pc.all(good).as_py() is False:
        text = pc.ascii_trim_whitespace(text)
        good = pc.match_substring_regex(text, written.pattern(scale))
    bad = pc.invert(good).fill_null(False).to_numpy(zero_copy_only=False)
    if bad.any():
        text = pc.if_else(good, text, pa.scalar(None, pa.string()))
    text = _plain(text, written)
    if written.implied_decimals is None:
        return text.cast(pa.decimal128(PRECISION, scale)), bad
    return scaled_integers(text.cast(pa.int64()), written.implied_decimals, scale), bad


def scaled_integers(whole: pa.Array, decimals: int, scale: int) -> pa.Array:
    """The decimals that int64 values with `decimals` implied decimals stand for.

    Args:
        whole: int64 of at most ``18 - scale + decimals`` digits.
        decimals: at most `scale`.
    """
    filled = whole.fill_null(0) if whole.null_count else whole
    values = filled.to_numpy() * 10 ** (scale - decimals)
    words = np.empty((len(values), 2), np.int64)
    words[:, 0] = values
    words[:, 1] = values >> 63  # the sign fills the upper half of the 128 bits
    numbers = pa.Array.from_buffers(
        pa.decimal128(PRECISION, scale), len(values), [None, pa.py_buffer(words)]
    )
    if whole.null_count:
        return pc.if_else(whole.is_valid(), numbers, pa.scalar(None, numbers.type))
    return numbers


def sums(numbers: pa.Array, starts: npt.NDArray[np.intp]) -> pa.Array:
    """Exact sums of runs, as decimal128(38); nulls count nothing.

    Args:
        numbers: int64, or decimals of at most 18 digits.
        starts: where each run starts; and where the last one ends.
    """
    if numbers.null_count:
        numbers = numbers.fill_null(pa.scalar("0").cast(numbers.type))
    if pa.types.is_integer(numbers.type):
        kind, words = pa.decimal128(38, 0), numbers.to_numpy()
    else:
        kind = pa.decimal128(38, numbers.type.scale)
        content = numbers.buffers()[1]
        words = np.frombuffer(content, np.int64, 2 * len(numbers), numbers.offset * 16)[::2]
    largest = max(int(words.max(initial=0)), -int(words.min(initial=0)))
    if largest * len(words) < 1 << 63:
        sums = _sums(words, starts)
        totals = np.stack([sums, sums >> 63], axis=1)
    else:
        # halves of 32 bits can be added up two thousand million times before 64 bits overflow
        low, high = _sums(words & _LOW_HALF, starts), _sums(words >> 32, starts)
        high += low >> 32
        totals = np.stack([high << 32 | low & _LOW_HALF, high >> 32], axis=1)
    return pa.Array.from_buffers(kind, len(totals), [None, pa.py_buffer(totals)])


def _sums(words: npt.NDArray[np.int64], starts: npt.NDArray[np.intp]) -> npt.NDArray[np.int64]:
    """Sums of runs; their total must fit."""
    before = np.zeros(len(words) + 1, np.int64)
    np.cumsum(words, out=before[1:])
    sums: npt.NDArray[np.int64] = np.diff(before.take(starts))
    return sums


def read_integers(text: pa.Array) -> tuple[pa.Array, npt.NDArray[np.bool_]]:
    """Read a string column as int64, with the same mask as :func:`read_decimals`."""
    numbers, bad = read_decimals(text, 0)
    return numbers.cast(pa.int64()), bad


def fit(numbers: pa.Array, scale: int) -> tuple[pa.Array, npt.NDArray[np.bool_]]:
    """Integers or decimals of any size as decimal128(18, `scale`), with a mask of those that
    would have to be rounded or cut."""
    target = pa.decimal128(PRECISION, scale)
    if numbers.type == target:
        return numbers, np.zeros(len(numbers), np.bool_)
    wide = numbers.cast(pa.decimal256(40, 0)) if pa.types.is_integer(numbers.type) else numbers
    if pa.types.is_decimal128(wide.type):
        wide = wide.cast(pa.decimal256(40, wide.type.scale))
    rounded = pc.round(wide, ndigits=scale) if wide.type.scale > scale else wide
    limit = pa.scalar(10 ** (PRECISION - scale)).cast(pa.decimal256(40, 0))
    good = pc.and_(pc.equal(rounded, wide), pc.less(pc.abs(wide), limit))
    bad = pc.invert(good).fill_null(False).to_numpy(zero_copy_only=False)
    if bad.any():
        rounded = pc.if_else(good, rounded, pa.scalar(None, rounded.type))
    return rounded.cast(target), bad


def _read_at_once(text: pa.Array, scale: int, implied_decimals: int | None) -> pa.Array | None:
    """The whole column with one cast; None where something in it needs a closer look.

    Arrow's casts refuse what does not fit, but take exponents and hexadecimal digits, which no
    partner means; so a column with letters in it is looked at cell by cell."""
    data = text.buffers()[2]
    written = np.frombuffer(data if data is not None else b"", np.uint8)
    if np.any(written > ord("9")):
        return None
    decimals = implied_decimals
    if decimals is None and not np.any(written == ord(".")):
        decimals = 0
    try:
        if decimals is None:
            return text.cast(pa.decimal128(PRECISION, scale))
        whole = text.cast(pa.int64())
    except pa.ArrowInvalid:
        return None
    bounds = pc.min_max(whole)
    limit = 10 ** (PRECISION - scale + decimals)
    if (
        bounds["min"].is_valid
        and not -limit < bounds["min"].as_py() <= bounds["max"].as_py() < limit
    ):
        return None
    return scaled_integers(whole, decimals, scale)


def _grouped(digits: int, mark: str) -> str:
    """The regular expression of up to `digits` digits in groups of three."""
    most = (digits - 1) // 3
    group = f"(?:{re.escape(mark)}[0-9]{{3}})"
    longest = f"[0-9]{{1,{digits - 3 * most}}}{group}{{{most}}}"
    return f"(?:[0-9]{{1,3}}{group}{{1,{most - 1}}}|{longest})"


def _plain(text: pa.Array, written: NumberFormat) -> pa.Array:
    """Checked text with all that `cast` does not know taken out."""
    if written.thousands:
        text = pc.replace_substring(text, written.thousands, "")
    if written.comma:
        text = pc.replace_substring(text, ",", ".")
    if written.trailing_sign:
        text = pc.replace_substring_regex(text, "^(.*)-$", r"-\1")
    if written.implied_decimals is not None:
        text = pc.replace_substring(text, "+", "")
    return text
