"""Pulling over SFTP beside OpenSSH's own `sftp`: many small files, and one large.

    python -m benchmarks.sftp [--files 5000] [--file-kb 4] [--big-mb 500] [--rounds 3] [--json]

A loopback sshd serves both. Each client runs as a process of its own, from start to end, so that
its wall time, CPU time and memory are its own; the clients take turns, and the median of the
rounds counts. Ours does more: it hashes, fsyncs, and writes a sidecar for each file.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import psutil

from etl.transfer import (
    Folders,
    Inbox,
    Keep,
    Pickup,
    SettleByRename,
    SftpSettings,
    open_endpoint,
)
from tests.services.sshd import SshServer

DATA = Path(__file__).parent / "data"
SMALL, LARGE = "small", "large"


@dataclass(frozen=True)
class Figure:
    """One client at one task; `rate` is files/s or MB/s (10**6 bytes) by wall time."""

    task: str
    client: str
    wall_s: float
    cpu_s: float
    rate: float
    unit: str
    peak_rss_mb: float


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--files", type=int, default=5000, help="number of small files")
    parser.add_argument("--file-kb", type=int, default=4, help="size of each, in KiB")
    parser.add_argument("--big-mb", type=int, default=500, help="size of the large file, in MB")
    parser.add_argument("--rounds", type=int, default=3, help="rounds, of which the median counts")
    parser.add_argument("--plain", action="store_true", help="also our reader without pipelining")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--pull", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.pull:
        _pull(**json.loads(options.pull))
        return
    figures = measure(
        options.files, options.file_kb, options.big_mb, options.rounds, plain=options.plain
    )
    print(json.dumps([asdict(f) for f in figures], indent=1) if options.json else table(figures))


def measure(
    files: int, file_kb: int, big_mb: int, rounds: int, *, plain: bool = False
) -> list[Figure]:
    """Run every client at both tasks, `rounds` times in turn."""
    DATA.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="sftp-", dir=DATA) as name:
        folder = Path(name)
        with SshServer(folder / "sshd") as server:
            _make_files(server.root, files, file_kb * 1024, big_mb * 10**6)
            figures = []
            for task, amount, unit in ((SMALL, files, "files/s"), (LARGE, big_mb, "MB/s")):
                if amount:
                    figures += _compared(server, folder, task, amount, unit, rounds, plain)
            return figures


def table(figures: list[Figure]) -> str:
    """Return the figures as text."""
    lines = [f"{'task':<7}{'client':<32}{'wall s':>8}{'CPU s':>8}{'rate':>17}{'peak RSS':>11}"]
    lines += [
        f"{f.task:<7}{f.client:<32}{f.wall_s:>8.2f}{f.cpu_s:>8.2f}"
        f"{f.rate:>9.0f} {f.unit:<7}{f.peak_rss_mb:>8.0f} MB"
        for f in figures
    ]
    return "\n".join(lines)


def _compared(
    server: SshServer, folder: Path, task: str, amount: int, unit: str, rounds: int, plain: bool
) -> list[Figure]:
    clients: dict[str, Callable[[Path], list[str]]] = {
        "OpenSSH sftp": lambda into: _openssh(server, task, into, ()),
        "OpenSSH sftp, aes128-gcm": lambda into: _openssh(
            server, task, into, ("-c", "aes128-gcm@openssh.com")
        ),
        "etl": lambda into: _etl(server, task, into, pipelined=True),
    }
    if plain:
        clients["etl, pipelined: false"] = lambda into: _etl(server, task, into, pipelined=False)
    runs: dict[str, list[tuple[float, float, float]]] = {client: [] for client in clients}
    for number in range(rounds):
        for client, command in clients.items():
            into = folder / f"{task}-{number}-{len(runs[client])}-{secrets.token_hex(2)}"
            into.mkdir()
            runs[client].append(_run(command(into)))
            _require_all(server.root / task, into)
    return [_figure(task, client, runs[client], amount, unit) for client in clients]


def _figure(
    task: str, client: str, runs: list[tuple[float, float, float]], amount: int, unit: str
) -> Figure:
    wall, cpu, rss = (median(values) for values in zip(*runs, strict=True))
    return Figure(task, client, round(wall, 2), round(cpu, 2), round(amount / wall, 1), unit, rss)


def _run(command: list[str]) -> tuple[float, float, float]:
    """Return wall seconds, CPU seconds and peak memory (MB) of a command with its children."""
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    peaks: dict[int, int] = {}
    while True:
        # The kernel's own high-water mark of each process, as the last look before its end saw it;
        # that of wait4 would count the parent's memory at the time of the fork.
        for child in _tree(process.pid):
            peaks[child] = max(peaks.get(child, 0), _peak_kb(child))
        done, status, usage = os.wait4(process.pid, os.WNOHANG)
        if done:
            break
        time.sleep(0.01)
    wall = time.perf_counter() - began
    if os.waitstatus_to_exitcode(status) != 0:
        raise SystemExit(f"{command[0]} failed: {' '.join(command)}")
    return wall, usage.ru_utime + usage.ru_stime, round(sum(peaks.values()) / 1024, 1)


def _tree(pid: int) -> list[int]:
    try:
        return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]
    except psutil.NoSuchProcess:
        return []


def _peak_kb(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0
    marks = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(marks[0]) if marks else 0


def _openssh(server: SshServer, task: str, into: Path, more: tuple[str, ...]) -> list[str]:
    known = server.folder / "known_hosts"
    known.write_text(server.known_hosts_line + "\n", encoding="ascii")
    batch = into.with_suffix(".batch")
    batch.write_text(f"get -r {task}/. {into}\n", encoding="utf-8")
    options = ["IdentitiesOnly=yes", "StrictHostKeyChecking=yes", f"UserKnownHostsFile={known}"]
    return [
        *("sftp", "-q", "-F", "none", "-P", str(server.port), "-i", str(server.client_key)),
        *more,
        *(word for option in options for word in ("-o", option)),
        *("-b", str(batch), f"{server.username}@{server.host}"),
    ]


def _etl(server: SshServer, task: str, into: Path, *, pipelined: bool) -> list[str]:
    arguments = {
        "port": server.port,
        "user": server.username,
        "host_key": server.host_key,
        "key": str(server.client_key),
        "folder": task,
        "into": str(into),
        "pipelined": pipelined,
    }
    return [sys.executable, "-m", "benchmarks.sftp", "--pull", json.dumps(arguments)]


def _pull(
    port: int, user: str, host_key: str, key: str, folder: str, into: str, pipelined: bool
) -> None:
    """Be the client: list and fetch everything into an inbox."""
    settings = SftpSettings(
        partner="benchmark",
        host="127.0.0.1",
        port=port,
        user=user,
        host_key=host_key,
        key=Path(key),
        folders=Folders(folder),
        pickup=Pickup(settle=SettleByRename(), after=Keep()),
        pipelined=pipelined,
    )
    with open_endpoint(settings) as endpoint:
        for fetched in endpoint.fetch(endpoint.list().files, Inbox(Path(into))):
            if fetched.error is not None:
                raise fetched.error


def _require_all(served: Path, into: Path) -> None:
    """Check that as many files and bytes came as were served."""
    expected = [path.stat().st_size for path in served.iterdir()]
    got = [p.stat().st_size for p in into.rglob("*") if p.is_file() and p.suffix != ".json"]
    if sorted(got) != sorted(expected):
        raise SystemExit(f"{into}: {len(got)} files came where {len(expected)} were served")


def _make_files(root: Path, files: int, size: int, big: int) -> None:
    (root / SMALL).mkdir()
    (root / LARGE).mkdir()
    for number in range(files):
        (root / SMALL / f"invoice-{number:06}.edi").write_bytes(os.urandom(size))
    with (root / LARGE / "large.bin").open("wb") as large:
        block = os.urandom(10**6)
        for start in range(0, big, 10**6):
            large.write(block[: big - start])


if __name__ == "__main__":
    if shutil.which("sftp") is None:
        raise SystemExit("OpenSSH's `sftp` is missing: apt-get install openssh-client")
    main()
