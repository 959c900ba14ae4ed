"""Files at an endpoint, and what a look at its folder found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, StrEnum

from etl.errors import TechnicalError
from etl.transfer import names
from etl.transfer.received import Received


class Kind(Enum):
    """What a name in a folder stands for."""

    FILE = "a regular file"
    FOLDER = "a folder"
    LINK = "a symbolic link"
    OTHER = "no regular file"


@dataclass(frozen=True, slots=True)
class Entry:
    """One name in a folder, as the endpoint tells it.

    Attributes:
        name: exact bytes.
        size: bytes, or None where the server does not say.
        modified_at: UTC (SFTP tells whole seconds), or None where the server does not say.
    """

    name: bytes
    kind: Kind
    size: int | None
    modified_at: datetime | None


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file waiting at an endpoint; `name` and `path` are printable (see `names`)."""

    name: str
    path: str
    size: int
    modified_at: datetime

    @property
    def raw_path(self) -> bytes:
        """The path's exact bytes."""
        return names.to_bytes(self.path)

    @classmethod
    def of(cls, received: Received) -> RemoteFile:
        """Return where a received file came from, e.g. to pick it up after a crash."""
        return cls(
            received.original_name, received.remote_path, received.size, received.modified_at
        )


class Why(StrEnum):
    """Why a file is not taken now; of the first three nobody needs to be told."""

    SETTLING = "it is still being written"
    LIMITED = "more are waiting than one visit takes"
    IGNORED = "it is declared to stay"
    UNSETTLED = "it was never finished"
    NO_PATTERN = "no pattern fits its name"
    TOO_LARGE = "it is too large"
    NO_SIZE = "the server does not tell its size and time"
    NOT_REGULAR = "it is no regular file"
    LONE_DONE_FILE = "it is a done-file without its file"


@dataclass(frozen=True, slots=True)
class Left:
    """A file that is not taken now, and why: the kind of reason, and the reason itself."""

    name: str
    why: Why
    reason: str


@dataclass(frozen=True, slots=True)
class Listing:
    """One look at the incoming folder: what can be taken, oldest first, and what stays."""

    files: list[RemoteFile]
    left: list[Left]


@dataclass(frozen=True, slots=True)
class Fetched:
    """The outcome for one file: exactly one of `received` and `error` is set."""

    remote: RemoteFile
    received: Received | None
    error: TechnicalError | None


class PickedUp(StrEnum):
    """What became of a file at the endpoint."""

    MOVED = "moved"
    DELETED = "deleted"
    KEPT = "kept"
    GONE = "already gone"
    CHANGED = "changed since it was fetched, so left for the next pull"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that `check` tried, and whether it works."""

    subject: str
    ok: bool
    message: str
