"""Bytes in the declared encoding to UTF-8, exactly: what can't be decoded is never replaced."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import BinaryIO

from etl.defects import Position
from etl.formats.refusal import RefusedError

_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def utf8_blocks(stream: BinaryIO, encoding: str, size: int) -> Iterator[bytes]:
    """Read `stream` in blocks of `size` bytes and give them in UTF-8, without byte order mark.

    Raises :class:`RefusedError` with byte offset and line for bytes that are not of `encoding`,
    for a byte order mark of another one, and for a NUL character.
    """
    codec = "utf_8_sig" if encoding == "utf-8" else encoding
    decoder = codecs.getincrementaldecoder(codec)()
    offset, line, begun = 0, 1, False
    while True:
        data = stream.read(size)
        if offset == 0:
            _refuse_foreign_mark(data, encoding)
        held = len(decoder.getstate()[0])
        try:
            text = decoder.decode(data, final=not data)
        except UnicodeDecodeError as error:
            raise _undecodable(error, offset - held, line, encoding) from None
        except UnicodeError as error:
            raise RefusedError(
                "WRONG_ENCODING",
                f"{error}; set the encoding with its byte order in the mapping",
                at=Position(byte_offset=0, row=1),
                expected=f"text in {encoding}",
            ) from None
        if "\0" in text:
            wide = encoding.startswith(("utf-16", "utf-32"))
            at = None if wide else offset + data.index(b"\0")
            raise _nul(at, line + lines_in(text[: text.index("\0")]), encoding)
        if text and not begun:
            begun, text = True, text.removeprefix("\ufeff")
        if text:
            yield text.encode()
        if not data:
            return
        line += lines_in(text)
        offset += len(data)


def lines_in(text: str) -> int:
    """How many line ends stand in `text`: LF, CR LF, or CR alone."""
    return text.count("\n") + text.count("\r") - text.count("\r\n")


def _refuse_foreign_mark(data: bytes, encoding: str) -> None:
    if encoding.startswith("utf"):
        return
    if data.startswith(codecs.BOM_UTF8):
        raise RefusedError(
            "WRONG_ENCODING",
            f"the file begins with the byte order mark of UTF-8 but is declared {encoding}; "
            "set encoding: utf-8 in the mapping",
            at=Position(byte_offset=0, row=1),
            expected=f"text in {encoding}",
        )


def _undecodable(error: UnicodeDecodeError, base: int, line: int, encoding: str) -> RefusedError:
    found = error.object[error.start : error.end]
    before = error.object[: error.start].decode(error.encoding, "ignore")
    utf16 = base + error.start == 0 and error.object.startswith(_UTF16_MARKS)
    hint = "it begins like UTF-16" if utf16 else "ask the partner which encoding they send"
    return RefusedError(
        "UNDECODABLE",
        f"bytes that are not {encoding}: nothing of the file is read; {hint}, then set encoding "
        "in the mapping",
        at=Position(byte_offset=base + error.start, row=line + lines_in(before)),
        value="0x" + found.hex(),
        expected=f"text in {encoding}",
    )


def _nul(byte_offset: int | None, line: int, encoding: str) -> RefusedError:
    return RefusedError(
        "NUL_CHARACTER",
        f"a NUL character: this is no {encoding} text; it may be binary or UTF-16",
        at=Position(byte_offset=byte_offset, row=line),
        value="\\0",
        expected="text",
    )
