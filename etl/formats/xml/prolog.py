"""The guard before the parser: what stands before the root element, and no DTD among it."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from xml.parsers import expat

from etl.defects import Position
from etl.formats.file_kinds import UTF_16, XML, refuse_other_kinds
from etl.formats.padding import Unpadded
from etl.formats.refusal import RefusedError

_BLOCK = 64 * 1024
_LONGEST = 1024 * 1024
_ENCODING = re.compile(rb"""\s*<\?xml\b[^>]*?\bencoding\s*=\s*["']([A-Za-z0-9._:-]+)["']""")


class _RootReachedError(Exception):
    pass


def checked_prolog(stream: Unpadded) -> bytes:
    """Read `stream` until its root element begins and give what was read.

    Raises :class:`RefusedError` for an empty file, a document type declaration, an encoding that
    is not known, or a prolog that is no XML. Expat tells of the declaration as soon as it begins,
    so that nothing in it is ever read, let alone resolved.
    """
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _refuse_doctype(parser)
    parser.StartElementHandler = _stop
    read = b""
    while True:
        block = stream.read(_BLOCK)
        if not read.strip():
            refuse_other_kinds(block, "XML document", (XML, UTF_16))
        read += block
        if not read.strip():
            if not block:
                raise RefusedError(
                    "EMPTY_FILE",
                    "the file is empty; ask the partner to send it again",
                    expected="an XML document",
                )
            continue
        try:
            parser.Parse(block, not block)
        except _RootReachedError:
            return read
        except expat.ExpatError as error:
            raise _malformed(error, read) from None
        except (LookupError, ValueError) as error:
            raise RefusedError(
                "UNKNOWN_ENCODING",
                f"the XML declaration names an encoding that is not read ({error}); ask the "
                "partner for UTF-8",
                at=Position(row=1),
                expected="UTF-8, UTF-16, or a single-byte code page",
            ) from None
        if len(read) > _LONGEST:
            raise RefusedError(
                "MALFORMED_XML",
                "no element within the first megabyte",
                expected="a root element",
            )


def declared_encoding(prolog: bytes) -> str:
    """The encoding that a document is read in: by its byte order mark, else by its declaration,
    else UTF-8. One that Python does not know is taken for UTF-16, of which nothing is asked."""
    if prolog.startswith(codecs.BOM_UTF8):
        return "utf-8"
    declared = _ENCODING.match(prolog)
    name = declared[1].decode("ascii") if declared else "utf-8"
    if prolog.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in prolog[:4]:
        name = "utf-16"
    try:
        return codecs.lookup(name).name
    except LookupError:
        return "utf-16"


def _stop(name: str, attributes: object) -> None:
    raise _RootReachedError


def _refuse_doctype(
    parser: expat.XMLParserType,
) -> Callable[[str, str | None, str | None, bool], None]:
    def refuse(name: str, system_id: str | None, public_id: str | None, internal: bool) -> None:
        raise RefusedError(
            "FORBIDDEN_DTD",
            "the file has a document type declaration; it is refused unread, since a DTD can "
            "reach other files and the network; ask the partner to leave it out",
            at=Position(row=parser.CurrentLineNumber),
            value=f"<!DOCTYPE {name}",
            expected="no DOCTYPE",
        )

    return refuse


def _malformed(error: expat.ExpatError, read: bytes) -> RefusedError:
    what = expat.ErrorString(error.code) or "not well-formed"
    return RefusedError(
        "MALFORMED_XML",
        f"no XML: {what}",
        at=Position(row=error.lineno, column=str(error.offset + 1)),
        value=read[:40].decode("utf-8", "backslashreplace"),
        expected="well-formed XML",
    )
