"""What differs between X12 and EDIFACT, as data: service segments and where their values are."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from etl.formats.edi.delimiters import Header


@dataclass(frozen=True, slots=True)
class Envelope:
    """One of the envelopes: an interchange, a group, or a transaction set.

    Attributes:
        header, trailer: segment ids.
        number_at, repeated_at: element with the control number in the header, in the trailer.
        count_at: element of the trailer that counts what is inside.
        name: for people.
    """

    header: str
    trailer: str
    number_at: int
    repeated_at: int
    count_at: int
    name: str


@dataclass(frozen=True, slots=True)
class ContentFault:
    """A value of the header of an interchange or a group that cannot be right.

    Attributes:
        element: 1-based.
        what: its name, for people.
    """

    element: int
    what: str
    value: str
    expected: str


@dataclass(frozen=True, slots=True)
class Syntax:
    """A syntax that the core reads and writes.

    Attributes:
        name: ``x12`` or ``edifact``; also the folder in `etl/formats` with the structures.
        standard: its name for people.
        interchange, group, transaction: the envelopes, from the outside to the inside.
        others: further service segments, which stand outside of transactions (TA1, UNA).
        sender_at, receiver_at: elements of the interchange header that tell interchanges with the
            same number apart.
        test_at, test_mark: element of the interchange header that says it is a test, and what
            stands there then.
        groups_required: whether a transaction has to stand in a group.
        composites: whether most elements have components.
        document_at: element of the transaction header that says what it is.
        version_form: what the version of a transaction looks like; another is garbled.
        header_form: what an interchange header must look like, for errors.
        block: bytes read at once, and about the size of a chunk; what is dense takes less.
        headers: finds every place of some bytes, from an offset on, that reads as the head of an
            interchange, also inside of data.
        form_fault: what is wrong with the form of an interchange header, given as text and split
            into elements: found and expected.
        content_faults: what is wrong with the values of the header of an interchange or a group,
            given as its elements, the id first.
    """

    name: str
    standard: str
    interchange: Envelope
    group: Envelope
    transaction: Envelope
    others: tuple[str, ...]
    sender_at: int
    receiver_at: int
    test_at: int
    test_mark: str
    groups_required: bool
    composites: bool
    document_at: int
    version_form: re.Pattern[str]
    header_form: str
    block: int
    headers: Callable[[bytes, int], Iterator[Header]]
    form_fault: Callable[[str, list[str]], tuple[str, str] | None]
    content_faults: Callable[[list[str]], Iterator[ContentFault]]

    @property
    def control(self) -> tuple[str, ...]:
        """Ids of the service segments, in the order of their class numbers from 1 on."""
        envelopes = (self.interchange, self.group, self.transaction)
        return (
            *(envelope.header for envelope in envelopes),
            *(envelope.trailer for envelope in reversed(envelopes)),
            *self.others,
        )


INTERCHANGE, GROUP, TRANSACTION, TRANSACTION_END, GROUP_END, INTERCHANGE_END, OTHER = range(1, 8)
"""Class numbers of the service segments: their positions in :attr:`Syntax.control`, from 1."""
