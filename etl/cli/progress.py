"""Progress on a terminal; nothing where output goes to a file or another program."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.progress import Progress as Bars

from etl.jobs.progress import Progress, Silent


class _Terminal:
    """Shows each stage as a bar; see :class:`etl.jobs.progress.Progress`."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._task = bars.add_task("starting", total=None)

    def stage(self, title: str, total: int | None = None) -> None:
        self._bars.update(self._task, visible=False)
        self._task = self._bars.add_task(title, total=total)

    def advance(self, steps: int = 1) -> None:
        self._bars.advance(self._task, steps)

    def note(self, text: str) -> None:
        self._bars.console.print(text, highlight=False)


@contextmanager
def progress(quiet: bool = False) -> Iterator[Progress]:
    """Bars on standard error while the block runs, where a person is looking."""
    if quiet or not sys.stderr.isatty():
        yield Silent()
        return
    with Bars(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as bars:
        yield _Terminal(bars)
