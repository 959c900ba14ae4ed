"""Server processes that never outlive the tests, and the ports they listen on."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil  # type: ignore[import-untyped]

HOST = "127.0.0.1"

# Below the range that the kernel takes for outgoing connections, so that a port stays ours
# while its server is down for a moment.
_PORTS = range(15000, 32000)

# The kernel sends the "parent died" signal when the *thread* that started the child ends.
# One thread that lives as long as the interpreter starts them all.
_SPAWNER = ThreadPoolExecutor(max_workers=1, thread_name_prefix="service-spawner")


class ServiceError(RuntimeError):
    """A server that the tests need could not be installed, started or stopped."""


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on."""
    for port in random.sample(_PORTS, 100):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port
    raise ServiceError("no free port found on 127.0.0.1")


def spawn(
    command: Sequence[str | Path],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    user: str | None = None,
    death_signal: str = "KILL",
) -> subprocess.Popen[bytes]:
    """Start a server; its output goes to `log`.

    `death_signal` is what the kernel sends it when this process ends in whatever way, so that
    even a killed test run leaves no server behind.  `user` runs it as somebody else (root only).
    """
    wrapper = ["setpriv", "--pdeathsig", death_signal]
    if user is not None:
        wrapper += ["--reuid", user, "--regid", user, "--init-groups"]

    def start() -> subprocess.Popen[bytes]:
        with log.open("ab") as output:
            return subprocess.Popen(
                [*wrapper, *map(str, command)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=dict(os.environ if env is None else env),
                cwd=cwd,
            )

    return _SPAWNER.submit(start).result()


def run(
    command: Sequence[str | Path],
    *,
    what: str,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    user: str | None = None,
    stdin: str | None = None,
    timeout: float = 600,
) -> str:
    """Run a command to its end and return its standard output; `what` names it in errors."""
    wrapper = ["setpriv", "--reuid", user, "--regid", user, "--init-groups"] if user else []
    argv = [*wrapper, *map(str, command)]
    try:
        done = subprocess.run(
            argv,
            input=stdin,
            capture_output=True,
            text=True,
            env=None if env is None else dict(env),
            cwd=cwd,
            timeout=timeout,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ServiceError(f"{what} failed: {error}") from error
    if done.returncode != 0:
        said = "\n".join((done.stdout + done.stderr).splitlines()[-25:])
        raise ServiceError(f"{what} failed with exit code {done.returncode}:\n{said}")
    return done.stdout


def family(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """Return the process's living descendants, itself not included."""
    try:
        descendants: list[psutil.Process] = psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []
    return descendants


def stop(
    process: subprocess.Popen[bytes],
    *,
    by: signal.Signals = signal.SIGTERM,
    timeout: float = 20,
) -> None:
    """Ask the process to end, wait, and kill whatever of its family is left."""
    descendants = family(process)
    if process.poll() is None:
        process.send_signal(by)
        try:
            process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    for descendant in descendants:
        try:
            descendant.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(descendants, timeout=5)


def wait_for_port(
    port: int, process: subprocess.Popen[bytes], *, what: str, log: Path, timeout: float = 30
) -> None:
    """Wait till the process listens on the port; raise with the log's end if it does not."""
    deadline = time.monotonic() + timeout
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection((HOST, port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.02)
    code = process.poll()
    outcome = f"did not listen within {timeout:.0f} s" if code is None else f"ended with {code}"
    stop(process, timeout=5)
    raise ServiceError(f"{what} on port {port} {outcome}; {log_tail(log)}")


def log_tail(log: Path, lines: int = 25) -> str:
    """Return the end of a log for an error message, with the log's place."""
    try:
        text = log.read_text(errors="replace")
    except OSError as error:
        return f"its log cannot be read: {error}"
    return f"the end of its log {log}:\n" + "\n".join(text.splitlines()[-lines:])
