"""External ids: the name under which a bill is known in Odoo, made from its business key.

Odoo keeps them in ``ir.model.data``, unique by (module, name). `load()` writes them in the
same transaction as the record, so they guard against doubles whatever happens to an answer.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata

MODULE = "etl"
MAX_LENGTH = 64

_HASH_LENGTH = 16
_LINE_SUFFIX_LENGTH = len("_l99999")
_READABLE_LENGTH = MAX_LENGTH - _LINE_SUFFIX_LENGTH - _HASH_LENGTH - 1


def bill_name(source_key: str) -> str:
    """Return the name (without module) of a business key's bill.

    Deterministic, only ``[a-z0-9_]``, at most 57 characters, so that its lines' names fit in
    64. The readable part helps people; the hash of the whole key makes it unique.
    """
    ascii_only = unicodedata.normalize("NFKD", source_key).encode("ascii", "ignore").decode()
    readable = re.sub(r"[^a-z0-9]+", "_", ascii_only.lower()).strip("_")[:_READABLE_LENGTH]
    digest = hashlib.sha256(source_key.encode("utf-8")).hexdigest()[:_HASH_LENGTH]
    return f"{readable.rstrip('_') or 'key'}_{digest}"


def line_name(bill: str, line_no: int) -> str:
    """Return the name of a bill's line; stable as long as the line keeps its number.

    Raises:
        ValueError: the number does not fit (negative, or above 99999).
    """
    if not 0 <= line_no <= 99_999:
        raise ValueError(f"line number {line_no} is not between 0 and 99999")
    return f"{bill}_l{line_no}"


def attachment_name(bill: str, file_name: str, content_sha256: str) -> str:
    """Return the name of a bill's attached document; another content is another document."""
    digest = hashlib.sha256(f"{bill}/{file_name}/{content_sha256}".encode()).hexdigest()
    return f"{bill[:_READABLE_LENGTH].rstrip('_')}_a{digest[:_HASH_LENGTH]}"


def qualified(name: str) -> str:
    """Return the name with its module: ``etl.<name>``."""
    return f"{MODULE}.{name}"
