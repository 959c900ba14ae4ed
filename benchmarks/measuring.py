"""Runs that are measured in processes of their own, and the table that is printed of them.

A run is prepared first (imports, files), then taken several times; its figure is the best CPU time
of all threads. The peak of resident memory is that of its whole process. Each run has several
processes, in turn with the others, so that what else the machine does hits all alike.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).parents[1]

Work = Callable[[], int]
"""Does what is measured; gives how many rows came out, so that peers can be compared."""


@dataclass(frozen=True)
class Run:
    """Something that is measured.

    Attributes:
        prepare: gives the work; it imports what it needs, so that its peak memory is its own.
        megabytes: of what it reads.
        least: MB per CPU-second that it is to reach; None: a peer.
        files: how many files it reads, where milliseconds a file are told.
        most_peak: megabytes of memory that it may take.
    """

    title: str
    prepare: Callable[[], Work]
    megabytes: Callable[[], float]
    least: float | None = None
    files: int | None = None
    most_peak: float | None = None


def main(
    module: str,
    runs: Mapping[str, Run],
    counted: str,
    *,
    processes: int = 3,
    times: int = 3,
) -> None:
    """Measure all runs and print them; in a process for one run, its name is the argument.

    Args:
        counted: what the work counts.
        times: how often a process takes its run.
    """
    if len(sys.argv) == 2:
        _measure(runs[sys.argv[1]], times)
        return
    found: dict[str, list[dict[str, float]]] = {name: [] for name in runs}
    for _ in range(processes):
        for name, figures in found.items():
            done = subprocess.run(
                [sys.executable, "-m", module, name],
                cwd=PROJECT,
                stdout=subprocess.PIPE,
                text=True,
                check=True,
            )
            figures.append(json.loads(done.stdout))
    head = f"{'':42} {'MB/CPU-s':>9} {'CPU-s':>7} {'MB':>7} {counted:>10} {'peak MB':>8}"
    print(head + "  goal")
    for name, figures in found.items():
        best = max(figures, key=lambda figure: figure["rate"])
        print(_line(runs[name], best))


def _measure(run: Run, times: int) -> None:
    work = run.prepare()
    taken = []
    for _ in range(times):
        before = time.process_time()
        rows = work()
        taken.append(time.process_time() - before)
    seconds, size = min(taken), run.megabytes()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    figures = {"rate": size / seconds, "seconds": seconds, "size": size, "peak": peak, "n": rows}
    print(json.dumps(figures))


def _line(run: Run, best: Mapping[str, float]) -> str:
    goals = []
    if run.least is not None:
        goals.append(f"{run.least:g} MB/CPU-s")
    if run.files is not None:
        goals.append(f"1 ms a file: {best['seconds'] / run.files * 1e3:.2f} ms")
    if run.most_peak is not None:
        goals.append(f"{run.most_peak:g} MB peak")
    return (
        f"{run.title:42} {best['rate']:9.1f} {best['seconds']:7.3f} {best['size']:7.1f}"
        f" {best['n']:10,.0f} {best['peak']:8.0f}  {', '.join(goals)}"
    ).rstrip()
