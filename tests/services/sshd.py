"""A real OpenSSH server on 127.0.0.1 with a user, a password, a key and a folder of its own."""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
import signal
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

import bcrypt
import psutil  # type: ignore[import-untyped]
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.services import apt
from tests.services.processes import HOST, family, free_port, spawn, stop, wait_for_port

_CONFIG = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/authorized_keys
PidFile none
StrictModes no
UsePAM no
UseDNS no
PermitRootLogin yes
PubkeyAuthentication yes
PasswordAuthentication yes
KbdInteractiveAuthentication no
MaxStartups 500
MaxSessions 100
LogLevel VERBOSE
Subsystem sftp internal-sftp
ForceCommand internal-sftp -d {root}{options}
"""


class SshServer:
    """An sshd that serves SFTP only; relative paths start in `root`.

    The login exists only inside this sshd: libnss-wrapper shows it a passwd file of our own in
    which `username` is the user who runs the tests.  So key *and* password logins work, as root
    or not, and the machine's own users stay as they are.

    Attributes:
        read_only: nothing may be changed; from the next `restart` on.
        refuse: requests that are refused, as ``sftp-server -P`` names them; likewise.
    """

    host = HOST
    username = "etlsftp"

    def __init__(self, folder: Path, root: Path | None = None) -> None:
        """Prepare keys and files in `folder`; serve `root` (by default a folder in `folder`)."""
        self.folder = folder
        self.root = root if root is not None else folder / "root"
        self.root.mkdir(parents=True, exist_ok=True)
        self.log = folder / "sshd.log"
        self.port = free_port()
        self.password = secrets.token_urlsafe(12)
        self.client_key = folder / "client_key"
        self.read_only = False
        self.refuse = ""
        self._process: subprocess.Popen[bytes] | None = None
        self._write_login()
        public_line = write_key(self.client_key)
        (folder / "authorized_keys").write_text(public_line + "\n")
        self.host_key = write_key(folder / "host_key")

    @property
    def host_key_fingerprint(self) -> str:
        """The host key's fingerprint as `ssh-keygen -l` prints it: "SHA256:..."."""
        return fingerprint(self.host_key)

    @property
    def known_hosts_line(self) -> str:
        """The server's line for a known_hosts file."""
        return f"[{self.host}]:{self.port} {self.host_key}"

    def start(self) -> None:
        """Start listening, again on the same port after a `stop`."""
        sshd = apt.SSHD.require()
        wrapper = apt.NSS_WRAPPER.require()
        if os.getuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        config = self.folder / "sshd_config"
        options = " -R" if self.read_only else ""
        options += f" -P {self.refuse}" if self.refuse else ""
        config.write_text(
            _CONFIG.format(
                port=self.port,
                folder=self.folder.resolve(),
                root=self.root.resolve(),
                options=options,
            )
        )
        self._process = spawn(
            [sshd, "-D", "-e", "-f", config],
            log=self.log,
            env={
                "PATH": "/usr/bin:/bin",
                "LD_PRELOAD": str(wrapper),
                "NSS_WRAPPER_PASSWD": str(self.folder / "passwd"),
                "NSS_WRAPPER_GROUP": str(self.folder / "group"),
                "NSS_WRAPPER_SHADOW": str(self.folder / "shadow"),
            },
            death_signal="TERM",
        )
        wait_for_port(self.port, self._process, what="sshd", log=self.log)

    def stop(self) -> None:
        """End the server and every open session."""
        if self._process is not None:
            self.resume()
            stop(self._process)
            self._process = None

    def restart(self) -> None:
        """Come back with what `read_only` and `refuse` say now."""
        self.stop()
        self.start()

    def pause(self, *, listener: bool = False) -> None:
        """Freeze every open session, like a network that went silent.

        New connections still work, unless `listener` is frozen too: then they are taken by the
        kernel but never greeted.
        """
        self._signal(signal.SIGSTOP, listener=listener)

    def resume(self) -> None:
        """Let frozen sessions and a frozen listener go on."""
        self._signal(signal.SIGCONT, listener=True)

    def drop_sessions(self) -> None:
        """Kill every open session; the server goes on taking new ones."""
        self._signal(signal.SIGKILL, listener=False)

    def change_host_key(self) -> None:
        """Come back with another host key on the same port, as an impostor would."""
        self.stop()
        self.host_key = write_key(self.folder / "host_key")
        self.start()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _signal(self, number: signal.Signals, *, listener: bool) -> None:
        if self._process is None:
            return
        targets = family(self._process)
        if listener:
            targets.append(psutil.Process(self._process.pid))
        for target in targets:
            try:
                target.send_signal(number)
            except psutil.NoSuchProcess:
                continue

    def _write_login(self) -> None:
        """Write the passwd, group and shadow files that only this sshd sees."""
        uid, gid = os.getuid(), os.getgid()
        hashed = bcrypt.hashpw(self.password.encode(), bcrypt.gensalt(4)).decode()
        (self.folder / "passwd").write_text(
            f"{self.username}:x:{uid}:{gid}::{self.root.resolve()}:/bin/sh\n"
            "sshd:x:65534:65534::/run/sshd:/usr/sbin/nologin\n"
        )
        (self.folder / "group").write_text(f"{self.username}:x:{gid}:\nnogroup:x:65534:\n")
        shadow = self.folder / "shadow"
        shadow.touch(mode=0o600)
        shadow.write_text(
            f"{self.username}:{hashed}:19000:0:99999:7:::\nsshd:*:19000:0:99999:7:::\n"
        )


def write_key(path: Path) -> str:
    """Write a new ed25519 private key and return its public line "ssh-ed25519 AAAA..."."""
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.OpenSSH,
        serialization.NoEncryption(),
    )
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_bytes(private)
    public = key.public_key().public_bytes(
        serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    )
    return public.decode()


def fingerprint(public_line: str) -> str:
    """Return the SHA-256 fingerprint of a public key line, in OpenSSH's notation."""
    blob = base64.b64decode(public_line.split()[1])
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
