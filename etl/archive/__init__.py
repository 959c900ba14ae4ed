"""Originals and batch folders, written once; verify and restore."""

from etl.archive.archive import Archive
from etl.archive.batch_folder import BatchFolder
from etl.archive.manifest import Link, Manifest, Original, StoredFile
from etl.archive.originals import StoredOriginal
from etl.archive.verify import Code, Finding

__all__ = [
    "Archive",
    "BatchFolder",
    "Code",
    "Finding",
    "Link",
    "Manifest",
    "Original",
    "StoredFile",
    "StoredOriginal",
]
