"""What stands behind the end of a text and means nothing there: NULs that fill up the last record
of a mainframe, and the mark that DOS puts at the end of a file (0x1A)."""

from __future__ import annotations

import re
from typing import BinaryIO

PADDING = b"\x00\x1a"

_HELD = PADDING + b" \t\r\n"
_FIRST = re.compile(rb"[\x00\x1a]")


class Unpadded:
    """A stream without the padding at its end."""

    def __init__(self, stream: BinaryIO, *, wide: bool | None = None) -> None:
        """Read `stream`; `wide`: whether its text is UTF-16 or UTF-32, has NULs in it and stays
        as it is; None: its first block tells."""
        self._stream = stream
        self._held = b""
        self._wide = wide

    def read(self, size: int) -> bytes:
        """The next bytes, about `size` of them; none at the end."""
        while block := self._stream.read(size):
            if self._wide is None:
                zeros = b"\0" in block[:4] and block[:64].strip(_HELD)
                self._wide = bool(zeros) or block[:2] in (b"\xff\xfe", b"\xfe\xff")
            if self._wide:
                return block
            data = self._held + block if self._held else block
            solid = len(data.rstrip(_HELD))
            self._held = data[solid:]
            if solid:
                return data[:solid]
        rest, self._held = self._held, b""
        return _FIRST.split(rest, maxsplit=1)[0]
