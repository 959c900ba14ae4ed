"""A trading partner as declared in ``mappings/<partner>/partner.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from etl.config.edi import Edi
from etl.config.secrets import Secret


@dataclass(frozen=True, slots=True)
class Identity:
    """How the partner is known: SCAC, EDI ids, VAT number, and its `ref` among Odoo's partners.

    Attributes:
        carriers: SCACs of other carriers in whose name it may bill.
    """

    scac: str | None = None
    carriers: tuple[str, ...] = ()
    isa: str | None = None
    unb: str | None = None
    vat: str | None = None
    odoo_ref: str | None = None

    @property
    def bills_for(self) -> frozenset[str] | None:
        """The carriers in whose name it may bill; None: any, since it is not declared."""
        named = {*self.carriers, *([self.scac] if self.scac else [])}
        return frozenset(named) if named else None


HIDDEN = (".*",)
"""Names of files that programs keep for themselves."""


@dataclass(frozen=True, slots=True)
class Settle:
    """How we know that the partner has finished writing a file.

    Attributes:
        by: ``age`` (size and time unchanged for `seconds`), ``done_file`` (a file of the same
            name with `suffix` beside it), or ``rename`` (names matching `temporary` are still
            being written).
    """

    by: str = "age"
    seconds: int = 60
    suffix: str = ".done"
    temporary: tuple[str, ...] = ("*.part", "*.tmp", "*.filepart", ".*")


@dataclass(frozen=True, slots=True)
class AfterPickup:
    """What we do to the remote file once it is archived: ``move`` it `to` a folder beside,
    ``delete`` it, or ``keep`` it."""

    action: str = "keep"
    to: str = "processed"


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds to wait for the TCP connection, the SSH banner and login, one answer, and the
    whole visit."""

    connect: float = 20
    auth: float = 30
    channel: float = 60
    overall: float = 3600


@dataclass(frozen=True, slots=True)
class Retries:
    """How often a visit that failed for a moment is tried in all, and the seconds in between,
    doubled each time up to the longest."""

    attempts: int = 3
    first_delay: float = 2
    longest_delay: float = 60

    def but(self, declared: Mapping[str, Any]) -> Retries:
        """These, but for what is declared; decimals become the floats that clocks count in."""
        seconds = {name: float(value) for name, value in declared.items() if name != "attempts"}
        return replace(self, attempts=declared.get("attempts", self.attempts), **seconds)


@dataclass(frozen=True, slots=True)
class Limits:
    """The largest file taken, and how many files one visit takes."""

    max_file_mb: int = 2048
    max_files: int = 20_000


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a partner's files lie: an SFTP server or a local folder.

    Attributes:
        type: ``sftp`` or ``local``.
        host_key: pinned: ``ssh-ed25519 AAAA…`` or ``SHA256:…``; several, one a line, while a
            partner changes its key; always there for SFTP.
        pipelined: keep many requests under way; False for a server that cannot cope.
        ignore: names that may stay where we pick up, without a word, where no pattern fits.
        folder_in: where we pick files up. Local: a path, relative to the project.
        folder_out: where we deliver files.
        key: path of a private key file; ``key_data``: a private key from a secret.
    """

    type: str
    folder_in: str
    folder_out: str | None = None
    host: str = ""
    port: int = 22
    user: str = ""
    host_key: str = ""
    key: Path | None = None
    key_data: Secret | None = None
    passphrase: Secret | None = None
    password: Secret | None = None
    agent: bool = False
    pipelined: bool = True
    retries: Retries = field(default_factory=Retries)
    timeouts: Timeouts = field(default_factory=Timeouts)
    settle: Settle = field(default_factory=Settle)
    after_pickup: AfterPickup = field(default_factory=AfterPickup)
    limits: Limits = field(default_factory=Limits)
    ignore: tuple[str, ...] = HIDDEN


class EndpointDeclaration(Protocol):
    """An endpoint whose references are resolved only when a job really visits it, so that
    looking at the ledger needs no partner's credentials."""

    def resolve(self) -> Endpoint:
        """Raises ConfigurationError where a reference cannot be resolved."""
        ...


@dataclass(frozen=True, slots=True)
class DocumentRule:
    """Files whose name matches `pattern` are read by the mapping file at `mapping`."""

    pattern: str
    mapping: str
    path: Path


@dataclass(frozen=True, slots=True)
class Partner:
    """One trading partner: who it is, where its files lie, what its documents map to."""

    id: str
    name: str
    folder: Path
    identity: Identity
    timezone: str
    endpoint: EndpointDeclaration
    documents: tuple[DocumentRule, ...]
    client: str | None = None
    edi: Edi = field(default_factory=Edi)
