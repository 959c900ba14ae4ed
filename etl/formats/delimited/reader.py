"""Reads delimited files: small ones together in a chunk, large ones in several."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from etl.formats.charsets import CharsetWatch
from etl.formats.cutting import cut
from etl.formats.delimited.body import Body, bodies
from etl.formats.delimited.chunk import DelimitedChunk
from etl.formats.delimited.columns import conditions_of
from etl.formats.delimited.cutting import Cutter
from etl.formats.delimited.declaration import Declaration
from etl.formats.delimited.decoding import utf8_blocks
from etl.formats.delimited.draft import Draft
from etl.formats.refusal import RefusedError
from etl.raw import Conditions, Crossing, FilePart, SourceFile

_BLOCK = 4 * 1024 * 1024
_CHUNK = 8 * 1024 * 1024


class DelimitedReader:
    """The csv format with one mapping's ``source:`` block taken in.

    Without ``group_by`` a large file comes in chunks of about 8 MB; with it, each file stands
    whole in one chunk, since the rows of a record may be far apart.
    """

    def __init__(self, declaration: Declaration) -> None:
        self._declaration = declaration

    def check_path(self, path: str, row: str | None = None) -> None:
        """Raise :class:`etl.raw.DeclarationError` for a path that no file can have."""
        self._declaration.check_path(path)

    def crossings(self, path: str, row: str | None = None) -> list[Crossing]:
        """Nothing: columns that differ in a group are a defect of it."""
        return []

    def conditions(self, row: str | None) -> Conditions:
        """The columns that a row declaration compares; a path of a column compares none."""
        known = tuple((each.path, each.values) for each in self._declaration.row)
        if row is None or "[" not in row:
            return Conditions(None, (), known)
        named = tuple((each.path, each.values) for each in conditions_of("row", row))
        return Conditions(None, named, known)

    def check_row(self, row: str | None) -> None:
        """Raise :class:`etl.raw.DeclarationError` for a child row that is no condition."""
        if row is not None:
            for condition in conditions_of("row", row):
                self._declaration.check_path(condition.path)

    def read(self, files: Sequence[SourceFile]) -> Iterator[DelimitedChunk]:
        """Read the files in order; what is wrong with one is a defect in its chunk."""
        draft = Draft(self._declaration)
        for file in files:
            whole = bool(self._declaration.group_by)
            begun, watch = False, CharsetWatch(self._declaration.encoding)
            try:
                for body in self._bodies(file, watch):
                    if draft.size >= _CHUNK and not (begun and whole):
                        yield draft.chunk()
                        draft = Draft(self._declaration, draft.kept_of_last() if begun else 0)
                    draft.add(file, body)
                    begun = True
            except RefusedError as refused:
                draft.defects.append(refused.defect(file.name, draft.index(file)))
            else:
                draft.end(file)
            if watch.doubt is not None:
                draft.defects.append(watch.doubt.defect(file.name, draft.index(file)))
        if draft.files:
            yield draft.chunk()

    def cut(self, file: SourceFile, wanted: Collection[int], largest: int) -> Iterator[FilePart]:
        """The wanted records of a file, each one with the header; see :class:`Cutter`."""
        cutter = Cutter(self._declaration, file, wanted, largest, _BLOCK)
        # rows that are left out may be other documents, read by another mapping
        whole = not self._declaration.where
        return cut(file, wanted, largest, cutter.documents, whole=whole)

    def _bodies(self, file: SourceFile, watch: CharsetWatch) -> Iterator[Body]:
        """The rows of `file`, once it is known that all of it can be decoded."""
        limit = self._declaration.max_bytes
        if limit is not None and file.size > limit:
            raise RefusedError(
                "FILE_TOO_LARGE",
                f"the file has {file.size:,} bytes; raise source.max_mb in the mapping if it is "
                "wanted (grouped files are held in memory)",
                value=str(file.size),
                expected=f"at most {limit:,} bytes",
            )
        encoding = self._declaration.encoding
        if file.size > _BLOCK:
            with file.open() as stream:
                for _ in utf8_blocks(stream, encoding, _BLOCK):
                    pass
        with file.open() as stream:
            blocks = utf8_blocks(watch.reading(stream), encoding, _BLOCK)
            yield from bodies(blocks, self._declaration)
