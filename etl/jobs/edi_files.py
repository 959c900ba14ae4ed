"""X12 and EDIFACT files for the engineer who looks into them: as a tree, and as JSON and back.

Nothing is noted in the ledger, and nothing is mapped.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from etl.errors import ConfigurationError, DataError
from etl.formats.edi.as_json.files import from_json, to_json
from etl.formats.edi.reading.declaration import declaration_of
from etl.formats.edi.syntax import Syntax
from etl.formats.edi.viewing.tree import SegmentNode, marked
from etl.formats.edi.viewing.walk import walk
from etl.formats.refusal import RefusedError
from etl.jobs.edi_check import CheckedFile, check_file, source_of, syntax_in


@dataclass(frozen=True)
class ShownFile:
    """A file to be shown.

    Attributes:
        checked: all that is wrong with it.
        rules: how it is read, as keys of a mapping's ``source:``.
    """

    path: Path
    syntax: Syntax
    checked: CheckedFile
    rules: Mapping[str, Any]

    def segments(self) -> Iterator[SegmentNode]:
        """Its segments in order, each with its defects; none where its header is unreadable."""
        declaration = declaration_of(self.syntax, source_of(self.syntax, self.rules))
        with self.path.open("rb") as stream:
            standings = walk(stream, declaration.structures, declaration.charset)
            yield from marked(_as_far_as_read(standings), self.checked.defects)


def shown_file(path: Path, rules: Mapping[str, Any]) -> ShownFile:
    """Check a file that is to be shown.

    Args:
        rules: of a mapping's ``source:`` the keys envelope, structure, deviations and charset.

    Raises:
        ConfigurationError: the file is not there, or is neither X12 nor EDIFACT.
        DeclarationError: a rule is wrong.
    """
    return ShownFile(path, syntax_in(path), check_file(path, rules), rules)


def json_of(path: Path, charset: str | None) -> Iterator[str]:
    """The lines of a file's JSON form (:mod:`etl.formats.edi.as_json.files`).

    Raises:
        ConfigurationError: the file is not there, or is neither X12 nor EDIFACT.
        DataError: its first interchange header is broken, so that nothing can be told apart.
    """
    syntax = syntax_in(path)
    try:
        yield from to_json(path.read_bytes(), syntax, charset)
    except RefusedError as error:
        raise DataError(str(error.defect(path.name, 0))) from None


def bytes_of(path: Path) -> bytes:
    """The file of a JSON form.

    Raises:
        ConfigurationError: the file is not there, or is no JSON.
        DeclarationError: the JSON has not this form.
        UnwritableError: a value cannot stand in the file.
    """
    try:
        document = json.loads(path.read_bytes())
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            f"{path}: byte {error.start} is not UTF-8, expected JSON"
        ) from None
    except json.JSONDecodeError as error:
        raise ConfigurationError(f"{path}:{error.lineno}: {error.msg}, expected JSON") from None
    except RecursionError:
        raise ConfigurationError(f"{path}: lists in lists without end, expected JSON") from None
    return from_json(document)


def _as_far_as_read(standings: Iterator[Any]) -> Iterator[Any]:
    """What cannot be read is among the defects of the file."""
    try:
        yield from standings
    except RefusedError:
        return
