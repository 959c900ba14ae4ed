"""How values stand in the text of a segment: between separators, with release characters.

What is split here is joined again to the very same text, but for release characters that their
sender did not need.
"""

from __future__ import annotations

import re

from etl.defects import Position
from etl.formats.edi.delimiters import Delimiters
from etl.formats.edi.outgoing import Components, Repetitions, SegmentValue
from etl.formats.edi.writing.unwritable import UnwritableError

FIXED = "ISA"
"""The segment of fixed form: its values declare the separators, so that they are not split."""


class Notation:
    """Values to text and back, with the separators of one interchange.

    Attributes:
        element, component, terminator: the separators as characters.
        repetition, release: likewise; None where there is none.
    """

    def __init__(self, delimiters: Delimiters, charset: str = "latin-1") -> None:
        """Take the separators, which are bytes, as characters of `charset`.

        Raises UnicodeDecodeError where a separator is none of its characters.
        """
        self.element = bytes((delimiters.element,)).decode(charset)
        self.component = bytes((delimiters.component,)).decode(charset)
        self.terminator = bytes((delimiters.terminator,)).decode(charset)
        self.repetition = _character(delimiters.repetition, charset)
        self.release = _character(delimiters.release, charset)
        separators = [self.element, self.component, self.terminator]
        self._separators = "".join([*separators, self.repetition or "", self.release or ""])
        self._separator = re.compile(f"[{re.escape(self._separators)}]")
        self._released = re.compile(rf"(?s){re.escape(self.release)}(.)") if self.release else None
        self._marks = {
            separator: re.compile(f"(?s){re.escape(self.release)}.|{re.escape(separator)}")
            for separator in self._separators
            if self.release
        }

    def segments(self, text: str) -> list[str]:
        """Text cut at the terminators; what follows the last one is the last of the list."""
        return self._split(text, self.terminator)

    def segment(self, text: str) -> SegmentValue:
        """The id and the values of a segment given without its terminator."""
        segment_id, *elements = self.elements(text)
        if segment_id == FIXED:
            return SegmentValue(segment_id, tuple(((each,),) for each in elements))
        return SegmentValue(segment_id, tuple(map(self.value, elements)))

    def elements(self, text: str) -> list[str]:
        """The id of a segment and its elements, as they stand in the text."""
        return self._split(text, self.element)

    def value(self, text: str) -> Repetitions:
        """The repetitions and components of an element, without release characters."""
        repetitions = self._split(text, self.repetition) if self.repetition else [text]
        return tuple(
            tuple(map(self._unescaped, self._split(each, self.component))) for each in repetitions
        )

    def text(self, segment: SegmentValue) -> str:
        """A segment without its terminator.

        Raises :class:`UnwritableError` where a value holds a separator and nothing releases it.
        """
        elements = (
            self.joined(element, Position(segment_id=segment.id, element=number))
            for number, element in enumerate(segment.elements, start=1)
        )
        return self.element.join((segment.id, *elements))

    def joined(self, element: Repetitions, position: Position) -> str:
        """The text of an element, which stands at `position`; raises as :meth:`text`."""
        if len(element) > 1 and self.repetition is None:
            raise UnwritableError(
                position,
                " ".join(":".join(each) for each in element),
                "one value: elements cannot repeat in this version of the syntax",
            )
        return (self.repetition or "").join(self._components(each, position) for each in element)

    def _components(self, components: Components, position: Position) -> str:
        if self.release is None:
            self._check(components, position)
            return self.component.join(components)
        return self.component.join(map(self._escaped, components))

    def _check(self, components: Components, position: Position) -> None:
        for number, value in enumerate(components, start=1):
            if found := self._separator.search(value):
                raise UnwritableError(
                    Position(
                        segment_id=position.segment_id,
                        element=position.element,
                        component=number if len(components) > 1 else None,
                    ),
                    value,
                    f"a value without {found[0]!r}, which is a separator of this interchange",
                )

    def _escaped(self, value: str) -> str:
        return self._separator.sub(lambda found: f"{self.release}{found[0]}", value)

    def _unescaped(self, text: str) -> str:
        return self._released.sub(r"\1", text) if self._released else text

    def _split(self, text: str, separator: str) -> list[str]:
        if self.release is None or self.release not in text:
            return text.split(separator)
        parts, begin = [], 0
        for match in self._marks[separator].finditer(text):
            if match[0] == separator:
                parts.append(text[begin : match.start()])
                begin = match.end()
        return [*parts, text[begin:]]


def _character(byte: int | None, charset: str) -> str | None:
    return None if byte is None else bytes((byte,)).decode(charset)
