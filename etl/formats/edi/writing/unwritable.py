"""Why an interchange cannot be written: one value that would not be read back as it is."""

from __future__ import annotations

from dataclasses import replace

from etl.defects import Position
from etl.errors import DataError
from etl.formats.refusal import shortened


class UnwritableError(DataError):
    """A value that cannot be written as it is; nothing of it is ever changed silently.

    Attributes:
        position: segment, element and component; in a transaction its control number and the
            number of the segment, ST or UNH being 1.
        value: what was to be written, shortened.
        expected: what can be written there.
    """

    def __init__(self, position: Position, value: str, expected: str) -> None:
        self.position, self.value, self.expected = position, shortened(value), expected
        super().__init__(f"{position}: found {self.value!r}, expected {expected}".lstrip(": "))

    def inside(self, document: str, segment: int) -> UnwritableError:
        """The same, in segment number `segment` of the transaction numbered `document`."""
        position = replace(self.position, document=document, segment=segment)
        return UnwritableError(position, self.value or "", self.expected)
