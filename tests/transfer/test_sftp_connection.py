"""Host keys, logins and timeouts of an SFTP session, on a real OpenSSH server."""

from __future__ import annotations

import logging
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import paramiko
import pytest

from etl.errors import ConfigurationError, TerminalError, TransientError
from etl.transfer import SftpSettings
from etl.transfer.sftp_connection import SftpConnection
from tests.services.sshd import SshServer, fingerprint, write_key
from tests.transfer.odd_server import Oddities, OddServer
from tests.transfer.places import QUICK, Text, odd_settings, settings_at, sftp_settings

pytestmark = pytest.mark.services


def connect(server: SshServer, **changes: Any) -> None:
    """Open a session and list a folder, then close."""
    with SftpConnection(sftp_settings(server, **changes)) as connection:
        connection.client.listdir(".")


def refusal(server: SshServer | OddServer, **changes: Any) -> str:
    """Connect, expect a terminal refusal and return what it says."""
    with pytest.raises(TerminalError) as told:
        connect(server, **changes)  # type: ignore[arg-type]
    return str(told.value)


class TestHostKey:
    def test_the_pinned_key_is_accepted(self, shared_server: SshServer) -> None:
        connect(shared_server, host_key=shared_server.host_key)

    def test_its_fingerprint_is_enough(self, shared_server: SshServer) -> None:
        connect(shared_server, host_key=shared_server.host_key_fingerprint)

    def test_one_of_several_is_enough(self, shared_server: SshServer, tmp_path: Path) -> None:
        old = write_key(tmp_path / "old")
        connect(shared_server, host_key=f"{old}\n{shared_server.host_key} comment\n")

    def test_without_a_pin_the_offered_key_is_shown_with_how_to_pin_it(
        self, shared_server: SshServer
    ) -> None:
        said = refusal(shared_server, host_key="")
        assert "no host key is pinned" in said
        assert openssh_fingerprint(shared_server) in said
        assert f'endpoint.host_key: "{shared_server.host_key}"' in said

    def test_another_key_is_refused_and_both_are_shown(self, own_server: SshServer) -> None:
        pinned = own_server.host_key
        own_server.change_host_key()
        said = refusal(own_server, host_key=pinned)
        assert fingerprint(pinned) in said
        assert openssh_fingerprint(own_server) in said
        assert "acme-freight" in said

    def test_another_fingerprint_is_refused_too(self, own_server: SshServer) -> None:
        pinned = own_server.host_key_fingerprint
        own_server.change_host_key()
        said = refusal(own_server, host_key=pinned)
        assert pinned in said
        assert own_server.host_key_fingerprint in said

    def test_no_login_is_sent_to_an_impostor(self, own_server: SshServer) -> None:
        pinned = own_server.host_key
        own_server.change_host_key()
        refusal(own_server, host_key=pinned, password=Text(own_server.password))
        log = own_server.log.read_text()
        assert "Accepted" not in log
        assert "Failed" not in log

    @pytest.mark.parametrize("by", ["key", "fingerprint"])
    def test_a_server_with_several_keys_may_be_pinned_by_any(self, by: str) -> None:
        with OddServer(Oddities()) as server:
            extra = paramiko.RSAKey.generate(2048)
            pin = server.add_host_key(extra)
            if by == "key":
                pin = f"{extra.get_name()} {extra.get_base64()}"
            with SftpConnection(odd_settings(server, host_key=pin)) as connection:
                assert connection.client.listdir(".") == []

    def test_all_keys_of_a_server_are_shown_when_none_is_pinned(self, tmp_path: Path) -> None:
        with OddServer(Oddities()) as server:
            extra = server.add_host_key(paramiko.RSAKey.generate(2048))
            pin = fingerprint(write_key(tmp_path / "other"))
            with pytest.raises(TerminalError) as told:
                SftpConnection(odd_settings(server, host_key=pin)).open()
        assert extra in str(told.value)
        assert fingerprint(server.host_key) in str(told.value)

    def test_a_pin_that_is_none_is_a_configuration_error(self, shared_server: SshServer) -> None:
        with pytest.raises(ConfigurationError, match=r"endpoint\.host_key"):
            connect(shared_server, host_key="MD5:aa:bb")


class TestLogin:
    def test_by_key_file(self, shared_server: SshServer) -> None:
        connect(shared_server, key=shared_server.client_key)

    def test_by_a_secret_that_holds_the_key(self, shared_server: SshServer) -> None:
        connect(shared_server, key=Text(shared_server.client_key.read_text()))

    def test_by_a_secret_that_names_the_key_file(self, shared_server: SshServer) -> None:
        connect(shared_server, key=Text(f"{shared_server.client_key}\n"))

    def test_by_password(self, shared_server: SshServer) -> None:
        connect(shared_server, key=None, password=Text(shared_server.password))

    def test_by_password_after_a_refused_key(
        self, shared_server: SshServer, tmp_path: Path
    ) -> None:
        write_key(tmp_path / "other")
        connect(shared_server, key=tmp_path / "other", password=Text(shared_server.password))

    def test_by_password_in_a_dialog(self) -> None:
        with (
            OddServer(Oddities(login_by_dialog=True)) as server,
            SftpConnection(odd_settings(server)) as connection,
        ):
            assert connection.client.listdir(".") == []

    @pytest.mark.parametrize(
        "kind", [["ed25519"], ["rsa", "-b", "2048"], ["ecdsa"], ["rsa", "-m", "PEM", "-b", "2048"]]
    )
    def test_by_an_encrypted_key_of_each_type(
        self, shared_server: SshServer, tmp_path: Path, kind: list[str]
    ) -> None:
        key = make_key(shared_server, tmp_path, kind, "correct horse")
        connect(shared_server, key=key, passphrase=Text("correct horse"))

    def test_an_encrypted_key_needs_its_passphrase(
        self, shared_server: SshServer, tmp_path: Path
    ) -> None:
        key = make_key(shared_server, tmp_path, ["ed25519"], "correct horse")
        assert "set endpoint.passphrase" in refusal(shared_server, key=key)

    @pytest.mark.parametrize("kind", [["ed25519"], ["rsa", "-m", "PEM", "-b", "2048"]])
    def test_a_wrong_passphrase_is_told_and_not_shown(
        self, shared_server: SshServer, tmp_path: Path, kind: list[str]
    ) -> None:
        key = make_key(shared_server, tmp_path, kind, "correct horse")
        said = refusal(shared_server, key=key, passphrase=Text("battery staple"))
        assert "check endpoint.passphrase" in said
        assert "battery" not in said

    def test_wrong_credentials_are_told_and_not_shown(
        self, shared_server: SshServer, tmp_path: Path
    ) -> None:
        public = write_key(tmp_path / "other")
        said = refusal(shared_server, key=tmp_path / "other", password=Text("hunter2secret"))
        assert fingerprint(public) in said
        assert "password" in said
        assert "hunter2secret" not in said

    def test_what_is_no_key_is_not_shown(self, shared_server: SshServer, tmp_path: Path) -> None:
        file = tmp_path / "key"
        file.write_text("-----BEGIN OPENSSH PRIVATE KEY-----\nsecretsecret\n")
        said = refusal(shared_server, key=file)
        assert "no private key in a known form" in said
        assert "secretsecret" not in said

    def test_a_missing_key_file_is_told(self, shared_server: SshServer, tmp_path: Path) -> None:
        said = refusal(shared_server, key=tmp_path / "nowhere")
        assert "cannot be read: No such file" in said

    def test_no_login_declared_is_told(self, shared_server: SshServer) -> None:
        assert "tried: nothing" in refusal(shared_server, key=None)

    def test_secrets_are_not_in_the_settings_text(self, shared_server: SshServer) -> None:
        settings = sftp_settings(
            shared_server, key=Text("KEYTEXT"), password=Text("hunter2"), passphrase=Text("horse")
        )
        for secret in ("KEYTEXT", "hunter2", "horse"):
            assert secret not in repr(settings)


class TestAgent:
    @pytest.fixture
    def agent(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        """A real ssh-agent without keys."""
        program = shutil.which("ssh-agent")
        assert program is not None, "the tests need ssh-agent (Debian's package openssh-client)"
        path = tmp_path / "agent"
        process = subprocess.Popen([program, "-D", "-a", str(path)], stdout=subprocess.DEVNULL)
        while not path.exists():
            assert process.poll() is None
        monkeypatch.setenv("SSH_AUTH_SOCK", str(path))
        yield
        process.terminate()
        process.wait()

    @pytest.mark.usefixtures("agent")
    def test_by_a_key_of_the_agent(self, server: SshServer, tmp_path: Path) -> None:
        write_key(tmp_path / "other")
        for key in (tmp_path / "other", server.client_key):
            subprocess.run(["ssh-add", "-q", str(key)], check=True, stderr=subprocess.DEVNULL)
        connect(server, key=None, agent=True)

    @pytest.mark.usefixtures("agent")
    def test_an_agent_without_keys_is_told(self, shared_server: SshServer) -> None:
        assert "has no keys" in refusal(shared_server, key=None, agent=True)

    def test_no_agent_is_told(
        self, shared_server: SshServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
        assert "none is running" in refusal(shared_server, key=None, agent=True)


class TestTimeouts:
    def test_a_listener_that_never_greets(self, server: SshServer) -> None:
        server.pause(listener=True)
        with pytest.raises(TransientError, match="connecting"):
            connect(server, timeouts=replace(QUICK, connect=0.5))

    def test_a_server_that_is_silent_after_its_greeting(self) -> None:
        with silent_listener(b"SSH-2.0-Silent\r\n") as port, pytest.raises(TransientError):
            SftpConnection(silent_settings(port)).open()

    def test_something_that_is_no_ssh(self) -> None:
        with (
            silent_listener(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 200) as port,
            pytest.raises(TransientError, match="acme-freight"),
        ):
            SftpConnection(silent_settings(port)).open()

    def test_the_overall_limit_holds_for_connecting_too(self) -> None:
        with silent_listener(b"SSH-2.0-Silent\r\n") as port:
            settings = silent_settings(port)
            limits = replace(settings.timeouts, connect=30.0, overall=0.3)
            with pytest.raises(TransientError, match=r"timeouts\.overall"):
                SftpConnection(replace(settings, timeouts=limits)).open()

    def test_an_unknown_host_is_terminal(self, shared_server: SshServer) -> None:
        assert "endpoint.host" in refusal(shared_server, host="no-such-host.invalid")


def test_gcm_is_negotiated(shared_server: SshServer) -> None:
    with SftpConnection(sftp_settings(shared_server)) as connection:
        channel = connection.client.get_channel()
        assert channel is not None
        assert channel.get_transport().remote_cipher == "aes128-gcm@openssh.com"


def test_broken_connections_log_no_traceback(
    server: SshServer, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    with SftpConnection(sftp_settings(server)) as connection:
        server.drop_sessions()
        with pytest.raises((EOFError, OSError, paramiko.SSHException)):
            connection.client.listdir(".")
    assert "Traceback" not in caplog.text
    assert capfd.readouterr().err == ""


def test_no_thread_is_left_behind(shared_server: SshServer) -> None:
    before = set(threading.enumerate())
    connect(shared_server)
    started = set(threading.enumerate()) - before
    for thread in started:
        thread.join(10)
    assert not [thread for thread in started if thread.is_alive()]


def openssh_fingerprint(server: SshServer) -> str:
    """What OpenSSH itself prints for the server's key."""
    public = server.folder / "host_key_line.pub"
    public.write_text(server.host_key + "\n")
    printed = subprocess.run(
        ["ssh-keygen", "-lf", str(public)], capture_output=True, text=True, check=True
    )
    return printed.stdout.split()[1]


def make_key(server: SshServer, folder: Path, kind: list[str], passphrase: str) -> Path:
    """Let ssh-keygen make an encrypted key, and the server know it."""
    key = folder / "encrypted"
    command = ["ssh-keygen", "-q", "-t", *kind, "-N", passphrase, "-f", str(key)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    with (server.folder / "authorized_keys").open("a") as known:
        known.write(key.with_name("encrypted.pub").read_text())
    return key


class silent_listener:  # noqa: N801 - used like a function
    """A port that sends a greeting and then nothing more."""

    def __init__(self, greeting: bytes) -> None:
        self._greeting = greeting
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._accepted: list[socket.socket] = []

    def __enter__(self) -> int:
        threading.Thread(target=self._serve, daemon=True).start()
        port: int = self._listener.getsockname()[1]
        return port

    def __exit__(self, *_error: object) -> None:
        self._listener.close()
        for accepted in self._accepted:
            accepted.close()

    def _serve(self) -> None:
        while True:
            try:
                accepted, _ = self._listener.accept()
            except OSError:
                return
            self._accepted.append(accepted)
            accepted.sendall(self._greeting)


def silent_settings(port: int) -> SftpSettings:
    pin = "SHA256:" + "A" * 43
    return replace(settings_at(port, pin), timeouts=replace(QUICK, connect=0.5))
