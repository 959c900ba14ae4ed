"""Files that arrived whole, and the sidecars that tell of them."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Received:
    """A whole file in the inbox.

    Attributes:
        id: time-ordered name of ours; also the file's name in the inbox.
        path: of the data.
        original_name, remote_path: printable (see `etl.transfer.names`).
        size: bytes, both here and at the endpoint.
        modified_at: at the endpoint, UTC.
        sha256: of the bytes, hex.
        received_at: UTC.
    """

    id: str
    partner: str
    path: Path
    original_name: str
    remote_path: str
    size: int
    modified_at: datetime
    sha256: str
    received_at: datetime


def write_sidecar(sidecar: Path, files: Sequence[Received]) -> None:
    """Write a sidecar durably, by temporary name and rename; raises OSError."""
    part = sidecar.with_name(f"{sidecar.name}.part")
    content = json.dumps([_told(file) for file in files], ensure_ascii=False, indent=1)
    try:
        with part.open("xb") as handle:
            handle.write(content.encode("utf-8") + b"\n")
            handle.flush()
            os.fsync(handle.fileno())
        part.rename(sidecar)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _told(file: Received) -> dict[str, str | int]:
    return {
        "id": file.id,
        "partner": file.partner,
        "original_name": file.original_name,
        "remote_path": file.remote_path,
        "size": file.size,
        "modified_at": file.modified_at.isoformat(),
        "sha256": file.sha256,
        "received_at": file.received_at.isoformat(),
    }


def read_sidecar(sidecar: Path) -> list[Received]:
    """Return the files that a sidecar tells of, there or not; none when it is gone."""
    try:
        content = json.loads(sidecar.read_bytes())
    except FileNotFoundError:  # another process has just discarded its last file
        return []
    return [_of(told, sidecar.parent) for told in content]


def _of(told: dict[str, Any], folder: Path) -> Received:
    return Received(
        id=told["id"],
        partner=told["partner"],
        path=folder / told["id"],
        original_name=told["original_name"],
        remote_path=told["remote_path"],
        size=told["size"],
        modified_at=datetime.fromisoformat(told["modified_at"]),
        sha256=told["sha256"],
        received_at=datetime.fromisoformat(told["received_at"]),
    )
