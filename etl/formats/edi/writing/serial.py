"""The segments of an interchange of ours as bytes, one after the other, counted and checked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from etl.defects import Position
from etl.formats.edi.delimiters import SEPARATORS, Delimiters
from etl.formats.edi.notation import Notation
from etl.formats.edi.outgoing import OutgoingTransaction, Repetitions, SegmentValue, segment
from etl.formats.edi.syntax import Envelope, Syntax
from etl.formats.edi.writing.unwritable import UnwritableError

_SEGMENT_ID = re.compile(r"[A-Z][A-Z0-9]{1,2}")
_CONTROL_CHARACTER = re.compile(r"[\x00-\x1f]")


class Serial:
    """Takes segments in order.

    Attributes:
        written: the bytes so far.
    """

    def __init__(
        self, syntax: Syntax, delimiters: Delimiters, charset: str, *, line_ends: bool
    ) -> None:
        """Raises :class:`UnwritableError` for separators that cannot be told apart."""
        _check_separators(delimiters, syntax)
        self._syntax, self._charset = syntax, charset
        self._notation = Notation(delimiters)
        # a separator is a byte, whatever character the charset has there
        self._bytes = {byte: 0xDC00 + byte for byte in delimiters.beyond_ascii.values()}
        terminator = self._notation.terminator
        self._end = terminator + "\n" if line_ends and terminator != "\n" else terminator
        self.written = bytearray()

    def literal(self, text: str) -> None:
        """A segment of fixed form, as it is to stand there without its terminator."""
        whole = (text + self._end).translate(self._bytes)
        self.written += whole.encode(self._charset, "surrogateescape")

    def add(self, segment: SegmentValue) -> None:
        """A segment; empty elements and components at its end are left out.

        Raises :class:`UnwritableError`.
        """
        if not _SEGMENT_ID.fullmatch(segment.id):
            at = Position(segment_id=segment.id)
            raise UnwritableError(at, segment.id, "a segment id of two or three letters and digits")
        for at, value in _values(segment):
            if _CONTROL_CHARACTER.search(value):
                raise UnwritableError(at, value, "text without control characters")
            if not self._encodable(value):
                raise UnwritableError(at, value, f"characters that {self._charset} has")
            if self._bytes and self._holds_separator(value):
                raise UnwritableError(at, value, "a value without the bytes of the separators")
        self.literal(self._notation.text(_trimmed(segment)))

    def transaction(
        self, number: str, header: SegmentValue, transaction: OutgoingTransaction
    ) -> None:
        """A transaction with its header and a trailer that counts its segments."""
        envelope = self._syntax.transaction
        self.add(header)
        for place, each in enumerate(transaction.segments, start=2):
            try:
                if each.id in self._syntax.control:
                    raise UnwritableError(
                        Position(segment_id=each.id), each.id, "no segment of an envelope here"
                    )
                self.add(each)
            except UnwritableError as error:
                raise error.inside(number, place) from None
        self.add(segment(envelope.trailer, str(len(transaction.segments) + 2), number))

    def _holds_separator(self, value: str) -> bool:
        """Whether a value would be cut at a separator beyond ASCII, released or not."""
        written = value.encode(self._charset)
        return any(byte in written or chr(byte) in value for byte in self._bytes)

    def _encodable(self, text: str) -> bool:
        try:
            text.encode(self._charset)
        except UnicodeEncodeError:
            return False
        return True


def _values(segment: SegmentValue) -> Iterator[tuple[Position, str]]:
    for number, element in enumerate(segment.elements, start=1):
        for components in element:
            for place, value in enumerate(components, start=1):
                component = place if len(components) > 1 else None
                at = Position(segment_id=segment.id, element=number, component=component)
                yield at, value


def numbered(
    transactions: Sequence[OutgoingTransaction], envelope: Envelope, least: int, most: int
) -> list[str]:
    """Their control numbers: their own, else 1, 2, 3 … as they follow each other, of at least
    `least` digits.

    Raises :class:`UnwritableError` where one stands twice or has more than `most` characters.
    """
    numbers, seen = list[str](), set[str]()
    for place, transaction in enumerate(transactions, start=1):
        number = transaction.number or str(place).zfill(least)
        checked(number, least, most, envelope.header, envelope.number_at)
        if number in seen:
            at = Position(segment_id=envelope.header, element=envelope.number_at)
            raise UnwritableError(at, number, "a control number not used before in this envelope")
        seen.add(number)
        numbers.append(number)
    return numbers


def checked(
    value: str, least: int, most: int, segment_id: str, element: int, component: int | None = None
) -> str:
    """`value` if it fits its field; raises :class:`UnwritableError` where it does not."""
    if least <= len(value) <= most:
        return value
    length = f"{least}" if least == most else f"{least} to {most}"
    at = Position(segment_id=segment_id, element=element, component=component)
    raise UnwritableError(at, value, f"{length} characters")


def _trimmed(segment: SegmentValue) -> SegmentValue:
    elements = [_trimmed_element(element) for element in segment.elements]
    while elements and not elements[-1]:
        elements.pop()
    return SegmentValue(segment.id, tuple(elements))


def _trimmed_element(element: Repetitions) -> Repetitions:
    repetitions = [_trimmed_components(each) for each in element]
    while repetitions and not repetitions[-1]:
        repetitions.pop()
    return tuple(repetitions)


def _trimmed_components(components: tuple[str, ...]) -> tuple[str, ...]:
    full = len(components)
    while full and not components[full - 1]:
        full -= 1
    return components[:full]


def _check_separators(delimiters: Delimiters, syntax: Syntax) -> None:
    used = {name: getattr(delimiters, name) for name in SEPARATORS}
    given = {name: chr(byte) for name, byte in used.items() if byte is not None}
    for name, character in given.items():
        if character == " " or (character.isascii() and character.isalnum()):
            expected = "no letter or digit and no blank"
        elif ord(character) > 0xFF:
            expected = "a character that is one byte"
        elif list(given.values()).count(character) > 1:
            expected = "separators that differ from each other"
        else:
            continue
        at = Position(segment_id=syntax.interchange.header)
        raise UnwritableError(at, character, f"{expected} (the {name} separator)")
