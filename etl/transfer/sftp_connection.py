"""An SFTP session that is safe to use: pinned host key, declared login, every wait bounded."""

from __future__ import annotations

import io
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import TracebackType

import paramiko
from paramiko.ssh_exception import IncompatiblePeer

from etl.errors import TechnicalError, TerminalError, TransientError
from etl.transfer import failures, host_keys
from etl.transfer.host_keys import PinnedKey
from etl.transfer.settings import Secret, SftpSettings
from etl.transfer.sftp_client import SftpClient

# AES-GCM needs no separate MAC and is the fastest that paramiko has; its own order ends with it.
_CIPHERS = (
    "aes128-gcm@openssh.com",
    "aes256-gcm@openssh.com",
    "aes128-ctr",
    "aes192-ctr",
    "aes256-ctr",
)
_KEEPALIVE_SECONDS = 30
_CHANNEL_WINDOW_BYTES = 4 * 2**20
_CHANNEL_PACKET_BYTES = 2**15

# paramiko logs each broken connection with its traceback; we raise it as an error instead.
_LOG = "etl.transfer.ssh"
logging.getLogger(_LOG).addHandler(logging.NullHandler())
logging.getLogger(_LOG).propagate = False


class SftpConnection:
    """A logged-in SFTP session, made by `connect`.

    Attributes:
        client: over one channel.
    """

    def __init__(self, settings: SftpSettings) -> None:
        self._settings = settings
        self._transport: paramiko.Transport | None = None
        self._expired = False
        self._watchdog: threading.Timer | None = None
        self.client: SftpClient

    def open(self) -> None:
        """Connect, check the host key, log in.

        Raises:
            TerminalError: host key not pinned, login refused, unknown host.
            TransientError: unreachable, too slow.
        """
        self._expired = False
        self._watchdog = threading.Timer(self._settings.timeouts.overall, self._expire)
        self._watchdog.daemon = True
        self._watchdog.start()
        try:
            transport = self._verified_transport()
            _log_in(transport, self._settings)
            self.client = self._open_sftp(transport)
        except Exception as error:
            self.close()
            if isinstance(error, failures.BREAKS):
                raise self.explain(error, "connecting") from None
            raise

    def close(self) -> None:
        """End the session at once; a second time does nothing."""
        if self._watchdog is not None:
            self._watchdog.cancel()
        if self._transport is not None:
            self._transport.close()

    def explain(self, error: Exception, doing: str) -> TechnicalError:
        """Return the error to raise for one that came while `doing` something."""
        if self._expired:
            return TransientError(
                f"{self._settings.shown}: {doing}: stopped, as the session took more than "
                f"{self._settings.timeouts.overall:g} s (endpoint.timeouts.overall)"
            )
        return failures.technical(error, self._settings.shown, doing)

    def __enter__(self) -> SftpConnection:
        self.open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _expire(self) -> None:
        # Closing the transport wakes whatever waits for it, wherever in paramiko that is.
        self._expired = True
        if self._transport is not None:
            self._transport.close()

    def _verified_transport(self) -> paramiko.Transport:
        """Return a transport whose server has proved to own a pinned key; nothing else is sent."""
        pins = host_keys.parse_pins(self._settings.host_key, self._settings.shown)
        offered: list[paramiko.PKey] = []
        while True:
            transport = self._negotiated_transport(pins, offered)
            if transport is None:
                raise host_keys.refusal(offered, pins, self._settings.shown)
            key = transport.get_remote_server_key()
            if host_keys.is_pinned(key, pins):
                return transport
            transport.close()
            offered.append(key)
            if all(pin.type for pin in pins):
                raise host_keys.refusal(offered, pins, self._settings.shown)
            # A bare fingerprint may be that of another of the server's keys: ask for the next.

    def _negotiated_transport(
        self, pins: tuple[PinnedKey, ...], seen: list[paramiko.PKey]
    ) -> paramiko.Transport | None:
        """Negotiate for a key of a type not `seen`; None when the server has no other."""
        timeouts = self._settings.timeouts
        address = (self._settings.host, self._settings.port)
        connected = socket.create_connection(address, timeout=timeouts.connect)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        transport = self._transport = paramiko.Transport(connected)
        transport.set_log_channel(_LOG)
        transport.banner_timeout = timeouts.connect
        transport.handshake_timeout = timeouts.connect
        transport.auth_timeout = timeouts.auth
        transport.channel_timeout = timeouts.channel
        options = transport.get_security_options()
        options.ciphers = _CIPHERS
        types = host_keys.other_types(host_keys.preferred_types(pins, options.key_types), seen)
        if not types:
            return None
        options.key_types = types
        try:
            transport.start_client(timeout=timeouts.connect)
        except IncompatiblePeer:
            if seen:
                return None
            raise
        if not transport.initial_kex_done:
            raise TimeoutError
        transport.set_keepalive(_KEEPALIVE_SECONDS)
        return transport

    def _open_sftp(self, transport: paramiko.Transport) -> SftpClient:
        channel = transport.open_session(
            window_size=_CHANNEL_WINDOW_BYTES, max_packet_size=_CHANNEL_PACKET_BYTES
        )
        # Without it a frozen network would be waited for without end; keepalive does not help.
        channel.settimeout(self._settings.timeouts.channel)
        channel.invoke_subsystem("sftp")
        return SftpClient(channel)


def _log_in(transport: paramiko.Transport, settings: SftpSettings) -> None:
    """Try the key, then the agent's keys, then the password, as far as they are declared."""
    tried: list[str] = []
    for what, attempt in _logins(transport, settings):
        try:
            still_needed = attempt()
        except paramiko.AuthenticationException as error:
            _raise_if_not_refused(error, transport, settings)
            tried.append(what)
            continue
        if not still_needed:
            return
        tried.append(f"{what} (accepted, but the server also asks for {', '.join(still_needed)})")
    raise TerminalError(
        f"{settings.shown}: login refused; tried: {', '.join(tried) or 'nothing'}. Check "
        f"endpoint.user, key, agent and password, and that the partner has our public key"
    )


def _logins(
    transport: paramiko.Transport, settings: SftpSettings
) -> Iterator[tuple[str, Callable[[], list[str]]]]:
    user = settings.user
    if settings.key is not None:
        key = _private_key(settings)
        yield f"key {key.fingerprint}", partial(transport.auth_publickey, user, key)
    if settings.agent:
        agent = paramiko.Agent()
        try:
            keys = agent.get_keys()
            if not keys:
                yield "ssh-agent (none is running, or it has no keys)", _refused
            for held in keys:
                yield (
                    f"agent's key {held.fingerprint}",
                    partial(transport.auth_publickey, user, held),
                )
        finally:
            agent.close()
    if settings.password is not None:
        password = settings.password.reveal()
        yield "password", partial(transport.auth_password, user, password)


def _refused() -> list[str]:
    raise paramiko.AuthenticationException


def _raise_if_not_refused(
    error: paramiko.AuthenticationException,
    transport: paramiko.Transport,
    settings: SftpSettings,
) -> None:
    """Raise when the login was not answered at all, which paramiko tells by the same class."""
    if not transport.is_active():
        raise TransientError(
            f"{settings.shown}: logging in: the server cut the connection; it may be busy, or "
            f"have counted too many wrong logins"
        ) from None
    if "timeout" in str(error).lower():
        raise TransientError(
            f"{settings.shown}: logging in: no answer within {settings.timeouts.auth:g} s "
            f"(endpoint.timeouts.auth)"
        ) from None


def _private_key(settings: SftpSettings) -> paramiko.PKey:
    """Load the private key; says what is wrong with it without quoting any of it."""
    where = "the private key of endpoint.key"
    passphrase = settings.passphrase.reveal() if settings.passphrase is not None else None
    try:
        text = _key_text(settings.key)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no file's name"
        raise TerminalError(
            f"{settings.shown}: {where} cannot be read: {reason}; check its path and rights"
        ) from None
    encrypted = False
    for key_type in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        with suppress(paramiko.SSHException, ValueError, IndexError, TypeError):
            try:
                return key_type.from_private_key(io.StringIO(text), password=passphrase)
            except paramiko.PasswordRequiredException:
                encrypted = True
    if encrypted and passphrase is None:
        problem = "is encrypted; set endpoint.passphrase"
    elif passphrase is not None:
        problem = "cannot be decrypted; check endpoint.passphrase"
    else:
        problem = "is no private key in a known form (OpenSSH or PEM; Ed25519, ECDSA or RSA)"
    raise TerminalError(f"{settings.shown}: {where} {problem}")


def _key_text(key: Secret | Path | None) -> str:
    if isinstance(key, Path):
        return key.expanduser().read_text(encoding="ascii", errors="replace")
    text = key.reveal() if key is not None else ""
    return text if "PRIVATE KEY" in text else _key_text(Path(text.strip()))
