"""What segments are made of: data elements, composites, codes; facts of a version's dictionary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

NUMERIC = ("N", "R", "n")
"""How the types of numbers begin: X12 N0 to N9 and R, EDIFACT n."""


@dataclass(frozen=True, slots=True)
class Codes:
    """Codes of a data element.

    Attributes:
        values: meaning by code, in our own words.
        complete: whether these are all, so that another one is an error.
    """

    values: Mapping[str, str] = field(default_factory=dict)
    complete: bool = False


@dataclass(frozen=True, slots=True)
class Element:
    """A simple data element.

    Attributes:
        number: ``76``, ``2380``.
        type: X12 ``AN ID DT TM B R N0 … N9``; EDIFACT ``a n an``.
        least, most: length in characters; of numbers without sign and decimal mark.
    """

    number: str
    name: str
    type: str
    least: int
    most: int
    codes: Codes = Codes()

    @property
    def numeric(self) -> bool:
        """Whether its values are numbers."""
        return self.type.startswith(NUMERIC)

    @property
    def format(self) -> str:
        """Type and length for people: ``AN 1-22``, ``an..35``, ``n3``."""
        if self.type in ("a", "n", "an"):
            return f"{self.type}{self.most if self.least == self.most else f'..{self.most}'}"
        return f"{self.type} {self.least}-{self.most}"


@dataclass(frozen=True, slots=True)
class Composite:
    """A data element made of components, ``C507``."""

    number: str
    name: str
    components: tuple[Use, ...]


@dataclass(frozen=True, slots=True)
class Use:
    """An element or composite at one place of a segment, or an element inside a composite.

    Attributes:
        repeat: how often it may stand there, between repetition separators.
    """

    of: Element | Composite
    required: bool
    repeat: int = 1

    @property
    def components(self) -> tuple[Use, ...]:
        """Of a composite its components; a simple element is its own only one."""
        return self.of.components if isinstance(self.of, Composite) else (self,)


Relation = Literal["P", "R", "E", "C", "L"]


@dataclass(frozen=True, slots=True)
class Note:
    """A relational condition between elements of a segment (X12.6: syntax notes).

    P: all or none; R: at least one; E: at most one; C: with the first all others; L: with the
    first at least one other.
    """

    relation: Relation
    elements: tuple[int, ...]

    def __str__(self) -> str:
        return self.relation + "".join(f"{number:02}" for number in self.elements)


@dataclass(frozen=True, slots=True)
class Segment:
    """The definition of a segment; `elements` are those after its id, in their order."""

    id: str
    name: str
    elements: tuple[Use, ...]
    notes: tuple[Note, ...] = ()
