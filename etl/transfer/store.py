"""What an endpoint can do with folders and files: the few operations that pull and deliver need."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from etl.errors import TechnicalError, TransientError
from etl.transfer.files import Entry, RemoteFile
from etl.transfer.writer import Writer

Receive = Callable[[RemoteFile], Writer]


@dataclass(frozen=True, slots=True)
class Read:
    """One file's reading: a writer with all its bytes, not committed yet, or what went wrong."""

    remote: RemoteFile
    writer: Writer | None
    error: TechnicalError | None = None


class DoubtfulError(TransientError):
    """Answers of a server that cannot be told apart: what `Store.read` has given is not to be used.

    The store has closed all files and reads one at a time from now on: ask for the same again.
    """


class Store(Protocol):
    """Folders and files at one place; paths are bytes.

    Every method raises `TransientError` where the connection breaks, `TerminalError` where the
    other side refuses.
    """

    shown: str

    def open(self) -> None:
        """Connect."""
        ...

    def close(self) -> None:
        """End the session."""
        ...

    def entries(self, folder: bytes) -> list[Entry]:
        """Return everything in a folder, by one listing."""
        ...

    def entries_at(self, paths: Sequence[bytes]) -> list[Entry | TechnicalError | None]:
        """Return what each path stands for, links not followed; None where there is nothing.

        Where the other side refuses to tell of one path, its refusal stands in its place; likewise
        in what `rename`, `replace`, `remove` and `make_folder` return, where None means done.
        """
        ...

    def read(self, files: Sequence[RemoteFile], receive: Receive) -> Iterator[Read]:
        """Read files, each once and from its beginning, in any order.

        What is wrong with one file is told in its `Read`; an error of the session or of the local
        disk is raised, with all unfinished writers aborted. Must be exhausted before any other
        method is called.

        Raises:
            DoubtfulError: once a session at most; none of the `Read`s holds what it says.
        """
        ...

    def rename(self, pairs: Sequence[tuple[bytes, bytes]]) -> list[TechnicalError | None]:
        """Rename sources to targets that are free."""
        ...

    def replace(self, source: bytes, target: bytes) -> TechnicalError | None:
        """Rename over the target, if there is one, at once."""
        ...

    def remove(self, paths: Sequence[bytes]) -> list[TechnicalError | None]:
        """Remove files; one that is not there is fine."""
        ...

    def make_folder(self, folder: bytes) -> TechnicalError | None:
        """Make a folder."""
        ...

    def create(self, path: bytes) -> None:
        """Make an empty file where there is nothing."""
        ...

    def upload(self, local: Path, path: bytes) -> None:
        """Write a local file to a path, replacing what is there, and check the size it then has."""
        ...


def changed(shown: str, remote: RemoteFile, what: str) -> TransientError:
    """Return the error for a file that was not the same from listing to last byte."""
    return TransientError(
        f"{shown}: {remote.name}: {what} while it was read, so it is still being written; "
        f"not taken, the next pull tries again"
    )


def vanished(shown: str, remote: RemoteFile) -> TransientError:
    """Return the error for a file that was listed and is gone."""
    return TransientError(
        f"{shown}: {remote.name}: was listed but is gone; the partner removed or renamed it, or "
        f"another process took it"
    )
