"""The original of each bill: its own part of the file that brought it, cut once in a push.

A file is cut when the first of its bills asks, and what is cut waits in a temporary file, so that
the target may ask in whatever order and number it likes: a file with 20,000 bills is opened, read
and cut once.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePath
from tempfile import SpooledTemporaryFile, gettempdir
from typing import IO, Any

import pyarrow as pa

from etl.durable import disk_errors
from etl.errors import EtlError
from etl.fence import told
from etl.jobs.batch import BatchFile
from etl.jobs.workspace import Workspace
from etl.odoo.target import Attachment, Rejected, RejectionKind
from etl.raw import FilePart, Reader

TOO_LARGE = "ATTACHMENT_TOO_LARGE"
NOT_FOUND = "ORIGINAL_NOT_FOUND"
MISSING = (TOO_LARGE, NOT_FOUND, "NOT_ATTACHED")
"""Codes of exceptions that tell of a bill without its original."""

_IN_MEMORY = 8 << 20
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")

_Source = tuple[str | None, str]
"""The id of a file, and the mapping that its documents were read by."""


@dataclass(frozen=True, slots=True)
class _Cut:
    """A part in the temporary file, named when it is asked for: a night has very many.

    Attributes:
        whole: it is all that the file has.
        number: which document of the file it is.
    """

    file: str
    whole: bool
    number: int
    offset: int
    size: int


class Originals:
    """Gives the originals of bills; implements :class:`etl.odoo.target.Attachments`.

    Attributes:
        owed: see there.
        missing: why a bill that was asked for has none, by source key.
    """

    def __init__(
        self,
        workspace: Workspace,
        bills: pa.Table,
        rows: Mapping[str, Mapping[str, Any]],
        files: Iterable[BatchFile],
        largest: int,
        waiting: IO[bytes],
    ) -> None:
        """`waiting` takes what was cut; see :func:`originals_of` for the rest."""
        self._workspace, self._rows, self._largest = workspace, rows, largest
        self._files = {file.id: file for file in files}
        self._numbers: dict[_Source, dict[int, list[str]]] = defaultdict(dict)
        keys, numbers = bills["source_key"].to_pylist(), bills["number_in_file"].to_pylist()
        for key, number in zip(keys, numbers, strict=True):
            if number is not None:
                self._numbers[self._source(key)].setdefault(number, []).append(key)
        self.owed: Collection[str] = ()
        self.missing: dict[str, Rejected] = {}
        self._done: set[_Source] = set()
        self._why: dict[str, tuple[str, int | None]] = {}
        self._parts: dict[str, _Cut] = {}
        self._waiting = waiting
        self._temporary = Path(gettempdir())

    def __call__(self, source_keys: Sequence[str]) -> Iterator[tuple[str, Attachment]]:
        """The originals of some bills, in their order; a bill without one is left out, and told
        of in `missing`.

        Raises:
            TerminalError: the archive has not the bytes that were received, or the disk is full.
        """
        for key in source_keys:
            self._cut(self._source(key))
            part = self._parts.get(key)
            if part is None:
                self.missing[key] = self._reason(key)
                continue
            self._waiting.seek(part.offset)
            yield key, Attachment(self._name(key, part), self._waiting.read(part.size))

    def _name(self, key: str, part: _Cut) -> str:
        if part.whole:
            return part.file
        return part_name(part.file, self._rows[key]["document_no"] or str(part.number))

    def _source(self, key: str) -> _Source:
        row = self._rows[key]
        return row["file_id"], row["mapping"]

    def _cut(self, source: _Source) -> None:
        """Cut the file, unless that is done."""
        if source in self._done:
            return
        self._done.add(source)
        file, numbers = self._files.get(source[0] or ""), self._numbers.pop(source, {})
        reader = self._reader(file, source[1])
        if file is None or reader is None:
            return
        try:
            for part in reader.cut(file.source, numbers, self._largest):
                for key in numbers[part.number]:
                    self._keep(key, file, part)
        except EtlError:
            raise
        except Exception as error:
            # one file that cannot be cut costs its own bills their originals, and no more
            for key in (key for keys in numbers.values() for key in keys):
                self._why.setdefault(key, (told("cutting it out of its file", error), None))

    def _reader(self, file: BatchFile | None, mapping: str) -> Reader | None:
        """The reader that numbered the documents of a file: another would count others."""
        if file is None:
            return None
        for rule in self._workspace.partner_of(file.partner).documents:
            compiled = self._workspace.compiled(rule.path)
            if compiled.mapping.label == mapping:
                return compiled.reader
        return None

    def _keep(self, key: str, file: BatchFile, part: FilePart) -> None:
        if part.content is None:
            self._why[key] = ("", part.size)
            return
        with disk_errors(self._temporary):
            offset = self._waiting.seek(0, 2)
            self._waiting.write(part.content)
        self._parts[key] = _Cut(file.name, part.whole, part.number, offset, len(part.content))

    def _reason(self, key: str) -> Rejected:
        """Why a bill has no original, and where it lies."""
        why, size = self._why.get(key, ("", None))
        file = self._files.get(self._rows[key]["file_id"] or "")
        where = (
            f"It lies in the archive in {file.name}: etl archive restore {file.sha256[:16]}"
            if file is not None
            else "Look for the file that brought it with etl trace"
        )
        if size is not None:
            return Rejected(
                key,
                RejectionKind.BUSINESS,
                TOO_LARGE,
                f"the bill is pushed without its original, which is too large. {where}; attach it "
                "by hand, or raise largest_attachment_mb of the Odoo settings and run etl "
                "exceptions retry",
                value=f"{size} bytes",
                expected=f"at most {self._largest} bytes",
            )
        return Rejected(
            key,
            RejectionKind.TECHNICAL,
            NOT_FOUND,
            f"the bill is pushed without its original: {why or 'its file cannot be cut'}. {where}; "
            "attach it by hand, or run its batch again from map, with the mapping as it is now",
            value=self._rows[key]["document_no"],
            expected="a document of its file, read by the mapping as it is now",
        )


@contextmanager
def originals_of(
    workspace: Workspace,
    bills: pa.Table,
    rows: Mapping[str, Mapping[str, Any]],
    files: Iterable[BatchFile],
    largest: int,
) -> Iterator[Originals]:
    """The originals of bills, for as long as these are pushed; nothing is read before one is
    asked for.

    Args:
        bills: the vendor bills with their lineage.
        rows: the invoices behind them, by business key.
        largest: bytes above which an original is not attached.
    """
    with SpooledTemporaryFile(max_size=_IN_MEMORY) as waiting:
        yield Originals(workspace, bills, rows, files, largest, waiting)


def part_name(file_name: str, number: str) -> str:
    """The name of a document's part: file and document, ``ACLT_210-30714406.edi``."""
    stem, suffix = _stem_and_suffix(file_name)
    return f"{stem}-{_UNSAFE.sub('_', number).strip('_') or '0'}{suffix}"


@lru_cache(maxsize=16)
def _stem_and_suffix(file_name: str) -> tuple[str, str]:
    """Of one file after the other, each with very many documents."""
    path = PurePath(file_name)
    return path.stem, path.suffix
