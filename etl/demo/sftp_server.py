"""A real SSH/SFTP server on the loopback, for the demonstration only.

It serves one folder to one user with one key, on 127.0.0.1, with a host key made at its start.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

import paramiko
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from paramiko import common, sftp

USER = "demo"


@dataclass(frozen=True, slots=True)
class DemoServer:
    """Where the server listens and how to log in.

    Attributes:
        host_key: the key to pin, ``ssh-ed25519 AAAA…``.
        client_key: path of the user's private key.
    """

    host: str
    port: int
    host_key: str
    client_key: Path
    user: str = USER


@contextmanager
def serve(root: Path, keys: Path) -> Iterator[DemoServer]:
    """Serve `root` until the block ends; the client's key is written into the folder `keys`."""
    host_key = _new_key(keys / "host_ed25519")
    client_key = _new_key(keys / "client_ed25519")
    listener = socket.create_server(("127.0.0.1", 0), backlog=20)
    threading.Thread(
        target=_accept, args=(listener, root, host_key, client_key), name="demo-sftp", daemon=True
    ).start()
    try:
        yield DemoServer(
            host="127.0.0.1",
            port=listener.getsockname()[1],
            host_key=f"{host_key.get_name()} {host_key.get_base64()}",
            client_key=keys / "client_ed25519",
        )
    finally:
        # wakes the accepting thread, which a plain close would leave waiting
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def _new_key(path: Path) -> paramiko.Ed25519Key:
    path.parent.mkdir(parents=True, exist_ok=True)
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.OpenSSH,
        serialization.NoEncryption(),
    )
    path.write_bytes(pem)
    path.chmod(0o600)
    return paramiko.Ed25519Key.from_private_key_file(str(path))


def _accept(
    listener: socket.socket,
    root: Path,
    host_key: paramiko.PKey,
    client_key: paramiko.PKey,
) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        transport = paramiko.Transport(connection)
        transport.add_server_key(host_key)
        transport.set_subsystem_handler("sftp", paramiko.SFTPServer, _Folder, root)
        try:
            transport.start_server(server=_OneUser(client_key))
        except (paramiko.SSHException, EOFError, OSError):
            transport.close()


class _OneUser(paramiko.ServerInterface):
    """Lets the demo's user in by its key, to the SFTP subsystem and nothing else."""

    def __init__(self, client_key: paramiko.PKey) -> None:
        self._client_key = client_key

    def get_allowed_auths(self, username: str) -> str:
        return "publickey"

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        if username == USER and key == self._client_key:
            return common.AUTH_SUCCESSFUL
        return common.AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        if kind == "session":
            return common.OPEN_SUCCEEDED
        return common.OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED


class _OpenFile(paramiko.SFTPHandle):
    """An open file; paramiko reads and writes it through `readfile` and `writefile`."""

    def __init__(self, flags: int, file: IO[bytes]) -> None:
        super().__init__(flags)
        self.readfile = self.writefile = file

    def stat(self) -> paramiko.SFTPAttributes | int:
        return paramiko.SFTPAttributes.from_stat(os.fstat(self.readfile.fileno()))


class _Folder(paramiko.SFTPServerInterface):
    """The files below one folder; nothing above it can be named."""

    def __init__(self, server: paramiko.ServerInterface, root: Path) -> None:
        super().__init__(server)
        self._root = root.resolve()

    def _local(self, path: str) -> Path:
        parts = PurePosixPath(self.canonicalize(path)).parts[1:]
        local = self._root.joinpath(*parts)
        if not local.resolve().is_relative_to(self._root):
            raise PermissionError(13, "outside of the served folder")
        return local

    def list_folder(self, path: str) -> list[paramiko.SFTPAttributes] | int:
        try:
            return [_attributes(entry) for entry in sorted(self._local(path).iterdir())]
        except OSError as error:
            return _answer(error)

    def stat(self, path: str) -> paramiko.SFTPAttributes | int:
        try:
            return _attributes(self._local(path))
        except OSError as error:
            return _answer(error)

    lstat = stat

    def open(
        self, path: str, flags: int, attr: paramiko.SFTPAttributes
    ) -> paramiko.SFTPHandle | int:
        try:
            descriptor = os.open(self._local(path), flags, 0o644)
        except OSError as error:
            return _answer(error)
        writing = flags & (os.O_WRONLY | os.O_RDWR)
        return _OpenFile(flags, os.fdopen(descriptor, "r+b" if writing else "rb"))

    def remove(self, path: str) -> int:
        return _done(self._local(path).unlink)

    def rename(self, oldpath: str, newpath: str) -> int:
        source, target = self._local(oldpath), self._local(newpath)
        if target.exists():
            return sftp.SFTP_FAILURE
        return _done(source.rename, target)

    def posix_rename(self, oldpath: str, newpath: str) -> int:
        return _done(self._local(oldpath).replace, self._local(newpath))

    def mkdir(self, path: str, attr: paramiko.SFTPAttributes) -> int:
        return _done(self._local(path).mkdir)


def _attributes(path: Path) -> paramiko.SFTPAttributes:
    return paramiko.SFTPAttributes.from_stat(path.lstat(), filename=path.name)


def _answer(error: OSError) -> int:
    return int(paramiko.SFTPServer.convert_errno(error.errno or 0))


def _done(action: Callable[..., object], *arguments: object) -> int:
    try:
        action(*arguments)
    except OSError as error:
        return _answer(error)
    return sftp.SFTP_OK
