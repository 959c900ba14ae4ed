"""What stands behind the end of a text and means nothing there: NULs that fill up the last record
of a mainframe, and the mark that DOS puts at the end of a file (0x1A)."""

from __future__ import annotations

PADDING = b"\x00\x1a"
