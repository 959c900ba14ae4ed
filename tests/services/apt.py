"""Debian packages that the servers come from, installed when they are missing."""

from __future__ import annotations

import glob
import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.services.processes import ServiceError, run
from tests.services.scratch import locked


@dataclass(frozen=True)
class DebianFile:
    """A file of a Debian package; `pattern` may hold wildcards for versions."""

    package: str
    pattern: str

    def find(self) -> Path | None:
        """Return the file with the highest version in its path, if there is one."""
        found = sorted(glob.glob(self.pattern), key=_by_numbers)
        return Path(found[-1]) if found else None

    def require(self) -> Path:
        """Return the file, installing its package first when it is missing."""
        with locked(Path(tempfile.gettempdir()) / f"etl-service-{os.getuid()}-apt-lock"):
            if self.find() is None:
                _install(self.package)
        path = self.find()
        if path is None:
            raise ServiceError(f"{self.package} is installed but brought no {self.pattern}")
        return path


SSHD = DebianFile("openssh-server", "/usr/sbin/sshd")
NSS_WRAPPER = DebianFile("libnss-wrapper", "/usr/lib/*/libnss_wrapper.so")
POSTGRES = DebianFile("postgresql", "/usr/lib/postgresql/*/bin/postgres")


def _install(package: str) -> None:
    """Install a package by apt-get, as root or through sudo."""
    if shutil.which("apt-get") is None:
        raise ServiceError(f"the tests need Debian's package {package}, and apt-get is missing")
    sudo = [] if os.getuid() == 0 else ["sudo", "-n"]
    if sudo and shutil.which("sudo") is None:
        raise ServiceError(
            f"the tests need Debian's package {package}: "
            f"run `apt-get install {package}` as root, or install sudo"
        )
    print(f"tests: installing Debian's package {package} ...", flush=True)
    # RUNLEVEL=1 keeps the package from starting a system service of its own.
    apt = [*sudo, "env", "DEBIAN_FRONTEND=noninteractive", "RUNLEVEL=1", "apt-get", "-q"]
    waiting = ["-o", "DPkg::Lock::Timeout=300"]
    run([*apt, "update"], what="apt-get update")
    run(
        [*apt, *waiting, "install", "-y", "--no-install-recommends", package],
        what=f"apt-get install {package}",
    )


def _by_numbers(path: str) -> list[int]:
    """Sort key: the numbers in a path, so that 15 comes after 9."""
    return [int(number) for number in re.findall(r"\d+", path)]
