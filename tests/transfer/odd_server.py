"""An SFTP server with the oddities of some in the field, which OpenSSH does not have."""

from __future__ import annotations

import os
import socket
import threading
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import paramiko
from paramiko import SFTPAttributes
from paramiko.common import AUTH_FAILED, AUTH_SUCCESSFUL, OPEN_SUCCEEDED
from paramiko.sftp import SFTP_FAILURE, SFTP_NO_SUCH_FILE, SFTP_PERMISSION_DENIED

from etl.transfer import host_keys

MODIFIED = 1_700_000_000


@dataclass
class Oddities:
    """What the server does otherwise.

    Attributes:
        files: names as the server lists them, and their content.
        longest_read: more is cut short, or refused if `refuses_long_reads`.
        removes_on_read: a file is gone once its first bytes were read.
        forbidden: opening any file is refused.
        silent_about: attributes that the listing leaves out.
        password: the only login there is.
        login_by_dialog: the password is asked for by keyboard-interactive.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    longest_read: int = 1 << 20
    refuses_long_reads: bool = False
    removes_on_read: bool = False
    forbidden: bool = False
    silent_about: tuple[str, ...] = ()
    password: str = "letmein"
    login_by_dialog: bool = False
    reads: list[str] = field(default_factory=list)


class _Login(paramiko.ServerInterface):
    def __init__(self, odd: Oddities) -> None:
        self._odd = odd

    def get_allowed_auths(self, username: str) -> str:
        return "keyboard-interactive" if self._odd.login_by_dialog else "password"

    def check_auth_password(self, username: str, password: str) -> int:
        if self._odd.login_by_dialog or password != self._odd.password:
            return AUTH_FAILED
        return AUTH_SUCCESSFUL

    def check_auth_interactive(self, username: str, submethods: str) -> Any:
        return paramiko.InteractiveQuery("", "", ("Password: ", False))

    def check_auth_interactive_response(self, responses: list[str]) -> int:
        return AUTH_SUCCESSFUL if responses == [self._odd.password] else AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return OPEN_SUCCEEDED


class _Handle(paramiko.SFTPHandle):
    def __init__(self, odd: Oddities, name: str) -> None:
        super().__init__()
        self._odd = odd
        self._name = name
        self._content = odd.files[name]

    def read(self, offset: int, length: int) -> Any:
        if length > self._odd.longest_read and self._odd.refuses_long_reads:
            return SFTP_FAILURE
        self._odd.reads.append(self._name)
        if self._odd.removes_on_read:
            self._odd.files.pop(self._name, None)
        return self._content[offset : offset + min(length, self._odd.longest_read)]

    def stat(self) -> Any:
        if self._name not in self._odd.files:
            return SFTP_NO_SUCH_FILE
        return _attributes(self._name, self._content)


class _Files(paramiko.SFTPServerInterface):
    def __init__(self, server: _Login, odd: Oddities) -> None:
        super().__init__(server)
        self._odd = odd

    def list_folder(self, path: str) -> Any:
        listed = [_attributes(name, content) for name, content in self._odd.files.items()]
        for attributes in listed:
            for name in self._odd.silent_about:
                setattr(attributes, name, None)
        return listed

    def open(self, path: str, flags: int, attr: SFTPAttributes) -> Any:
        if self._odd.forbidden:
            return SFTP_PERMISSION_DENIED
        name = path.removeprefix("outbound/")
        return _Handle(self._odd, name) if name in self._odd.files else SFTP_NO_SUCH_FILE

    def lstat(self, path: str) -> Any:
        name = path.removeprefix("outbound/")
        if name not in self._odd.files:
            return SFTP_NO_SUCH_FILE
        return _attributes(name, self._odd.files[name])

    def remove(self, path: str) -> int:
        return SFTP_PERMISSION_DENIED if self._odd.forbidden else SFTP_FAILURE

    def rename(self, oldpath: str, newpath: str) -> int:
        return SFTP_PERMISSION_DENIED


class OddServer:
    """Serves one `Oddities` on 127.0.0.1."""

    host = "127.0.0.1"
    username = "odd"

    def __init__(self, odd: Oddities) -> None:
        self.odd = odd
        key = paramiko.ECDSAKey.generate()
        self._keys: list[paramiko.PKey] = [key]
        self.host_key = f"{key.get_name()} {key.get_base64()}"
        self._listener = socket.create_server((self.host, 0))
        self.port: int = self._listener.getsockname()[1]
        self._transports: list[paramiko.Transport] = []

    def add_host_key(self, key: paramiko.PKey) -> str:
        """Let the server have a further key; returns its fingerprint."""
        self._keys.append(key)
        return host_keys.fingerprint(key.asbytes())

    def __enter__(self) -> OddServer:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._listener.close()
        for transport in self._transports:
            transport.close()

    def _serve(self) -> None:
        while True:
            try:
                accepted, _ = self._listener.accept()
            except OSError:
                return
            transport = paramiko.Transport(accepted)
            transport.set_log_channel(f"tests.odd_server.{os.getpid()}")
            self._transports.append(transport)
            for key in self._keys:
                transport.add_server_key(key)
            transport.set_subsystem_handler("sftp", paramiko.SFTPServer, _Files, self.odd)
            transport.start_server(event=threading.Event(), server=_Login(self.odd))


def _attributes(name: str, content: bytes) -> SFTPAttributes:
    attributes = SFTPAttributes()
    attributes.filename = name
    attributes.st_size = len(content)
    attributes.st_mode = 0o100644
    attributes.st_atime = attributes.st_mtime = MODIFIED
    attributes.st_uid = attributes.st_gid = 0
    return attributes
