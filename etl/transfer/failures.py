"""What went wrong at an endpoint, told in our own classes: likely to pass, or not by itself.

Texts of the remote side may appear in an error (made printable); secrets never do, as no library
error about a login or a key is passed on.
"""

from __future__ import annotations

import socket
import struct

import paramiko
from paramiko.ssh_exception import IncompatiblePeer

from etl.errors import TechnicalError, TerminalError, TransientError
from etl.transfer import names

# What a session may raise when it breaks: sockets and files of paramiko (OSError, EOFError),
# SSH itself, and nonsense from the server, which shows in parsing it.
BREAKS = (
    OSError,
    EOFError,
    paramiko.SSHException,
    paramiko.SFTPError,
    struct.error,
    UnicodeError,
    IndexError,
)


def technical(error: Exception, shown: str, doing: str) -> TechnicalError:
    """Return the error to raise for what a library raised while `doing` something at `shown`."""
    kind, reason = _judged(error)
    return kind(f"{shown}: {doing}: {reason}")


def _judged(error: Exception) -> tuple[type[TechnicalError], str]:
    match error:
        case socket.gaierror():
            passes = error.errno == socket.EAI_AGAIN
            return (
                (TransientError, "the name server does not answer now")
                if passes
                else (TerminalError, "there is no such host; check endpoint.host")
            )
        case TimeoutError():
            return TransientError, "no answer in time (endpoint.timeouts); is the network frozen?"
        case ConnectionRefusedError():
            return TransientError, "connection refused; is the server up, and endpoint.port right?"
        case FileNotFoundError():
            return TerminalError, "no such file or folder there; check endpoint.folders"
        case PermissionError():
            return TerminalError, "permission denied there; ask the partner for the right"
        case IncompatiblePeer():
            return TerminalError, f"no common algorithm with the server: {_text(error)}"
        case EOFError():
            return TransientError, "the connection was cut"
        case paramiko.ChannelException():
            return TerminalError, f"the server refuses an SFTP session: {_text(error)}"
        case paramiko.SSHException() | OSError():
            return TransientError, f"the connection or the server failed: {_text(error)}"
        case _:
            return TransientError, f"the server's answer makes no sense: {_text(error)}"


def _text(error: Exception) -> str:
    text = str(error) or type(error).__name__
    return names.to_text(text.encode("utf-8", errors="surrogateescape"))[:300]
