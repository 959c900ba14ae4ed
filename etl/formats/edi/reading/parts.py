"""Which part of a large transaction a buffer holds; most buffers hold whole ones."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """A buffer's first transaction goes on from the buffer before, its last one in the next.

    A buffer that holds a part holds nothing else of other transactions before it.

    Attributes:
        goes_on: whether the buffer begins with the head of a transaction, again.
        breaks_off: whether that transaction goes on in the next buffer.
        head: how many segments of its head stand at the start, again; 0 unless it goes on.
        before: how many segments of it were read before, its head included.
    """

    goes_on: bool = False
    breaks_off: bool = False
    head: int = 0
    before: int = 0

    @property
    def shift(self) -> int:
        """What to add to the segment numbers behind the head."""
        return self.before - self.head


WHOLE = Part()
"""Of a buffer with whole transactions."""
