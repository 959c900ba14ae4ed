"""References to values that do not stand in YAML: ``${env:NAME}``, ``${file:PATH}``,
``${keyring:service/user}``.

A :class:`Secret` is looked up only when it is revealed, and never shows itself in a log, an error
or a repr.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import keyring
import keyring.errors

from etl.errors import ConfigurationError

REFERENCE = r"^\$\{(env|file|keyring):[^}]+\}$"
_REFERENCE = re.compile(r"\$\{(env|file|keyring):([^}]+)\}")


@dataclass(frozen=True, repr=False)
class Secret:
    """A reference to a secret, with the place in the configuration that names it.

    Attributes:
        reference: as written, ``${env:ACME_PASSWORD}``; it is no secret.
        place: file, line and key, for errors.
    """

    reference: str
    place: str
    environ: Mapping[str, str] = field(compare=False)
    root: Path = field(compare=False)

    def reveal(self) -> str:
        """The value. Raises ConfigurationError, naming the reference only, where there is none."""
        return resolve(self.reference, self.place, self.environ, self.root)

    def __repr__(self) -> str:
        return f"Secret({self.reference})"


def resolve(text: str, place: str, environ: Mapping[str, str], root: Path) -> str:
    """`text` with every reference replaced by its value.

    Raises:
        ConfigurationError: a variable that is not set, a file or keyring entry that is not there.
    """

    def value(match: re.Match[str]) -> str:
        kind, name = match.groups()
        found = _look_up(kind, name, environ, root)
        if found is None:
            raise ConfigurationError(f"{place}: {match.group(0)} is not there; {_REMEDY[kind]}")
        return found

    return _REFERENCE.sub(value, text)


_REMEDY = {
    "env": "set the environment variable and run again",
    "file": "make the file readable for this user (mode 0600) and run again",
    "keyring": "store it with `keyring set SERVICE USER` and run again",
}


def _look_up(kind: str, name: str, environ: Mapping[str, str], root: Path) -> str | None:
    if kind == "env":
        return environ.get(name)
    if kind == "file":
        try:
            return (root / name).expanduser().read_text("utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError):
            return None
    service, _, user = name.rpartition("/")
    try:
        return keyring.get_password(service, user)
    except keyring.errors.KeyringError:
        return None
