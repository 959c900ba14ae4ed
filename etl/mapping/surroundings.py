"""What stands around a field while it is compiled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass
class Surroundings:
    """What a field may refer to.

    Attributes:
        row: row declaration of its block; None for the top-level rows and flat rows.
        known: fields of its table mapped above it.
        parent: fields of the main table that a child may read; None in the main table.
        children: numeric fields by child table that may be added up; None where there are no
            children yet to add up.
    """

    row: str | None = None
    known: set[str] = field(default_factory=set)
    parent: set[str] | None = None
    children: Mapping[str, set[str]] | None = None
