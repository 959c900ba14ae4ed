"""The ``source:`` block of a delimited file, typed."""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from dataclasses import dataclass
from encodings.aliases import aliases
from typing import Any

from etl.formats.delimited.columns import Condition, conditions_of, listed, position_of
from etl.formats.source_block import SourceBlock, nearest
from etl.raw import DeclarationError

KEYS = (
    "encoding",
    "delimiter",
    "quote",
    "header",
    "skip_rows",
    "ignore_lines",
    "columns",
    "optional_columns",
    "null_values",
    "trim",
    "short_rows",
    "where",
    "ignore",
    "row",
    "group_by",
    "max_mb",
)
_NOT_TEXT = {"base64_codec", "bz2_codec", "hex_codec", "quopri_codec", "rot_13", "uu_codec"}
_NOT_TEXT |= {"zlib_codec", "utf_7", "mbcs"}
_ENCODINGS = (frozenset(aliases.values()) - _NOT_TEXT) | {"iso8859_1", "utf_8_sig"}


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a mapping says of its delimited files.

    Attributes:
        encoding: Python's name of the codec.
        delimiter, quote: one ASCII byte each; quote None: no quoting.
        skip_rows: physical lines before the header, or before the data where there is none.
        header: whether the next line holds column names.
        ignore_lines: a line that begins with one of these is no data.
        names: the columns by order (without header), or those that must be there (with header).
        aliases: own names for a header name or a position.
        optional: columns whose absence is no defect.
        null_values: a cell that holds one of these is null; the empty cell always is.
        trim: strip blanks around each cell.
        pad_short_rows: rows cut short stand for empty cells at their end.
        where: rows that do not meet these are no data.
        ignore: rows that meet one of these are no data either, and are left out in silence.
        row: the rows of a group that hold its record-level columns.
        group_by: columns whose values make one record.
        max_bytes: larger files are refused; None: no limit.
    """

    encoding: str
    delimiter: bytes
    quote: bytes | None
    skip_rows: int
    header: bool
    ignore_lines: tuple[bytes, ...]
    names: tuple[str, ...]
    aliases: tuple[tuple[str, str], ...]
    optional: frozenset[str]
    null_values: tuple[str, ...]
    trim: bool
    pad_short_rows: bool
    where: tuple[Condition, ...]
    ignore: tuple[Condition, ...]
    row: tuple[Condition, ...]
    group_by: tuple[str, ...]
    max_bytes: int | None

    @property
    def needed(self) -> tuple[str, ...]:
        """The columns without which a file is not read at all."""
        paths = [condition.path for condition in (*self.where, *self.ignore, *self.row)]
        declared = self.names if self.header else ()
        wanted = dict.fromkeys([*declared, *self.group_by, *paths])
        return tuple(path for path in wanted if path not in self.optional)

    def check_path(self, path: str) -> None:
        """Raise :class:`DeclarationError` for a path that no file of this source can have."""
        if not path:
            raise DeclarationError("path", "an empty path", "a column name or a position like '#3'")
        position = position_of(path)
        if position is not None:
            if self.names and not self.header and position > len(self.names):
                raise DeclarationError("path", repr(path), f"#1 to #{len(self.names)}")
            return
        known = [*self.names, *(alias for alias, _ in self.aliases)]
        if path in known or path in self.optional:
            return
        if self.names or not self.header:
            names = f"one of {listed(known)}" if known else "a position like '#3' (no header)"
            raise DeclarationError("path", repr(path), names + nearest(path, known))


def declared(source: Mapping[str, Any]) -> Declaration:
    """Read the block; raises :class:`DeclarationError`."""
    block = SourceBlock(source, KEYS)
    skip_rows, header = _header(block)
    names, aliases_ = _columns(block)
    group_by = block.texts("group_by")
    declaration = Declaration(
        encoding=_encoding(block),
        delimiter=_one_byte(block, "delimiter", ","),
        quote=None if block.value("quote", '"') is None else _one_byte(block, "quote", '"'),
        skip_rows=skip_rows,
        header=header,
        ignore_lines=tuple(prefix.encode() for prefix in block.texts("ignore_lines") if prefix),
        names=names,
        aliases=aliases_,
        optional=frozenset(block.texts("optional_columns")),
        null_values=tuple(dict.fromkeys(["", *block.texts("null_values")])),
        trim=block.flag("trim", False),
        pad_short_rows=block.choice("short_rows", ("reject", "pad"), "reject") == "pad",
        where=_conditions(block, "where"),
        ignore=_conditions(block, "ignore"),
        row=conditions_of("source.row", block.text("row")) if "row" in block else (),
        group_by=group_by,
        max_bytes=_max_bytes(block, bool(group_by)),
    )
    if declaration.delimiter == declaration.quote:
        raise block.wrong("quote", "another character than the delimiter")
    if declaration.row and not group_by:
        raise block.wrong("row", "group_by beside it; to leave rows out use where")
    for path in declaration.needed:
        declaration.check_path(path)
    return declaration


def _encoding(block: SourceBlock) -> str:
    name = block.text("encoding", "utf-8")
    try:
        codec = codecs.lookup(name).name
    except LookupError:
        codec = ""
    if codec.replace("-", "_") not in _ENCODINGS:
        raise block.wrong(
            "encoding", f"a text encoding such as utf-8, cp1252, latin-1{nearest(name, aliases)}"
        )
    return "utf-8" if codec == "utf-8-sig" else codec


def _one_byte(block: SourceBlock, key: str, default: str) -> bytes:
    value = block.text(key, default)
    value = {"tab": "\t", "\\t": "\t"}.get(value, value)
    if len(value) != 1 or not value.isascii() or value in "\r\n\0":
        raise block.wrong(key, "one ASCII character, or tab")
    return value.encode()


def _header(block: SourceBlock) -> tuple[int, bool]:
    """Lines to skip, and whether a header follows; ``header: 3`` is a header on line 3."""
    skip_rows = block.whole_number("skip_rows", 0, at_least=0)
    header = block.value("header", True)
    if isinstance(header, bool):
        return skip_rows, header
    if "skip_rows" in block:
        raise block.wrong("skip_rows", "no skip_rows beside a header given by its line number")
    return block.whole_number("header", 1, at_least=1) - 1, True


def _columns(block: SourceBlock) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """The names in order from a list, or the aliases from a mapping."""
    columns = block.value("columns", [])
    if isinstance(columns, Mapping):
        if any(isinstance(to, bool) or not isinstance(to, str | int) for to in columns.values()):
            raise block.wrong("columns", "own names with a header name or a position each")
        return (), tuple((str(alias), str(target)) for alias, target in columns.items())
    names = block.texts("columns")
    if len(set(names)) < len(names):
        raise block.wrong("columns", "each name once")
    return names, ()


def _conditions(block: SourceBlock, key: str) -> tuple[Condition, ...]:
    """``{Line Type: [S, I]}``: columns with the value, or the list of values."""
    declared = block.value(key, {})
    if not isinstance(declared, Mapping):
        raise block.wrong(key, "columns with a value, or a list of values, each")
    allowed = {
        str(path): value if isinstance(value, list) else [value] for path, value in declared.items()
    }
    values = [value for many in allowed.values() for value in many]
    if any(isinstance(value, bool) or not isinstance(value, str | int) for value in values):
        raise block.wrong(key, "strings or whole numbers as values")
    return tuple(Condition(path, tuple(map(str, many))) for path, many in allowed.items())


def _max_bytes(block: SourceBlock, grouped: bool) -> int | None:
    """Grouped files are held in memory whole, so they always have a limit."""
    if not grouped and "max_mb" not in block:
        return None
    limit = block.whole_number("max_mb", 512, at_least=1)
    if grouped and limit > 2000:
        raise block.wrong("max_mb", "at most 2000 with group_by")
    return limit * 1024 * 1024
