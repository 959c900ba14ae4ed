"""How the tests cut files: every document of a file, each part read again beside the file."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from etl.formats import format_named
from etl.mapping import Assembly, CodeLists, Context, compile_mapping, load_code_lists, load_mapping
from etl.raw import FilePart, Reader
from tests.formats.source_files import source_file

ROOT = Path(__file__).parents[2]
ALL = range(1, 1_000_000)
"""Every document."""

Values = dict[str, str | None]


class OnceOnly(io.BytesIO):
    """A stream that may be read through once, and is not gone back in."""

    def seek(self, *_: Any) -> int:
        raise AssertionError("the file is gone back in")


def parts_of(
    reader: Reader, data: bytes, wanted: Any = ALL, largest: int = 1 << 30
) -> dict[int, FilePart]:
    """The parts of a file by their numbers; it is opened once."""
    opened: list[OnceOnly] = []

    def open_() -> OnceOnly:
        assert not opened, "the file is opened twice"
        opened.append(OnceOnly(data))
        return opened[-1]

    file = source_file(data)
    given = list(reader.cut(type(file)("a", file.sha256, len(data), open_), wanted, largest))
    assert [part.number for part in given] == sorted({part.number for part in given})
    assert all(part.size == len(part.content) for part in given if part.content is not None)
    return {part.number: part for part in given}


def content(part: FilePart) -> bytes:
    assert part.content is not None
    return part.content


def values_of(reader: Reader, data: bytes, paths: Mapping[str | None, tuple[str, ...]]) -> Any:
    """What stands under some paths in each document of a file, by number; child rows by `row`."""
    found: dict[int, list[Any]] = {}
    for chunk in reader.read([source_file(data)]):
        for row, columns in paths.items():
            rows = chunk.records() if row is None else chunk.children(row)
            numbers = rows.lineage().column("number_in_file").to_pylist()
            cells = [rows.column(path).to_pylist() for path in columns]
            for number, *values in zip(numbers, *cells, strict=True):
                found.setdefault(number, []).append((row, *values))
    return found


def defects_of(reader: Reader, data: bytes) -> tuple[dict[int, Counter[str]], Counter[str]]:
    """Codes of what is wrong, by document and with the file."""
    by_document: dict[int, Counter[str]] = {}
    of_file: Counter[str] = Counter()
    for chunk in reader.read([source_file(data)]):
        numbers = chunk.records().lineage().column("number_in_file").to_pylist()
        for defect in chunk.defects:
            if defect.record is None:
                of_file[defect.code] += 1
            else:
                by_document.setdefault(numbers[defect.record], Counter())[defect.code] += 1
    return by_document, of_file


def reader_of(source: Mapping[str, Any]) -> Reader:
    return format_named(source["format"]).reader(source)


class Mapped:
    """A mapping of the project, to compare the records of a file with those of its parts."""

    def __init__(self, path: str, codes: CodeLists | None = None, **source: Any) -> None:
        self.mapping = load_mapping(ROOT / "mappings" / path, path)
        self.reader = reader_of({**self.mapping.source, **source})
        codes = codes or load_code_lists(ROOT / "mappings" / "codes")
        self._plan = compile_mapping(self.mapping, self.reader, codes)

    def hashes(self, data: bytes) -> dict[int, str]:
        """The record hash of each document by its number in the file."""
        found: dict[int, str] = {}
        assembly = Assembly(self._plan, Context("p", "ACLT", "C", None))
        for chunk in self.reader.read([source_file(data)]):
            main = assembly.take(chunk).records.main
            numbers = main["number_in_file"].to_pylist()
            found |= dict(zip(numbers, main["record_hash"].to_pylist(), strict=True))
        return found
