"""Text in a charset of one byte a character that is UTF-8 all the same: mojibake that no decoder
finds, since every byte has some letter there."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Offsets = npt.NDArray[np.int64]

_NOWHERE: Offsets = np.empty(0, np.int64)


def utf8_look_alikes(data: bytes, line_end: int = 10) -> tuple[Offsets, Offsets]:
    """Where runs of bytes beyond ASCII begin and end that are characters of UTF-8.

    Of a line, or segment, only where all of its runs are: real Latin-1 such as ``É»`` has others
    beside it. ASCII and text without any such run cost one pass.

    Args:
        line_end: the byte that ends lines or segments.
    """
    if data.isascii():
        return _NOWHERE, _NOWHERE
    bytes_ = np.frombuffer(data, np.uint8)
    high = np.flatnonzero((bytes_ >= 0x80) & (bytes_ != line_end))
    if not len(high):
        return _NOWHERE, _NOWHERE
    breaks = np.flatnonzero(np.diff(high) != 1)
    begins = high[np.concatenate([[0], breaks + 1])]
    ends = high[np.concatenate([breaks, [len(high) - 1]])] + 1
    first, second = bytes_[begins], bytes_[np.minimum(begins + 1, len(bytes_) - 1)]
    good = (ends - begins > 1) & (first >= 0xC2) & (first <= 0xF4) & (second < 0xC0)
    for at in np.flatnonzero(good).tolist():
        good[at] = _is_utf8(data[begins[at] : ends[at]])
    if not good.any():
        return _NOWHERE, _NOWHERE
    lines = np.searchsorted(np.flatnonzero(bytes_ == line_end), begins)
    good &= ~np.isin(lines, lines[~good])
    return begins[good], ends[good]


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
