"""Samples of a mapping: files beside it with the records that they must give.

``mappings/<partner>/samples/<mapping>/`` holds files as the partner sends them, and for each one
``<file name>.expected.json``: the list of its records in the nested JSON view, rejected documents
left out. A child table without rows is the same as one that is not named, so that samples outlive
a record type's growth.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from etl.canonical import nested
from etl.config.partner import Partner
from etl.defects import Defect
from etl.jobs.workspace import CompiledMapping
from etl.mapping import Assembly, Context
from etl.raw import SourceFile

EXPECTED = ".expected.json"


@dataclass(frozen=True, slots=True)
class SampleResult:
    """What became of a sample; `difference` is None where it gave what was expected."""

    path: Path
    records: int
    difference: str | None


def sample_folder(partner: Partner, mapping: str) -> Path:
    """Where the samples of a partner's mapping lie."""
    return partner.folder / "samples" / mapping


def run_samples(
    partner: Partner, mapping: str, compiled: CompiledMapping
) -> Iterator[SampleResult]:
    """Map every sample and compare it with what is expected of it."""
    for path in sorted(sample_folder(partner, mapping).glob("*")):
        if path.name.endswith(EXPECTED) or not path.is_file():
            continue
        records, defects = map_sample(path, partner, compiled)
        expected = path.with_name(path.name + EXPECTED)
        yield SampleResult(path, len(records), _difference(records, defects, expected))


def map_sample(
    path: Path, partner: Partner, compiled: CompiledMapping
) -> tuple[list[dict[str, Any]], list[Defect]]:
    """The records of a file in their nested view, and all defects."""
    content = path.read_bytes()
    file = SourceFile(path.name, sha256(content).hexdigest(), len(content), lambda: path.open("rb"))
    context = Context(partner.id, partner.identity.scac, partner.client, None)
    records: list[dict[str, Any]] = []
    defects: list[Defect] = []
    assembly = Assembly(compiled.plan, context)
    for chunk in compiled.reader.read([file]):
        mapped = assembly.take(chunk)
        accepted = mapped.records.select(~mapped.rejected)
        records += [nested(accepted, index) for index in range(accepted.num_records)]
        defects += mapped.defects
    return records, defects


def _difference(records: list[dict[str, Any]], defects: list[Defect], expected: Path) -> str | None:
    if not expected.is_file():
        return f"there is no {expected.name} beside it; write the records it must give"
    try:
        wanted = json.loads(expected.read_text("utf-8"))
    except ValueError as error:
        return f"{expected.name} is not JSON: {error}"
    records, wanted = _filled(records), _filled(wanted)
    if records == wanted:
        return None
    if len(records) != len(wanted):
        why = f"; {defects[0]}" if defects else ""
        return f"gives {len(records)} records where {expected.name} has {len(wanted)}{why}"
    return next(filter(None, (_first(a, b, "") for a, b in zip(records, wanted, strict=True))))


def _filled(value: Any) -> Any:
    """A JSON value without the members of objects that hold nothing."""
    if isinstance(value, dict):
        members = {name: _filled(member) for name, member in value.items()}
        return {name: member for name, member in members.items() if member not in (None, [])}
    return [_filled(each) for each in value] if isinstance(value, list) else value


def _first(given: Any, wanted: Any, path: str) -> str | None:
    """The first place where two JSON values differ."""
    if isinstance(given, dict) and isinstance(wanted, dict):
        for name in {**wanted, **given}:
            if found := _first(given.get(name), wanted.get(name), f"{path}.{name}".lstrip(".")):
                return found
        return None
    if isinstance(given, list) and isinstance(wanted, list) and len(given) == len(wanted):
        for index, pair in enumerate(zip(given, wanted, strict=True)):
            if found := _first(*pair, f"{path}[{index}]"):
                return found
        return None
    return None if given == wanted else f"{path} is {given!r}, expected {wanted!r}"
