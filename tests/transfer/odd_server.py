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
from paramiko.sftp import (
    CMD_DATA,
    CMD_NAME,
    SFTP_FAILURE,
    SFTP_NO_SUCH_FILE,
    SFTP_OK,
    SFTP_PERMISSION_DENIED,
)

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
        stuck: names that the server neither moves nor removes; others it does.
        blind: names that it tells nothing of, but in a listing.
        silent_about: attributes that the listing leaves out.
        one_handle: every open file gets the same handle, and the one opened last is read, as by
            Erlang's ssh_sftpd.
        surplus: bytes that follow those that were asked for, where the file has them.
        answers_twice: every block is sent twice.
        late_blocks: a block is sent after the answer to the next request.
        types_mixed_up: blocks come as the names of a folder would.
        password: the only login there is.
        login_by_dialog: the password is asked for by keyboard-interactive.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    longest_read: int = 1 << 20
    refuses_long_reads: bool = False
    removes_on_read: bool = False
    forbidden: bool = False
    stuck: tuple[str, ...] | None = None
    blind: tuple[str, ...] = ()
    silent_about: tuple[str, ...] = ()
    one_handle: bool = False
    surplus: int = 0
    answers_twice: bool = False
    late_blocks: bool = False
    types_mixed_up: bool = False
    password: str = "letmein"
    login_by_dialog: bool = False
    reads: list[str] = field(default_factory=list)
    moved: dict[str, bytes] = field(default_factory=dict)
    folders: set[str] = field(default_factory=set)


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
        end = offset + min(length, self._odd.longest_read) + self._odd.surplus
        return self._content[offset:end]

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
        if name in self._odd.blind:
            return SFTP_PERMISSION_DENIED
        if path in self._odd.folders:
            return SFTPAttributes()
        if name not in self._odd.files:
            return SFTP_NO_SUCH_FILE
        return _attributes(name, self._odd.files[name])

    def remove(self, path: str) -> int:
        if self._may_go(path):
            del self._odd.files[path.removeprefix("outbound/")]
            return SFTP_OK
        return SFTP_PERMISSION_DENIED if self._odd.forbidden else SFTP_FAILURE

    def rename(self, oldpath: str, newpath: str) -> int:
        if self._may_go(oldpath) and newpath.rpartition("/")[0] in self._odd.folders:
            name = oldpath.removeprefix("outbound/")
            self._odd.moved[newpath] = self._odd.files.pop(name)
            return SFTP_OK
        return SFTP_PERMISSION_DENIED

    def mkdir(self, path: str, attr: SFTPAttributes) -> int:
        self._odd.folders.add(path)
        return SFTP_OK

    def _may_go(self, path: str) -> bool:
        name = path.removeprefix("outbound/")
        return self._odd.stuck is not None and name not in self._odd.stuck


class _LastOpened(dict[bytes, Any]):
    """Open files by handle; of several of one handle the last one is meant."""

    def __setitem__(self, handle: bytes, file: Any) -> None:
        super().__setitem__(handle, [*self.get(handle, ()), file])

    def __getitem__(self, handle: bytes) -> Any:
        return super().__getitem__(handle)[-1]

    def __delitem__(self, handle: bytes) -> None:
        left = super().__getitem__(handle)[:-1]
        if left:
            super().__setitem__(handle, left)
        else:
            super().__delitem__(handle)

    def values(self) -> Any:
        return [file for files in super().values() for file in files]


class _Answers(paramiko.SFTPServer):
    """Answers as `Oddities` say."""

    def __init__(self, channel: Any, name: str, server: Any, kind: Any, odd: Oddities) -> None:
        super().__init__(channel, name, server, kind, odd)
        self._odd = odd
        self._late: list[Any] = []
        if odd.one_handle:
            self.file_table = _LastOpened()

    def _send_handle_response(self, number: int, handle: Any, folder: bool = False) -> None:
        if self._odd.one_handle:
            self.next_handle = 0
        super()._send_handle_response(number, handle, folder)  # type: ignore[misc]

    def _response(self, number: int, kind: int, *content: Any) -> None:
        send = super()._response  # type: ignore[misc]
        if kind == CMD_DATA and self._odd.late_blocks:
            self._late.append((number, kind, *content))
            return
        if kind == CMD_DATA and self._odd.types_mixed_up:
            kind = CMD_NAME
        send(number, kind, *content)
        if kind == CMD_DATA and self._odd.answers_twice:
            send(number, kind, *content)
        while self._late:
            send(*self._late.pop())


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
            transport.set_subsystem_handler("sftp", _Answers, _Files, self.odd)
            transport.start_server(event=threading.Event(), server=_Login(self.odd))


def _attributes(name: str, content: bytes) -> SFTPAttributes:
    attributes = SFTPAttributes()
    attributes.filename = name
    attributes.st_size = len(content)
    attributes.st_mode = 0o100644
    attributes.st_atime = attributes.st_mtime = MODIFIED
    attributes.st_uid = attributes.st_gid = 0
    return attributes
