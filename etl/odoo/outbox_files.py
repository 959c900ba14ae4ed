"""The files that a push adds to the outbox: whole or not there, and none ever overwritten."""

from __future__ import annotations

from filecmp import cmp
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Self

from etl.durable import PART, disk_errors, fsync, make_folder


class OutboxFiles:
    """New files of one batch; a context that leaves them in place where its body ends well.

    A file takes its name unless one with the same content is there already. Beside one with other
    content it gets a number, as somebody may still have to import that.
    """

    def __init__(self, folder: Path, stem: str) -> None:
        """`stem` is what all names begin with."""
        self._folder = folder
        self._stem = stem
        self._new: list[tuple[int, Path, str, str]] = []

    def new(self, part: str, suffix: str, turn: int = 0) -> Path:
        """A path to write a file to, in the end named ``<stem>-<part>.<suffix>``.

        Args:
            turn: files take their names in the order of it.
        """
        if not self._new:
            make_folder(self._folder)
        path = self._folder / f"{self._stem}-{len(self._new) + 1}{PART}"
        self._new.append((turn, path, part, suffix))
        return path

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if error is None:
                with disk_errors(self._folder):
                    for _, path, part, suffix in sorted(self._new):
                        self._place(path, part, suffix)
        finally:
            for _, path, _, _ in self._new:
                path.unlink(missing_ok=True)

    def _place(self, new: Path, part: str, suffix: str) -> None:
        for number in count(1):
            numbered = f"-{number}" if number > 1 else ""
            path = self._folder / f"{self._stem}-{part}{numbered}.{suffix}"
            if not path.exists():
                fsync(new)
                new.replace(path)
                fsync(self._folder)
                return
            if cmp(path, new, shallow=False):
                return
