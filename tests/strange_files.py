"""Files that nobody would send on purpose: mutated samples, other charsets, garbage."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Callable, Iterator
from random import Random

_MOST = 1_000_000
"""Bytes of a file that grew."""

_SEPARATORS = b"*~:>^|+'?,;\t\n\r\x1c\x1d\x1e\x1f\x15\x85\xa7\xad\x00\xff"


def strange_files(seed: int, count: int, samples: list[bytes]) -> Iterator[bytes]:
    """`count` files made of `samples`, the same for the same seed."""
    random = Random(seed)
    for _ in range(count):
        content = random.choice(samples)
        for _ in range(random.choice((1, 1, 1, 2, 3, 8))):
            content = random.choice(_MUTATIONS)(random, content)[:_MOST]
        yield content


def _flipped(random: Random, content: bytes) -> bytes:
    changed = bytearray(content)
    for _ in range(random.choice((1, 2, 20)) if content else 0):
        changed[random.randrange(len(changed))] = random.randrange(256)
    return bytes(changed)


def _cut(random: Random, content: bytes) -> bytes:
    start, stop = sorted(random.randrange(len(content) + 1) for _ in range(2))
    return random.choice((content[:start], content[start:], content[:start] + content[stop:]))


def _doubled(random: Random, content: bytes) -> bytes:
    start, stop = sorted(random.randrange(len(content) + 1) for _ in range(2))
    return content[:stop] + content[start:stop] * random.choice((1, 2, 50)) + content[stop:]


def _joined(random: Random, content: bytes) -> bytes:
    return content + random.choice((b"", b"\n", b"\x1a", b"\x00" * 9)) + content


def _separators(random: Random, content: bytes) -> bytes:
    """One byte that is often there becomes another everywhere."""
    old = random.choice(b"*~+':,;\n\"<>")
    return content.replace(bytes((old,)), bytes((random.choice(_SEPARATORS),)))


def _swapped(random: Random, content: bytes) -> bytes:
    lines = content.splitlines(keepends=True)
    random.shuffle(lines)
    return b"".join(lines)


def _numbers(random: Random, content: bytes) -> bytes:
    """A digit becomes many, a sign, or what spreadsheets make of it."""
    digit = bytes((random.choice(b"0123456789"),))
    other = random.choice((b"9" * 40, b"-", b"1E+11", b"", b"\xd9\xa3", b"00000", b"1,1", b"NaN"))
    return content.replace(digit, other, random.choice((1, 3, 1000)))


def _encoded(random: Random, content: bytes) -> bytes:
    text = content.decode("latin-1")
    name = random.choice(("utf-8-sig", "utf-16", "utf-16-be", "utf-32", "cp037", "cp1252", "utf-7"))
    return text.encode(name, errors="replace")


def _packed(random: Random, content: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("invoice.txt", content)
    other = random.choice(
        (b"%PDF-1.7\n", b"<!DOCTYPE html><html><body>", b"{\\rtf1", b"\xd0\xcf\x11")
    )
    return random.choice((packed.getvalue(), gzip.compress(content, mtime=0), other + content))


def _emptied(random: Random, content: bytes) -> bytes:
    """Values go, what stands between them stays."""
    return bytes(byte for byte in content if not (chr(byte).isalnum() and random.random() < 0.3))


def _long(random: Random, content: bytes) -> bytes:
    at = random.randrange(len(content) + 1)
    return content[:at] + random.choice((b"A", b"9", b" ", b"<a>", b"(")) * 100_000 + content[at:]


def _noise(random: Random, content: bytes) -> bytes:
    return content[: random.choice((0, 3, 106))] + random.randbytes(random.choice((0, 1, 50, 5000)))


_MUTATIONS: tuple[Callable[[Random, bytes], bytes], ...] = (
    _flipped, _flipped, _cut, _doubled, _joined, _separators, _separators, _swapped, _numbers,
    _numbers, _encoded, _packed, _emptied, _long, _noise,
)  # fmt: skip
