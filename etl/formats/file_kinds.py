"""What a file is that a reader cannot read: told by its first bytes, never by its name.

Partners send archives, spreadsheets, PDFs and pages of their own servers' errors in place of data.
One sentence that says what came is worth more than the first defect that a parser finds in it.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from etl.defects import Position
from etl.formats.refusal import RefusedError

HEAD = 4096
"""Bytes that are looked at."""

X12, EDIFACT, XML, UTF_16 = "an X12 interchange", "an EDIFACT interchange", "XML", "UTF-16 text"

_UNPACK = "unpack it before it is sent, or agree on that with the partner"
_AS_DATA = "ask the partner for the data itself"

_STARTS: tuple[tuple[bytes, str, str], ...] = (
    (b"PK\x03\x04", "a ZIP archive", _UNPACK),
    (b"PK\x05\x06", "an empty ZIP archive", _AS_DATA),
    (b"\x1f\x8b", "a gzip archive", _UNPACK),
    (b"BZh", "a bzip2 archive", _UNPACK),
    (b"\xfd7zXZ\x00", "an xz archive", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", _UNPACK),
    (b"Rar!\x1a\x07", "a RAR archive", _UNPACK),
    (b"%PDF-", "a PDF document", _AS_DATA),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office file (xls, doc)", _AS_DATA),
    (b"{\\rtf", "an RTF document", _AS_DATA),
    (b"\x89PNG", "a PNG image", _AS_DATA),
    (b"\xff\xd8\xff", "a JPEG image", _AS_DATA),
    (b"II*\x00", "a TIFF image", _AS_DATA),
    (b"MM\x00*", "a TIFF image", _AS_DATA),
    (b"PAR1", "a Parquet file", _AS_DATA),
    (b"-----BEGIN PGP MESSAGE", "a message that is encrypted with PGP", "declare its key"),
)
_ZIPPED = ((b"xl/", "an Excel workbook (xlsx)"), (b"word/", "a Word document (docx)"))
_SPREADSHEETS = (b"[Content_Types].xml", b"_rels/")

_TEXTS: tuple[tuple[re.Pattern[bytes], str, str], ...] = (
    (
        re.compile(
            rb"(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*<(!doctype\s+html|html|head|body)\b", re.I | re.S
        ),
        "an HTML page",
        "open it to see what the server says, which is mostly an error or a login, and ask the "
        "partner for the data itself",
    ),
    (re.compile(rb"ISA([^A-Za-z0-9 ])0[0-6]\1.{10}\1", re.S), X12, "check which mapping reads it"),
    (re.compile(rb"UNA.{6}\s*UNB|UNB.UNO[A-Z]", re.S), EDIFACT, "check which mapping reads it"),
    (
        re.compile(rb"<\?xml\b|<[A-Za-z_][\w.:-]*(\s+xmlns|\s*/?>)"),
        XML,
        "check which mapping reads it",
    ),
)

_KINDS_OF_TEXT = {kind for _, kind, _ in _TEXTS}


def refuse_other_kinds(head: bytes, wanted: str, readable: Collection[str] = ()) -> None:
    """Raise :class:`RefusedError` where a file is of a kind that is surely another one.

    Args:
        head: the first bytes of the file.
        wanted: what is read, for the message.
        readable: kinds that the reader takes: :data:`X12`, :data:`EDIFACT`, :data:`XML`,
            :data:`UTF_16`.
    """
    found = kind_of(head)
    if found is None or found[0] in readable:
        return
    kind, advice = found
    raise RefusedError(
        "WRONG_FILE_TYPE",
        f"this is {kind} and no {wanted}, so nothing of it is read; {advice}",
        at=Position(byte_offset=0),
        value=kind,
        expected=wanted,
    )


def is_text(head: bytes) -> bool:
    """Whether a file may be text, of whatever kind."""
    found = kind_of(head)
    return found is None or found[0] in _KINDS_OF_TEXT


def kind_of(head: bytes) -> tuple[str, str] | None:
    """What a file that begins with `head` is, and what is to be done; None: text of some kind."""
    head = head[:HEAD]
    for start, kind, advice in _STARTS:
        if head.startswith(start):
            return _in_zip(head) or kind, advice
    if head[:2] in (b"\xff\xfe", b"\xfe\xff") or re.match(
        rb"([^\x00]\x00){3}|(\x00[^\x00]){3}", head
    ):
        return UTF_16, "ask the partner for UTF-8, or declare the encoding where the format has one"
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    for pattern, kind, advice in _TEXTS:
        if pattern.match(text):
            return kind, advice
    return None


def _in_zip(head: bytes) -> str | None:
    """What Office documents are, which are ZIP archives."""
    if not head.startswith(b"PK\x03\x04"):
        return None
    for name, kind in _ZIPPED:
        if name in head:
            return kind
    return "an Office document such as xlsx" if any(one in head for one in _SPREADSHEETS) else None
