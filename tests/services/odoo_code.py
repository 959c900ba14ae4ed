"""Odoo 19's code from Debian's own package, with a venv of its own; nothing is installed."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.services.cache import cached
from tests.services.processes import ServiceError, run

_PACKAGE = "odoo-19"
_SUITE = "sid"
_MIRROR = "http://deb.debian.org/debian/"
_REQUIREMENTS = Path(__file__).with_name("odoo_requirements.txt")

# Left out of the unpacked package: translations, the countries' charts, browser tests.
_UNWANTED = (
    *("*/i18n/*.po", "*/i18n/*.pot", "*/usr/share/*", "*/static/tests/*"),
    *("*/addons/l10n_*", "*/addons/test_*", "*/addons/theme_*"),
)


@dataclass(frozen=True)
class OdooCode:
    """An unpacked Odoo with the Python that runs it."""

    folder: Path

    @property
    def python(self) -> Path:
        """The Python with Odoo's requirements."""
        return self.folder / "venv" / "bin" / "python"

    @property
    def version(self) -> str:
        """The Debian package's version."""
        return (self.folder / "version").read_text().strip()

    def environment(self) -> dict[str, str]:
        """Environment variables in which `python -m odoo` is this Odoo."""
        kept = ("HOME", "PATH", "LANG", "LC_ALL", "TMPDIR")
        return {
            **{name: os.environ[name] for name in kept if name in os.environ},
            "PYTHONPATH": str(self.folder / "root/usr/lib/python3/dist-packages"),
            "PYTHONUNBUFFERED": "1",
            "TZ": "UTC",
        }


def odoo_code() -> OdooCode:
    """Return Odoo's code from the cache, fetched first when it is not there."""
    python_version = ".".join(map(str, sys.version_info[:2]))
    inputs = (Path(__file__), _REQUIREMENTS, python_version)
    return OdooCode(cached("odoo-19-code", inputs, _build))


def _build(folder: Path) -> None:
    _say(f"getting Odoo 19 into {folder.parent} (once per machine, a minute or two)")
    package = _download(folder / "apt")
    _say(f"unpacking {package.name}")
    _unpack(package, folder / "root")
    version = run(["dpkg-deb", "-f", package, "Version"], what="reading the package's version")
    (folder / "version").write_text(version)
    run(["rm", "-r", folder / "apt"], what="removing the package")
    _say("installing what Odoo requires from PyPI into a venv of its own")
    run([sys.executable, "-m", "venv", folder / "venv"], what="python -m venv (for Odoo)")
    pip: list[str | Path] = [folder / "venv/bin/python", "-m", "pip", "--disable-pip-version-check"]
    run(
        [*pip, "install", "--quiet", "--no-cache-dir", "--requirement", _REQUIREMENTS],
        what="pip install of Odoo's requirements",
    )


def _download(folder: Path) -> Path:
    """Download the package by apt with lists of our own: the machine's stay as they are."""
    (folder / "lists" / "partial").mkdir(parents=True)
    (folder / "cache" / "archives" / "partial").mkdir(parents=True)
    keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"
    (folder / "sources.list").write_text(
        f"deb [signed-by={keyring}] {_debian_mirror()} {_SUITE} main\n"
    )
    options = {
        "Dir::Etc::SourceList": folder / "sources.list",
        "Dir::Etc::SourceParts": "/dev/null",
        "Dir::State::Lists": folder / "lists",
        "Dir::Cache": folder / "cache",
        "Acquire::Languages": "none",
        "APT::Sandbox::User": "",
    }
    apt: list[str | Path] = ["apt-get", "-q"]
    apt += [f"-o{name}={value}" for name, value in options.items()]
    _say(f"downloading {_PACKAGE} of Debian {_SUITE}")
    run([*apt, "update"], what=f"apt-get update for Debian {_SUITE}", cwd=folder)
    run([*apt, "download", _PACKAGE], what=f"apt-get download {_PACKAGE}", cwd=folder)
    found = list(folder.glob("*.deb"))
    if not found:
        raise ServiceError(f"apt-get download {_PACKAGE} brought no package into {folder}")
    return found[0]


def _debian_mirror() -> str:
    """Return the mirror that this machine's apt uses for Debian."""
    targets = run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI)"], what="apt-get indextargets"
    )
    mirrors = [line for line in targets.splitlines() if line.rstrip("/").endswith("/debian")]
    return mirrors[0] if mirrors else _MIRROR


def _unpack(package: Path, target: Path) -> None:
    target.mkdir()
    excludes = [f"--exclude={pattern}" for pattern in _UNWANTED]
    with subprocess.Popen(
        ["dpkg-deb", "--fsys-tarfile", package], stdout=subprocess.PIPE
    ) as archive:
        done = subprocess.run(
            ["tar", "-x", "--no-same-owner", *excludes, "-C", target],
            stdin=archive.stdout,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    if done.returncode or archive.returncode:
        raise ServiceError(f"unpacking {package.name} failed: {done.stderr}")


def _say(text: str) -> None:
    print(f"tests: {text} ...", flush=True)
