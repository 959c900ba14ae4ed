"""A defect: something wrong with the content of a file, at an exact position.

Readers, mappings and canonical validation report defects; they never raise for one, so one bad
document does not stop the others of its file.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import StrEnum


class Severity(StrEnum):
    """What a defect does to its document."""

    REJECT = "reject"
    WARN = "warn"


@dataclass(frozen=True, slots=True)
class Position:
    """Where in a file; only what the format knows is filled in.

    Attributes:
        file: the partner's name of the file.
        interchange, group, document: control numbers (ISA13/UNB, GS06/UNG, ST02/UNH).
        segment: segment number inside the transaction set, ST or UNH being 1.
        segment_id: ``L1``, ``B3``.
        element, component: 1-based.
        byte_offset: 0-based offset in the original file.
        row: 1-based line of the file (CSV rows, XML source lines).
        column: column name or 1-based number.
        xpath: path of an XML node.
    """

    file: str = ""
    interchange: str | None = None
    group: str | None = None
    document: str | None = None
    segment: int | None = None
    segment_id: str | None = None
    element: int | None = None
    component: int | None = None
    byte_offset: int | None = None
    row: int | None = None
    column: str | None = None
    xpath: str | None = None

    def __str__(self) -> str:
        named = {name: value for name, value in asdict(self).items() if value is not None}
        file = named.pop("file", "")
        rest = " ".join(f"{name} {value}" for name, value in named.items())
        return f"{file}: {rest}" if rest else str(file)


@dataclass(frozen=True, slots=True)
class Defect:
    """One finding.

    Attributes:
        code: stable, upper case, e.g. ``SE_COUNT``, ``BAD_DATE``, ``TOTAL_MISMATCH``.
        message: a sentence for a person, with what to do next where that is known.
        position: where.
        value: what stands there, shortened to 200 characters.
        expected: what should stand there.
        record: index of the record (top-level row of the chunk) it belongs to;
            None: the whole file is concerned.
        file: index into the chunk's files.
        severity: a ``reject`` keeps the record out, a ``warn`` only tells.
    """

    code: str
    message: str
    position: Position = field(default_factory=Position)
    value: str | None = None
    expected: str | None = None
    record: int | None = None
    file: int = 0
    severity: Severity = Severity.REJECT

    def __str__(self) -> str:
        parts = [f"{self.position}: {self.message}"]
        if self.value is not None:
            parts.append(f"found {self.value!r}")
        if self.expected is not None:
            parts.append(f"expected {self.expected}")
        return ", ".join(parts)
