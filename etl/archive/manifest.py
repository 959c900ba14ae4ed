"""The manifest of a batch: what the folder holds, and the hash of the manifest before it.

A manifest's hash is that of its file, so `sha256sum manifest.json` shows it to anybody.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

FORMAT = 1
NAME = "manifest.json"
_SEQUENCE = re.compile(rb'"sequence": (\d+)')


@dataclass(frozen=True, slots=True)
class Link:
    """One link of the chain: a sealed batch, by its manifest's hash.

    Attributes:
        sequence: 1 for the archive's first batch.
        folder: relative to the archive, ``2026/11/23/<batch id>``.
    """

    sequence: int
    folder: str
    manifest_sha256: str


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of the batch folder; `path` is relative to it, with slashes."""

    path: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Original:
    """A received file; several with the same bytes are stored once.

    Attributes:
        file_id: our id of it.
        original_name: the partner's name, however hostile.
        sha256, size: of the bytes as they were received.
        stored_as: path of the zstd file in the batch folder; None: an earlier batch has the bytes.
    """

    file_id: str
    original_name: str
    sha256: str
    size: int
    stored_as: str | None


@dataclass(frozen=True, slots=True)
class Manifest:
    """A sealed batch.

    Attributes:
        previous: the batch sealed before this one; None for the first.
        versions: of etl and what wrote the files.
        content: what the caller says of the batch, as JSON.
        sha256: hash of the manifest's file.
    """

    batch_id: str
    folder: str
    sequence: int
    previous: Link | None
    sealed_at: datetime
    versions: Mapping[str, str]
    originals: tuple[Original, ...]
    files: tuple[StoredFile, ...]
    content: Mapping[str, Any]
    sha256: str = ""

    @property
    def link(self) -> Link:
        """How the next manifest names this one."""
        return Link(self.sequence, self.folder, self.sha256)

    def as_dict(self) -> dict[str, Any]:
        """The manifest as its JSON file has it."""
        return {
            "format": FORMAT,
            "batch_id": self.batch_id,
            "folder": self.folder,
            "sequence": self.sequence,
            "previous": asdict(self.previous) if self.previous else None,
            "sealed_at": self.sealed_at.isoformat(),
            "versions": dict(self.versions),
            "originals": [asdict(original) for original in self.originals],
            "files": [asdict(file) for file in self.files],
            "content": dict(self.content),
        }

    def to_bytes(self) -> bytes:
        """The JSON file; raises TypeError for content that is not JSON."""
        return encode(self.as_dict())


def parse(data: bytes) -> Manifest:
    """Read a manifest's file; raises ValueError when it is not one of this format."""
    try:
        raw = json.loads(data)
        if raw["format"] != FORMAT:
            raise ValueError(f"format {raw['format']!r}, expected {FORMAT}")
        return Manifest(
            batch_id=raw["batch_id"],
            folder=raw["folder"],
            sequence=raw["sequence"],
            previous=Link(**raw["previous"]) if raw["previous"] else None,
            sealed_at=datetime.fromisoformat(raw["sealed_at"]),
            versions=raw["versions"],
            originals=tuple(Original(**original) for original in raw["originals"]),
            files=tuple(StoredFile(**file) for file in raw["files"]),
            content=raw["content"],
            sha256=hashlib.sha256(data).hexdigest(),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a manifest: {error}") from error


def sequence_in(path: Path) -> int:
    """The sequence number of a manifest's file, from its first lines only: it may be long.

    Raises:
        ValueError: there is none.
    """
    with path.open("rb") as stream:
        found = _SEQUENCE.search(stream.read(1024))
    if found is None:
        raise ValueError(f"{path} has no sequence number")
    return int(found[1])


def encode(value: Any) -> bytes:
    """JSON for people and programs: indented, in ASCII (names may hold lone surrogates)."""
    return (json.dumps(value, indent=1, allow_nan=False) + "\n").encode("ascii")
