"""What an endpoint needs to know, as typed values; no file and no environment is read here.

The fields are those of ``endpoint:`` in a partner's ``partner.yaml``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol


class Secret(Protocol):
    """A secret that is looked up when it is needed and never shown."""

    def reveal(self) -> str:
        """Return the secret's text; raises an `EtlError` when it cannot be had."""
        ...


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds to wait before an operation counts as failed.

    Attributes:
        connect: for the TCP connection, and again for the SSH greeting and key exchange.
        auth: for the answer to one login attempt.
        channel: for any single answer once logged in; a frozen network is noticed after this.
        overall: for the whole session, from connecting to closing; stops a trickling server.
    """

    connect: float = 20.0
    auth: float = 30.0
    channel: float = 60.0
    overall: float = 3600.0


@dataclass(frozen=True, slots=True)
class SettleByAge:
    """A file is whole when its modification time lies at least `seconds` back."""

    seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class SettleByDoneFile:
    """A file is whole when a second file with the same name plus `suffix` stands beside it."""

    suffix: str = ".done"


@dataclass(frozen=True, slots=True)
class SettleByRename:
    """A file is whole when its name matches none of the patterns of unfinished uploads."""

    temporary: tuple[str, ...] = ("*.part", "*.tmp", "*.filepart")


Settle = SettleByAge | SettleByDoneFile | SettleByRename


@dataclass(frozen=True, slots=True)
class Move:
    """After pickup, move the file to folder `to` (relative to the folder it was found in)."""

    to: str = "processed"


@dataclass(frozen=True, slots=True)
class Delete:
    """After pickup, delete the file."""


@dataclass(frozen=True, slots=True)
class Keep:
    """After pickup, leave the file; whoever calls must know it again at the next listing."""


AfterPickup = Move | Delete | Keep


@dataclass(frozen=True, slots=True)
class Limits:
    """What one pull takes at most; the rest is left for the next pull and reported.

    Attributes:
        max_file_mb: largest file in megabytes (10**6 bytes), or None.
        max_files: number of files, oldest first, or None.
    """

    max_file_mb: float | None = None
    max_files: int | None = None


@dataclass(frozen=True, slots=True)
class Folders:
    """Folders at the partner: we pull from `incoming` and deliver to `outgoing`, if there is one.

    Relative paths start where the login lands (SFTP) or in the working folder (local).
    """

    incoming: str
    outgoing: str | None = None


@dataclass(frozen=True, slots=True)
class Pickup:
    """Which files are taken, when, and what then happens to them at the partner.

    Attributes:
        patterns: names to take.
        ignore: names that may stay without a word, where no pattern fits or it is no regular file.
    """

    patterns: tuple[str, ...] = ("*",)
    ignore: tuple[str, ...] = (".*",)
    settle: Settle = field(default_factory=SettleByAge)
    after: AfterPickup = field(default_factory=Move)
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True)
class SftpSettings:
    """A partner's SFTP server.

    Attributes:
        partner: the partner's name, which is also the name of its folder in the inbox.
        host_key: the pinned host key, ``ssh-ed25519 AAAA…`` or ``SHA256:…``; several, one a
            line, while a partner changes its key.
        key: a private key: its file, or a secret holding its text or the name of its file.
        passphrase: of the private key.
        password: tried after the key and the agent.
        agent: whether to offer the keys of the running ssh-agent.
        pipelined: keep many requests under way (fast); False asks for one thing after the other,
            for a server that cannot cope.
    """

    partner: str
    host: str
    user: str
    host_key: str
    folders: Folders
    port: int = 22
    key: Secret | Path | None = field(default=None, repr=False)
    passphrase: Secret | None = field(default=None, repr=False)
    password: Secret | None = field(default=None, repr=False)
    agent: bool = False
    timeouts: Timeouts = field(default_factory=Timeouts)
    pickup: Pickup = field(default_factory=Pickup)
    pipelined: bool = True

    @property
    def shown(self) -> str:
        """The endpoint as errors name it."""
        return f"{self.partner} (sftp://{self.user}@{self.host}:{self.port})"


@dataclass(frozen=True, slots=True)
class LocalSettings:
    """A folder of this machine, by the same rules as a partner's server."""

    partner: str
    folders: Folders
    pickup: Pickup = field(default_factory=Pickup)

    @property
    def shown(self) -> str:
        """The endpoint as errors name it."""
        return f"{self.partner} (local folder)"


EndpointSettings = SftpSettings | LocalSettings
