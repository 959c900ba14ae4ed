"""The originals of many bills in one ZIP file, the same bytes for the same documents."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Iterable
from pathlib import Path

from etl.odoo.target import Attachment
from etl.odoo.zip_file import ZipWriter

INDEX = "index.csv"
"""The member that says which bill each document belongs to."""

_COLUMNS = ("id", "document", "sha256")


def pack(path: Path, documents: Iterable[tuple[str, Attachment]]) -> None:
    """Write documents, given one after the other by the external id of their bill.

    A document whose name is taken gets a number: ``bill-2.edi``.
    """
    index = io.StringIO()
    lines = csv.writer(index, lineterminator="\r\n")
    lines.writerow(_COLUMNS)
    taken = {INDEX: 1}
    with path.open("wb") as stream:
        archive = ZipWriter(stream)
        for external_id, document in documents:
            name = _free(_safe(document.name), taken)
            archive.add(name, document.content)
            digest = hashlib.sha256(document.content).hexdigest()
            lines.writerow((external_id, name, digest))
        archive.add(INDEX, index.getvalue().encode())
        archive.end()


def _free(name: str, taken: dict[str, int]) -> str:
    """The name, or the next one that is free; names that differ in case only are the same."""
    free = name
    while free.lower() in taken:
        taken[name.lower()] = number = taken.get(name.lower(), 1) + 1
        stem, dot, suffix = name.rpartition(".")
        free = f"{stem}-{number}{dot}{suffix}" if stem else f"{name}-{number}"
    taken[free.lower()] = 1
    return free


def _safe(name: str) -> str:
    """A partner's file name as one that is safe on every system."""
    safe = re.sub(r"[^A-Za-z0-9._-]+", "_", name).lstrip(".")
    return safe[-100:] or "document"
