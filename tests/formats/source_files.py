"""Files in memory for the readers under test."""

from __future__ import annotations

import hashlib
import io

from etl.raw import SourceFile


def source_file(content: bytes | str, name: str = "file.txt") -> SourceFile:
    data = content.encode() if isinstance(content, str) else content
    return SourceFile(name, hashlib.sha256(data).hexdigest(), len(data), lambda: io.BytesIO(data))
