"""The job of a night, run as the command line runs it, in a process that tells what it took.

    python -m benchmarks.night_job FIGURES.json [etl's arguments]

The figures are those of the whole process: CPU, peak of resident memory, and what the kernel
counted as written by it, journals and temporary files included. The parts are CPU-seconds; what is
done for a part inside another one (the ledger, for most) counts for the inner one only.
"""

from __future__ import annotations

import functools
import json
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

FUNCTIONS = {
    "pull": "etl.jobs.stages.pull:pull",
    "map": "etl.jobs.stages.map:map_files",
    "reconcile": "etl.jobs.stages.reconcile:reconcile_invoices",
    "bills": "etl.jobs.stages.push:bills_of",
    "push": "etl.jobs.stages.push:push",
    "seal": "etl.jobs.stages.seal:seal",
}
"""The part of a run -> the function that does it."""
PARTS = (*FUNCTIONS, "ledger", "other")


class Clock:
    """CPU-seconds by part; a part that begins within another one stops that one's time."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self._running = ["other"]
        self._since = 0.0  # the process's own CPU clock, so what was before it began counts too

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        self._switch()
        self._running.append(name)
        try:
            yield
        finally:
            self._switch()
            self._running.pop()

    def stop(self) -> None:
        self._switch()

    def _switch(self) -> None:
        now = time.process_time()
        self.seconds[self._running[-1]] += now - self._since
        self._since = now


def written() -> dict[str, int]:
    """What this process wrote: by its calls, and of it what went towards a disk."""
    lines = Path("/proc/self/io").read_text("ascii").splitlines()
    counted = {name: int(value) for name, value in (line.split(": ") for line in lines)}
    return {"written": counted["wchar"], "to_disk": counted["write_bytes"]}


def peak_bytes() -> int:
    """The kernel's high-water mark of this process's memory."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _time_function(clock: Clock, part: str, name: str, function: Callable[..., Any]) -> None:
    """Wherever the function was imported to."""
    timed = _timed(clock, part, function)
    for module in list(sys.modules.values()):
        if getattr(module, name, None) is function:
            setattr(module, name, timed)


def _timed(clock: Clock, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def timed(*arguments: Any, **named: Any) -> Any:
        with clock.part(part):
            return function(*arguments, **named)

    return timed


def _time_ledger(clock: Clock) -> None:
    """A transaction counts for the ledger, from its beginning to its commit."""
    ledger = import_module("etl.ledger.ledger").Ledger
    for name in ("begin", "read"):
        setattr(ledger, name, _timed_context(clock, "ledger", getattr(ledger, name)))


def _timed_context(
    clock: Clock, part: str, function: Callable[..., AbstractContextManager[Any]]
) -> Callable[..., AbstractContextManager[Any]]:
    @contextmanager
    def timed(*arguments: Any) -> Iterator[Any]:
        with clock.part(part), function(*arguments) as inner:
            yield inner

    return timed


def main() -> None:
    figures, sys.argv = Path(sys.argv[1]), ["etl", *sys.argv[2:]]
    clock = Clock()
    import_module("etl.jobs.run")
    for part, place in FUNCTIONS.items():
        module, name = place.split(":")
        _time_function(clock, part, name, getattr(import_module(module), name))
    _time_ledger(clock)
    began = time.perf_counter()
    try:
        import_module("etl.cli.main").main()
    finally:
        clock.stop()
        usage = resource.getrusage(resource.RUSAGE_SELF)
        told = {
            "wall": time.perf_counter() - began,
            "cpu": usage.ru_utime + usage.ru_stime,
            "peak": peak_bytes(),
            **written(),
            "parts": {part: clock.seconds[part] for part in PARTS},
        }
        figures.write_text(json.dumps(told), "ascii")


if __name__ == "__main__":
    main()
