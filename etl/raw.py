"""The raw tables that formats give and mappings take: the contract between the two rooms.

A :class:`Reader` turns files into a stream of :class:`Chunk`; a chunk gives :class:`Rows` for a
row declaration, and rows give columns by path, in the source's own path language. Formats
implement these protocols without knowing mappings; mappings use them without knowing formats.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from etl.defects import Defect, Position
from etl.errors import EtlError, ExitCode

LINEAGE = pa.schema(
    [
        pa.field("file", pa.int32(), nullable=False),
        pa.field("interchange_no", pa.string()),
        pa.field("group_no", pa.string()),
        pa.field("document_no", pa.string()),
        pa.field("position", pa.int64(), nullable=False),
        pa.field("structure", pa.string()),
        pa.field("number_in_file", pa.int64()),
    ]
)
"""Per row: index into the chunk's files, ISA13/UNB 0020, GS06, ST02/UNH 0062, and the segment
number inside the transaction set, or the line of the file (CSV, XML); and the structure that the
transaction set was read by, ``210 004010``, which is the nearest where its own version has none;
and which top-level row of its file it belongs to, from 1: control numbers and lines may come twice,
this may not."""


class DeclarationError(EtlError):
    """A `source:` block or a path that the format cannot read; names key, found and expected."""

    exit_code = ExitCode.USAGE

    def __init__(self, key: str, found: str, expected: str) -> None:
        self.key, self.found, self.expected = key, found, expected
        super().__init__(f"{key}: found {found}, expected {expected}")


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file to read: the partner's name, the hash of its bytes, and how to open them."""

    name: str
    sha256: str
    size: int
    open: Callable[[], BinaryIO]


@dataclass(frozen=True, slots=True)
class FilePart:
    """One document of a file, as a file of its own: what belongs to it and to no other.

    Attributes:
        number: which document of its file, as in the lineage (`number_in_file`).
        size: in bytes.
        content: a file of the same format, of the bytes that the file has; None: more than wanted.
        whole: whether it is the file as it stands, which holds no other document.
    """

    number: int
    size: int
    content: bytes | None = field(repr=False)
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Crossing:
    """A part of a path that may stand several times where the path takes the first.

    Attributes:
        name: ``AT7``.
        is_loop: whether it starts a loop; else it is a segment that may be repeated.
    """

    name: str
    is_loop: bool


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a row declaration compares.

    Attributes:
        base: the declaration without its conditions.
        named: paths of the base rows, each with the values that rows must hold one of.
        known: the same of rows that have a meaning elsewhere in the `source:` block.
    """

    base: str | None
    named: tuple[tuple[str, tuple[str, ...]], ...] = ()
    known: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Unread:
    """Something in a chunk that no path of a mapping has read.

    Attributes:
        name: as a path would name it: ``LX/AT7.05``, a column, ``cac:TaxTotal/@id``; a segment of
            which nothing was read by itself: ``LX/MS1``.
        count: how often it stands there with a value.
        position: where first.
        value: the first value; None of a whole segment.
    """

    name: str
    count: int
    position: Position
    value: str | None


@dataclass(frozen=True, slots=True)
class PassedOver:
    """Values of one file that a path did not give, because it takes the first of several, and that
    no other path read.

    Attributes:
        path: as the mapping has it.
        values: how many.
        places: in how many rows, loops or elements.
        file: index into the chunk's files.
        position: of the first.
        value: the first.
    """

    path: str
    values: int
    places: int
    file: int
    position: Position
    value: str


class Rows(Protocol):
    """The rows that a `row:` declaration selects in one chunk."""

    @property
    def record(self) -> npt.NDArray[np.int64]:
        """For each row, the index of the top-level row it belongs to; sorted."""
        ...

    @property
    def key(self) -> npt.NDArray[np.int64]:
        """A number for each row, the same in all row declarations of a chunk that select it."""
        ...

    def __len__(self) -> int: ...

    def column(self, path: str) -> pa.Array:
        """One value a row, null where absent or empty; strings unless the source is typed."""
        ...

    def lineage(self) -> pa.Table:
        """A table of schema :data:`LINEAGE`, one row a row."""
        ...

    def position(self, index: int, path: str | None = None) -> Position:
        """Where row `index` (and the value of `path` in it) stands; slow, for reports only."""
        ...


class Chunk(Protocol):
    """A piece of the input: many small files, or part of a large one. It holds whole records, or a
    part of one record that is too large to be held whole."""

    @property
    def files(self) -> Sequence[SourceFile]:
        """The files that have rows or defects here."""
        ...

    @property
    def defects(self) -> Sequence[Defect]:
        """What the reader itself found wrong; `record` indexes the top-level rows."""
        ...

    @property
    def breaks_off(self) -> bool:
        """Whether its only record goes on in the next chunk, which has the values of the record
        itself again but not the child rows of this one."""
        ...

    def records(self) -> Rows:
        """The top-level rows, as the source declares them (`row`, `group_by`)."""
        ...

    def children(self, row: str | None) -> Rows:
        """The rows of a `children:` entry; None: the flat rows under `group_by`."""
        ...

    def unread(self) -> Sequence[Unread]:
        """What no path has read so far; slow, for the engineer who writes a mapping."""
        ...

    def passed_over(self) -> Sequence[PassedOver]:
        """What the paths that were asked for so far did not give; read this after the columns."""
        ...


class Reader(Protocol):
    """A format with one mapping's `source:` block taken in."""

    def check_path(self, path: str, row: str | None = None) -> None:
        """Raise :class:`DeclarationError` for a path that can't be read in rows of `row`.

        `row` None stands for the top-level rows."""
        ...

    def crossings(self, path: str, row: str | None = None) -> Sequence[Crossing]:
        """What a path crosses without a condition that may stand there several times; empty where
        that is not known before a file is read."""
        ...

    def conditions(self, row: str | None) -> Conditions:
        """What a row declaration, or a path that stands for one, compares with values."""
        ...

    def check_row(self, row: str | None) -> None:
        """Raise :class:`DeclarationError` for a child row declaration that can't be read."""
        ...

    def read(self, files: Sequence[SourceFile]) -> Iterator[Chunk]:
        """Read the files in order, in chunks of bounded memory. A file that can't be read at all
        gives a defect with `record` None; it never raises for content."""
        ...

    def cut(self, file: SourceFile, wanted: Collection[int], largest: int) -> Iterator[FilePart]:
        """Cut the `wanted` documents out of a file, in order, in one pass over it.

        Each one is read like the file: with the same values and without a defect that it did not
        have there. Of one above `largest` bytes only the size is told. Documents that can't be
        found again, or not be told from their neighbours, are left out.
        """
        ...


class Format(Protocol):
    """A file format: takes a mapping's `source:` block and gives its reader."""

    name: str

    def reader(self, source: Mapping[str, Any]) -> Reader:
        """Raise :class:`DeclarationError` where the block is wrong."""
        ...
