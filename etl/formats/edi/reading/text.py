"""Raw bytes to text that can be scanned: wrapped lines undone, UTF-8, nothing silently replaced.

Text that needs neither is the raw bytes themselves. Every offset in the text leads back to the
offset of that byte in the raw bytes.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from etl.formats.charsets import utf8_look_alikes
from etl.formats.edi.delimiters import BLANKS, SEPARATORS, Delimiters
from etl.formats.edi.reading.scan import releasing

_LINE_BREAKS = b"\r\n"
_BLOCK = 1 << 18
Offsets = npt.NDArray[np.int64]
_NOWHERE: Offsets = np.empty(0, np.int64)
_STAND_INS = b"_#!%@-"


@dataclass(frozen=True, slots=True)
class Text:
    """The bytes of a piece, before and after.

    Attributes:
        raw: as they stand in the file.
        data: UTF-8, without the line breaks of wrapped lines; separators beyond ASCII stand there
            as :attr:`etl.formats.edi.delimiters.Delimiters.in_text` says.
        wrapped: whether line breaks were taken out.
        undecodable: offsets in `data` of bytes that the charset does not have; ``_`` stands there,
            or another character that is no separator and releases none.
        unprintable: offsets in `data` of control characters that are no separators.
        look_alike: offsets in `data` of text that was read in a charset of one byte each, but is as
            good UTF-8.
        unassigned: offsets in `data` of bytes that ISO 8859 has no letters for (0x80 to 0x9F).
    """

    raw: bytes
    data: bytes
    wrapped: bool = False
    undecodable: Offsets = field(default_factory=lambda: _NOWHERE)
    unprintable: Offsets = field(default_factory=lambda: _NOWHERE)
    look_alike: Offsets = field(default_factory=lambda: _NOWHERE)
    unassigned: Offsets = field(default_factory=lambda: _NOWHERE)

    def origin(self, offset: int) -> int:
        """Offset in `raw` of the byte at `offset` in `data`."""
        return offset if self.data is self.raw else int(self.origins(np.array([offset]))[0])

    def origins(self, offsets: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """As :meth:`origin`, for many."""
        if self.data is self.raw:
            return offsets
        origins = offsets
        kept = self.raw.translate(None, _LINE_BREAKS) if self.wrapped else self.raw
        if len(kept) != len(self.data):
            characters = np.flatnonzero(np.frombuffer(self.data, np.uint8) & 0xC0 != 0x80)
            origins = np.searchsorted(characters, offsets)
        if self.wrapped:
            bytes_ = np.frombuffer(self.raw, np.uint8)
            places = np.flatnonzero((bytes_ != 10) & (bytes_ != 13))
            origins = np.append(places, len(self.raw))[np.minimum(origins, len(places))]
        return origins

    def until(self, end: int) -> Text:
        """The text before offset `end` of `data`."""
        data = self.data[:end]
        return Text(
            raw=data if self.data is self.raw else self.raw[: self.origin(end)],
            data=data,
            wrapped=self.wrapped,
            undecodable=self.undecodable[self.undecodable < end],
            unprintable=self.unprintable[self.unprintable < end],
            look_alike=self.look_alike[self.look_alike < end],
            unassigned=self.unassigned[self.unassigned < end],
        )


def text_of(raw: bytes, delimiters: Delimiters, charset: str) -> Text:
    """Undo wrapped lines and the charset; bytes the charset does not have are told, not guessed."""
    if _plain(raw, delimiters.terminator):
        return Text(raw, raw)
    wrapped, all_printable = _control_characters(raw, delimiters)
    data = raw.translate(None, _LINE_BREAKS) if wrapped else raw
    decoded = _Decoded(data, _NOWHERE, _NOWHERE, _NOWHERE)
    if not data.isascii():
        decoded = _utf8(data, charset, delimiters)
    unprintable = _NOWHERE if all_printable else _unprintable(decoded.data, delimiters)
    return Text(
        raw,
        decoded.data,
        wrapped,
        decoded.undecodable,
        unprintable,
        decoded.look_alike,
        decoded.unassigned,
    )


def _plain(raw: bytes, terminator: int) -> bool:
    """Whether all is printable ASCII but for newlines right behind segments, as in most files."""
    bytes_, signed = np.frombuffer(raw, np.uint8), np.frombuffer(raw, np.int8)
    for begin in range(0, len(bytes_), _BLOCK):
        block = bytes_[begin : begin + _BLOCK + 1]
        newlines = block[1:] == 10
        newlines &= block[:-1] == terminator
        # as signed numbers, the bytes beyond ASCII are below zero
        others = np.count_nonzero(signed[begin + 1 : begin + _BLOCK + 1] < 32)
        if np.count_nonzero(newlines) != others:
            return False
    return not len(signed) or bool(signed[0] >= 32)


def _control_characters(raw: bytes, delimiters: Delimiters) -> tuple[bool, bool]:
    """Whether lines break inside of segments, and whether all else is printable."""
    bytes_ = np.frombuffer(raw, np.uint8)
    controls = np.flatnonzero(bytes_ < 32)
    values = bytes_[controls]
    breaks = controls[(values == 10) | (values == 13)]
    wrapped = not delimiters.breaks_lines and _wraps(bytes_, breaks, delimiters.terminator)
    return wrapped, bool(_expected(values, delimiters).all())


def _wraps(bytes_: npt.NDArray[np.uint8], breaks: npt.NDArray[np.int64], terminator: int) -> bool:
    """Whether a line breaks elsewhere than between segments."""
    solid = np.flatnonzero(~np.isin(bytes_, [blank for blank in BLANKS if blank != terminator]))
    before = np.searchsorted(solid, breaks) - 1
    return bool((bytes_[solid[before[before >= 0]]] != terminator).any())


@dataclass(frozen=True, slots=True)
class _Decoded:
    """Text made UTF-8, and what is odd in it; offsets as in :class:`Text`."""

    data: bytes
    undecodable: Offsets
    look_alike: Offsets
    unassigned: Offsets


def _utf8(data: bytes, charset: str, delimiters: Delimiters) -> _Decoded:
    """`data` as UTF-8, with a character that separates nothing where it could not be decoded."""
    raw = np.frombuffer(data, np.uint8)
    beyond = _beyond_ascii(data, delimiters)
    if len(beyond):
        blanked = raw.copy()
        blanked[beyond] = 0
        data = blanked.tobytes()
    characters = data.decode(charset, "surrogateescape")
    points = np.frombuffer(characters.encode("utf-32-le", "surrogatepass"), np.uint32)
    escaped = (points >= 0xDC80) & (points <= 0xDCFF)
    widths = 1 + (points >= 0x80).astype(np.int64) + (points >= 0x800) + (points >= 0x10000)
    widths[escaped] = 1
    begins = np.cumsum(widths) - widths
    encoded = characters.encode("utf-8", "replace")
    undecodable = begins[escaped]
    if len(undecodable) or len(beyond):
        told = np.frombuffer(bytearray(encoded), np.uint8)
        told[undecodable] = next(byte for byte in _STAND_INS if byte not in _separators(delimiters))
        if len(beyond):
            whole = charset == "utf-8"
            told[beyond if whole else begins[beyond]] = _in_text(delimiters).take(raw[beyond])
            # what only looks like a separator of another byte could not be told from it
            alike = np.isin(points, list(delimiters.beyond_ascii.values()))
            undecodable = np.union1d(
                undecodable, begins[alike if whole else alike & (raw != points)]
            )
        encoded = told.tobytes()
    if charset == "utf-8":
        return _Decoded(encoded, undecodable, _NOWHERE, _NOWHERE)
    unassigned = _NOWHERE
    if charset.startswith("iso8859"):
        unassigned = np.flatnonzero((points >= 0x80) & (points < 0xA0))
    look_alike, until = utf8_look_alikes(data, delimiters.terminator)
    inside = np.searchsorted(look_alike, unassigned, "right") != np.searchsorted(
        until, unassigned, "right"
    )
    return _Decoded(encoded, undecodable, begins[look_alike], begins[unassigned[~inside]])


def _beyond_ascii(data: bytes, delimiters: Delimiters) -> Offsets:
    """Offsets of separators beyond ASCII; one that is released is part of a value."""
    separators = list(delimiters.beyond_ascii.values())
    if not separators:
        return _NOWHERE
    places = np.flatnonzero(np.isin(np.frombuffer(data, np.uint8), separators))
    if delimiters.release is not None:
        places = np.setdiff1d(places, releasing(data, delimiters.release) + 1)
    return places


def _in_text(delimiters: Delimiters) -> npt.NDArray[np.uint8]:
    """What stands in text for each byte."""
    table = np.arange(256, dtype=np.uint8)
    for name, byte in delimiters.beyond_ascii.items():
        table[byte] = getattr(delimiters.in_text, name)
    return table


def _unprintable(data: bytes, delimiters: Delimiters) -> Offsets:
    bytes_ = np.frombuffer(data, np.uint8)
    controls = np.flatnonzero(bytes_ < 32)
    found: Offsets = controls[~_expected(bytes_[controls], delimiters)]
    return found


def _expected(values: npt.NDArray[np.uint8], delimiters: Delimiters) -> npt.NDArray[np.bool_]:
    """Which control characters are blanks or separators."""
    return np.isin(values, [*BLANKS, *_separators(delimiters)])


def _separators(delimiters: Delimiters) -> list[int]:
    """All that have a meaning, the release character included."""
    every = (getattr(delimiters, name) for name in SEPARATORS)
    return [byte for byte in every if byte is not None]
