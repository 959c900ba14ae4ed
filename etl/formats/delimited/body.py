"""The data rows of one file, as text that Arrow reads without surprise: every row has the width.

Rows that do not are mended, so that their cells can still be told, and named as broken.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import csv

from etl.defects import Position
from etl.formats.delimited.columns import ColumnNotFoundError, Columns
from etl.formats.delimited.declaration import Declaration
from etl.formats.delimited.scan import Scan, scan
from etl.formats.refusal import RefusedError, shortened

LONGEST_RECORD = 16 * 1024 * 1024
"""Bytes; a record longer than this is taken for a quote that is never closed."""

MOST_COLUMNS = 16_384
"""As in a spreadsheet; more are taken for binary content."""
MOST_MISSING = 16 * 1024 * 1024
"""Cells missing in the rows of one block; more would have to be made up than memory is for."""


@dataclass(frozen=True, slots=True)
class BrokenRow:
    """A row that can't be taken as it stands: its index in the body and what is wrong."""

    index: int
    code: str
    message: str
    text: str
    expected: str


@dataclass(frozen=True, slots=True)
class Body:
    """Some of the data rows of one file.

    Attributes:
        text: in UTF-8.
        lines, last_lines: the 1-based line where each row begins and where it ends.
        begins: the line behind the header, or behind the lines to skip where there is none.
    """

    columns: Columns
    text: bytes
    lines: npt.NDArray[np.int64]
    last_lines: npt.NDArray[np.int64]
    begins: int
    broken: tuple[BrokenRow, ...] = ()


def bodies(blocks: Iterable[bytes], declaration: Declaration) -> Iterator[Body]:
    """Cut blocks of UTF-8 into bodies at record ends; raises :class:`RefusedError`."""
    delimiter, quote = declaration.delimiter, declaration.quote
    columns: Columns | None = None
    carry, line, to_skip = b"", 1, declaration.skip_rows
    begins = to_skip + 1
    for block, final in _with_last(blocks):
        text, at = carry + block, 0
        if to_skip:
            at = _after_lines(text, to_skip)
            line, to_skip = line + to_skip, 0
        while True:
            view = text[at:] if at else text
            found = scan(view, delimiter, quote, final)
            rows = _without_ignored(view, found, declaration.ignore_lines)
            if columns is None and len(rows.starts):
                if declaration.header:
                    begins = line + int(rows.last_lines[0]) + 1
                columns, rows = _header(view, rows, declaration)
            if columns is not None and len(rows.starts):
                yield _body(view, rows, line, begins, columns, declaration)
            at, line = at + found.rest, line + found.rest_line
            if at == len(text) or not (final or len(text) - at > LONGEST_RECORD):
                break
            end = _after_lines(text, 1, at)
            if end == len(text) and not final:
                raise _too_long(text[at : at + 200], line)
            if columns is None:
                raise _unclosed_header(text[at:end], line)
            yield _unclosed(text[at:end], line, begins, columns, declaration)
            at, line = end, line + 1
        carry = text[at:]
    if columns is None:
        raise _empty(declaration, line)


def table_of(text: bytes, columns: Columns, declaration: Declaration) -> pa.Table:
    """The cells of `text` as strings, columns named by their index; null for null values.

    An empty line stands first: Arrow passes over it, and no byte order mark is taken off a cell.
    """
    names = [str(index) for index in range(columns.width)]
    quote = declaration.quote.decode() if declaration.quote else False
    return csv.read_csv(
        pa.BufferReader(b"\n" + text),
        read_options=csv.ReadOptions(
            column_names=names, block_size=len(text) + 2, use_threads=False
        ),
        parse_options=csv.ParseOptions(
            delimiter=declaration.delimiter.decode(), quote_char=quote, newlines_in_values=True
        ),
        convert_options=csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            null_values=declaration.null_values,
            strings_can_be_null=True,
            check_utf8=False,
        ),
    )


def _with_last(blocks: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    before: bytes | None = None
    for block in blocks:
        if before is not None:
            yield before, False
        before = block
    if before is not None:
        yield before, True


def _after_lines(text: bytes, count: int, at: int = 0) -> int:
    """The offset after `count` more line ends from `at`; the end of the text if there are fewer."""
    for _ in range(count):
        feed, ret = text.find(b"\n", at), text.find(b"\r", at)
        if feed < 0 and ret < 0:
            return len(text)
        after_return = ret + 2 if feed == ret + 1 else ret + 1
        at = feed + 1 if ret < 0 or 0 <= feed < ret else after_return
    return at


def _header(text: bytes, rows: Scan, declaration: Declaration) -> tuple[Columns, Scan]:
    """The columns of a file whose first rows are `rows`, and the rows after the header."""
    width = int(rows.cells[0])
    names = declaration.names
    if width > MOST_COLUMNS:
        raise _too_wide(width)
    if declaration.header:
        names = _names(text[rows.starts[0] : rows.ends[0]], width, declaration)
        rows = rows.only(np.arange(len(rows.starts)) > 0)
    elif names:
        width = len(names)
    columns = Columns(width, names, declaration.aliases)
    _refuse_without(columns, declaration)
    return columns, rows


@lru_cache(maxsize=256)
def _names(row: bytes, width: int, declaration: Declaration) -> tuple[str, ...]:
    """The names in a header row; kept, since the files of a night share a few."""
    (cells,) = table_of(row + b"\n", Columns(width, ()), declaration).to_pylist()
    return tuple((cell or "").strip() for cell in cells.values())


def _refuse_without(columns: Columns, declaration: Declaration) -> None:
    for path in declaration.needed:
        try:
            columns.index(path)
        except ColumnNotFoundError as missing:
            raise RefusedError(
                missing.code,
                f"column {path!r} is needed to read the file; ask the partner for it, or change "
                "the mapping",
                at=Position(column=path),
                value=missing.found,
                expected=missing.expected,
            ) from None


def _without_ignored(text: bytes, found: Scan, prefixes: tuple[bytes, ...]) -> Scan:
    """The rows that begin with none of `prefixes`."""
    if not prefixes or not len(found.starts):
        return found
    block = np.frombuffer(text, np.uint8)
    ignored = np.zeros(len(found.starts), np.bool_)
    for prefix in prefixes:
        begins = found.ends - found.starts >= len(prefix)
        for index, byte in enumerate(prefix):
            begins &= block[np.minimum(found.starts + index, len(block) - 1)] == byte
        ignored |= begins
    return found.only(~ignored)


def _body(
    text: bytes, rows: Scan, line: int, begins: int, columns: Columns, declaration: Declaration
) -> Body:
    """The text of `rows`, those of another width mended."""
    lines = last_lines = rows.lines + line
    if rows.last_lines is not rows.lines:
        last_lines = rows.last_lines + line
    odd = np.flatnonzero(rows.cells != columns.width).tolist()
    escaped = _escaped(text, rows, declaration)
    if not odd and rows.adjacent:
        as_it_stands = text[rows.starts[0] : rows.ends[-1]] + b"\n"
        return Body(columns, as_it_stands, lines, last_lines, begins, tuple(escaped))
    missing = int(np.maximum(columns.width - rows.cells, 0).sum())
    if missing > MOST_MISSING:
        raise _too_ragged(columns.width, int(lines[odd[0]]))
    pieces = [
        text[start:end] for start, end in zip(rows.starts.tolist(), rows.ends.tolist(), strict=True)
    ]
    broken = []
    for index in odd:
        mended, whole = _mended(text, rows, index, columns.width, declaration)
        if not whole:
            broken.append(_ragged(pieces[index], index, int(rows.cells[index]), columns.width))
        pieces[index] = mended
    mended_text = b"\n".join(pieces) + b"\n"
    told = {row.index for row in broken}
    broken += [row for row in escaped if row.index not in told]
    return Body(columns, mended_text, lines, last_lines, begins, tuple(broken))


def _escaped(text: bytes, rows: Scan, declaration: Declaration) -> list[BrokenRow]:
    """Rows with a quote that a backslash was to release, which no rule of CSV does: the cell ended
    there, and what was meant to be in it may stand in the next one."""
    mark = b"\\" + (declaration.quote or b"")
    if declaration.quote is None or mark not in text:
        return []
    found: dict[int, BrokenRow] = {}
    at = text.find(mark, int(rows.starts[0]))
    while 0 <= at < int(rows.ends[-1]):
        row = int(np.searchsorted(rows.starts, at, "right")) - 1
        before = int(np.searchsorted(rows.delimiters, at)) - 1
        start = int(rows.starts[row])
        if before >= 0:
            start = max(start, int(rows.delimiters[before]) + 1)
        follows = text[at + 2 : at + 3]
        ends = follows in (b"", b"\r", b"\n", declaration.delimiter, declaration.quote)
        if not ends and start < at and text[start : start + 1] == declaration.quote:
            line = text[rows.starts[row] : rows.ends[row]]
            found[row] = BrokenRow(
                row,
                "BACKSLASH_QUOTE",
                "a quote behind a backslash ends its cell; ask the partner to double it",
                shortened(line.decode("utf-8", "replace")) or "",
                "a doubled quote",
            )
        at = text.find(mark, at + 2)
    return list(found.values())


def _mended(
    text: bytes, rows: Scan, record: int, width: int, declaration: Declaration
) -> tuple[bytes, bool]:
    """The row cut or filled to `width` cells, and whether nothing was lost or made up by that."""
    start, end = int(rows.starts[record]), int(rows.ends[record])
    short = width - int(rows.cells[record])
    if short > 0:
        return text[start:end] + declaration.delimiter * short, declaration.pad_short_rows
    first = int(np.searchsorted(rows.delimiters, start))
    cut = int(rows.delimiters[first + width - 1])
    surplus = text[cut:end].replace(declaration.delimiter, b"").strip()
    return _one_row(text[start:cut], declaration), not surplus


def _one_row(text: bytes, declaration: Declaration) -> bytes:
    """`text` so that it stays a row even where it is empty."""
    return text or (declaration.quote or b" ") * 2


def _ragged(row: bytes, index: int, cells: int, width: int) -> BrokenRow:
    return BrokenRow(
        index,
        "RAGGED_ROW",
        f"a row of {cells} cells in a file of {width} columns; a delimiter inside a cell must be "
        "quoted, a row cut short sent again",
        shortened(row.decode("utf-8", "replace")) or "",
        f"{width} cells",
    )


def _unclosed(
    row: bytes, line: int, begins: int, columns: Columns, declaration: Declaration
) -> Body:
    """The line of a quote that is never closed, its cells as if quotes meant nothing."""
    text = row.rstrip(b"\r\n")
    if declaration.quote:
        text = text.replace(declaration.quote, b"")
    cells = (text.split(declaration.delimiter) + [b""] * columns.width)[: columns.width]
    broken = BrokenRow(
        0,
        "UNCLOSED_QUOTE",
        "a quote is opened here and not closed before the end of the file; the next line is read "
        "as a row of its own",
        shortened(row.rstrip(b"\r\n").decode("utf-8", "replace")) or "",
        "a closing quote",
    )
    mended = _one_row(declaration.delimiter.join(cells), declaration) + b"\n"
    lines = np.array([line], np.int64)
    return Body(columns, mended, lines, lines, begins, (broken,))


def _unclosed_header(row: bytes, line: int) -> RefusedError:
    return RefusedError(
        "UNCLOSED_QUOTE",
        "a quote in the header is never closed, so the columns can't be told; check quote and "
        "encoding in the mapping against the file",
        at=Position(row=line),
        value=row.rstrip(b"\r\n").decode("utf-8", "replace"),
        expected="a closing quote",
    )


def _too_wide(width: int) -> RefusedError:
    return RefusedError(
        "TOO_MANY_COLUMNS",
        "so many columns are no table; check delimiter and encoding in the mapping",
        value=str(width),
        expected=f"at most {MOST_COLUMNS} columns",
    )


def _too_ragged(width: int, line: int) -> RefusedError:
    return RefusedError(
        "RAGGED_FILE",
        "most cells are missing from here on, and nothing more is read; check delimiter and "
        "header in the mapping against the file",
        at=Position(row=line),
        expected=f"rows of {width} cells",
    )


def _too_long(start: bytes, line: int) -> RefusedError:
    return RefusedError(
        "RECORD_TOO_LONG",
        f"no row end within {LONGEST_RECORD // 1024 // 1024} MB; nothing from this line on is read",
        at=Position(row=line),
        value=start.decode("utf-8", "replace"),
        expected="rows that end with a line end",
    )


def _empty(declaration: Declaration, line: int) -> RefusedError:
    what = "a header line" if declaration.header else "a row"
    return RefusedError(
        "EMPTY_FILE",
        "the file has no text where it should begin; ask the partner to send it again",
        at=Position(row=line),
        expected=what,
    )
