"""Places that files are pulled from: a folder on disk, and an endpoint that leads there."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from etl.transfer import (
    Endpoint,
    EndpointSettings,
    Folders,
    LocalSettings,
    Pickup,
    SettleByRename,
    SftpSettings,
    Timeouts,
    open_endpoint,
)
from tests.services.sshd import SshServer
from tests.transfer.odd_server import OddServer

PARTNER = "acme-freight"
# Long enough for a busy machine, short enough to wait for.
QUICK = Timeouts(connect=10, auth=10, channel=10, overall=60)


@dataclass(frozen=True)
class Text:
    """A secret of the tests."""

    text: str

    def reveal(self) -> str:
        return self.text


def sftp_settings(server: SshServer, **changes: Any) -> SftpSettings:
    """Settings for an OpenSSH test server, with its own key and host key."""
    usual = settings_at(server.port, server.host_key)
    return replace(usual, **{"user": server.username, "key": server.client_key, **changes})


def odd_settings(server: OddServer, **changes: Any) -> SftpSettings:
    """Settings for an odd test server, with its password and host key."""
    usual = settings_at(server.port, server.host_key)
    return replace(usual, **{"password": Text(server.odd.password), **changes})


def settings_at(port: int, host_key: str) -> SftpSettings:
    """Settings for a port of this machine, without a login."""
    return SftpSettings(
        partner=PARTNER,
        host="127.0.0.1",
        port=port,
        user="somebody",
        host_key=host_key,
        folders=Folders("outbound", "inbound"),
        timeouts=QUICK,
        pickup=Pickup(settle=SettleByRename()),
    )


@dataclass
class Place:
    """Folders on disk, `outbound` (which we pull) and `inbound`, and the way there."""

    root: Path
    settings: EndpointSettings
    outbound: Path = field(init=False)
    inbound: Path = field(init=False)

    def __post_init__(self) -> None:
        self.outbound = self.root / "outbound"
        self.inbound = self.root / "inbound"
        self.outbound.mkdir(parents=True)
        self.inbound.mkdir()

    @property
    def processed(self) -> Path:
        return self.outbound / "processed"

    def endpoint(self, **pickup: Any) -> Endpoint:
        """An endpoint whose pickup settings are changed as given."""
        changed = replace(self.settings.pickup, **pickup)
        return open_endpoint(replace(self.settings, pickup=changed))

    def put(self, name: str | bytes, content: bytes = b"ISA*00~", age: float = 3600) -> bytes:
        """Write a file as the partner would, `age` seconds ago; returns its path."""
        raw = name.encode() if isinstance(name, str) else name
        path = os.fsencode(self.outbound) + b"/" + raw
        with open(path, "wb") as handle:
            handle.write(content)
        moment = int(time.time() - age)
        os.utime(path, (moment, moment))
        return path


def local_place(root: Path) -> Place:
    """A place on this machine."""
    folders = Folders(str(root / "outbound"), str(root / "inbound"))
    return Place(root, LocalSettings(PARTNER, folders, Pickup(settle=SettleByRename())))


def sftp_place(server: SshServer, folder: str, *, pipelined: bool) -> Place:
    """A folder of an SSH server."""
    folders = Folders(f"{folder}/outbound", f"{folder}/inbound")
    return Place(server.root / folder, sftp_settings(server, folders=folders, pipelined=pipelined))
