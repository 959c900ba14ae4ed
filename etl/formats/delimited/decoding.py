"""Bytes in the declared encoding to UTF-8, exactly: what can't be decoded is never replaced."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from etl.defects import Position
from etl.formats.file_kinds import UTF_16, refuse_other_kinds
from etl.formats.padding import Unpadded
from etl.formats.refusal import RefusedError

_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def utf8_blocks(stream: BinaryIO, encoding: str, size: int) -> Iterator[bytes]:
    """Read `stream` in blocks of `size` bytes and give them in UTF-8, without byte order mark.

    Raises :class:`RefusedError` with byte offset and line for bytes that are not of `encoding`,
    for a byte order mark of another one, and for a NUL character.
    """
    decoder = codecs.getincrementaldecoder(encoding)()
    offset, line, held, begun = 0, 1, b"", False
    text_alone = Unpadded(stream, wide=encoding.startswith(("utf-16", "utf-32")))
    while True:
        data = text_alone.read(size)
        if offset == 0:
            refuse_other_kinds(data, "CSV file", (UTF_16,))
            _refuse_foreign_mark(data, encoding)
        try:
            text = decoder.decode(data, final=not data)
        except UnicodeDecodeError as error:
            raise _undecodable(error, offset - len(held), line, encoding) from None
        except UnicodeError as error:
            raise RefusedError(
                "WRONG_ENCODING",
                f"{error}; set the encoding with its byte order in the mapping",
                at=Position(byte_offset=0, row=1),
                expected=f"text in {encoding}",
            ) from None
        before, held = held, decoder.getstate()[0]
        utf8 = _decoded_bytes(before + data, held) if encoding == "utf-8" else text.encode()
        if b"\0" in utf8:
            wide = encoding.startswith(("utf-16", "utf-32"))
            at = None if wide else offset + data.index(b"\0")
            raise _nul(at, line + lines_in(utf8[: utf8.index(b"\0")]), encoding)
        line += lines_in(utf8)
        offset += len(data)
        if utf8 and not begun:
            begun, utf8 = True, utf8.removeprefix(codecs.BOM_UTF8)
        if utf8:
            yield utf8
        if not data:
            return


def _decoded_bytes(data: bytes, held: bytes) -> bytes:
    """What of `data` is decoded already: all but the beginning of a character at its end."""
    return data[: len(data) - len(held)] if held else data


def lines_in(text: bytes) -> int:
    """How many line ends stand in UTF-8 `text`: LF, CR LF, or CR alone."""
    block = np.frombuffer(text, np.uint8)
    line_ends = int(np.count_nonzero(block == ord("\n")))
    if b"\r" in text:
        returns = np.flatnonzero(block == ord("\r"))
        followed = block[np.minimum(returns + 1, len(block) - 1)] == ord("\n")
        line_ends += int(np.count_nonzero(~followed))
    return line_ends


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
    before = error.object[: error.start].decode(error.encoding, "ignore").encode()
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
