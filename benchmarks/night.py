"""A whole night, as the command line runs it: `python -m benchmarks night`.

    python -m benchmarks.night [--invoices 5000 20000 100000] [--shapes x12 small csv ubl]
        [--nights 1] [--json]

Per invoice, a night of 100,000 is to cost no more than 1.2 times one of 20,000 in any figure; it is
to leave at most 6 times the bytes received on the disk, and to write at most 25 times as many.

N invoices of two charge lines, their expected charges and shipments are pulled from local folders,
archived, mapped, audited and pushed into the outbox. Told are CPU, wall, peak memory, bytes written
by the process (its calls, journals included), bytes left on the disk, CPU-seconds by part, and
for each what it comes to per invoice against the size before. Beside it runs a plain pandas script
(`benchmarks/night_pandas.py`) that does the least of it.

CPU of one night is what counts: it is the machine's least moved figure, and still moves by a tenth.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.night_files import PARTNER, SHAPES, files
from benchmarks.night_job import PARTS
from tests.night import Night

DATA = Path(__file__).parent / "data"
PROJECT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Figures:
    """What a night took; bytes, seconds.

    Attributes:
        written: by all calls of the process that write, journals and temporary files included.
        to_disk: what of it the kernel counted as written towards the disk.
        left: what the night added to archive, outbox and ledger.
        files: how many files and folders it added there.
    """

    shape: str
    invoices: int
    night: int
    received: int
    wall: float
    cpu: float
    peak: int
    written: int
    to_disk: int
    left: int
    files: int
    pushed: int
    parts: dict[str, float] = field(default_factory=dict)


def nights(root: Path, shape: str, size: int, count: int = 1) -> Iterator[Figures]:
    """Live through nights of one shape and size, one after the other in one project.

    Raises:
        RuntimeError: a night did not end as it must.
    """
    with Night(root) as project:
        project.write_schedules(partners=["tms", PARTNER[shape]])
        for number in range(1, count + 1):
            received = 0
            for partner, name, content in files(shape, size, number):
                project.drop(partner, name, content)
                received += len(content)
            before = left_in(root)
            told = _run(root, ["benchmarks.night_job"], ["run", "nightly", "--json"], (0, 1))
            after = left_in(root)
            pushed = json.loads(told.pop("printed"))["counts"]["pushed"]
            if pushed != size - size // 50:
                raise RuntimeError(f"{pushed} of {size} invoices were pushed: {told}")
            yield Figures(
                shape,
                size,
                number,
                received,
                left=after[0] - before[0],
                files=after[1] - before[1],
                pushed=pushed,
                **told,
            )


def pandas_night(folder: Path, size: int) -> dict[str, Any]:
    """The peer's figures for the same files; it knows X12 only."""
    folder.mkdir()
    for _, name, content in files("x12", size):
        (folder / name).write_bytes(content)
    told = _run(folder, ["benchmarks.night_pandas"], [str(folder)], (0,))
    if told["approved"] != size - size // 50:
        raise RuntimeError(f"pandas approved {told['approved']} of {size} invoices")
    return told


def left_in(root: Path) -> tuple[int, int]:
    """Bytes, and number of files and folders, that we keep; what the partners keep is theirs."""
    kept = [root / "ledger.db", root / "ledger.db-wal"]
    kept += [path for name in ("archive", "outbox", "inbox") for path in (root / name).rglob("*")]
    there = [path.lstat() for path in kept if path.exists()]
    return sum(stat.st_size for stat in there if not _is_folder(stat)), len(there)


def _is_folder(stat: os.stat_result) -> bool:
    return stat.st_mode & 0o170000 == 0o040000


def _environment() -> dict[str, str]:
    """Ours, with compiled modules kept: a night is not the first thing that a machine does."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"PYTHONPATH": str(PROJECT)}


def _run(
    folder: Path, module: Sequence[str], arguments: Sequence[str], allowed: Sequence[int]
) -> dict[str, Any]:
    """Run a module that tells its figures; `printed` is what it printed."""
    figures = folder / "figures.json"
    done = subprocess.run(
        [sys.executable, "-m", *module, str(figures), *arguments],
        cwd=folder,
        env=_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in allowed:
        raise RuntimeError(f"{' '.join(module)} ended {done.returncode}:\n{done.stderr[-2000:]}")
    told: dict[str, Any] = json.loads(figures.read_text("ascii"))
    figures.unlink()
    return told | {"printed": done.stdout}


HEAD = (
    f"{'':24}{'CPU s':>8}{'wall s':>8}{'peak MB':>9}{'written MB':>12}{'disk MB':>9}{'left MB':>9}"
    f"{'files':>8}"
)


def line(found: Figures) -> str:
    """A night's figures as text, with what they come to against the bytes received."""
    title = f"{found.shape} {found.invoices:,}" + (f" night {found.night}" * (found.night > 1))
    written, left = found.written / found.received, found.left / found.received
    figures = (
        f"{title:24}{found.cpu:8.2f}{found.wall:8.2f}{found.peak / 1e6:9.0f}"
        f"{found.written / 1e6:12.1f}{found.to_disk / 1e6:9.1f}{found.left / 1e6:9.1f}"
        f"{found.files:8}  of {found.received / 1e6:.1f} MB received: "
        f"written {written:.1f} x, left {left:.1f} x"
    )
    parts = ", ".join(f"{part} {found.parts[part]:.2f}" for part in PARTS)
    return f"{figures}\n{'':24}{parts}"


def growth(smaller: Figures, larger: Figures) -> str:
    """What each figure of the larger night comes to per invoice, where it was 1 in the smaller."""
    factor = larger.invoices / smaller.invoices
    shares = {
        name: getattr(larger, name) / getattr(smaller, name) / factor
        for name in ("cpu", "peak", "written", "left")
    }
    told = ", ".join(f"{name} {share:.2f}" for name, share in shares.items())
    return f"{'':24}per invoice, {smaller.invoices:,} = 1: {told}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--invoices", type=int, nargs="+", default=[5000, 20_000, 100_000])
    parser.add_argument("--shapes", nargs="+", choices=list(SHAPES), default=["x12"])
    parser.add_argument("--nights", type=int, default=1, help="nights, one after the other")
    parser.add_argument("--json", action="store_true", help="print JSON, a line each")
    options = parser.parse_args()
    DATA.mkdir(exist_ok=True)
    _warm_up()
    if not options.json:
        print(HEAD, flush=True)
    for shape in options.shapes:
        before: Figures | None = None
        for size in sorted(options.invoices):
            with tempfile.TemporaryDirectory(prefix="night-", dir=DATA) as name:
                for found in nights(Path(name) / "project", shape, size, options.nights):
                    print(json.dumps(asdict(found)) if options.json else line(found), flush=True)
                    if found.night == 1 and before is not None and not options.json:
                        print(growth(before, found), flush=True)
                    before = found if found.night == 1 else before
                if shape == "x12":
                    peer = pandas_night(Path(name) / "pandas", size)
                    assert before is not None
                    _print_peer(peer, before, as_json=options.json)


def _warm_up() -> None:
    """Let all modules be compiled and read once."""
    with tempfile.TemporaryDirectory(prefix="night-", dir=DATA) as name:
        for _ in nights(Path(name) / "project", "x12", 50):
            pandas_night(Path(name) / "pandas", 50)


def _print_peer(peer: dict[str, Any], ours: Figures, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({name: value for name, value in peer.items() if name != "printed"}))
        return
    print(
        f"{f'pandas {ours.invoices:,}':24}{peer['cpu']:8.2f}{peer['wall']:8.2f}"
        f"{peer['peak'] / 1e6:9.0f}{peer['written'] / 1e6:12.1f}{peer['to_disk'] / 1e6:9.1f}"
        f"\n{'':24}CPU of ours: {ours.cpu / peer['cpu']:.2f} x",
        flush=True,
    )


if __name__ == "__main__":
    main()
