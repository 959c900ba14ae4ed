r"""Names of files as the remote side has them (bytes) and as people and JSON can have them (text).

SFTP version 3 and POSIX give names as bytes of no declared encoding, with any byte but NUL and
``/``; a hostile server sends those too. The text form is UTF-8 with one rule: whatever is not
printable UTF-8 is written byte by byte as ``\xNN``, and a backslash as ``\\``. So no name can
break a line, a terminal or a JSON document, and each text leads back to its exact bytes.
"""

from __future__ import annotations

import re
from datetime import datetime

# POSIX NAME_MAX of nearly every file system.
LONGEST_NAME = 255

_ESCAPED = re.compile(r"\\(\\|x[0-9a-f]{2})")


def to_text(raw: bytes) -> str:
    """Return the printable form of a name; `to_bytes` is its inverse."""
    # surrogateescape turns each undecodable byte into one lone surrogate, which is not printable.
    decoded = raw.decode("utf-8", errors="surrogateescape")
    return "".join(map(_shown, decoded))


def to_bytes(text: str) -> bytes:
    """Return the bytes that `to_text` made `text` of."""
    raw = bytearray()
    end = 0
    for escape in _ESCAPED.finditer(text):
        raw += text[end : escape.start()].encode("utf-8")
        raw += b"\\" if escape[1] == "\\" else bytes([int(escape[1][1:], 16)])
        end = escape.end()
    return bytes(raw + text[end:].encode("utf-8"))


def joined(folder: bytes, name: bytes) -> bytes:
    """Return the path of a name in a folder, by the ``/`` that SFTP prescribes."""
    return folder.rstrip(b"/") + b"/" + name if folder else name


def resolved(folder: bytes, path: bytes) -> bytes:
    """Return a path that is meant relative to a folder, unless it is absolute."""
    return path if path.startswith(b"/") else joined(folder, path)


def single_component(name: bytes) -> bytes:
    """Return a name that stays in its folder and that a file system can hold."""
    clean = re.sub(rb"[/\0]", b"_", name)
    return _shortened(b"_" if clean in (b"", b".", b"..") else clean, b"")


def stamped(name: bytes, moment: datetime) -> bytes:
    """Return `name` with a UTC time before its extension, for when the name is taken already."""
    return _shortened(single_component(name), moment.strftime(".%Y%m%dT%H%M%S%fZ").encode("ascii"))


def _shortened(name: bytes, insert: bytes) -> bytes:
    """Put `insert` before the extension, cutting the stem where the whole would be too long."""
    dot = name.rfind(b".")
    # No more than a usual extension is kept whole; ".bashrc" has none.
    stem, extension = (name[:dot], name[dot:]) if dot > 0 and len(name) - dot <= 32 else (name, b"")
    return stem[: LONGEST_NAME - len(insert) - len(extension)] + insert + extension


def _shown(character: str) -> str:
    if character == "\\":
        return "\\\\"
    if character.isprintable():
        return character
    raw = character.encode("utf-8", errors="surrogateescape")
    return "".join(f"\\x{byte:02x}" for byte in raw)
