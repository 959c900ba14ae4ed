"""The pinned host key: the only thing that tells a partner's server from an impostor."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import paramiko

from etl.errors import ConfigurationError, TerminalError

# Of each key type, the signature algorithms by which a server may prove it (RFC 8332 for RSA).
_SIGNATURES = {"ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256")}
_FINGERPRINT_PREFIX = "SHA256:"


@dataclass(frozen=True, slots=True)
class PinnedKey:
    """One pinned key: by its fingerprint, and by its type where the whole key was given."""

    fingerprint: str
    type: str | None

    def __str__(self) -> str:
        return f"{self.type} {self.fingerprint}" if self.type else self.fingerprint


def parse_pins(text: str, shown: str) -> tuple[PinnedKey, ...]:
    """Return the keys of a ``host_key:`` setting, one a line.

    A line is ``ssh-ed25519 AAAA…`` as in known_hosts and ``.pub`` files, or ``SHA256:…`` as
    ``ssh-keygen -l`` prints it.

    Raises:
        ConfigurationError: a line is neither.
    """
    return tuple(_parse(line, shown) for line in map(str.strip, text.splitlines()) if line)


def fingerprint(blob: bytes) -> str:
    """Return the fingerprint of a public key's wire form, as OpenSSH prints it."""
    digest = base64.b64encode(hashlib.sha256(blob).digest())
    return _FINGERPRINT_PREFIX + digest.decode("ascii").rstrip("=")


def preferred_types(pins: Sequence[PinnedKey], supported: Sequence[str]) -> list[str]:
    """Return the host key algorithms to ask for, those of the pinned keys first.

    A server has several keys; without this it may show one that is right but not pinned. The
    others stay in the list, so that an impostor's key can be shown in the error.
    """
    pinned = [name for pin in pins if pin.type for name in _SIGNATURES.get(pin.type, (pin.type,))]
    first = [name for name in pinned if name in supported]
    return [*first, *(name for name in supported if name not in first)]


def other_types(types: Sequence[str], seen: Sequence[paramiko.PKey]) -> list[str]:
    """Return the host key algorithms without those of keys that were seen already."""
    used = {name for key in seen for name in _SIGNATURES.get(key.get_name(), (key.get_name(),))}
    return [name for name in types if name not in used]


def is_pinned(key: paramiko.PKey, pins: Sequence[PinnedKey]) -> bool:
    """Tell whether the key that a server has proved is one of the pinned."""
    return fingerprint(key.asbytes()) in {pin.fingerprint for pin in pins}


def refusal(
    offered: Sequence[paramiko.PKey], pins: Sequence[PinnedKey], shown: str
) -> TerminalError:
    """Return the error for a server none of whose keys is pinned."""
    got = ", ".join(f"{key.get_name()} {fingerprint(key.asbytes())}" for key in offered)
    line = f"{offered[0].get_name()} {offered[0].get_base64()}"
    if not pins:
        problem = f"no host key is pinned; the server offers {got}"
    else:
        problem = (
            f"the server's host key is not the pinned one: it offers {got}, "
            f"pinned is {', '.join(map(str, pins))}. Somebody may be between you and the partner"
        )
    return TerminalError(
        f"{shown}: {problem}. Nothing was sent. Ask the partner for the fingerprint by another way "
        f'(telephone, signed mail); if it is the one offered, set endpoint.host_key: "{line}"'
    )


def _parse(line: str, shown: str) -> PinnedKey:
    if line.startswith(_FINGERPRINT_PREFIX):
        digest = line.removeprefix(_FINGERPRINT_PREFIX).rstrip("=")
        if _decoded(digest + "=" * (-len(digest) % 4), 32) is not None:
            return PinnedKey(_FINGERPRINT_PREFIX + digest, None)
    else:
        words = line.split()
        blob = _decoded(words[1], None) if len(words) > 1 else None
        # The wire form repeats the type: a 32-bit length, then its name (RFC 4253, 6.6).
        if blob is not None and blob[4 : 4 + len(words[0])] == words[0].encode():
            return PinnedKey(fingerprint(blob), words[0])
    raise ConfigurationError(
        f"{shown}: endpoint.host_key: found {line[:40]!r}, expected a key such as "
        f"'ssh-ed25519 AAAA…' or its fingerprint 'SHA256:…'; "
        f"`ssh-keyscan HOST` prints the first, `ssh-keygen -l` the second"
    )


def _decoded(text: str, length: int | None) -> bytes | None:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if length is None or len(raw) == length else None
