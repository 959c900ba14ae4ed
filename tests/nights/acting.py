"""The command line in a process of its own, by a clock that the test sets, killed where it says.

Processes are forked from one that has imported etl already: importing takes longer than a night.
"""

from __future__ import annotations

import contextlib
import io
import json
import multiprocessing
import os
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from etl import failpoints
from etl.cli.main import cli
from etl.jobs.workspace import open_workspace

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.nights.acting"])


@dataclass(frozen=True)
class Done:
    """How a command ended; -9: killed at its failpoint."""

    exit_code: int
    out: str
    err: str

    @property
    def told(self) -> Any:
        """Its JSON."""
        return json.loads(self.out)


def etl_command(
    folder: Path, *arguments: str, ahead: timedelta = timedelta(), failpoint: str | None = None
) -> Done:
    """Run `etl ARGUMENTS`.

    Args:
        ahead: how far this machine's clock is ahead of the true one.
    """
    ours, theirs = _CONTEXT.Pipe(duplex=False)
    process = _CONTEXT.Process(target=_run, args=(theirs, str(folder), arguments, ahead, failpoint))
    process.start()
    theirs.close()
    try:
        out, err = ours.recv()
    except EOFError:
        out = err = ""
    process.join(timeout=120)
    assert process.exitcode is not None, f"etl {' '.join(arguments)} hangs"
    return Done(process.exitcode, out, err)


def _run(
    result: Connection,
    folder: str,
    arguments: tuple[str, ...],
    ahead: timedelta,
    failpoint: str | None,
) -> None:
    os.chdir(folder)

    def clock() -> datetime:
        return datetime.now(UTC) + ahead

    # what opens a project without naming a clock gets this one
    open_workspace.__wrapped__.__defaults__ = (clock,)  # type: ignore[attr-defined]
    if failpoint is not None:
        failpoints.arm(failpoint)
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            cli(list(arguments), standalone_mode=True)
            code = 0
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 1
    result.send((out.getvalue(), err.getvalue()))
    result.close()
    sys.exit(code)
