"""Where the records of delimited text begin and end, by vectorised search for its delimiters.

The rules are those of RFC 4180 as Arrow reads it, so that both see the same cells: a quote opens
only at the beginning of a cell, a doubled quote inside stands for one, anything after the closing
quote belongs to the cell. Lines end with LF, CR LF or CR; empty lines are no records.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

_LF, _CR = 10, 13
Offsets = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Scan:
    """The whole records in a block of text.

    Attributes:
        starts, ends: byte offsets of each record, without its line end.
        cells: the number of cells of each record.
        lines: the 0-based line of the block where each record begins, and
        last_lines: the one where it ends; the same array where no record has several.
        delimiters: offsets of all delimiters that divide cells.
        adjacent: nothing but line ends stands between the records.
        rest: offset where the first incomplete record begins; the block's length if none.
        rest_line: the 0-based line of `rest`.
    """

    starts: Offsets
    ends: Offsets
    cells: Offsets
    lines: Offsets
    last_lines: Offsets
    delimiters: Offsets
    adjacent: bool
    rest: int
    rest_line: int

    def only(self, chosen: npt.NDArray[np.bool_]) -> Scan:
        """The records that are `chosen`; what follows the last record stays as it is."""
        places = np.flatnonzero(chosen)
        gapless = not len(places) or int(places[-1] - places[0]) + 1 == len(places)
        lines = self.lines[chosen]
        several = self.last_lines is not self.lines
        return replace(
            self,
            starts=self.starts[chosen],
            ends=self.ends[chosen],
            cells=self.cells[chosen],
            lines=lines,
            last_lines=self.last_lines[chosen] if several else lines,
            adjacent=self.adjacent and gapless,
        )


def scan(text: bytes, delimiter: bytes, quote: bytes | None, final: bool) -> Scan:
    """Find the records of `text`; `final`: nothing follows, so the last needs no line end."""
    if not text:
        none = np.empty(0, np.int64)
        return Scan(none, none, none, none, none, none, adjacent=True, rest=0, rest_line=0)
    block = np.frombuffer(text, np.uint8)
    line_ends = _line_ends(block, text, final)
    delimiters = np.flatnonzero(block == delimiter[0])
    terminators = line_ends
    open_quote = False
    if quote and quote in text:
        quotes = _effective_quotes(block, delimiter[0], quote[0])
        terminators = _outside(line_ends, quotes)
        delimiters = _outside(delimiters, quotes)
        open_quote = len(quotes) % 2 == 1
    starts = np.concatenate(([0], terminators + 1))
    rest = int(starts[-1])
    crlf = (block[terminators] == _LF) & (block[terminators - 1] == _CR) & (terminators > 0)
    ends = terminators - crlf
    if final and not open_quote:
        ends, rest = np.append(ends, len(block)), len(block)
    else:
        starts = starts[:-1]
    filled = ends > starts
    starts, ends = starts[filled], ends[filled]
    lines = np.searchsorted(line_ends, starts)
    several = len(line_ends) > len(terminators)
    return Scan(
        starts=starts,
        ends=ends,
        cells=np.diff(np.searchsorted(delimiters, ends), prepend=0) + 1,
        lines=lines,
        last_lines=np.searchsorted(line_ends, ends) if several else lines,
        delimiters=delimiters,
        adjacent=True,
        rest=rest,
        rest_line=int(np.searchsorted(line_ends, rest)),
    )


def _line_ends(block: npt.NDArray[np.uint8], text: bytes, final: bool) -> Offsets:
    """Offset of the last byte of each line end."""
    feeds = np.flatnonzero(block == _LF)
    if b"\r" not in text:
        return feeds
    returns = np.flatnonzero(block == _CR)
    if not final and returns[-1] == len(block) - 1:
        returns = returns[:-1]
    lone = returns[block[np.minimum(returns + 1, len(block) - 1)] != _LF]
    return np.union1d(feeds, lone) if len(lone) else feeds


def _effective_quotes(block: npt.NDArray[np.uint8], delimiter: int, quote: int) -> Offsets:
    """Offsets of the quotes that open and close, in turn.

    In well-formed text these are all quotes in turn, a doubled one being a close and an open.
    That is checked for the whole block at once; only where a quote stands somewhere else (as in
    ``5" pipe``) are they walked one by one.
    """
    quotes = np.flatnonzero(block == quote)
    opening, closing = quotes[0::2], quotes[1::2]
    before = block[np.maximum(opening - 1, 0)]
    after = block[np.minimum(closing + 1, len(block) - 1)]
    boundary = np.zeros(256, np.bool_)
    boundary[[delimiter, quote, _LF, _CR]] = True
    well_opened = boundary[before] | (opening == 0)
    well_closed = boundary[after] | (closing == len(block) - 1)
    if well_opened.all() and well_closed.all():
        return quotes
    return _walked_quotes(block, quotes, delimiter)


def _walked_quotes(block: npt.NDArray[np.uint8], quotes: Offsets, delimiter: int) -> Offsets:
    effective: list[int] = []
    starters = {delimiter, _LF, _CR}
    places = quotes.tolist()
    inside, index = False, 0
    while index < len(places):
        place = places[index]
        if inside:
            doubled = index + 1 < len(places) and places[index + 1] == place + 1
            if doubled:
                index += 1
            else:
                effective.append(place)
                inside = False
        elif place == 0 or int(block[place - 1]) in starters:
            effective.append(place)
            inside = True
        index += 1
    return np.array(effective, np.int64)


def _outside(places: Offsets, quotes: Offsets) -> Offsets:
    """Those of `places` that stand in no quoted cell."""
    first_after = np.searchsorted(places, quotes)
    opened = np.bincount(first_after[0::2], minlength=len(places) + 1)
    closed = np.bincount(first_after[1::2], minlength=len(places) + 1)
    outside: Offsets = places[np.cumsum(opened - closed)[: len(places)] == 0]
    return outside
