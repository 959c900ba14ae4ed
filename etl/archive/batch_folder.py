"""A batch's folder: filled while the batch is open, never changed once it is sealed."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import platform
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa

import etl
from etl.archive import manifest as manifests
from etl.archive import originals, tables
from etl.archive.chain import Chain, read_manifest
from etl.archive.manifest import Link, Manifest, Original, StoredFile
from etl.archive.originals import StoredOriginal
from etl.durable import PART, disk_errors, make_folder, write_whole
from etl.errors import TerminalError

ORIGINALS = "originals"
RECORDS = "records"
SENT = "sent"
INDEX = "index.jsonl"
RESULTS = frozenset(
    {
        "defects",
        "reconciliation",
        "reconciliation_lines",
        "documents",
        "document_references",
        "exceptions",
        "pushes",
        "interchanges",
        "interchange_groups",
        "runs",
        "files",
    }
)
"""Tables beside the manifest: what was done with the records. All others lie in records/."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class BatchFolder:
    """The folder of one batch. One process at a time fills it."""

    def __init__(self, root: Path, folder: str) -> None:
        self._root = root
        self._index: dict[str, Original] | None = None
        self.folder = folder
        self.path = root / folder
        self.id = self.path.name

    def __repr__(self) -> str:
        return f"BatchFolder({self.folder!r})"

    @property
    def day(self) -> date:
        """The day whose folder it lies in."""
        return date(*map(int, self.folder.split("/")[:3]))

    @property
    def sealed(self) -> bool:
        """Whether the manifest is there."""
        return (self.path / manifests.NAME).exists()

    def add_original(
        self, source: Path | bytes, file_id: str, original_name: str
    ) -> StoredOriginal:
        """Store a received file; the same file again changes nothing.

        Raises:
            TerminalError: sealed; disk full; `file_id` was given to other bytes before.
            TechnicalError: an error of the disk, or the file changed while it was read.
        """
        self._must_be_open()
        stored = originals.store(source, self.path / ORIGINALS)
        known = self._load_index().get(file_id)
        if known is None:
            self._append_to_index(
                Original(
                    file_id=file_id,
                    original_name=original_name,
                    sha256=stored.sha256,
                    size=stored.size,
                    stored_as=f"{ORIGINALS}/{stored.path.name}",
                )
            )
        elif known.sha256 != stored.sha256:
            raise TerminalError(
                f"batch {self.id} has other bytes under the file id {file_id} "
                f"({known.sha256}, now {stored.sha256})"
            )
        return stored

    def note_repeated(self, file_id: str, original_name: str, sha256: str, size: int) -> None:
        """Name a received file whose bytes an earlier batch has; the same again changes nothing.

        Raises:
            TerminalError: sealed; disk full.
        """
        self._must_be_open()
        if file_id not in self._load_index():
            self._append_to_index(Original(file_id, original_name, sha256, size, None))

    def originals(self) -> tuple[Original, ...]:
        """The received files in the order of their arrival."""
        return tuple(self._load_index().values())

    def find_original(self, sha256: str) -> StoredOriginal | None:
        """The original of this hash, if the batch has it."""
        for known in self._load_index().values():
            if known.sha256 == sha256 and known.stored_as is not None:
                return StoredOriginal(sha256, known.size, self.path / known.stored_as)
        return None

    def open_original(self, sha256: str) -> BinaryIO:
        """The bytes of an original as a stream, proven at its end.

        Raises:
            TerminalError: the batch has none of this hash, or its bytes were changed.
        """
        path = self.path / ORIGINALS / f"{plain(sha256)}.zst"
        if not path.is_file():
            raise TerminalError(f"batch {self.id} has no original with sha256 {sha256}")
        return originals.open_verified(path, sha256)

    def read_original(self, sha256: str) -> bytes:
        """The bytes of an original, proven; raises TerminalError as for a stream."""
        with self.open_original(sha256) as stream:
            return stream.read()

    def add_sent(self, name: str, content: bytes) -> Path:
        """Keep a file that we send, whole, replacing what an earlier try wrote.

        Raises:
            ValueError: a name that is not plain.
            TerminalError: sealed, or the disk is full.
        """
        self._must_be_open()
        folder = self.path / SENT
        make_folder(folder)
        path = folder / plain(name)
        write_whole(path, content)
        return path

    def find_sent(self, name: str) -> Path | None:
        """A file that we sent, by its name in the outbox; None: this batch sent none of it."""
        path = self.path / SENT / plain(name)
        return path if path.is_file() else None

    def write_table(self, name: str, table: pa.Table) -> Path:
        """Write a table as Parquet, whole, replacing what an earlier try wrote.

        The same table gives the same bytes. See :data:`RESULTS` for where it lies.
        """
        with self.table_writer(name, table.schema) as writer:
            writer.write(table)
        return self.table_path(name)

    @contextmanager
    def table_writer(self, name: str, schema: pa.Schema) -> Iterator[tables.Writer]:
        """Write a table in pieces, for one that does not fit into memory; whole at the end."""
        self._must_be_open()
        with tables.writer(self.table_path(name), schema) as writer:
            yield writer

    def read_table(self, name: str) -> pa.Table:
        """Read a table back; raises TerminalError when the batch has none of this name."""
        table = self.find_table(name)
        if table is None:
            raise TerminalError(f"batch {self.id} has no table {name!r} ({self.table_path(name)})")
        return table

    def find_table(self, name: str) -> pa.Table | None:
        """Read a table back; None when the batch has none of this name."""
        path = self.table_path(name)
        return tables.read(path) if path.exists() else None

    def table_path(self, name: str) -> Path:
        """Where a table lies or would lie; raises ValueError for a name that is not plain."""
        folder = self.path if name in RESULTS else self.path / RECORDS
        return folder / f"{plain(name)}.parquet"

    def write_json(self, name: str, value: Any) -> Path:
        """Write ``<name>.json`` beside the manifest, whole; raises TypeError if it is not JSON."""
        self._must_be_open()
        path = self._json_path(name)
        write_whole(path, manifests.encode(value))
        return path

    def read_json(self, name: str) -> Any:
        """Read what :meth:`write_json` wrote; raises TerminalError when it is missing."""
        path = self._json_path(name)
        try:
            return json.loads(path.read_bytes())
        except (OSError, ValueError) as error:
            raise TerminalError(f"{path} cannot be read: {error}") from error

    def manifest(self) -> Manifest:
        """The manifest; raises TerminalError when the batch is not sealed."""
        return read_manifest(self.path / manifests.NAME)

    def seal(self, content: Mapping[str, Any], at: datetime | None = None) -> Manifest:
        """Write the manifest and put the batch at the end of the archive's chain.

        A sealed batch is left as it is, and its manifest given back.

        Args:
            content: what the caller says of the batch, JSON types only.
            at: the time of sealing, by default now.

        Raises:
            TypeError: the content is not JSON.
            TerminalError: disk full; the chain's head is lost.
        """
        if not self.sealed:
            self._remove_unfinished()
        files = () if self.sealed else self._measured_files()

        def build(previous: Link | None) -> Manifest:
            return Manifest(
                batch_id=self.id,
                folder=self.folder,
                sequence=previous.sequence + 1 if previous else 1,
                previous=previous,
                sealed_at=at or datetime.now(UTC),
                versions={
                    "etl": etl.__version__,
                    "python": platform.python_version(),
                    "pyarrow": pa.__version__,
                },
                originals=self.originals(),
                files=files,
                content=content,
            )

        return Chain(self._root).append(self.folder, build)

    def prepare(self) -> None:
        """Make the folders, and remove what a killed run left half written."""
        if self.sealed:
            return
        for folder in (self.path / ORIGINALS, self.path / RECORDS):
            make_folder(folder)
        self._remove_unfinished()

    def _must_be_open(self) -> None:
        if self.sealed:
            raise TerminalError(f"batch {self.id} is sealed and never changes ({self.path})")

    def _json_path(self, name: str) -> Path:
        if f"{name}.json" == manifests.NAME:
            raise ValueError("the manifest is written by sealing")
        return self.path / f"{plain(name)}.json"

    def _remove_unfinished(self) -> None:
        for part in self.path.rglob(f"*{PART}"):
            part.unlink()

    def _measured_files(self) -> tuple[StoredFile, ...]:
        return tuple(measure(path, name) for name, path in sorted(files_in(self.path).items()))

    def _load_index(self) -> dict[str, Original]:
        """The originals by file id; a line that a power cut left torn is cut off."""
        if self._index is None:
            path = self.path / ORIGINALS / INDEX
            data = path.read_bytes() if path.exists() else b""
            whole = data[: data.rfind(b"\n") + 1]
            if len(whole) < len(data) and not self.sealed:
                os.truncate(path, len(whole))
            lines = (Original(**json.loads(line)) for line in whole.splitlines())
            self._index = {original.file_id: original for original in lines}
        return self._index

    def _append_to_index(self, original: Original) -> None:
        """Add a line; what of it a full disk took is cut off by the next look at the index."""
        index, self._index = self._load_index(), None
        line = (json.dumps(asdict(original)) + "\n").encode("ascii")
        with (
            disk_errors(self.path),
            (self.path / ORIGINALS / INDEX).open("ab", buffering=0) as stream,
        ):
            if stream.write(line) < len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(stream.fileno())
        index[original.file_id] = original
        self._index = index


def plain(name: str) -> str:
    """Return a name that is safe as a file's; raises ValueError for any other."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not a plain name (letters, digits, '.', '_' and '-')")
    return name


def files_in(folder: Path) -> dict[str, Path]:
    """All files below a folder but its manifest, by relative name; links are not followed."""
    found = {}
    for parent, folders, names in os.walk(folder):
        linked = [name for name in folders if (Path(parent) / name).is_symlink()]
        for name in (*names, *linked):
            path = Path(parent) / name
            relative = path.relative_to(folder).as_posix()
            if relative != manifests.NAME:
                found[relative] = path
    return found


def measure(path: Path, name: str) -> StoredFile:
    """Hash and size of a file."""
    with path.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        return StoredFile(name, sha256, stream.tell())
