"""paramiko's SFTP client, and which extensions the server announced, which paramiko throws away."""

from __future__ import annotations

import struct

import paramiko
from paramiko.sftp import CMD_VERSION


class SftpClient(paramiko.SFTPClient):
    """A client over one channel.

    Attributes:
        extensions: names of what the server can do beyond version 3 (filexfer-02, section 4).
    """

    extensions: frozenset[bytes] = frozenset()

    def _read_packet(self) -> tuple[int, bytes]:
        kind, body = super()._read_packet()  # type: ignore[misc]
        if kind == CMD_VERSION:
            self.extensions = frozenset(_strings(body[4:])[::2])
        return kind, body


def _strings(body: bytes) -> list[bytes]:
    """The strings that follow each other in a packet; those that are whole."""
    found = []
    while len(body) >= 4:
        (length,) = struct.unpack_from(">I", body)
        found.append(body[4 : 4 + length])
        body = body[4 + length :]
    return found
