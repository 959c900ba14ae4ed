"""Originals: the exact bytes received, stored as zstd under the hash of their content."""

from __future__ import annotations

import hashlib
import io
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import pyarrow as pa

from etl import failpoints
from etl.durable import disk_errors, written_whole
from etl.errors import TechnicalError, TerminalError

_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class StoredOriginal:
    """An original in the archive.

    Attributes:
        sha256, size: of the original bytes.
        path: of the zstd file.
    """

    sha256: str
    size: int
    path: Path

    def open(self) -> BinaryIO:
        """The original bytes as a stream; see :class:`VerifyingReader` for what it raises."""
        return open_verified(self.path, self.sha256)

    def read(self) -> bytes:
        """All the original bytes; raises TerminalError when they are not what was received."""
        with self.open() as stream:
            return stream.read()


def open_verified(path: Path, sha256: str) -> BinaryIO:
    """The bytes of a stored original, proven to be those of the hash at their end."""
    return cast(BinaryIO, io.BufferedReader(VerifyingReader(path, sha256), _BLOCK))


class VerifyingReader(io.RawIOBase):
    """Reads a stored original, and raises TerminalError at its end if the bytes were changed."""

    def __init__(self, path: Path, sha256: str) -> None:
        super().__init__()
        self._path = path
        self._sha256 = sha256
        self._digest = hashlib.sha256()
        self._stream = pa.CompressedInputStream(pa.OSFile(str(path)), "zstd")

    def readable(self) -> bool:
        """Always true."""
        return True

    def readinto(self, buffer: object) -> int:
        """Fill `buffer`; raises TerminalError for bytes that are not what was received."""
        target = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        try:
            data = self._stream.read(len(target))
        except OSError as error:
            raise self._damaged(f"cannot be decompressed: {error}") from error
        if data:
            self._digest.update(data)
        elif len(target) and self._digest.hexdigest() != self._sha256:
            raise self._damaged("does not hold the bytes that were received")
        target[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Close the file."""
        if not self.closed:
            self._stream.close()
        super().close()

    def _damaged(self, what: str) -> TerminalError:
        return TerminalError(
            f"{self._path} {what}; run `etl archive verify` and restore it from a backup"
        )


def store(source: Path | bytes, folder: Path) -> StoredOriginal:
    """Store bytes in `folder` as ``<sha256>.zst``; bytes that are there already are left alone.

    The new file is decompressed and compared before it takes its name.

    Raises:
        TerminalError: disk full, no right to write, or the file cannot be read.
        TechnicalError: the source changed while it was read, or another error of the disk.
    """
    sha256, size = _measure(source)
    final = folder / f"{sha256}.zst"
    stored = StoredOriginal(sha256, size, final)
    if final.exists():
        return stored
    with written_whole(final) as part:
        with (
            _opened(source) as stream,
            pa.CompressedOutputStream(pa.OSFile(str(part), "wb"), "zstd") as compressed,
        ):
            shutil.copyfileobj(stream, compressed, _BLOCK)
        if _content_hash(part) != sha256:
            raise TechnicalError(
                f"{source if isinstance(source, Path) else 'the original'} changed while it was "
                "being archived; run again"
            )
    failpoints.reached("archive.original_written")
    return stored


def _opened(source: Path | bytes) -> BinaryIO:
    if isinstance(source, bytes):
        return io.BytesIO(source)
    return source.open("rb")


def _measure(source: Path | bytes) -> tuple[str, int]:
    """Hash and size of the bytes."""
    if isinstance(source, bytes):
        return hashlib.sha256(source).hexdigest(), len(source)
    with disk_errors(source), source.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        return sha256, stream.tell()


def _content_hash(path: Path) -> str:
    with pa.CompressedInputStream(pa.OSFile(str(path)), "zstd") as stream:
        digest = hashlib.sha256()
        while block := stream.read(_BLOCK):
            digest.update(block)
        return digest.hexdigest()
